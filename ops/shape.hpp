// Shapes: reshaping, moving axes, cutting, joining, picking. Results are copies, contiguous.
// Axes may be negative: they count from the last. g is the gradient of the result. All throw
// ShapeError for axes or extents that do not fit, IndexError for an index outside its axis.
#pragma once

#include <autograd/broadcast.hpp>
#include <autograd/grad.hpp>
#include <autograd/variable.hpp>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace xgrad {

/// Indices along an axis; counted from the front, not negative.
using Indices = std::span<const std::int64_t>;
using IndexArray = Array<std::int64_t>;

/// x with another shape of the same size, in row-major order. Gradient: g reshaped back.
template <class T>
[[nodiscard]] Variable<T> reshape(
    const Variable<T>& x, const Shape& shape, Where where = Where::current());

/// The axes from `first` to `last`, both included, made one. Gradient: g reshaped back.
template <class T>
[[nodiscard]] Variable<T> flatten(
    const Variable<T>& x,
    std::ptrdiff_t first = 0,
    std::ptrdiff_t last = -1,
    Where where = Where::current());

/// x with the axes in another order: axis i of the result is axis `order[i]` of x. Gradient: g
/// with the inverse order.
template <class T>
[[nodiscard]] Variable<T> permute(
    const Variable<T>& x, const Axes& order, Where where = Where::current());

/// x with its axes reversed: of a matrix, the transpose. Gradient: g transposed.
template <class T>
[[nodiscard]] Variable<T> transpose(const Variable<T>& x, Where where = Where::current());

/// x with two axes swapped. Gradient: g with them swapped back.
template <class T>
[[nodiscard]] Variable<T> transpose(
    const Variable<T>& x, std::ptrdiff_t a, std::ptrdiff_t b, Where where = Where::current());

/// x without those axes, each of extent 1. Gradient: g reshaped.
template <class T>
[[nodiscard]] Variable<T> squeeze(
    const Variable<T>& x, const Axes& axes, Where where = Where::current());

/// x with a new axis of extent 1, `axis` of the result. Gradient: g reshaped.
template <class T>
[[nodiscard]] Variable<T> unsqueeze(
    const Variable<T>& x, std::ptrdiff_t axis, Where where = Where::current());

/// Elements begin, begin + step, ... below end along an axis; 0 <= begin <= end <= extent,
/// step >= 1. Gradient: g in their places, 0 elsewhere.
template <class T>
[[nodiscard]] Variable<T> slice(
    const Variable<T>& x,
    std::ptrdiff_t axis,
    std::size_t begin,
    std::size_t end,
    std::size_t step = 1,
    Where where = Where::current());

/// x with `widths[i] = {before, after}` elements of `value` around axis i. Gradient: g without
/// the border.
template <class T>
[[nodiscard]] Variable<T> pad(
    const Variable<T>& x,
    const std::vector<std::pair<std::size_t, std::size_t>>& widths,
    double value = 0,
    Where where = Where::current());

/// The arrays one after another along an axis; their other extents agree. Gradient: the parts of
/// g.
template <class T>
[[nodiscard]] Variable<T> concatenate(
    const std::vector<Variable<T>>& parts, std::ptrdiff_t axis = 0, Where where = Where::current());

/// Arrays of one shape along a new axis. Gradient: the parts of g.
template <class T>
[[nodiscard]] Variable<T> stack(
    const std::vector<Variable<T>>& parts, std::ptrdiff_t axis = 0, Where where = Where::current());

/// The slices of x at `indices` along an axis, in that order, repeats allowed (numpy's take,
/// PyTorch's index_select). Gradient: g added up at the indices.
template <class T>
[[nodiscard]] Variable<T> gather(
    const Variable<T>& x, std::ptrdiff_t axis, Indices indices, Where where = Where::current());

/// The transpose of gather: a result of `extent` slices along the axis, 0 where no index points,
/// and the sum of x's slices where several do. Gradient: g gathered at the indices.
template <class T>
[[nodiscard]] Variable<T> scatter_add(
    const Variable<T>& x,
    std::ptrdiff_t axis,
    Indices indices,
    std::size_t extent,
    Where where = Where::current());

/// One element for each index: the result has the shape of `indices`, which is x's shape but for
/// the axis, and element (i, j) along axis 1 is x(i, indices(i, j)) (numpy's take_along_axis,
/// PyTorch's gather). Gradient: g added up at the indices.
template <class T>
[[nodiscard]] Variable<T> take_along(
    const Variable<T>& x,
    const IndexArray& indices,
    std::ptrdiff_t axis,
    Where where = Where::current());

/// The transpose of take_along: an array with `extent` along the axis into which x's elements are
/// added at the indices. Gradient: g taken along.
template <class T>
[[nodiscard]] Variable<T> put_along(
    const Variable<T>& x,
    const IndexArray& indices,
    std::ptrdiff_t axis,
    std::size_t extent,
    Where where = Where::current());

}  // namespace xgrad
