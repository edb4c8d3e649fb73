// Internal to the sources: how likely a statistic is, if nothing is the matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace xgrad::data::detail {

/// P(X >= x) of the chi-squared distribution: Q(degrees / 2, x / 2), the regularised upper
/// incomplete gamma function [Abramowitz and Stegun 1964, 26.4.19, 6.5.29 and 6.5.31].
double chi_squared_tail(double x, std::size_t degrees);

/// P(K >= x) of the Kolmogorov distribution [Kolmogorov 1933; the form for small x: Feller 1948].
double kolmogorov_tail(double x);

/// The two-sample Kolmogorov-Smirnov statistic of a and b, sorted without NaN, out of m and n
/// values of which those that are missing count as the largest: m n max |F_a - F_b|, a whole
/// number.
template <class T>
std::uint64_t smirnov_statistic(
    const std::vector<T>& a, std::size_t m, const std::vector<T>& b, std::size_t n);

/// P(m n D >= statistic) of samples of one continuous distribution, at most that with ties. Exact
/// for m n <= 100000 [Hodges 1958: a random walk on the grid], else the Kolmogorov limit.
double smirnov_tail(std::uint64_t statistic, std::size_t m, std::size_t n);

/// The p values adjusted so that those below alpha hold together with probability 1 - alpha [Holm
/// 1979].
std::vector<double> holm(const std::vector<double>& p_values);

extern template std::uint64_t smirnov_statistic(
    const std::vector<float>&, std::size_t, const std::vector<float>&, std::size_t);
extern template std::uint64_t smirnov_statistic(
    const std::vector<double>&, std::size_t, const std::vector<double>&, std::size_t);

}  // namespace xgrad::data::detail
