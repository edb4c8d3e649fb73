// Arithmetic, elementwise and broadcast. The operators are in ops/operators.hpp.
//
// Each function of two operands takes Variables, scalars and xtensor expressions, at least one of
// them a Variable<T>; shapes broadcast as in numpy, aligned at the last axis. Throws ShapeError
// when they do not. g is the gradient of the result.
#pragma once

#include <ops/apply.hpp>

namespace xgrad {

namespace formula {
struct Add;
struct Sub;
struct Mul;
struct Div;
struct Neg;
struct Abs;
struct Sign;
struct Square;
struct Sqrt;
struct Rsqrt;
struct Reciprocal;
struct Pow;
struct PowScalar;
struct Minimum;
struct Maximum;
struct Clamp;
struct Select;
struct Greater;
struct GreaterEqual;
struct Less;
struct LessEqual;
struct Equal;
struct NotEqual;
}  // namespace formula

/// a + b. Gradients: g, g.
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto add(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::Add>(a, b, where);
}

/// a - b. Gradients: g, -g.
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto sub(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::Sub>(a, b, where);
}

/// a b. Gradients: g b, g a.
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto mul(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::Mul>(a, b, where);
}

/// a / b. Gradients: g / b, -g y / b for y = a / b. Division by zero gives infinity or NaN.
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto div(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::Div>(a, b, where);
}

/// -x. Gradient: -g.
template <class T>
[[nodiscard]] Variable<T> neg(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Neg>(x, where);
}

/// |x|. Gradient: g sign(x), 0 at 0.
template <class T>
[[nodiscard]] Variable<T> abs(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Abs>(x, where);
}

/// -1, 0 or 1; NaN for NaN. Gradient: 0.
template <class T>
[[nodiscard]] Variable<T> sign(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Sign>(x, where);
}

/// x^2. Gradient: 2 g x.
template <class T>
[[nodiscard]] Variable<T> square(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Square>(x, where);
}

/// Square root, NaN below 0. Gradient: g / (2 y), infinite at 0.
template <class T>
[[nodiscard]] Variable<T> sqrt(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Sqrt>(x, where);
}

/// 1 / sqrt(x). Gradient: -g y^3 / 2.
template <class T>
[[nodiscard]] Variable<T> rsqrt(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Rsqrt>(x, where);
}

/// 1 / x. Gradient: -g y^2.
template <class T>
[[nodiscard]] Variable<T> reciprocal(const Variable<T>& x, Where where = Where::current()) {
    return detail::unary<formula::Reciprocal>(x, where);
}

/// x^exponent for a fixed exponent; pow(x, 0) is 1 everywhere. Gradient: g exponent
/// x^(exponent - 1), 0 for the exponent 0.
template <class T, class S>
    requires(std::is_arithmetic_v<S>)
[[nodiscard]] Variable<T> pow(const Variable<T>& x, S exponent, Where where = Where::current()) {
    return detail::unary<formula::PowScalar>(x, where, {static_cast<double>(exponent)});
}

/// a^b for a variable exponent. Gradients: g b a^(b - 1), 0 where b = 0; g y log(a), 0 where
/// a = 0 and b >= 0. NaN for a negative base with a fractional exponent.
template <class A, class B>
    requires(Operands<A, B> && !std::is_arithmetic_v<B>)
[[nodiscard]] auto pow(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::Pow>(a, b, where);
}

/// The smaller one; NaN if either is. Gradients: g to the smaller, g / 2 to each at a tie.
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto minimum(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::Minimum>(a, b, where);
}

/// The larger one; NaN if either is. Gradients: g to the larger, g / 2 to each at a tie.
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto maximum(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::Maximum>(a, b, where);
}

/// x limited to [low, high]. Gradient: g inside and on the limits, 0 outside. Throws
/// std::invalid_argument when low > high.
template <class T>
[[nodiscard]] Variable<T> clamp(
    const Variable<T>& x, double low, double high, Where where = Where::current());

/// a where the condition is not 0, else b; all three broadcast. Gradients: g where it was
/// taken, else 0; none for the condition. The branch not taken gets exactly 0, but its own rule
/// may still turn that into NaN (0 times infinity): keep its input in its domain.
template <class T>
[[nodiscard]] Variable<T> where(
    const Variable<T>& condition,
    const std::type_identity_t<Variable<T>>& a,
    const std::type_identity_t<Variable<T>>& b,
    Where at = Where::current()) {
    const Variable<T>* inputs[] = {&condition, &a, &b};
    return detail::apply(detail::formula_op<formula::Select, T>, inputs, nullptr, at);
}

/// 1 where the comparison holds, of NaN only not_equal, else 0: a constant, without a gradient.
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto greater(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::Greater>(a, b, where);
}
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto greater_equal(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::GreaterEqual>(a, b, where);
}
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto less(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::Less>(a, b, where);
}
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto less_equal(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::LessEqual>(a, b, where);
}
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto equal(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::Equal>(a, b, where);
}
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto not_equal(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::NotEqual>(a, b, where);
}

}  // namespace xgrad
