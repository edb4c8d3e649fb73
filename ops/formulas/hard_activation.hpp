// The blocks of the activations of straight pieces. The contracts are in ops/hard_activation.hpp.
//
// A comparison with NaN is false: what must let NaN through stands last.
#pragma once

#include <ops/dual.hpp>
#include <ops/hard_activation.hpp>
#include <ops/operators.hpp>

namespace xgrad::formula {

struct Hardtanh : Formula<1, 2> {
    static constexpr auto name = "hardtanh";
    static auto samples() {
        return Samples(
            on({{3, 4}}).avoiding({-1, 1}).with({-1, 1}).linear(),
            on({{3}}).avoiding({0.5}).with({0.5, 6}).linear());
    }
    static auto forward(auto x, auto low, auto high) {
        return where(x < low, low, where(x > high, high, x));
    }
    static auto dx(auto g, auto x, Unused, auto low, auto high) {
        return where(x <= low, 0, where(x >= high, 0, g));
    }
};
auto hardtanh(const Fusible auto& x, double low = -1, double high = 1) {
    return fuse<Hardtanh>(x, low, high);
}
auto relu6(const Fusible auto& x) { return fuse<Hardtanh>(x, 0, 6); }
template struct Enroll<Hardtanh>;

struct Hardsigmoid : Formula<1> {
    static constexpr auto name = "hardsigmoid";
    static auto samples() {
        return Samples(on({{3, 4}}).between(-5, 5).avoiding({-3, 3}).linear());
    }
    static auto forward(auto x) { return where(x <= -3, 0, where(x >= 3, 1, (x + 3) / 6)); }
    static auto dx(auto g, auto x, Unused) { return where(x <= -3, 0, where(x >= 3, 0, g / 6)); }
};
auto hardsigmoid(const Fusible auto& x) { return fuse<Hardsigmoid>(x); }
template struct Enroll<Hardsigmoid>;

struct Hardswish : Formula<1> {
    static constexpr auto name = "hardswish";
    static auto samples() {
        return Samples(
            on({{3, 4}}), on({{3}}).between(3.1, 5).linear(), on({{3}}).between(-5, -3.1).flat());
    }
    static auto forward(auto x) { return where(x <= -3, 0, where(x >= 3, x, x * (x + 3) / 6)); }
    static auto dx(auto g, auto x, Unused) {
        return where(x <= -3, 0, where(x >= 3, g, g * ((2 * x + 3) / 6)));
    }
};
auto hardswish(const Fusible auto& x) { return fuse<Hardswish>(x); }
template struct Enroll<Hardswish>;

struct Hardshrink : Formula<1, 1> {
    static constexpr auto name = "hardshrink";
    static auto samples() {
        return Samples(on({{3, 4}}).avoiding({-0.5, 0.5}).with({0.5}).linear());
    }
    static auto forward(auto x, auto lambda) { return where(abs(x) <= lambda, 0, x); }
    static auto dx(auto g, auto x, Unused, auto lambda) { return where(abs(x) <= lambda, 0, g); }
};
auto hardshrink(const Fusible auto& x, double lambda = 0.5) { return fuse<Hardshrink>(x, lambda); }
template struct Enroll<Hardshrink>;

struct Softshrink : Formula<1, 1> {
    static constexpr auto name = "softshrink";
    static auto samples() { return Hardshrink::samples(); }
    static auto forward(auto x, auto lambda) {
        const auto moved = where(x < 0, x + lambda, x - lambda);
        return where(abs(x) <= lambda, 0, moved);
    }
    static auto dx(auto g, auto x, Unused, auto lambda) { return where(abs(x) <= lambda, 0, g); }
};
auto softshrink(const Fusible auto& x, double lambda = 0.5) { return fuse<Softshrink>(x, lambda); }
template struct Enroll<Softshrink>;

struct Threshold : Formula<1, 2> {
    static constexpr auto name = "threshold";
    static auto samples() { return Samples(on({{3, 4}}).avoiding({0.5}).with({0.5, -3}).linear()); }
    static auto forward(auto x, auto limit, auto value) { return where(x <= limit, value, x); }
    static auto dx(auto g, auto x, Unused, auto limit, auto) { return where(x <= limit, 0, g); }
};
auto threshold(const Fusible auto& x, double limit, double value) {
    return fuse<Threshold>(x, limit, value);
}
template struct Enroll<Threshold>;

// The slope's axis is aligned by the public function.
struct Prelu : Formula<2> {
    static constexpr auto name = "prelu";
    static auto samples() {
        return Samples(
            on({{3, 4}, {4}}).avoiding({0}),
            on({{2, 3, 4}, {3, 1}}).avoiding({0}),
            on({{3}, {}}).avoiding({0}));
    }
    static auto forward(auto x, auto slope) { return where(x > 0, x, slope * x); }
    static auto da(auto g, auto x, auto slope, Unused) { return where(x > 0, g, slope * g); }
    static auto db(auto g, auto x, Unused, Unused) { return where(x > 0, 0, g * x); }
};
template <class A, class B>
    requires(FusibleOperands<A, B>)
auto prelu(const A& x, const B& slope) { return fuse<Prelu>(x, slope); }
template struct Enroll<Prelu>;

}  // namespace xgrad::formula
