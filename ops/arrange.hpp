// Arranging: rolling, flipping, repeating, moving axes, cutting into pieces, windows. Results are
// copies, contiguous. A negative axis counts from the last. All throw ShapeError for axes that do
// not exist or extents that do not fit. g is the gradient of the result.
#pragma once

#include <ops/shape.hpp>

namespace xgrad {

/// x moved by `shift` along an axis, what leaves at one end entering at the other: element i goes
/// to (i + shift) mod extent. Gradient: g rolled back.
template <class T>
[[nodiscard]] Variable<T> roll(
    const Variable<T>& x,
    std::ptrdiff_t shift,
    std::ptrdiff_t axis,
    Where where = Where::current());

/// x reversed along these axes. Gradient: g reversed.
template <class T>
[[nodiscard]] Variable<T> flip(
    const Variable<T>& x, const Axes& axes, Where where = Where::current());

/// Each slice along an axis `repeats` times in a row (numpy's repeat). Gradient: the sum over the
/// repeats.
template <class T>
[[nodiscard]] Variable<T> repeat_interleave(
    const Variable<T>& x, std::size_t repeats, std::ptrdiff_t axis, Where where = Where::current());
/// Slice i `repeats[i]` times. Throws IndexError for a negative count, ShapeError unless there is
/// one for each slice.
template <class T>
[[nodiscard]] Variable<T> repeat_interleave(
    const Variable<T>& x, Indices repeats, std::ptrdiff_t axis, Where where = Where::current());

/// x as a whole `repeats[i]` times along axis i. The shorter of the shape and the repeats is
/// filled up with ones in front (numpy's and PyTorch's tile). Gradient: the sum over the repeats.
template <class T>
[[nodiscard]] Variable<T> tile(
    const Variable<T>& x, const std::vector<std::size_t>& repeats, Where where = Where::current());

/// broadcast_to under PyTorch's name, with its gradient and errors.
template <class T>
[[nodiscard]] Variable<T> expand(
    const Variable<T>& x, const Shape& shape, Where where = Where::current());

/// Two axes swapped. Gradient: g with them swapped back.
template <class T>
[[nodiscard]] Variable<T> swapaxes(
    const Variable<T>& x, std::ptrdiff_t a, std::ptrdiff_t b, Where where = Where::current());

/// Axis `from` moved to place `to`, the others in their order. Gradient: g with it moved back.
template <class T>
[[nodiscard]] Variable<T> moveaxis(
    const Variable<T>& x, std::ptrdiff_t from, std::ptrdiff_t to, Where where = Where::current());

/// x cut along an axis into pieces of these extents, which add up to x's. Gradient: each piece's
/// in its place, 0 for a piece not used.
template <class T>
[[nodiscard]] std::vector<Variable<T>> split(
    const Variable<T>& x,
    const std::vector<std::size_t>& extents,
    std::ptrdiff_t axis = 0,
    Where where = Where::current());

/// x cut along an axis into at most `pieces` of ceil(extent / pieces), the last one smaller
/// (PyTorch's chunk). Throws std::invalid_argument when pieces is 0.
template <class T>
[[nodiscard]] std::vector<Variable<T>> chunk(
    const Variable<T>& x,
    std::size_t pieces,
    std::ptrdiff_t axis = 0,
    Where where = Where::current());

/// Vectors of n_0, n_1, ... elements, each repeated to the shape (n_0, n_1, ...): element (i, j,
/// ..) of result k is that of vector k at the index of axis k ("ij" indexing). Gradient: g summed
/// over the other axes.
template <class T>
[[nodiscard]] std::vector<Variable<T>> meshgrid(
    const std::vector<Variable<T>>& vectors, Where where = Where::current());

/// Windows of `size` along an axis, beginning every `step`: the axis counts the windows, of which
/// there are (extent - size) / step + 1, and a new last axis the elements of one. Gradient: g
/// added up where windows overlap. Throws ShapeError unless 1 <= size <= extent and step >= 1.
template <class T>
[[nodiscard]] Variable<T> unfold(
    const Variable<T>& x,
    std::ptrdiff_t axis,
    std::size_t size,
    std::size_t step = 1,
    Where where = Where::current());

}  // namespace xgrad
