// The blocks of rounding, remainders and steps. The contracts are in ops/rounding.hpp.
#pragma once

#include <ops/dual.hpp>
#include <ops/operators.hpp>
#include <ops/rounding.hpp>

namespace xgrad::formula {

inline Sample away_from_whole_numbers() { return on({{3, 4}}).avoiding({-2, -1, 0, 1, 2}).flat(); }

struct Floor : Formula<1> {
    static constexpr auto name = "floor";
    static auto samples() { return Samples(away_from_whole_numbers()); }
    static auto forward(auto x) { return floor(x); }
    static auto dx(auto g, Unused, Unused) { return zero_for(g); }
};
auto floor(const Fusible auto& x) { return fuse<Floor>(x); }
template struct Enroll<Floor>;

struct Ceil : Formula<1> {
    static constexpr auto name = "ceil";
    static auto samples() { return Samples(away_from_whole_numbers()); }
    static auto forward(auto x) { return ceil(x); }
    static auto dx(auto g, Unused, Unused) { return zero_for(g); }
};
auto ceil(const Fusible auto& x) { return fuse<Ceil>(x); }
template struct Enroll<Ceil>;

struct Trunc : Formula<1> {
    static constexpr auto name = "trunc";
    static auto samples() { return Samples(away_from_whole_numbers()); }
    static auto forward(auto x) { return trunc(x); }
    static auto dx(auto g, Unused, Unused) { return zero_for(g); }
};
auto trunc(const Fusible auto& x) { return fuse<Trunc>(x); }
template struct Enroll<Trunc>;

struct Round : Formula<1> {
    static constexpr auto name = "round";
    static auto samples() { return Samples(on({{3, 4}}).avoiding({-1.5, -0.5, 0.5, 1.5}).flat()); }
    static auto forward(auto x) { return round(x); }
    static auto dx(auto g, Unused, Unused) { return zero_for(g); }
};
auto round(const Fusible auto& x) { return fuse<Round>(x); }
template struct Enroll<Round>;

// The quotient from the result: a / b may round up to the next whole number. The samples keep the
// quotient clear of whole numbers, where it jumps.
struct Fmod : Formula<2> {
    static constexpr auto name = "fmod";
    static auto samples() {
        return Samples(
            on({{3, 4}, {4}})
                .fixing(0, {{2, -2, 0.3, -0.3}, {3.9, -3.9, 4.7, -4.7}, {1, -1, 3, 5.5}})
                .between(0.8, 0.9)
                .linear(),
            on({{3}, {3}}).fixing(1, {0.75, -0.75, 5}).between(-0.6, 0.6).avoiding({0}).linear());
    }
    static auto forward(auto a, auto b) { return fmod(a, b); }
    static auto da(auto, Unused, Unused, Unused) { return Unchanged(); }
    static auto db(auto g, auto a, auto b, auto y) { return -g * round((a - y) / b); }
};
template <class A, class B>
    requires(FusibleOperands<A, B>)
auto fmod(const A& a, const B& b) { return fuse<Fmod>(a, b); }
template struct Enroll<Fmod>;

struct Remainder : Formula<2> {
    static constexpr auto name = "remainder";
    static auto samples() { return Fmod::samples(); }
    static auto forward(auto a, auto b) {
        const auto y = fmod(a, b);
        return where(((y < 0) & (b > 0)) | ((y > 0) & (b < 0)), y + b, y);
    }
    static auto da(auto, Unused, Unused, Unused) { return Unchanged(); }
    // y = b for a small a of the other sign, or an infinite b.
    static auto db(auto g, auto a, auto b, auto y) {
        return -g * where(equal(y, b), -1, round((a - y) / b));
    }
};
template <class A, class B>
    requires(FusibleOperands<A, B>)
auto remainder(const A& a, const B& b) { return fuse<Remainder>(a, b); }
template struct Enroll<Remainder>;

struct Heaviside : Formula<2> {
    static constexpr auto name = "heaviside";
    static auto samples() {
        return Samples(
            on({{3, 4}, {4}}).avoiding({0}).flat(),
            on({{3}, {2, 3}}).fixing(0, {0, 1, -1}).linear());
    }
    static auto forward(auto x, auto b) {
        return where(equal(x, 0), b, where(x > 0, 1, where(x < 0, 0, x)));
    }
    static auto da(auto g, Unused, Unused, Unused) { return zero_for(g); }
    static auto db(auto g, auto x, Unused, Unused) { return where(equal(x, 0), g, 0); }
};
template <class A, class B>
    requires(FusibleOperands<A, B>)
auto heaviside(const A& a, const B& b) { return fuse<Heaviside>(a, b); }
template struct Enroll<Heaviside>;

}  // namespace xgrad::formula
