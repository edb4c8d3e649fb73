// Order along one axis: sorting, the k largest, quantiles. A negative axis counts from the last.
// NaN counts as the largest value. All throw ShapeError for an axis that does not exist; an array
// of rank 0 has none. g is the gradient of the result. The largest and smallest element are max
// and min of ops/reduce.hpp, which share g between ties; argmax is there, too.
#pragma once

#include <ops/shape.hpp>

namespace xgrad {

/// Elements of x in an order, and where along the axis they came from.
template <class T>
struct Ordered {
    Variable<T> values;
    IndexArray indices;
};

/// The index of the smallest element along an axis, the first of equals; of NaN if there is one.
/// The axis is absent from the result. Not differentiable. Throws ShapeError for an empty axis.
template <class T>
[[nodiscard]] IndexArray argmin(const Variable<T>& x, std::ptrdiff_t axis = -1);

/// The indices that sort x along an axis; equals stay in their order, in both directions. Not
/// differentiable.
template <class T>
[[nodiscard]] IndexArray argsort(
    const Variable<T>& x, std::ptrdiff_t axis = -1, bool descending = false);

/// x sorted along an axis, equals in their order. Gradient: each element of g to where its value
/// came from.
template <class T>
[[nodiscard]] Ordered<T> sort(
    const Variable<T>& x,
    std::ptrdiff_t axis = -1,
    bool descending = false,
    Where where = Where::current());

/// The k largest elements along an axis, from the largest (or the k smallest, from the smallest);
/// of equals the first. Gradient: g to where the values came from, 0 elsewhere. Throws ShapeError
/// unless k <= extent.
template <class T>
[[nodiscard]] Ordered<T> topk(
    const Variable<T>& x,
    std::size_t k,
    std::ptrdiff_t axis = -1,
    bool largest = true,
    Where where = Where::current());

/// The value below which a part q of the elements lies: with h = q (n - 1), the sorted elements at
/// floor(h) and the next are joined linearly (numpy's and PyTorch's default). NaN if there is one.
/// Gradient: g (1 - w) and g w to the two elements, w = h - floor(h); of equals the first in the
/// array stands lower. Throws ShapeError for an empty axis, std::invalid_argument unless
/// 0 <= q <= 1.
template <class T>
[[nodiscard]] Variable<T> quantile(
    const Variable<T>& x,
    double q,
    std::ptrdiff_t axis,
    bool keep_dims = false,
    Where where = Where::current());
/// Over all elements.
template <class T>
[[nodiscard]] Variable<T> quantile(const Variable<T>& x, double q, Where where = Where::current());

/// quantile(x, 0.5): the mean of the middle two of an even number (numpy's convention; PyTorch
/// takes the lower one).
template <class T>
[[nodiscard]] Variable<T> median(
    const Variable<T>& x,
    std::ptrdiff_t axis,
    bool keep_dims = false,
    Where where = Where::current());
/// Over all elements.
template <class T>
[[nodiscard]] Variable<T> median(const Variable<T>& x, Where where = Where::current());

}  // namespace xgrad
