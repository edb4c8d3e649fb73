// Named arrays in an archive of numpy's: npz.
#pragma once

#include <nn/module.hpp>

#include <filesystem>

namespace xgrad::nn {

/// Writes the arrays as an npz archive that numpy.load reads, a zip file with a member "NAME.npy"
/// for each; the same arrays give the same bytes. `compress` deflates the members, as
/// numpy.savez_compressed does. The file appears whole or not at all, through symbolic links, as by
/// save(). Throws IoError that names the file and the fault; a name is UTF-8 and, unpacked, stays
/// in its folder: not empty, no "/" at its start, no "..", no backslash.
template <class T>
void save_npz(const std::filesystem::path& path, const StateDict<T>& state, bool compress = false);

/// Reads an npz archive, stored or deflated, its arrays converted as by load_npy to T, which is
/// float or double. A member may unpack to 1032 times its size, the most that deflate can pack, and
/// all of them lie in the file, so elements that are not there take no memory: a member that claims
/// more is refused, as are members that lie over each other, encrypted or other ones than npy
/// files, names twice and names that save_npz refuses. Throws IoError naming the file, the member,
/// the byte in it, what was found and what is needed.
template <class T>
[[nodiscard]] StateDict<T> load_npz(const std::filesystem::path& path);

}  // namespace xgrad::nn
