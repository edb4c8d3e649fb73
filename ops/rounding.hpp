// Whole numbers, remainders and steps: elementwise; the functions of two operands broadcast as
// those of ops/arithmetic.hpp, and throw ShapeError when the shapes do not. g is the gradient of
// the result.
#pragma once

#include <ops/apply.hpp>

namespace xgrad {

namespace formula {
struct Floor;
struct Ceil;
struct Trunc;
struct Round;
struct Fmod;
struct Remainder;
struct Heaviside;
}  // namespace formula

/// The next whole number at or below x. Gradient: 0.
template <class T>
[[nodiscard]] Variable<T> floor(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Floor>(x, where);
}

/// The next whole number at or above x. Gradient: 0.
template <class T>
[[nodiscard]] Variable<T> ceil(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Ceil>(x, where);
}

/// x without its fraction: the next whole number towards 0. Gradient: 0.
template <class T>
[[nodiscard]] Variable<T> trunc(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Trunc>(x, where);
}

/// The nearest whole number, the even one of two: 0.5 and 1.5 give 0 and 2. Gradient: 0.
template <class T>
[[nodiscard]] Variable<T> round(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Round>(x, where);
}

/// a - b trunc(a / b), exactly: the remainder with a's sign, as C has it; NaN for b = 0.
/// Gradients: g, -g trunc(a / b).
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto fmod(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::Fmod>(a, b, where);
}

/// a - b floor(a / b): the remainder with b's sign, as Python has it; NaN for b = 0. Gradients:
/// g, -g floor(a / b).
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto remainder(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::Remainder>(a, b, where);
}

/// The unit step: 0 for x below 0, 1 above, at_zero where x is 0, NaN for NaN. Gradients: 0, and
/// for at_zero g where x is 0.
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto heaviside(const A& x, const B& at_zero, Where where = Where::current()) {
    return detail::binary<formula::Heaviside>(x, at_zero, where);
}

}  // namespace xgrad
