// The blocks of the activations. The contracts are in ops/activation.hpp.
#pragma once

#include <ops/activation.hpp>
#include <ops/dual.hpp>
#include <ops/elementwise.hpp>
#include <ops/operators.hpp>

#include <numbers>

namespace xgrad::formula {

// A primitive: 1 / (1 + exp(-x)) as a composite keeps three arrays.
struct Sigmoid : Formula<1> {
    static constexpr auto name = "sigmoid";
    static auto samples() { return Samples(on({{3, 4}})); }
    static auto forward(auto x) { return 1 / (1 + exp(-x)); }
    static auto dx(auto g, Unused, auto y) { return g * (y * (1 - y)); }
};
auto sigmoid(const Fusible auto& x) { return fuse<Sigmoid>(x); }
template struct Enroll<Sigmoid>;

// log(1 + e^x) = max(x, 0) + log1p(e^-|x|): the composite overflows at x = 89 in float.
struct Softplus : Formula<1> {
    static constexpr auto name = "softplus";
    static auto samples() { return Samples(on({{3, 4}}), on({{4}}).between(30, 40).linear()); }
    static auto forward(auto x) { return where(x > 0, x, 0) + log1p(exp(-abs(x))); }
    static auto dx(auto g, auto x, Unused) { return g * sigmoid(x); }
};
auto softplus(const Fusible auto& x) { return fuse<Softplus>(x); }
template struct Enroll<Softplus>;

// -softplus(-x): log(sigmoid(x)) is -infinity from x = -89 on in float.
struct LogSigmoid : Formula<1> {
    static constexpr auto name = "log_sigmoid";
    static auto samples() { return Samples(on({{3, 4}}), on({{4}}).between(-40, -30).linear()); }
    static auto forward(auto x) { return where(x < 0, x, 0) - log1p(exp(-abs(x))); }
    static auto dx(auto g, auto x, Unused) { return g * sigmoid(-x); }
};
auto log_sigmoid(const Fusible auto& x) { return fuse<LogSigmoid>(x); }
template struct Enroll<LogSigmoid>;

// y > 0 exactly where x > 0, so the output serves and the input is not kept. Selecting on x <= 0
// lets NaN through.
struct Relu : Formula<1> {
    static constexpr auto name = "relu";
    static auto samples() { return Samples(on({{3, 4}}).avoiding({0}).linear()); }
    static auto forward(auto x) { return where(x <= 0, 0, x); }
    static auto dx(auto g, Unused, auto y) { return where(y > 0, g, 0); }
};
auto relu(const Fusible auto& x) { return fuse<Relu>(x); }
template struct Enroll<Relu>;

struct LeakyRelu : Formula<1, 1> {
    static constexpr auto name = "leaky_relu";
    static auto samples() { return Samples(on({{3, 4}}).avoiding({0}).with({0.1}).linear()); }
    static auto forward(auto x, auto slope) { return where(x > 0, x, slope * x); }
    static auto dx(auto g, auto x, Unused, auto slope) { return where(x > 0, g, slope * g); }
};
auto leaky_relu(const Fusible auto& x, double slope = 0.01) { return fuse<LeakyRelu>(x, slope); }
template struct Enroll<LeakyRelu>;

struct Elu : Formula<1, 1> {
    static constexpr auto name = "elu";
    static auto samples() { return Samples(on({{3, 4}}).avoiding({0}).with({0.7})); }
    static auto forward(auto x, auto alpha) { return where(x > 0, x, alpha * expm1(x)); }
    static auto dx(auto g, auto x, Unused, auto alpha) {
        // exp of a positive x may overflow; times 0 that would be NaN in a second derivative.
        return where(x > 0, g, g * alpha * exp(where(x > 0, 0 * x, x)));
    }
};
auto elu(const Fusible auto& x, double alpha = 1) { return fuse<Elu>(x, alpha); }
template struct Enroll<Elu>;

struct Gelu : Formula<1> {
    static constexpr auto name = "gelu";
    static auto samples() { return Samples(on({{3, 4}})); }
    static auto forward(auto x) { return 0.5 * x * (1 + erf(x * (0.5 * std::numbers::sqrt2))); }
    static auto dx(auto g, auto x, Unused) {
        constexpr double density = 0.5 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
        const auto below = 0.5 * (1 + erf(x * (0.5 * std::numbers::sqrt2)));
        return g * (below + x * (density * exp(-0.5 * x * x)));
    }
};
auto gelu(const Fusible auto& x) { return fuse<Gelu>(x); }
template struct Enroll<Gelu>;

struct Silu : Formula<1> {
    static constexpr auto name = "silu";
    static auto samples() { return Samples(on({{3, 4}})); }
    static auto forward(auto x) { return x / (1 + exp(-x)); }
    static auto dx(auto g, auto x, Unused) {
        const auto s = sigmoid(x);
        return g * (s * (1 + x * (1 - s)));
    }
};
auto silu(const Fusible auto& x) { return fuse<Silu>(x); }
template struct Enroll<Silu>;

}  // namespace xgrad::formula
