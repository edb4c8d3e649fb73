// Running sums and their kin along one axis, default the last; differences and the trapezoidal
// rule. A negative axis counts from the last. All throw ShapeError for an axis that does not exist;
// an array of rank 0 has none. An axis of extent 0 is fine. g is the gradient of the result.
#pragma once

#include <autograd/grad.hpp>
#include <autograd/variable.hpp>

namespace xgrad {

/// y_i = x_0 + ... + x_i; from the other end with `reverse`. Carried in double. Gradient: the same
/// sum of g from the other end.
template <class T>
[[nodiscard]] Variable<T> cumsum(
    const Variable<T>& x,
    std::ptrdiff_t axis = -1,
    bool reverse = false,
    Where where = Where::current());

/// y_i = a_i y_(i-1) + b_i, where y_(-1) = 0: a_0 is not used. With `reverse` y_(i+1) takes the
/// place of y_(i-1). a and b have one shape. Gradients: s for b and s_i y_(i-1) for a, where
/// s_i = g_i + a_(i+1) s_(i+1). Throws ShapeError when the shapes differ.
template <class T>
[[nodiscard]] Variable<T> linear_recurrence(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    std::ptrdiff_t axis = -1,
    bool reverse = false,
    Where where = Where::current());

/// y_i = x_0 x_1 ... x_i. Gradient: sum over i >= j of g_i times the product without x_j; no
/// division, so it is exact where elements are 0.
template <class T>
[[nodiscard]] Variable<T> cumprod(
    const Variable<T>& x, std::ptrdiff_t axis = -1, Where where = Where::current());

/// The largest element so far; NaN from the first NaN on. Gradient: g to the element that is the
/// largest, of equals the last.
template <class T>
[[nodiscard]] Variable<T> cummax(
    const Variable<T>& x, std::ptrdiff_t axis = -1, Where where = Where::current());

/// The smallest element so far; as cummax.
template <class T>
[[nodiscard]] Variable<T> cummin(
    const Variable<T>& x, std::ptrdiff_t axis = -1, Where where = Where::current());

/// y_i = log(e^x_0 + ... + e^x_i) without overflow; -infinity where all of them are. Gradient:
/// sum over i >= j of g_i e^(x_j - y_i), no exponent above 0; 0 where x_j is -infinity.
template <class T>
[[nodiscard]] Variable<T> logcumsumexp(
    const Variable<T>& x, std::ptrdiff_t axis = -1, Where where = Where::current());

/// x_(i+1) - x_i, `n` times over: the extent shrinks by n, to 0 at least. n = 0 gives x. Gradient:
/// g_(i-1) - g_i, n times over.
template <class T>
[[nodiscard]] Variable<T> diff(
    const Variable<T>& x,
    std::size_t n = 1,
    std::ptrdiff_t axis = -1,
    Where where = Where::current());

/// The integral of y by the trapezoidal rule, samples `spacing` apart: spacing (y_0 / 2 + y_1 + ...
/// + y_(n-1) / 2); 0 for fewer than two samples. The axis is absent from the result. Gradient:
/// g spacing, half of it at the ends.
template <class T>
[[nodiscard]] Variable<T> trapezoid(
    const Variable<T>& y,
    double spacing = 1,
    std::ptrdiff_t axis = -1,
    Where where = Where::current());

/// The same with samples at x: of y's shape, or a vector along the axis. The sum of (x_(i+1) - x_i)
/// (y_i + y_(i+1)) / 2. Gradients for x and y. Throws ShapeError when x fits neither way.
template <class T>
[[nodiscard]] Variable<T> trapezoid(
    const Variable<T>& y,
    const Variable<T>& x,
    std::ptrdiff_t axis = -1,
    Where where = Where::current());

}  // namespace xgrad
