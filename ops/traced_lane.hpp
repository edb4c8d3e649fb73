// Lane<Traced>: one double as the scalar of a formula, which notes how every comparison comes out.
// Through it a formula's branches are known without a word in its block. Internal to formulas and
// fused code.
#pragma once

#include <autograd/branch.hpp>
#include <ops/lanes.hpp>

#include <bit>
#include <cmath>
#include <cstdint>

namespace xgrad::formula {

/// Stands for a batch of one double.
struct Traced {
    using value_type = double;
    static constexpr std::size_t size = 1;
};

template <>
struct Mask<Traced> {
    bool v;

    friend Mask operator|(Mask a, Mask b) { return {a.v || b.v}; }
    friend Mask operator&(Mask a, Mask b) { return {a.v && b.v}; }
    friend Lane<Traced> where(Mask m, Lane<Traced> a, Lane<Traced> b);
};

/// Every function of a Lane is here, too.
template <>
struct Lane<Traced> {
    using value_type = double;

    double v = 0;

    Lane() = default;
    template <class S>
        requires(std::is_arithmetic_v<S>)
    Lane(S scalar) : v(static_cast<double>(scalar)) {}

    friend Lane operator-(Lane a) { return -a.v; }
    friend Lane operator+(Lane a, Lane b) { return a.v + b.v; }
    friend Lane operator-(Lane a, Lane b) { return a.v - b.v; }
    friend Lane operator*(Lane a, Lane b) { return a.v * b.v; }
    friend Lane operator/(Lane a, Lane b) { return a.v / b.v; }
    friend Mask<Traced> operator>(Lane a, Lane b) { return noted(a.v > b.v); }
    friend Mask<Traced> operator<(Lane a, Lane b) { return noted(a.v < b.v); }
    friend Mask<Traced> operator>=(Lane a, Lane b) { return noted(a.v >= b.v); }
    friend Mask<Traced> operator<=(Lane a, Lane b) { return noted(a.v <= b.v); }
    friend Mask<Traced> equal(Lane a, Lane b) { return noted(a.v == b.v); }
    friend Mask<Traced> not_equal(Lane a, Lane b) { return noted(a.v != b.v); }

    friend Lane abs(Lane a) {
        xgrad::detail::note_decision(a.v > 0 ? 2 : a.v < 0 ? 1 : 0);
        return std::abs(a.v);
    }
    friend Lane floor(Lane a) { return stepped(std::floor(a.v)); }
    friend Lane ceil(Lane a) { return stepped(std::ceil(a.v)); }
    friend Lane trunc(Lane a) { return stepped(std::trunc(a.v)); }
    friend Lane round(Lane a) { return stepped(std::rint(a.v)); }
    friend Lane fmod(Lane a, Lane b) {
        static_cast<void>(stepped(std::trunc(a.v / b.v)));
        return std::fmod(a.v, b.v);
    }

    friend Lane sqrt(Lane a) { return std::sqrt(a.v); }
    friend Lane exp(Lane a) { return std::exp(a.v); }
    friend Lane exp2(Lane a) { return std::exp2(a.v); }
    friend Lane expm1(Lane a) { return std::expm1(a.v); }
    friend Lane log(Lane a) { return std::log(a.v); }
    friend Lane log1p(Lane a) { return std::log1p(a.v); }
    friend Lane log2(Lane a) { return std::log2(a.v); }
    friend Lane log10(Lane a) { return std::log10(a.v); }
    friend Lane sin(Lane a) { return std::sin(a.v); }
    friend Lane cos(Lane a) { return std::cos(a.v); }
    friend Lane tan(Lane a) { return std::tan(a.v); }
    friend Lane asin(Lane a) { return std::asin(a.v); }
    friend Lane acos(Lane a) { return std::acos(a.v); }
    friend Lane atan(Lane a) { return std::atan(a.v); }
    friend Lane sinh(Lane a) { return std::sinh(a.v); }
    friend Lane cosh(Lane a) { return std::cosh(a.v); }
    friend Lane tanh(Lane a) { return std::tanh(a.v); }
    friend Lane asinh(Lane a) { return std::asinh(a.v); }
    friend Lane acosh(Lane a) { return std::acosh(a.v); }
    friend Lane atanh(Lane a) { return std::atanh(a.v); }
    friend Lane cbrt(Lane a) { return std::cbrt(a.v); }
    friend Lane erf(Lane a) { return std::erf(a.v); }
    friend Lane erfc(Lane a) { return std::erfc(a.v); }
    friend Lane sigmoid(Lane a) { return 1 / (1 + std::exp(-a.v)); }
    friend Lane softplus(Lane a) {
        return std::fmax(a.v, 0) + std::log1p(std::exp(-std::abs(a.v)));
    }
    friend Lane pow(Lane a, Lane b) { return std::pow(a.v, b.v); }
    friend Lane hypot(Lane a, Lane b) { return std::hypot(a.v, b.v); }
    friend Lane atan2(Lane a, Lane b) {
        // The cut, where the angle jumps from -pi to pi, and the origin.
        const int side = a.v > 0 ? 3 : a.v < 0 ? 4 : 5;
        xgrad::detail::note_decision(b.v < 0 ? (std::signbit(a.v) ? 1 : 2) : b.v == 0 ? side : 0);
        return std::atan2(a.v, b.v);
    }
    friend Lane erfinv(Lane a) { return special::erfinv(a.v); }
    friend Lane lgamma(Lane a) { return special::lgamma(a.v); }
    friend Lane digamma(Lane a) { return special::digamma(a.v); }
    friend Lane polygamma(Lane n, Lane a) { return special::polygamma(n.v, a.v); }
    friend Lane bessel_i(Lane n, Lane a) { return special::bessel_i(n.v, a.v); }
    friend Lane spherical_bessel_j(Lane n, Lane a) { return special::spherical_bessel_j(n.v, a.v); }

private:
    static Mask<Traced> noted(bool outcome) {
        xgrad::detail::note_decision(outcome ? 1 : 0);
        return {outcome};
    }
    static Lane stepped(double step) {
        xgrad::detail::note_decision(std::bit_cast<std::uint64_t>(step));
        return step;
    }
};

inline Lane<Traced> where(Mask<Traced> m, Lane<Traced> a, Lane<Traced> b) { return m.v ? a : b; }

}  // namespace xgrad::formula
