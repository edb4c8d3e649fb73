// Activations: elementwise, x of any shape. g is the gradient of the result, y the result.
#pragma once

#include <ops/apply.hpp>

namespace xgrad {

namespace formula {
struct Sigmoid;
struct LogSigmoid;
struct Softplus;
struct Relu;
struct LeakyRelu;
struct Elu;
struct Gelu;
struct Silu;
}  // namespace formula

/// Logistic function 1 / (1 + e^-x), without overflow. Gradient: g y (1 - y).
template <class T>
[[nodiscard]] Variable<T> sigmoid(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Sigmoid>(x, where);
}

/// log(sigmoid(x)) = -log(1 + e^-x), without overflow or cancellation. Gradient: g sigmoid(-x).
template <class T>
[[nodiscard]] Variable<T> log_sigmoid(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::LogSigmoid>(x, where);
}

/// log(1 + e^x), without overflow. Gradient: g sigmoid(x).
template <class T>
[[nodiscard]] Variable<T> softplus(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Softplus>(x, where);
}

/// max(x, 0); NaN stays NaN, -0 becomes 0. Gradient: g where x > 0, else 0: at 0 it is 0.
template <class T>
[[nodiscard]] Variable<T> relu(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Relu>(x, where);
}

/// x above 0, slope x below [Maas et al. 2013]. Gradient: g, and g slope at and below 0.
template <class T>
[[nodiscard]] Variable<T> leaky_relu(
    const Variable<T>& x, double slope = 0.01, Where where = Where::current()) {
    return detail::unary<formula::LeakyRelu>(x, where, {slope});
}

/// x above 0, alpha (e^x - 1) below [Clevert et al. 2016]. Gradient: g, and g alpha e^x at and
/// below 0.
template <class T>
[[nodiscard]] Variable<T> elu(
    const Variable<T>& x, double alpha = 1, Where where = Where::current()) {
    return detail::unary<formula::Elu>(x, where, {alpha});
}

/// x Phi(x), Phi the standard normal distribution function, in its exact form
/// [Hendrycks and Gimpel 2016]. Gradient: g (Phi(x) + x phi(x)).
template <class T>
[[nodiscard]] Variable<T> gelu(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Gelu>(x, where);
}

/// x sigmoid(x), also called swish [Elfwing et al. 2018]. Gradient: g (s + y (1 - s)) for
/// s = sigmoid(x).
template <class T>
[[nodiscard]] Variable<T> silu(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Silu>(x, where);
}

}  // namespace xgrad
