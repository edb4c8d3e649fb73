// Smooth activations beside those of ops/activation.hpp: elementwise but for glu, x of any shape.
// g is the gradient of the result, y the result.
#pragma once

#include <ops/apply.hpp>

namespace xgrad {

namespace formula {
struct Selu;
struct Celu;
struct Mish;
struct Softsign;
struct Tanhshrink;
}  // namespace formula

/// s x above 0, s a (e^x - 1) below, with s = 1.0507... and a = 1.6733..., for which layers keep
/// mean 0 and variance 1 [Klambauer et al. 2017]. Gradient: g s, and g s a e^x at and below 0.
template <class T>
[[nodiscard]] Variable<T> selu(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Selu>(x, where);
}

/// x above 0, alpha (e^(x / alpha) - 1) below [Barron 2017]. Gradient: g, and g e^(x / alpha) at
/// and below 0. Throws std::invalid_argument unless alpha > 0.
template <class T>
[[nodiscard]] Variable<T> celu(
    const Variable<T>& x, double alpha = 1, Where where = Where::current());

/// x tanh(softplus(x)) [Misra 2019]. Gradient: g (t + x sigmoid(x) (1 - t^2)) for
/// t = tanh(softplus(x)).
template <class T>
[[nodiscard]] Variable<T> mish(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Mish>(x, where);
}

/// x / (1 + |x|) [Bergstra et al. 2009]. Gradient: g / (1 + |x|)^2.
template <class T>
[[nodiscard]] Variable<T> softsign(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Softsign>(x, where);
}

/// x - tanh(x). Gradient: g tanh(x)^2.
template <class T>
[[nodiscard]] Variable<T> tanhshrink(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Tanhshrink>(x, where);
}

/// Gated linear unit: a sigmoid(b) for the halves a and b of x along an axis, which the result
/// has half as long [Dauphin et al. 2017]. Gradients: g s to a, g a s (1 - s) to b, for
/// s = sigmoid(b). Throws ShapeError when the axis does not exist or its extent is odd.
template <class T>
[[nodiscard]] Variable<T> glu(
    const Variable<T>& x, std::ptrdiff_t axis = -1, Where where = Where::current());

}  // namespace xgrad
