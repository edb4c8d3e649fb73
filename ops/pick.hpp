// Picking and filling by place: diagonals, triangles, masks, labels. A mask is an array of x's type
// in which 0 means no and all else yes, NaN too; it has no gradient. A negative axis counts from
// the last. All throw ShapeError for axes that do not exist or shapes that do not fit. g is the
// gradient of the result.
#pragma once

#include <ops/shape.hpp>

#include <optional>

namespace xgrad {

/// The diagonal in two axes, `offset` above the main one (below it when negative), as a new last
/// axis in place of the two; empty beyond the corners. Gradient: g on the diagonal, 0 elsewhere.
template <class T>
[[nodiscard]] Variable<T> diagonal(
    const Variable<T>& x,
    std::ptrdiff_t offset = 0,
    std::ptrdiff_t axis1 = 0,
    std::ptrdiff_t axis2 = 1,
    Where where = Where::current());

/// A square matrix with the vector x on a diagonal and 0 elsewhere, or the diagonal of the matrix
/// x. Gradient: the diagonal of g, or g on the diagonal. Throws ShapeError for other ranks.
template <class T>
[[nodiscard]] Variable<T> diag(
    const Variable<T>& x, std::ptrdiff_t offset = 0, Where where = Where::current());

/// x (..., M, N) where column - row <= offset, 0 above. Gradient: g there, 0 above. Throws
/// ShapeError below rank 2.
template <class T>
[[nodiscard]] Variable<T> tril(
    const Variable<T>& x, std::ptrdiff_t offset = 0, Where where = Where::current());

/// x (..., M, N) where column - row >= offset, 0 below; as tril.
template <class T>
[[nodiscard]] Variable<T> triu(
    const Variable<T>& x, std::ptrdiff_t offset = 0, Where where = Where::current());

/// Row i is 1 at labels[i] and 0 elsewhere: (N, classes). A constant: labels have no gradient.
/// Throws IndexError for a label outside [0, classes).
///
///     one_hot<double>(labels, 10)
template <class T>
[[nodiscard]] Variable<T> one_hot(Indices labels, std::size_t classes);

/// Row indices[..] of weight (rows, K) for each index: the shape of the indices, then K. Gradient:
/// g added up in the rows; row `padding_idx` gets none, so that it stays as it is. Throws
/// ShapeError unless weight has two axes, IndexError for an index, or padding_idx, outside [0,
/// rows).
///
///     embedding(IndexArray{{0, 2}, {1, 0}}, weight)  // (2, 2, K)
template <class T>
[[nodiscard]] Variable<T> embedding(
    const IndexArray& indices,
    const Variable<T>& weight,
    std::optional<std::int64_t> padding_idx = {},
    Where where = Where::current());

/// x with the slices of `source` added at `indices` along an axis, repeats adding up: scatter_add
/// onto x. The source has x's shape but for the axis, where it has one slice for each index.
/// Gradients: g, and g gathered at the indices. Throws IndexError for an index outside the axis.
template <class T>
[[nodiscard]] Variable<T> index_add(
    const Variable<T>& x,
    std::ptrdiff_t axis,
    Indices indices,
    const std::type_identity_t<Variable<T>>& source,
    Where where = Where::current());

/// `value` where the mask says so, else x; the mask broadcasts to x's shape. Gradient: g where x
/// was kept, 0 elsewhere.
template <class T>
[[nodiscard]] Variable<T> masked_fill(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& mask,
    double value,
    Where where = Where::current());

/// The elements where the mask says so, in row-major order: a vector. The mask broadcasts to x's
/// shape. Gradient: g in their places, 0 elsewhere.
template <class T>
[[nodiscard]] Variable<T> masked_select(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& mask,
    Where where = Where::current());

}  // namespace xgrad
