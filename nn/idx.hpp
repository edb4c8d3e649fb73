// IDX files, the format of MNIST and its kin.
#pragma once

#include <autograd/array.hpp>
#include <nn/data.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace xgrad::data {

/// What an IDX file holds: `count(shape)` bytes, row-major.
struct IdxArray {
    Shape shape;
    std::vector<std::uint8_t> bytes;
};

/// Reads an IDX file of unsigned bytes with 1 to 4 dimensions [LeCun, Cortes and Burges, "The MNIST
/// database", file formats]: two zero bytes, the element type (0x08), the number of dimensions,
/// each extent as a big-endian 32-bit number, the elements. Plain or gzip, told apart by the first
/// two bytes, not by the name. Memory grows with what the file really holds, not with what its
/// header says; unpacking stops where the header's size is passed. Throws IoError naming the file,
/// the byte, what was found and what is needed: no such file, not IDX, another element type, too
/// short, too long, damaged (gzip's checksum).
[[nodiscard]] IdxArray read_idx(const std::filesystem::path& path);

/// Images and their labels as a dataset: x of shape (N, pixels of an image), each byte / 255, in
/// [0, 1]. Throws as read_idx and Dataset do, and IoError when the images have fewer than two
/// dimensions, the labels not one, or their numbers differ.
template <class T = float>
[[nodiscard]] Dataset<T> load_images(
    const std::filesystem::path& images, const std::filesystem::path& labels, std::size_t classes);

}  // namespace xgrad::data
