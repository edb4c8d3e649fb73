// Special functions of one double, for the lanes. Internal to kernel sources and fused code.
//
// In double for float lanes too. Each throws nothing, touches no global state (unlike
// std::lgamma, which sets signgam) and answers NaN outside its domain. An order n is 0, 1, ...,
// 170.
#pragma once

namespace xgrad::special {

/// The x with erf(x) = y.
[[nodiscard]] double erfinv(double y) noexcept;

/// log |gamma(x)|: infinite at 0, -1, -2, ...
[[nodiscard]] double lgamma(double x) noexcept;

/// The derivative of lgamma: NaN at -1, -2, ..., infinite at 0 with the sign of -x.
[[nodiscard]] double digamma(double x) noexcept;

/// The n-th derivative of digamma.
[[nodiscard]] double polygamma(double n, double x) noexcept;

/// The modified Bessel function of the first kind I_n(x).
[[nodiscard]] double bessel_i(double n, double x) noexcept;

/// The spherical Bessel function of the first kind j_n(x).
[[nodiscard]] double spherical_bessel_j(double n, double x) noexcept;

}  // namespace xgrad::special
