// Activations of straight pieces: elementwise, x of any shape. g is the gradient of the result.
// NaN stays NaN.
#pragma once

#include <ops/apply.hpp>

namespace xgrad {

namespace formula {
struct Hardtanh;
struct Hardsigmoid;
struct Hardswish;
struct Hardshrink;
struct Softshrink;
struct Threshold;
struct Prelu;
}  // namespace formula

/// x limited to [low, high] [Collobert 2004]. Gradient: g inside, 0 on the limits and outside;
/// clamp() passes g on the limits. Throws std::invalid_argument when low > high.
template <class T>
[[nodiscard]] Variable<T> hardtanh(
    const Variable<T>& x, double low = -1, double high = 1, Where where = Where::current());

/// x limited to [0, 6] [Krizhevsky 2010]. Gradient: g inside, 0 on the limits and outside.
template <class T>
[[nodiscard]] Variable<T> relu6(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Hardtanh>(x, where, {0, 6});
}

/// relu6(x + 3) / 6, a sigmoid of straight pieces [Courbariaux et al. 2015; Howard et al. 2019].
/// Gradient: g / 6 for -3 < x < 3, else 0.
template <class T>
[[nodiscard]] Variable<T> hardsigmoid(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Hardsigmoid>(x, where);
}

/// x hardsigmoid(x) [Howard et al. 2019], 0 at -infinity. Gradient: 0 up to -3, g (2 x + 3) / 6
/// between, g from 3 on.
template <class T>
[[nodiscard]] Variable<T> hardswish(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Hardswish>(x, where);
}

/// x where |x| > lambda, else 0. Gradient: g where |x| > lambda, else 0. Throws
/// std::invalid_argument when lambda < 0.
template <class T>
[[nodiscard]] Variable<T> hardshrink(
    const Variable<T>& x, double lambda = 0.5, Where where = Where::current());

/// x moved by lambda towards 0, and no further [Donoho and Johnstone 1994]. Gradient: g where
/// |x| > lambda, else 0. Throws std::invalid_argument when lambda < 0.
template <class T>
[[nodiscard]] Variable<T> softshrink(
    const Variable<T>& x, double lambda = 0.5, Where where = Where::current());

/// x above the limit, else `value`. Gradient: g where x > limit, else 0.
template <class T>
[[nodiscard]] Variable<T> threshold(
    const Variable<T>& x, double limit, double value, Where where = Where::current()) {
    return detail::unary<formula::Threshold>(x, where, {limit, value});
}

/// x above 0, slope x below, for a learnt slope [He et al. 2015]: one number, shape () or (1,), or
/// shape (C,) for the C channels along an axis of x. Gradients: g above 0 and g slope at and
/// below; for the slope g x below 0, summed over its channel. Throws ShapeError when the slope has
/// another shape or the axis does not exist.
template <class T>
[[nodiscard]] Variable<T> prelu(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& slope,
    std::ptrdiff_t axis = 1,
    Where where = Where::current());

}  // namespace xgrad
