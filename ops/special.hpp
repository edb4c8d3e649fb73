// Special functions: elementwise, x of any shape, the result of the same shape. g is the gradient
// of the result, y the result. A&S is Abramowitz and Stegun 1964.
//
// An order n is 0, 1, ..., 170 for each element, a number or an array that broadcasts with x, and
// throws ShapeError when it does not. It has no gradient; another value gives NaN.
#pragma once

#include <ops/apply.hpp>

namespace xgrad {

namespace formula {
struct Cbrt;
struct Exp2;
struct Asinh;
struct Acosh;
struct Atanh;
struct Erfc;
struct Erfinv;
struct Lgamma;
struct Digamma;
struct Polygamma;
struct BesselI;
struct SphericalBesselJ;
}  // namespace formula

/// Cube root, negative below 0. Gradient: g / (3 y^2), infinite at 0.
template <class T>
[[nodiscard]] Variable<T> cbrt(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Cbrt>(x, where);
}

/// 2^x. Gradient: g y log 2.
template <class T>
[[nodiscard]] Variable<T> exp2(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Exp2>(x, where);
}

/// Inverse hyperbolic sine. Gradient: g / sqrt(x^2 + 1).
template <class T>
[[nodiscard]] Variable<T> asinh(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Asinh>(x, where);
}

/// Inverse hyperbolic cosine, NaN below 1. Gradient: g / sqrt(x^2 - 1), infinite at 1.
template <class T>
[[nodiscard]] Variable<T> acosh(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Acosh>(x, where);
}

/// Inverse hyperbolic tangent, NaN outside [-1, 1]. Gradient: g / (1 - x^2).
template <class T>
[[nodiscard]] Variable<T> atanh(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Atanh>(x, where);
}

/// 1 - erf(x), without cancellation. Gradient: -2/sqrt(pi) g exp(-x^2).
template <class T>
[[nodiscard]] Variable<T> erfc(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Erfc>(x, where);
}

/// The inverse of erf, infinite at -1 and 1, NaN outside. Gradient: sqrt(pi)/2 g exp(y^2).
template <class T>
[[nodiscard]] Variable<T> erfinv(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Erfinv>(x, where);
}

/// log |gamma(x)|, infinite at 0, -1, -2, ... Gradient: g digamma(x).
template <class T>
[[nodiscard]] Variable<T> lgamma(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Lgamma>(x, where);
}

/// The derivative of log gamma [A&S 6.3.1]: NaN at -1, -2, ..., infinite at 0. Gradient:
/// g polygamma(1, x).
template <class T>
[[nodiscard]] Variable<T> digamma(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Digamma>(x, where);
}

/// The n-th derivative of digamma [A&S 6.4.1]. Gradient: g polygamma(n + 1, x).
template <class N, class X>
    requires(Operands<N, X>)
[[nodiscard]] auto polygamma(const N& n, const X& x, Where where = Where::current()) {
    return detail::binary<formula::Polygamma>(n, x, where);
}

/// polygamma(1, x), the second derivative of log gamma.
template <class T>
[[nodiscard]] Variable<T> trigamma(const Variable<T>& x, Where where = Where::current()) {
    return polygamma(1, x, where);
}

/// Euler's beta function gamma(a) gamma(b) / gamma(a + b), for a and b above 0; they broadcast.
/// Composed of lgamma: below 0 the sign is lost, and where a or b is large so are digits, which its
/// sum has before the point (of 1e5 in float five of seven). Gradients: g y (digamma(a) - digamma(a
/// + b)) and the same for b.
template <class T>
[[nodiscard]] Variable<T> beta(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    Where where = Where::current());

/// Modified Bessel function of the first kind and order n [A&S 9.6.10]. Gradient:
/// g (bessel_i(n - 1, x) + bessel_i(n + 1, x)) / 2 [A&S 9.6.26].
template <class N, class X>
    requires(Operands<N, X>)
[[nodiscard]] auto bessel_i(const N& n, const X& x, Where where = Where::current()) {
    return detail::binary<formula::BesselI>(n, x, where);
}

/// bessel_i(0, x). Gradient: g i1(x).
template <class T>
[[nodiscard]] Variable<T> i0(const Variable<T>& x, Where where = Where::current()) {
    return bessel_i(0, x, where);
}

/// bessel_i(1, x). Gradient: g (i0(x) + bessel_i(2, x)) / 2.
template <class T>
[[nodiscard]] Variable<T> i1(const Variable<T>& x, Where where = Where::current()) {
    return bessel_i(1, x, where);
}

/// Spherical Bessel function of the first kind and order n; sin(x) / x for n = 0 [A&S 10.1.1].
/// Gradient: g (n j(n - 1, x) - (n + 1) j(n + 1, x)) / (2 n + 1) [A&S 10.1.20].
template <class N, class X>
    requires(Operands<N, X>)
[[nodiscard]] auto spherical_bessel_j(const N& n, const X& x, Where where = Where::current()) {
    return detail::binary<formula::SphericalBesselJ>(n, x, where);
}

/// sin(pi x) / (pi x), 1 at 0, 0 at infinity: spherical_bessel_j(0, pi x), whose derivatives of
/// every order are exact at and near 0. Gradient: -pi g spherical_bessel_j(1, pi x).
template <class T>
[[nodiscard]] Variable<T> sinc(const Variable<T>& x, Where where = Where::current());

}  // namespace xgrad
