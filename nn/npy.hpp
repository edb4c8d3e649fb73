// One array in a file of numpy's: npy.
#pragma once

#include <autograd/array.hpp>

#include <filesystem>

namespace xgrad::nn {

/// Writes the array as an npy file of version 1.0 that numpy.load reads: f4, f8 or i8 for float,
/// double and std::int64_t, little-endian, row-major. The file appears whole or not at all, through
/// symbolic links, as by save(). Throws IoError that names the file and the fault.
template <class T>
void save_npy(const std::filesystem::path& path, const Array<T>& array);

/// Reads an npy file, version 1, 2 or 3, either order of bytes and of axes, as an array of T, which
/// is float, double or std::int64_t. Floats (f2, f4, f8), integers (i1 to i8, u1 to u8) and bool
/// (0 or 1) become the nearest T; of integers beyond 2^53 a double, and beyond 2^24 a float, keeps
/// the leading digits only. std::int64_t takes integers and bool, exactly. Python objects are not
/// read: unpickling runs code. Throws IoError naming the file, the byte, what was found and what is
/// needed: no npy file, another dtype, a shape that does not fit the file's size.
template <class T>
[[nodiscard]] Array<T> load_npy(const std::filesystem::path& path);

}  // namespace xgrad::nn
