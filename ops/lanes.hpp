// Lane<B>: a SIMD batch as the scalar of a formula. Internal to kernel sources and fused code.
#pragma once

#include <autograd/simd.hpp>
#include <ops/exponential.hpp>
#include <ops/special_functions.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <type_traits>

namespace xgrad::formula {

template <class B>
struct Lane;

/// The outcome of a comparison, element by element.
template <class B>
struct Mask {
    typename B::batch_bool_type v;

    friend Mask operator|(Mask a, Mask b) { return {a.v | b.v}; }
    friend Mask operator&(Mask a, Mask b) { return {a.v & b.v}; }
    friend Lane<B> where(Mask m, Lane<B> a, Lane<B> b) { return xsimd::select(m.v, a.v, b.v); }
};

template <class B>
struct Lane {
    using value_type = typename B::value_type;

    B v;

    Lane() = default;
    Lane(B b) : v(b) {}
    template <class S>
        requires(std::is_arithmetic_v<S>)
    Lane(S scalar) : v(static_cast<value_type>(scalar)) {}

    // xsimd's is 0 - a, which makes a positive zero of 0.
    friend Lane operator-(Lane a) { return a.v ^ B(T(-0.0)); }
    friend Lane operator+(Lane a, Lane b) { return a.v + b.v; }
    friend Lane operator-(Lane a, Lane b) { return a.v - b.v; }
    friend Lane operator*(Lane a, Lane b) { return a.v * b.v; }
    friend Lane operator/(Lane a, Lane b) { return a.v / b.v; }
    friend Mask<B> operator>(Lane a, Lane b) { return {a.v > b.v}; }
    friend Mask<B> operator<(Lane a, Lane b) { return {a.v < b.v}; }
    friend Mask<B> operator>=(Lane a, Lane b) { return {a.v >= b.v}; }
    friend Mask<B> operator<=(Lane a, Lane b) { return {a.v <= b.v}; }
    friend Mask<B> equal(Lane a, Lane b) { return {a.v == b.v}; }
    // xsimd's != is ordered on AVX and AVX-512: NaN would equal everything.
    friend Mask<B> not_equal(Lane a, Lane b) { return {!(a.v == b.v)}; }

    friend Lane abs(Lane a) { return xsimd::abs(a.v); }
    friend Lane sqrt(Lane a) { return xsimd::sqrt(a.v); }
    friend Lane exp(Lane a) { return xgrad::detail::exponential(a.v); }
    // xsimd's expm1 and log1p lose the sign of -0.
    friend Lane expm1(Lane a) { return where(equal(a, 0), a, xsimd::expm1(a.v)); }
    friend Lane log1p(Lane a) { return where(equal(a, 0), a, xsimd::log1p(a.v)); }
    friend Lane log(Lane a) {
        return normal(a, std::numbers::ln2, [](B x) { return xsimd::log(x); });
    }
    friend Lane log2(Lane a) {
        return normal(a, 1, [](B x) { return xsimd::log2(x); });
    }
    friend Lane log10(Lane a) {
        return normal(
            a, std::numbers::ln2 / std::numbers::ln10, [](B x) { return xsimd::log10(x); });
    }
    friend Lane sin(Lane a) { return xsimd::sin(a.v); }
    friend Lane cos(Lane a) { return xsimd::cos(a.v); }
    friend Lane tan(Lane a) { return xsimd::tan(a.v); }
    friend Lane asin(Lane a) { return xsimd::asin(a.v); }
    friend Lane acos(Lane a) { return xsimd::acos(a.v); }
    friend Lane atan(Lane a) { return xsimd::atan(a.v); }
    friend Lane sinh(Lane a) { return xsimd::sinh(a.v); }
    friend Lane cosh(Lane a) { return xsimd::cosh(a.v); }
    friend Lane tanh(Lane a) { return xgrad::detail::hyperbolic_tangent(a.v); }
    // As the op of that name, for the rules of other ops.
    friend Lane sigmoid(Lane a) { return 1 / (1 + exp(-a)); }
    friend Lane softplus(Lane a) { return where(a > 0, a, 0) + log1p(exp(-abs(a))); }

