// The blocks of what chooses between values, and of comparisons. The contracts are in
// ops/arithmetic.hpp.
#pragma once

#include <ops/dual.hpp>
#include <ops/formula.hpp>
#include <ops/operators.hpp>

namespace xgrad::formula {

// NaN in either operand wins: a comparison with NaN is false, so a NaN b is taken by the first
// test and a NaN a by the second.
struct Maximum : Formula<2> {
    static constexpr auto name = "maximum";
    static auto samples() {
        return Samples(
            on({{3, 4}, {3, 4}}).without_ties().linear(),
            on({{3, 4}, {4}}).without_ties().linear(),
            on({{3, 1}, {1, 4}}).without_ties().linear());
    }
    static auto forward(auto a, auto b) { return where((a > b) | not_equal(a, a), a, b); }
    static auto da(auto g, auto a, auto b, Unused) {
        return where(equal(a, b), 0.5 * g, where(a > b, g, 0));
    }
    static auto db(auto g, auto a, auto b, Unused) {
        return where(equal(a, b), 0.5 * g, where(a < b, g, 0));
    }
};
template <class A, class B>
    requires(FusibleOperands<A, B>)
auto maximum(const A& a, const B& b) { return fuse<Maximum>(a, b); }
template struct Enroll<Maximum>;

struct Minimum : Formula<2> {
    static constexpr auto name = "minimum";
    static auto samples() { return Maximum::samples(); }
    static auto forward(auto a, auto b) { return where((a < b) | not_equal(a, a), a, b); }
    static auto da(auto g, auto a, auto b, Unused) {
        return where(equal(a, b), 0.5 * g, where(a < b, g, 0));
    }
    static auto db(auto g, auto a, auto b, Unused) {
        return where(equal(a, b), 0.5 * g, where(a > b, g, 0));
    }
};
template <class A, class B>
    requires(FusibleOperands<A, B>)
auto minimum(const A& a, const B& b) { return fuse<Minimum>(a, b); }
template struct Enroll<Minimum>;

struct Clamp : Formula<1, 2> {
    static constexpr auto name = "clamp";
    static auto samples() { return Samples(on({{3, 4}}).avoiding({-1, 1}).with({-1, 1}).linear()); }
    static auto forward(auto x, auto low, auto high) {
        return where(x < low, low, where(x > high, high, x));
    }
    static auto dx(auto g, auto x, Unused, auto low, auto high) {
        return where(x < low, 0, where(x > high, 0, g));
    }
};
auto clamp(const Fusible auto& x, double low, double high) { return fuse<Clamp>(x, low, high); }
template struct Enroll<Clamp>;

struct Select : Formula<3> {
    static constexpr auto name = "where";
    static auto samples() {
        return Samples(
            on({{3, 2}, {3, 2}, {3, 2}}).fixing(0, {{1, 0}, {0, 1}, {1, 1}}).linear(),
            on({{2}, {3, 2}, {3, 1}}).fixing(0, {1, 0}).linear());
    }
    static auto forward(auto c, auto a, auto b) { return where(not_equal(c, 0), a, b); }
    static auto db(auto g, auto c, Unused, Unused, Unused) { return where(not_equal(c, 0), g, 0); }
    static auto dc(auto g, auto c, Unused, Unused, Unused) { return where(not_equal(c, 0), 0, g); }
};
template struct Enroll<Select>;

// Comparisons have no rules: their results are constants.
inline Samples comparison_samples() {
    return Samples(
        on({{3, 4}, {3, 4}}).without_ties().flat(), on({{3, 4}, {4}}).without_ties().flat());
}

struct Greater : Formula<2> {
    static constexpr auto name = "greater";
    static auto samples() { return comparison_samples(); }
    static auto forward(auto a, auto b) { return where(a > b, 1, 0); }
};
template struct Enroll<Greater>;

struct GreaterEqual : Formula<2> {
    static constexpr auto name = "greater_equal";
    static auto samples() { return comparison_samples(); }
    static auto forward(auto a, auto b) { return where(a >= b, 1, 0); }
};
template struct Enroll<GreaterEqual>;

struct Less : Formula<2> {
    static constexpr auto name = "less";
    static auto samples() { return comparison_samples(); }
    static auto forward(auto a, auto b) { return where(a < b, 1, 0); }
};
template struct Enroll<Less>;

struct LessEqual : Formula<2> {
    static constexpr auto name = "less_equal";
    static auto samples() { return comparison_samples(); }
    static auto forward(auto a, auto b) { return where(a <= b, 1, 0); }
};
template struct Enroll<LessEqual>;

struct Equal : Formula<2> {
    static constexpr auto name = "equal";
    static auto samples() { return comparison_samples(); }
    static auto forward(auto a, auto b) { return where(equal(a, b), 1, 0); }
};
template struct Enroll<Equal>;

struct NotEqual : Formula<2> {
    static constexpr auto name = "not_equal";
    static auto samples() { return comparison_samples(); }
    static auto forward(auto a, auto b) { return where(not_equal(a, b), 1, 0); }
};
template struct Enroll<NotEqual>;

}  // namespace xgrad::formula
