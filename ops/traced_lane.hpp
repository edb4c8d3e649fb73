// Lane<Traced>: one double as the scalar of a formula, which notes how every comparison comes out,
// and counts the functions that take long. Through it a formula's branches and what it costs are
// known without a word in its block. Internal to formulas and fused code.
#pragma once

#include <autograd/branch.hpp>
#include <ops/lanes.hpp>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace xgrad::formula {

/// How many functions that take many instructions, as exp and tanh do, have been called on this
/// thread.
inline thread_local std::size_t costly_functions = 0;

/// How many of them a call of f() comes to.
template <class F>
std::size_t costly_functions_in(const F& f) {
    const std::size_t before = costly_functions;
    f();
    return costly_functions - before;
}

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
    friend Lane exp(Lane a) { return costly(std::exp(a.v)); }
    friend Lane exp2(Lane a) { return costly(std::exp2(a.v)); }
    friend Lane expm1(Lane a) { return costly(std::expm1(a.v)); }
    friend Lane log(Lane a) { return costly(std::log(a.v)); }
    friend Lane log1p(Lane a) { return costly(std::log1p(a.v)); }
    friend Lane log2(Lane a) { return costly(std::log2(a.v)); }
    friend Lane log10(Lane a) { return costly(std::log10(a.v)); }
    friend Lane sin(Lane a) { return costly(std::sin(a.v)); }
    friend Lane cos(Lane a) { return costly(std::cos(a.v)); }
    friend Lane tan(Lane a) { return costly(std::tan(a.v)); }
    friend Lane asin(Lane a) { return costly(std::asin(a.v)); }
    friend Lane acos(Lane a) { return costly(std::acos(a.v)); }
    friend Lane atan(Lane a) { return costly(std::atan(a.v)); }
    friend Lane sinh(Lane a) { return costly(std::sinh(a.v)); }
    friend Lane cosh(Lane a) { return costly(std::cosh(a.v)); }
    friend Lane tanh(Lane a) { return costly(std::tanh(a.v)); }
    friend Lane asinh(Lane a) { return costly(std::asinh(a.v)); }
    friend Lane acosh(Lane a) { return costly(std::acosh(a.v)); }
    friend Lane atanh(Lane a) { return costly(std::atanh(a.v)); }
    friend Lane cbrt(Lane a) { return costly(std::cbrt(a.v)); }
    friend Lane erf(Lane a) { return costly(std::erf(a.v)); }
    friend Lane erfc(Lane a) { return costly(std::erfc(a.v)); }
    friend Lane sigmoid(Lane a) { return costly(1 / (1 + std::exp(-a.v))); }
    friend Lane softplus(Lane a) {
        return costly(std::fmax(a.v, 0) + std::log1p(std::exp(-std::abs(a.v))));
    }
    friend Lane pow(Lane a, Lane b) { return costly(std::pow(a.v, b.v)); }
    friend Lane hypot(Lane a, Lane b) { return costly(std::hypot(a.v, b.v)); }
    friend Lane atan2(Lane a, Lane b) {
        // The cut, where the angle jumps from -pi to pi, and the origin.
        const int side = a.v > 0 ? 3 : a.v < 0 ? 4 : 5;
        xgrad::detail::note_decision(b.v < 0 ? (std::signbit(a.v) ? 1 : 2) : b.v == 0 ? side : 0);
        return costly(std::atan2(a.v, b.v));
    }
    friend Lane erfinv(Lane a) { return costly(special::erfinv(a.v)); }
    friend Lane lgamma(Lane a) { return costly(special::lgamma(a.v)); }
    friend Lane digamma(Lane a) { return costly(special::digamma(a.v)); }
    friend Lane polygamma(Lane n, Lane a) { return costly(special::polygamma(n.v, a.v)); }
    friend Lane bessel_i(Lane n, Lane a) { return costly(special::bessel_i(n.v, a.v)); }
    friend Lane spherical_bessel_j(Lane n, Lane a) {
        return costly(special::spherical_bessel_j(n.v, a.v));
    }

private:
    static Lane costly(double y) {
        ++costly_functions;
        return y;
    }
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
