// Internal: the npy format, of a file of its own or within an npz archive
// [numpy.lib.format, versions 1.0 to 3.0].
#pragma once

#include <autograd/array.hpp>
#include <nn/byte_source.hpp>
#include <nn/elements.hpp>

#include <string>

namespace xgrad::nn {

struct NpyHeader {
    ElementType type = ElementType::float64;
    bool swapped = false;  ///< the bytes of an element are not in this machine's order
    bool fortran_order = false;
    Shape shape;
};

/// The text between the header's length and the data, which begins at byte `at` of the source.
[[nodiscard]] NpyHeader parse_npy_header(
    const ByteSource& source, const std::string& text, std::uint64_t at);

/// Reads all of the source. Throws IoError, before it allocates, unless the source's size is
/// exactly what the header needs.
template <class T>
[[nodiscard]] Array<T> read_npy(ByteSource& source);

/// What stands before the elements of an array of T.
template <class T>
[[nodiscard]] std::string npy_header(const Shape& shape);

}  // namespace xgrad::nn
