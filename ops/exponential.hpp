// The exponential function and what is made of it, by lanes. Internal to kernel sources and fused
// code.
#pragma once

#include <autograd/batches.hpp>
#include <autograd/simd.hpp>

#include <cstdint>
#include <limits>
#include <numbers>
#include <type_traits>

namespace xgrad::detail {

/// e^x = 2^n (1 + rest), |rest| <= 0.42.
template <class B>
struct PowerOfTwo {
    B scale;  ///< 2^n, which is 0 and infinity where the result of `exponential` is
    B rest;
};

/// The polynomial of these coefficients, the highest first.
template <class B, class... C>
[[nodiscard]] inline B polynomial(B x, typename B::value_type highest, C... others) {
    B sum(highest);
    ((sum = multiply_add(sum, x, B(others))), ...);
    return sum;
}

/// e^x taken apart: x less the multiple of ln 2 next to it, r, gives the rest r + r^2 q(r), q a
/// Chebyshev approximation of (e^r - 1 - r) / r^2 on |r| <= ln 2 / 2, exact to 0.07 of an epsilon
/// in float and 0.06 in double. ln 2 in two parts: W. J. Cody and W. Waite, Software Manual for the
/// Elementary Functions, 1980, chapter 6. For float, x in [-88.02, 88.9]; double, [-709.4, 710].
template <class B>
[[nodiscard]] inline PowerOfTwo<B> power_of_two(B x) {
    using T = typename B::value_type;
    constexpr bool is_float = std::is_same_v<T, float>;
    using Bits = std::conditional_t<is_float, std::int32_t, std::int64_t>;
    constexpr int digits = std::numeric_limits<T>::digits - 1;
    constexpr int bias = std::numeric_limits<T>::max_exponent - 1;
    // Of numbers so large the unit is 1, so that the sum holds n + bias in its last bits.
    constexpr T large = T(1.5) * static_cast<T>(std::int64_t{1} << digits) + T(bias);
    const B with_n = multiply_add(x, B(std::numbers::log2e_v<T>), B(large));
    const B n = with_n - B(large);
    const B scale = xsimd::bitwise_cast<B>(
        xsimd::bitwise_cast<xsimd::batch<Bits, typename B::arch_type>>(with_n) << digits);
    constexpr T ln2_high = T(0x1.62e4p-1), ln2_low = T(0x1.7f7d1cf79abcap-20);
    const B r = multiply_add(n, B(-ln2_low), multiply_add(n, B(-ln2_high), x));
    B q;
    if constexpr (is_float) {
        q = polynomial(r, 1.39261836e-3F, 8.36317905e-3F, 4.16665546e-2F, 1.66665770e-1F, 0.5F);
    } else {
        q = polynomial(
            r,
            2.5100385495510319e-8,
            2.7620088445409748e-7,
            2.7557268459997065e-6,
            2.4801521295954375e-5,
            1.9841269863053617e-4,
            1.3888888917213717e-3,
            8.3333333333300618e-3,
            4.1666666666624128e-2,
            1.6666666666666667e-1,
            0.5);
    }
    return {scale, multiply_add(r * r, q, r)};
}

/// e^x, to 1.2 ulp; in float 0 below -87.69 and infinity from 88.38 on, in double below -708.75 and
/// from 709.44 on.
template <class B>
[[nodiscard]] inline B exponential(B x) {
    constexpr bool is_float = std::is_same_v<typename B::value_type, float>;
    // NaN comes from the second operand.
    const B bounded =
        xsimd::min(B(is_float ? 88.9F : 710), xsimd::max(B(is_float ? -88.02F : -709.4), x));
    const auto [scale, rest] = power_of_two(bounded);
    return scale * (B(1) + rest);
}

/// tanh x = t / (t + 2), t = e^(2 |x|) - 1, with the sign of x, to 2.5 ulp: nothing cancels near 0.
template <class B>
[[nodiscard]] inline B hyperbolic_tangent(B x) {
    using T = typename B::value_type;
    const B sign = x & B(T(-0.0)), size = x ^ sign;
    const auto [scale, rest] = power_of_two(xsimd::min(B(T(44)), size + size));  // 1 from there on
    const B t = multiply_add(scale, rest, scale - B(T(1)));
    return (t / (t + B(T(2)))) | sign;
}

}  // namespace xgrad::detail
