// The blocks of arithmetic. The contracts are in ops/arithmetic.hpp.
#pragma once

#include <ops/dual.hpp>
#include <ops/elementwise.hpp>
#include <ops/formula.hpp>
#include <ops/operators.hpp>

namespace xgrad::formula {

struct Add : Formula<2> {
    static constexpr auto name = "add";
    static auto samples() { return broadcast_pairs().linear(); }
    static auto forward(auto a, auto b) { return a + b; }
    static auto da(auto, Unused, Unused, Unused) { return Unchanged(); }
    static auto db(auto, Unused, Unused, Unused) { return Unchanged(); }
};
template <class A, class B>
    requires(DualOperands<A, B>)
auto operator+(const A& a, const B& b) { return fuse<Add>(a, b); }
template struct Enroll<Add>;

struct Sub : Formula<2> {
    static constexpr auto name = "sub";
    static auto samples() { return broadcast_pairs().linear(); }
    static auto forward(auto a, auto b) { return a - b; }
    static auto da(auto, Unused, Unused, Unused) { return Unchanged(); }
    static auto db(auto g, Unused, Unused, Unused) { return -g; }
};
template <class A, class B>
    requires(DualOperands<A, B>)
auto operator-(const A& a, const B& b) { return fuse<Sub>(a, b); }
template struct Enroll<Sub>;

// Each factor's share is g times the other.
struct Mul : Formula<2> {
    static constexpr auto name = "mul";
    static auto samples() { return broadcast_pairs(); }
    static auto forward(auto a, auto b) { return a * b; }
    static auto da(auto g, Unused, auto b, Unused) { return g * b; }
    static auto db(auto g, auto a, Unused, Unused) { return g * a; }
};
template <class A, class B>
    requires(DualOperands<A, B>)
auto operator*(const A& a, const B& b) { return fuse<Mul>(a, b); }
template struct Enroll<Mul>;

// d(a/b)/db = -a/b^2 = -y/b, written in y.
struct Div : Formula<2> {
    static constexpr auto name = "div";
    static auto samples() { return broadcast_pairs(0.5, 2); }
    static auto forward(auto a, auto b) { return a / b; }
    static auto da(auto g, Unused, auto b, Unused) { return g / b; }
    static auto db(auto g, Unused, auto b, auto y) { return -g * y / b; }
};
template <class A, class B>
    requires(DualOperands<A, B>)
auto operator/(const A& a, const B& b) { return fuse<Div>(a, b); }
template struct Enroll<Div>;

struct Neg : Formula<1> {
    static constexpr auto name = "neg";
    static auto samples() { return Samples(on({{3, 4}}).linear()); }
    static auto forward(auto x) { return -x; }
    static auto dx(auto g, Unused, Unused) { return -g; }
};
template <class B, unsigned M>
auto operator-(const Dual<B, M>& x) {
    return fuse<Neg>(x);
}
template struct Enroll<Neg>;

struct Sign : Formula<1> {
    static constexpr auto name = "sign";
    static auto samples() { return Samples(on({{3, 4}}).avoiding({0}).flat()); }
    // NaN stays NaN, and -0 becomes 0.
    static auto forward(auto x) { return where(x > 0, 1, where(x < 0, -1, x + 0)); }
    static auto dx(auto g, Unused, Unused) { return zero_for(g); }
};
auto sign(const Fusible auto& x) { return fuse<Sign>(x); }
template struct Enroll<Sign>;

struct Abs : Formula<1> {
    static constexpr auto name = "abs";
    static auto samples() { return Samples(on({{3, 4}}).avoiding({0}).linear()); }
    static auto forward(auto x) { return abs(x); }
    static auto dx(auto g, auto x, Unused) { return g * sign(x); }
};
auto abs(const Fusible auto& x) { return fuse<Abs>(x); }
template struct Enroll<Abs>;

struct Square : Formula<1> {
    static constexpr auto name = "square";
    static auto samples() { return Samples(on({{3, 4}})); }
    static auto forward(auto x) { return x * x; }
    static auto dx(auto g, auto x, Unused) { return 2 * g * x; }
};
auto square(const Fusible auto& x) { return fuse<Square>(x); }
template struct Enroll<Square>;

// dy/dx = 1/(2y): the input is not kept.
struct Sqrt : Formula<1> {
    static constexpr auto name = "sqrt";
    static auto samples() { return Samples(on({{3, 4}}).between(0.5, 3)); }
    static auto forward(auto x) { return sqrt(x); }
    static auto dx(auto g, Unused, auto y) { return g / (2 * y); }
};
auto sqrt(const Fusible auto& x) { return fuse<Sqrt>(x); }
template struct Enroll<Sqrt>;

struct Rsqrt : Formula<1> {
    static constexpr auto name = "rsqrt";
    static auto samples() { return Samples(on({{3, 4}}).between(0.5, 3)); }
    static auto forward(auto x) { return 1 / sqrt(x); }
    static auto dx(auto g, Unused, auto y) { return -0.5 * g * (y * y * y); }
};
auto rsqrt(const Fusible auto& x) { return fuse<Rsqrt>(x); }
template struct Enroll<Rsqrt>;

struct Reciprocal : Formula<1> {
    static constexpr auto name = "reciprocal";
    static auto samples() { return Samples(on({{3, 4}}).between(0.5, 3)); }
    static auto forward(auto x) { return 1 / x; }
    static auto dx(auto g, Unused, auto y) { return -g * (y * y); }
};
auto reciprocal(const Fusible auto& x) { return fuse<Reciprocal>(x); }
template struct Enroll<Reciprocal>;

// A zero base makes b a^(b-1) infinite times zero, and log(a) infinite: both selected away where
// the derivative is 0.
struct Pow : Formula<2> {
    static constexpr auto name = "pow";
    static auto samples() { return broadcast_pairs(0.5, 2); }
    static auto forward(auto a, auto b) { return pow(a, b); }
    static auto da(auto g, auto a, auto b, Unused) {
        // At b = 0 the share is 0, but its derivative by b is not: only a base whose reciprocal is
        // not finite, or NaN, is selected away.
        return g * b * pow(where(equal(b, 0), where(abs(a) > 1e-37, a, 1), a), b - 1);
    }
    static auto db(auto g, auto a, auto b, auto y) {
        const auto zero = equal(a, 0);
        const auto slope = g * y * log(where(zero, 1 + a, a));
        return where(zero, where(b >= 0, 0, g * y * log(a)), slope);
    }
};
template <class A, class B>
    requires(FusibleOperands<A, B>)
auto pow(const A& a, const B& b) { return fuse<Pow>(a, b); }
template struct Enroll<Pow>;

struct PowScalar : Formula<1, 1> {
    static constexpr auto name = "pow_scalar";
    static auto samples() {
        return Samples(
            on({{3, 4}}).between(0.5, 2).with({2.5}),
            on({{3, 4}}).with({3}),
            on({{3, 4}}).between(0.5, 2).with({-1}),
            on({{3, 4}}).with({0}).flat(),
            on({{2}}).between(0, 0).with({0}).flat());
    }
    static auto forward(auto x, auto p) { return pow(x, p); }
    static auto dx(auto g, auto x, Unused, auto p) {
        return where(equal(p, 0), 0, g * p * pow(where(equal(p, 0), 1, x), p - 1));
    }
};
template struct Enroll<PowScalar>;

}  // namespace xgrad::formula