    // What xsimd lacks or computes inaccurately: libm and special_functions.hpp, one by one.
    // xsimd's double erf is off by 68 ulp and its pow by as much in float.
    friend Lane erf(Lane a) {
        if constexpr (std::is_same_v<value_type, float>) {
            return xsimd::erf(a.v);
        } else {
            return each(a, [](T x) { return std::erf(x); });
        }
    }
    friend Lane erfc(Lane a) {
        return each(a, [](T x) { return std::erfc(x); });
    }
    friend Lane exp2(Lane a) {
        return each(a, [](T x) { return std::exp2(x); });
    }
    friend Lane cbrt(Lane a) {
        return each(a, [](T x) { return std::cbrt(x); });
    }
    friend Lane asinh(Lane a) {
        return each(a, [](T x) { return std::asinh(x); });
    }
    friend Lane acosh(Lane a) {
        return each(a, [](T x) { return std::acosh(x); });
    }
    friend Lane atanh(Lane a) {
        return each(a, [](T x) { return std::atanh(x); });
    }
    friend Lane floor(Lane a) {
        return each(a, [](T x) { return std::floor(x); });
    }
    friend Lane ceil(Lane a) {
        return each(a, [](T x) { return std::ceil(x); });
    }
    friend Lane trunc(Lane a) {
        return each(a, [](T x) { return std::trunc(x); });
    }
    friend Lane round(Lane a) {
        return each(a, [](T x) { return std::rint(x); });
    }
    friend Lane erfinv(Lane a) { return each(a, special::erfinv); }
    friend Lane lgamma(Lane a) { return each(a, special::lgamma); }
    friend Lane digamma(Lane a) { return each(a, special::digamma); }
    friend Lane pow(Lane a, Lane b) {
        return each(a, b, [](T x, T y) { return std::pow(x, y); });
    }
    friend Lane hypot(Lane a, Lane b) {
        return each(a, b, [](T x, T y) { return std::hypot(x, y); });
    }
    friend Lane atan2(Lane a, Lane b) {
        return each(a, b, [](T x, T y) { return std::atan2(x, y); });
    }
    friend Lane fmod(Lane a, Lane b) {
        return each(a, b, [](T x, T y) { return std::fmod(x, y); });
    }
    friend Lane polygamma(Lane n, Lane a) { return each(n, a, special::polygamma); }
    friend Lane bessel_i(Lane n, Lane a) { return each(n, a, special::bessel_i); }
    friend Lane spherical_bessel_j(Lane n, Lane a) {
        return each(n, a, special::spherical_bessel_j);
    }

private:
    using T = value_type;

    // A logarithm f of a, whose value at 2 is log_of_2. xsimd's in double are off by that of 8
    // below the smallest normal number, so such an a is scaled up.
    template <class F>
    static Lane normal(Lane a, double log_of_2, F f) {
        if constexpr (std::is_same_v<T, float>) {
            return f(a.v);
        } else {
            const Mask<B> small = a < std::numeric_limits<T>::min();
            const Lane scaled = where(small, a * 0x1p54, a);
            return Lane(f(scaled.v)) - where(small, Lane(54 * log_of_2), Lane(0));
        }
    }

    template <class F>
    static Lane each(Lane a, F f) {
        return each(a, a, [f](T x, T) { return f(x); });
    }
    template <class F>
    static Lane each(Lane a, Lane b, F f) {
        alignas(64) T x[B::size], y[B::size];
        a.v.store_aligned(x);
        b.v.store_aligned(y);
        for (std::size_t i = 0; i < B::size; ++i)
            x[i] = static_cast<T>(f(x[i], y[i]));
        return B::load_aligned(x);
    }
};

}  // namespace xgrad::formula
