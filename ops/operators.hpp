// The operators, with the contracts of add, sub, mul, div, neg and the comparisons.
#pragma once

#include <ops/arithmetic.hpp>

namespace xgrad {

namespace detail {

/// The right operand of an operator: whatever can stand there, and the line it stands on, which
/// an operator has no parameter for. Made at the call, lives to its end.
template <class T>
struct Operand {
    Operand(const Variable<T>& x, Where w = Where::current()) : where(w), borrowed(&x) {}
    template <Constant X>
    Operand(const X& x, Where w = Where::current()) : where(w),
                                                      owned(x),
                                                      borrowed(&owned) {}
    Operand(const Operand&) = delete;

    const Variable<T>& operator*() const { return *borrowed; }

    Where where;
    Variable<T> owned;
    const Variable<T>* borrowed;
};

/// The left operand, where the right one is a Variable.
template <class T>
struct LeftOperand {
    template <Constant X>
    LeftOperand(const X& x, Where w = Where::current()) : where(w),
                                                          value(x) {}

    Where where;
    Variable<T> value;
};

}  // namespace detail

// Not templates, so that operands convert.
using OperandF = const detail::Operand<float>&;
using OperandD = const detail::Operand<double>&;
using LeftF = const detail::LeftOperand<float>&;
using LeftD = const detail::LeftOperand<double>&;

/// neg(x).
inline Variable<float> operator-(const Variable<float>& x) { return neg(x); }
inline Variable<double> operator-(const Variable<double>& x) { return neg(x); }

/// add(a, b) of a Variable and a Variable, scalar or array.
inline Variable<float> operator+(const Variable<float>& a, OperandF b) {
    return add(a, *b, b.where);
}
inline Variable<double> operator+(const Variable<double>& a, OperandD b) {
    return add(a, *b, b.where);
}
inline Variable<float> operator+(LeftF a, const Variable<float>& b) {
    return add(a.value, b, a.where);
}
inline Variable<double> operator+(LeftD a, const Variable<double>& b) {
    return add(a.value, b, a.where);
}

/// sub(a, b) of a Variable and a Variable, scalar or array.
inline Variable<float> operator-(const Variable<float>& a, OperandF b) {
    return sub(a, *b, b.where);
}
inline Variable<double> operator-(const Variable<double>& a, OperandD b) {
    return sub(a, *b, b.where);
}
inline Variable<float> operator-(LeftF a, const Variable<float>& b) {
    return sub(a.value, b, a.where);
}
inline Variable<double> operator-(LeftD a, const Variable<double>& b) {
    return sub(a.value, b, a.where);
}

/// mul(a, b) of a Variable and a Variable, scalar or array.
inline Variable<float> operator*(const Variable<float>& a, OperandF b) {
    return mul(a, *b, b.where);
}
inline Variable<double> operator*(const Variable<double>& a, OperandD b) {
    return mul(a, *b, b.where);
}
inline Variable<float> operator*(LeftF a, const Variable<float>& b) {
    return mul(a.value, b, a.where);
}
inline Variable<double> operator*(LeftD a, const Variable<double>& b) {
    return mul(a.value, b, a.where);
}

/// div(a, b) of a Variable and a Variable, scalar or array.
inline Variable<float> operator/(const Variable<float>& a, OperandF b) {
    return div(a, *b, b.where);
}
inline Variable<double> operator/(const Variable<double>& a, OperandD b) {
    return div(a, *b, b.where);
}
inline Variable<float> operator/(LeftF a, const Variable<float>& b) {
    return div(a.value, b, a.where);
}
inline Variable<double> operator/(LeftD a, const Variable<double>& b) {
    return div(a.value, b, a.where);
}

// An xtensor array on one side: xtensor's own operator templates match these better than any
// conversion, so the same signature with a constraint is needed to win over them.
template <class A, class B>
concept ArrayAndVariable = (AnyVariable<std::remove_cvref_t<A>> &&
                            xt::is_xexpression<std::remove_cvref_t<B>>::value) ||
                           (xt::is_xexpression<std::remove_cvref_t<A>>::value &&
                            AnyVariable<std::remove_cvref_t<B>>);

/// add(a, b) of an array and a Variable.
template <class A, class B>
    requires(ArrayAndVariable<A, B>)
auto operator+(A&& a, B&& b) { return add(a, b); }

/// sub(a, b) of an array and a Variable.
template <class A, class B>
    requires(ArrayAndVariable<A, B>)
auto operator-(A&& a, B&& b) { return sub(a, b); }

/// mul(a, b) of an array and a Variable.
template <class A, class B>
    requires(ArrayAndVariable<A, B>)
auto operator*(A&& a, B&& b) { return mul(a, b); }

/// div(a, b) of an array and a Variable.
template <class A, class B>
    requires(ArrayAndVariable<A, B>)
auto operator/(A&& a, B&& b) { return div(a, b); }

/// greater(a, b).
template <class A, class B>
    requires(Operands<std::remove_cvref_t<A>, std::remove_cvref_t<B>>)
auto operator>(A&& a, B&& b) { return xgrad::greater(a, b); }

/// greater_equal(a, b).
template <class A, class B>
    requires(Operands<std::remove_cvref_t<A>, std::remove_cvref_t<B>>)
auto operator>=(A&& a, B&& b) { return xgrad::greater_equal(a, b); }

/// less(a, b).
template <class A, class B>
    requires(Operands<std::remove_cvref_t<A>, std::remove_cvref_t<B>>)
auto operator<(A&& a, B&& b) { return xgrad::less(a, b); }

/// less_equal(a, b).
template <class A, class B>
    requires(Operands<std::remove_cvref_t<A>, std::remove_cvref_t<B>>)
auto operator<=(A&& a, B&& b) { return xgrad::less_equal(a, b); }

}  // namespace xgrad
