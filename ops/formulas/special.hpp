// The blocks of the special functions. The contracts are in ops/special.hpp.
#pragma once

#include <ops/dual.hpp>
#include <ops/elementwise.hpp>
#include <ops/operators.hpp>
#include <ops/special.hpp>

#include <numbers>

namespace xgrad::formula {

struct Cbrt : Formula<1> {
    static constexpr auto name = "cbrt";
    static auto samples() {
        return Samples(on({{3, 4}}).between(0.5, 3), on({{3}}).between(-3, -0.5));
    }
    static auto forward(auto x) { return cbrt(x); }
    static auto dx(auto g, Unused, auto y) { return g / (3 * y * y); }
};
auto cbrt(const Fusible auto& x) { return fuse<Cbrt>(x); }
template struct Enroll<Cbrt>;

struct Exp2 : Formula<1> {
    static constexpr auto name = "exp2";
    static auto samples() { return Samples(on({{3, 4}})); }
    static auto forward(auto x) { return exp2(x); }
    static auto dx(auto g, Unused, auto y) { return g * y * std::numbers::ln2; }
};
auto exp2(const Fusible auto& x) { return fuse<Exp2>(x); }
template struct Enroll<Exp2>;

struct Asinh : Formula<1> {
    static constexpr auto name = "asinh";
    static auto samples() { return Samples(on({{3, 4}})); }
    static auto forward(auto x) { return asinh(x); }
    static auto dx(auto g, auto x, Unused) { return g / sqrt(x * x + 1); }
};
auto asinh(const Fusible auto& x) { return fuse<Asinh>(x); }
template struct Enroll<Asinh>;

// Two roots: x^2 - 1 cancels near 1, and is positive below -1, where the value is NaN.
struct Acosh : Formula<1> {
    static constexpr auto name = "acosh";
    static auto samples() { return Samples(on({{3, 4}}).between(1.2, 4)); }
    static auto forward(auto x) { return acosh(x); }
    static auto dx(auto g, auto x, Unused) { return g / (sqrt(x - 1) * sqrt(x + 1)); }
};
auto acosh(const Fusible auto& x) { return fuse<Acosh>(x); }
template struct Enroll<Acosh>;

struct Atanh : Formula<1> {
    static constexpr auto name = "atanh";
    static auto samples() { return Samples(on({{3, 4}}).between(-0.8, 0.8)); }
    static auto forward(auto x) { return atanh(x); }
    static auto dx(auto g, auto x, Unused) { return g / ((1 - x) * (1 + x)); }
};
auto atanh(const Fusible auto& x) { return fuse<Atanh>(x); }
template struct Enroll<Atanh>;

// A primitive: 1 - erf(x) is 0 from x = 4 on in float.
struct Erfc : Formula<1> {
    static constexpr auto name = "erfc";
    static auto samples() { return Samples(on({{3, 4}})); }
    static auto forward(auto x) { return erfc(x); }
    static auto dx(auto g, auto x, Unused) {
        return -2 * std::numbers::inv_sqrtpi * g * exp(-x * x);
    }
};
auto erfc(const Fusible auto& x) { return fuse<Erfc>(x); }
template struct Enroll<Erfc>;

// 1 / erf'(y), in the output.
struct Erfinv : Formula<1> {
    static constexpr auto name = "erfinv";
    static auto samples() { return Samples(on({{3, 4}}).between(-0.8, 0.8)); }
    static auto forward(auto x) { return erfinv(x); }
    static auto dx(auto g, Unused, auto y) {
        return 0.5 / std::numbers::inv_sqrtpi * g * exp(y * y);
    }
};
auto erfinv(const Fusible auto& x) { return fuse<Erfinv>(x); }
template struct Enroll<Erfinv>;

struct Lgamma : Formula<1> {
    static constexpr auto name = "lgamma";
    static auto samples() {
        return Samples(on({{3, 4}}).between(0.5, 4), on({{3}}).between(-1.8, -1.2));
    }
    static auto forward(auto x) { return lgamma(x); }
    static auto dx(auto g, auto x, Unused) { return g * digamma(x); }
};
auto lgamma(const Fusible auto& x) { return fuse<Lgamma>(x); }
template struct Enroll<Lgamma>;

struct Digamma : Formula<1> {
    static constexpr auto name = "digamma";
    static auto samples() {
        return Samples(on({{3, 4}}).between(0.5, 4), on({{3}}).between(-1.8, -1.2));
    }
    static auto forward(auto x) { return digamma(x); }
    static auto dx(auto g, auto x, Unused) { return g * polygamma(1, x); }
};
auto digamma(const Fusible auto& x) { return fuse<Digamma>(x); }
template struct Enroll<Digamma>;

// The order is an input and not a parameter, so that the rule can name the next one.
struct Polygamma : Formula<2> {
    static constexpr auto name = "polygamma";
    static auto samples() {
        return Samples(
            on({{3}, {4, 3}}).fixing(0, {0, 1, 2}).between(1, 4),
            on({{2}, {3, 2}}).fixing(0, {1, 2}).between(-1.7, -1.3));
    }
    static auto forward(auto n, auto x) { return polygamma(n, x); }
    static auto db(auto g, auto n, auto x, Unused) { return g * polygamma(n + 1, x); }
};
template <class N, class X>
    requires(FusibleOperands<N, X>)
auto polygamma(const N& n, const X& x) { return fuse<Polygamma>(n, x); }
template struct Enroll<Polygamma>;

// I_-1 = I_1. Through I_0 - I_1 / x instead, the slope of I_1 would be NaN at 0.
struct BesselI : Formula<2> {
    static constexpr auto name = "bessel_i";
    static auto samples() { return Samples(on({{3}, {4, 3}}).fixing(0, {0, 1, 2})); }
    static auto forward(auto n, auto x) { return bessel_i(n, x); }
    static auto db(auto g, auto n, auto x, Unused) {
        return 0.5 * g * (bessel_i(abs(n - 1), x) + bessel_i(n + 1, x));
    }
};
template <class N, class X>
    requires(FusibleOperands<N, X>)
auto bessel_i(const N& n, const X& x) { return fuse<BesselI>(n, x); }
template struct Enroll<BesselI>;

// For n = 0 the order below is multiplied by 0, and only has to be finite.
struct SphericalBesselJ : Formula<2> {
    static constexpr auto name = "spherical_bessel_j";
    static auto samples() {
        return Samples(
            on({{3}, {4, 3}}).fixing(0, {0, 1, 2}),
            on({{2}, {3, 2}}).fixing(0, {0, 3}).between(4, 7));
    }
    static auto forward(auto n, auto x) { return spherical_bessel_j(n, x); }
    static auto db(auto g, auto n, auto x, Unused) {
        const auto below = n * spherical_bessel_j(abs(n - 1), x);
        const auto above = (n + 1) * spherical_bessel_j(n + 1, x);
        return g * (below - above) / (2 * n + 1);
    }
};
template <class N, class X>
    requires(FusibleOperands<N, X>)
auto spherical_bessel_j(const N& n, const X& x) { return fuse<SphericalBesselJ>(n, x); }
template struct Enroll<SphericalBesselJ>;

}  // namespace xgrad::formula
