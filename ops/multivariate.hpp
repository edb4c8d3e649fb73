// Functions of two and three arrays, elementwise and broadcast.
//
// Each function of two operands takes Variables, scalars and xtensor expressions, at least one of
// them a Variable<T>; shapes broadcast as in numpy. Throws ShapeError when they do not. g is the
// gradient of the result, y the result.
#pragma once

#include <ops/apply.hpp>

namespace xgrad {

namespace formula {
struct Hypot;
struct Atan2;
struct Logaddexp;
struct Xlogy;
struct Xlog1py;
struct Lerp;
}  // namespace formula

/// sqrt(a^2 + b^2), without overflow. Gradients: g a / y, g b / y; 0 at the origin.
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto hypot(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::Hypot>(a, b, where);
}

/// The angle of the point (b, a) in radians, in [-pi, pi]. Gradients: g b / (a^2 + b^2) and
/// -g a / (a^2 + b^2); 0 at the origin.
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto atan2(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::Atan2>(a, b, where);
}

/// log(e^a + e^b), without overflow. Gradients: g sigmoid(a - b), g sigmoid(b - a); g / 2 each
/// where both are the same infinity.
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto logaddexp(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::Logaddexp>(a, b, where);
}

/// a log(b); 0 where a is 0, for any b but NaN. Gradients: g log(b), g a / b; 0 where a is 0
/// and b <= 0.
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto xlogy(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::Xlogy>(a, b, where);
}

/// a log(1 + b), exact near b = 0; 0 where a is 0, for any b but NaN. Gradients: g log(1 + b),
/// g a / (1 + b); 0 where a is 0 and b <= -1.
template <class A, class B>
    requires(Operands<A, B>)
[[nodiscard]] auto xlog1py(const A& a, const B& b, Where where = Where::current()) {
    return detail::binary<formula::Xlog1py>(a, b, where);
}

/// a + weight (b - a): a at weight 0, b at weight 1; all three broadcast. Gradients:
/// g (1 - weight), g weight, g (b - a).
template <class T>
[[nodiscard]] Variable<T> lerp(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    const std::type_identity_t<Variable<T>>& weight,
    Where where = Where::current()) {
    const Variable<T>* inputs[] = {&a, &b, &weight};
    return detail::apply(detail::formula_op<formula::Lerp, T>, inputs, nullptr, where);
}

/// x + factor a b; all three broadcast. Gradients: g, g factor b, g factor a.
template <class T>
[[nodiscard]] Variable<T> addcmul(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& a,
    const std::type_identity_t<Variable<T>>& b,
    double factor = 1,
    Where where = Where::current());

}  // namespace xgrad
