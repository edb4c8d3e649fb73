// Reductions over some or all axes. Axes may be negative; naming none reduces nothing. With
// keep_dims the reduced axes stay with extent 1. All throw ShapeError for an axis that does not
// exist or is named twice. g is the gradient of the result.
#pragma once

#include <autograd/grad.hpp>
#include <autograd/variable.hpp>

namespace xgrad {

/// The sum; 0 over nothing. Summed pairwise, so the error grows with the logarithm of the count.
/// Gradient: g, repeated.
template <class T>
[[nodiscard]] Variable<T> sum(
    const Variable<T>& x, const Axes& axes, bool keep_dims = false, Where where = Where::current());
template <class T>
[[nodiscard]] Variable<T> sum(const Variable<T>& x, Where where = Where::current());

/// The mean; NaN over nothing. Gradient: g / count, repeated.
template <class T>
[[nodiscard]] Variable<T> mean(
    const Variable<T>& x, const Axes& axes, bool keep_dims = false, Where where = Where::current());
template <class T>
[[nodiscard]] Variable<T> mean(const Variable<T>& x, Where where = Where::current());

/// The mean squared distance from the mean, in two passes; divided by count - `ddof` (0: the
/// population's, 1: the unbiased estimate). Gradient: 2 g (x - mean) / (count - ddof). Throws
/// std::invalid_argument when ddof is not 0 and not below the count.
template <class T>
[[nodiscard]] Variable<T> variance(
    const Variable<T>& x,
    const Axes& axes,
    bool keep_dims = false,
    std::size_t ddof = 0,
    Where where = Where::current());
template <class T>
[[nodiscard]] Variable<T> variance(const Variable<T>& x, Where where = Where::current());

/// The square root of the variance y^2, with its errors. Gradient: g (x - mean) / ((count - ddof)
/// y), and 0 where the computed variance is 0.
template <class T>
[[nodiscard]] Variable<T> stddev(
    const Variable<T>& x,
    const Axes& axes,
    bool keep_dims = false,
    std::size_t ddof = 0,
    Where where = Where::current());
template <class T>
[[nodiscard]] Variable<T> stddev(const Variable<T>& x, Where where = Where::current());

/// The largest element; NaN if there is one. Gradient: g in equal shares to the elements that
/// equal it. Throws ShapeError over nothing.
template <class T>
[[nodiscard]] Variable<T> max(
    const Variable<T>& x, const Axes& axes, bool keep_dims = false, Where where = Where::current());
template <class T>
[[nodiscard]] Variable<T> max(const Variable<T>& x, Where where = Where::current());

/// The smallest element; as max.
template <class T>
[[nodiscard]] Variable<T> min(
    const Variable<T>& x, const Axes& axes, bool keep_dims = false, Where where = Where::current());
template <class T>
[[nodiscard]] Variable<T> min(const Variable<T>& x, Where where = Where::current());

/// The product; 1 over nothing. Gradient: g times the product of the others, exact where elements
/// are 0.
template <class T>
[[nodiscard]] Variable<T> prod(
    const Variable<T>& x, const Axes& axes, bool keep_dims = false, Where where = Where::current());
template <class T>
[[nodiscard]] Variable<T> prod(const Variable<T>& x, Where where = Where::current());

/// log(sum(exp(x))) without overflow; -infinity where all are, or over nothing. Gradient: g times
/// the softmax, NaN where all are -infinity.
template <class T>
[[nodiscard]] Variable<T> logsumexp(
    const Variable<T>& x, const Axes& axes, bool keep_dims = false, Where where = Where::current());
template <class T>
[[nodiscard]] Variable<T> logsumexp(const Variable<T>& x, Where where = Where::current());

/// The index of the largest element along an axis, the first of equals. Not differentiable.
template <class T>
[[nodiscard]] Array<std::int64_t> argmax(const Variable<T>& x, std::ptrdiff_t axis = -1);

}  // namespace xgrad
