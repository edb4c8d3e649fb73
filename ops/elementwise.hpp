// Exponentials, logarithms, trigonometry: elementwise, x of any shape, the result of the same
// shape. g is the gradient of the result, y the result.
#pragma once

#include <ops/apply.hpp>

namespace xgrad {

namespace formula {
struct Exp;
struct Expm1;
struct Log;
struct Log1p;
struct Log2;
struct Log10;
struct Sin;
struct Cos;
struct Tan;
struct Asin;
struct Acos;
struct Atan;
struct Sinh;
struct Cosh;
struct Tanh;
struct Erf;
}  // namespace formula

/// e^x. Gradient: g y. Results near the smallest normal number and below are 0: in float below
/// e^-87.69, in double below e^-708.75; from e^88.38 and e^709.44 on they are infinite.
template <class T>
[[nodiscard]] Variable<T> exp(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Exp>(x, where);
}

/// e^x - 1, exact near 0. Gradient: g (y + 1).
template <class T>
[[nodiscard]] Variable<T> expm1(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Expm1>(x, where);
}

/// Natural logarithm: -infinity at 0, NaN below. Gradient: g / x.
template <class T>
[[nodiscard]] Variable<T> log(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Log>(x, where);
}

/// log(1 + x), exact near 0. Gradient: g / (1 + x).
template <class T>
[[nodiscard]] Variable<T> log1p(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Log1p>(x, where);
}

/// Logarithm to base 2. Gradient: g / (x log 2).
template <class T>
[[nodiscard]] Variable<T> log2(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Log2>(x, where);
}

/// Logarithm to base 10. Gradient: g / (x log 10).
template <class T>
[[nodiscard]] Variable<T> log10(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Log10>(x, where);
}

/// Sine, x in radians. Gradient: g cos(x).
template <class T>
[[nodiscard]] Variable<T> sin(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Sin>(x, where);
}

/// Cosine, x in radians. Gradient: -g sin(x).
template <class T>
[[nodiscard]] Variable<T> cos(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Cos>(x, where);
}

/// Tangent, x in radians. Gradient: g (1 + y^2).
template <class T>
[[nodiscard]] Variable<T> tan(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Tan>(x, where);
}

/// Inverse sine in radians, NaN outside [-1, 1]. Gradient: g / sqrt(1 - x^2).
template <class T>
[[nodiscard]] Variable<T> asin(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Asin>(x, where);
}

/// Inverse cosine in radians, NaN outside [-1, 1]. Gradient: -g / sqrt(1 - x^2).
template <class T>
[[nodiscard]] Variable<T> acos(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Acos>(x, where);
}

/// Inverse tangent in radians. Gradient: g / (1 + x^2).
template <class T>
[[nodiscard]] Variable<T> atan(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Atan>(x, where);
}

/// Hyperbolic sine. Gradient: g cosh(x).
template <class T>
[[nodiscard]] Variable<T> sinh(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Sinh>(x, where);
}

/// Hyperbolic cosine. Gradient: g sinh(x).
template <class T>
[[nodiscard]] Variable<T> cosh(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Cosh>(x, where);
}

/// Hyperbolic tangent. Gradient: g (1 - y^2).
template <class T>
[[nodiscard]] Variable<T> tanh(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Tanh>(x, where);
}

/// Error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x. Gradient:
/// 2/sqrt(pi) g exp(-x^2).
template <class T>
[[nodiscard]] Variable<T> erf(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Erf>(x, where);
}

}  // namespace xgrad
