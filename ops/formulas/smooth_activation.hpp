// The blocks of the smooth activations. The contracts are in ops/smooth_activation.hpp.
#pragma once

#include <ops/activation.hpp>
#include <ops/dual.hpp>
#include <ops/elementwise.hpp>
#include <ops/operators.hpp>
#include <ops/smooth_activation.hpp>

namespace xgrad::formula {

// exp of a positive x may overflow; times 0 that would be NaN in a second derivative.
struct Selu : Formula<1> {
    static constexpr auto name = "selu";
    static constexpr double scale = 1.0507009873554804934, alpha = 1.6732632423543772848;
    static auto samples() { return Samples(on({{3, 4}}).avoiding({0})); }
    static auto forward(auto x) { return scale * where(x > 0, x, alpha * expm1(x)); }
    static auto dx(auto g, auto x, Unused) {
        return scale * g * where(x > 0, 1, alpha * exp(where(x > 0, 0, x)));
    }
};
auto selu(const Fusible auto& x) { return fuse<Selu>(x); }
template struct Enroll<Selu>;

struct Celu : Formula<1, 1> {
    static constexpr auto name = "celu";
    static auto samples() { return Samples(on({{3, 4}}).avoiding({0}).with({0.7})); }
    static auto forward(auto x, auto alpha) { return where(x > 0, x, alpha * expm1(x / alpha)); }
    static auto dx(auto g, auto x, Unused, auto alpha) {
        return g * where(x > 0, 1, exp(where(x > 0, 0, x) / alpha));
    }
};
auto celu(const Fusible auto& x, double alpha = 1) { return fuse<Celu>(x, alpha); }
template struct Enroll<Celu>;

// A primitive: the composite is three nodes and keeps five arrays.
struct Mish : Formula<1> {
    static constexpr auto name = "mish";
    static auto samples() { return Samples(on({{3, 4}})); }
    static auto forward(auto x) { return x * tanh(softplus(x)); }
    static auto dx(auto g, auto x, Unused) {
        const auto t = tanh(softplus(x));
        return g * (t + x * sigmoid(x) * (1 - t * t));
    }
};
auto mish(const Fusible auto& x) { return fuse<Mish>(x); }
template struct Enroll<Mish>;

// In x: the slope (1 - |y|)^2 cancels where |y| is close to 1.
struct Softsign : Formula<1> {
    static constexpr auto name = "softsign";
    static auto samples() { return Samples(on({{3, 4}}).avoiding({0})); }
    static auto forward(auto x) { return x / (1 + abs(x)); }
    static auto dx(auto g, auto x, Unused) {
        const auto d = 1 + abs(x);
        return g / (d * d);
    }
};
auto softsign(const Fusible auto& x) { return fuse<Softsign>(x); }
template struct Enroll<Softsign>;

// A primitive: the composite's slope 1 - (1 - tanh^2) cancels near 0.
struct Tanhshrink : Formula<1> {
    static constexpr auto name = "tanhshrink";
    static auto samples() { return Samples(on({{3, 4}})); }
    static auto forward(auto x) { return x - tanh(x); }
    static auto dx(auto g, auto x, Unused) {
        const auto t = tanh(x);
        return g * t * t;
    }
};
auto tanhshrink(const Fusible auto& x) { return fuse<Tanhshrink>(x); }
template struct Enroll<Tanhshrink>;

}  // namespace xgrad::formula
