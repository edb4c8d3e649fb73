// The blocks of exponentials, logarithms and trigonometry. The contracts are in
// ops/elementwise.hpp.
#pragma once

#include <ops/dual.hpp>
#include <ops/elementwise.hpp>
#include <ops/operators.hpp>

#include <numbers>

namespace xgrad::formula {

struct Exp : Formula<1> {
    static constexpr auto name = "exp";
    static auto samples() { return Samples(on({{3, 4}})); }
    static auto forward(auto x) { return exp(x); }
    static auto dx(auto g, Unused, auto y) { return g * y; }
};
auto exp(const Fusible auto& x) { return fuse<Exp>(x); }
template struct Enroll<Exp>;

struct Expm1 : Formula<1> {
    static constexpr auto name = "expm1";
    static auto samples() { return Samples(on({{3, 4}}), on({{3}}).between(-1e-6, 1e-6)); }
    static auto forward(auto x) { return expm1(x); }
    static auto dx(auto g, Unused, auto y) { return g * (y + 1); }
};
auto expm1(const Fusible auto& x) { return fuse<Expm1>(x); }
template struct Enroll<Expm1>;

struct Log : Formula<1> {
    static constexpr auto name = "log";
    static auto samples() { return Samples(on({{3, 4}}).between(0.5, 3)); }
    static auto forward(auto x) { return log(x); }
    static auto dx(auto g, auto x, Unused) { return g / x; }
};
auto log(const Fusible auto& x) { return fuse<Log>(x); }
template struct Enroll<Log>;

struct Log1p : Formula<1> {
    static constexpr auto name = "log1p";
    static auto samples() { return Samples(on({{3, 4}}).between(-0.5, 2)); }
    static auto forward(auto x) { return log1p(x); }
    static auto dx(auto g, auto x, Unused) { return g / (1 + x); }
};
auto log1p(const Fusible auto& x) { return fuse<Log1p>(x); }
template struct Enroll<Log1p>;

struct Log2 : Formula<1> {
    static constexpr auto name = "log2";
    static auto samples() { return Samples(on({{3, 4}}).between(0.5, 3)); }
    static auto forward(auto x) { return log2(x); }
    static auto dx(auto g, auto x, Unused) { return g / (x * std::numbers::ln2); }
};
auto log2(const Fusible auto& x) { return fuse<Log2>(x); }
template struct Enroll<Log2>;

struct Log10 : Formula<1> {
    static constexpr auto name = "log10";
    static auto samples() { return Samples(on({{3, 4}}).between(0.5, 3)); }
    static auto forward(auto x) { return log10(x); }
    static auto dx(auto g, auto x, Unused) { return g / (x * std::numbers::ln10); }
};
auto log10(const Fusible auto& x) { return fuse<Log10>(x); }
template struct Enroll<Log10>;

struct Sin : Formula<1> {
    static constexpr auto name = "sin";
    static auto samples() { return Samples(on({{3, 4}})); }
    static auto forward(auto x) { return sin(x); }
    static auto dx(auto g, auto x, Unused) { return g * cos(x); }
};
auto sin(const Fusible auto& x) { return fuse<Sin>(x); }
template struct Enroll<Sin>;

struct Cos : Formula<1> {
    static constexpr auto name = "cos";
    static auto samples() { return Samples(on({{3, 4}})); }
    static auto forward(auto x) { return cos(x); }
    static auto dx(auto g, auto x, Unused) { return -g * sin(x); }
};
auto cos(const Fusible auto& x) { return fuse<Cos>(x); }
template struct Enroll<Cos>;

struct Tan : Formula<1> {
    static constexpr auto name = "tan";
    static auto samples() { return Samples(on({{3, 4}}).between(-1, 1)); }
    static auto forward(auto x) { return tan(x); }
    static auto dx(auto g, Unused, auto y) { return g * (1 + y * y); }
};
auto tan(const Fusible auto& x) { return fuse<Tan>(x); }
template struct Enroll<Tan>;

struct Asin : Formula<1> {
    static constexpr auto name = "asin";
    static auto samples() { return Samples(on({{3, 4}}).between(-0.8, 0.8)); }
    static auto forward(auto x) { return asin(x); }
    static auto dx(auto g, auto x, Unused) { return g / sqrt(1 - x * x); }
};
auto asin(const Fusible auto& x) { return fuse<Asin>(x); }
template struct Enroll<Asin>;

struct Acos : Formula<1> {
    static constexpr auto name = "acos";
    static auto samples() { return Samples(on({{3, 4}}).between(-0.8, 0.8)); }
    static auto forward(auto x) { return acos(x); }
    static auto dx(auto g, auto x, Unused) { return -g / sqrt(1 - x * x); }
};
auto acos(const Fusible auto& x) { return fuse<Acos>(x); }
template struct Enroll<Acos>;

struct Atan : Formula<1> {
    static constexpr auto name = "atan";
    static auto samples() { return Samples(on({{3, 4}})); }
    static auto forward(auto x) { return atan(x); }
    static auto dx(auto g, auto x, Unused) { return g / (1 + x * x); }
};
auto atan(const Fusible auto& x) { return fuse<Atan>(x); }
template struct Enroll<Atan>;

struct Sinh : Formula<1> {
    static constexpr auto name = "sinh";
    static auto samples() { return Samples(on({{3, 4}})); }
    static auto forward(auto x) { return sinh(x); }
    static auto dx(auto g, auto x, Unused) { return g * cosh(x); }
};
auto sinh(const Fusible auto& x) { return fuse<Sinh>(x); }
template struct Enroll<Sinh>;

struct Cosh : Formula<1> {
    static constexpr auto name = "cosh";
    static auto samples() { return Samples(on({{3, 4}})); }
    static auto forward(auto x) { return cosh(x); }
    static auto dx(auto g, auto x, Unused) { return g * sinh(x); }
};
auto cosh(const Fusible auto& x) { return fuse<Cosh>(x); }
template struct Enroll<Cosh>;

// Written in y, so the input is not kept.
struct Tanh : Formula<1> {
    static constexpr auto name = "tanh";
    static auto samples() { return Samples(on({{3, 4}})); }
    static auto forward(auto x) { return tanh(x); }
    static auto dx(auto g, Unused, auto y) { return g * (1 - y * y); }
};
auto tanh(const Fusible auto& x) { return fuse<Tanh>(x); }
template struct Enroll<Tanh>;

struct Erf : Formula<1> {
    static constexpr auto name = "erf";
    static auto samples() { return Samples(on({{3, 4}})); }
    static auto forward(auto x) { return erf(x); }
    static auto dx(auto g, auto x, Unused) {
        return 2 * std::numbers::inv_sqrtpi * g * exp(-x * x);
    }
};
auto erf(const Fusible auto& x) { return fuse<Erf>(x); }
template struct Enroll<Erf>;

}  // namespace xgrad::formula
