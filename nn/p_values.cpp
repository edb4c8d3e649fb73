#include <nn/p_values.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace xgrad::data::detail {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

// x^a e^-x / Gamma(a)
double gamma_factor(double a, double x) { return std::exp(a * std::log(x) - x - std::lgamma(a)); }

// P(a, x) by its series, for x < a + 1.
double lower_gamma(double a, double x) {
    double term = 1 / a;
    double sum = term;
    for (double n = a + 1; term > epsilon * sum; ++n) {
        term *= x / n;
        sum += term;
    }
    return sum * gamma_factor(a, x);
}

// Q(a, x) by its continued fraction, evaluated forwards [Lentz 1976], for x >= a + 1.
double upper_gamma(double a, double x) {
    constexpr int most_steps = 10'000;
    double b = x + 1 - a;
    double c = std::numeric_limits<double>::infinity();
    double d = 1 / b;
    double value = d;
    for (int i = 1; i <= most_steps; ++i) {
        const double factor = i * (a - i);
        b += 2;
        d = 1 / (b + factor * d);
        c = b + factor / c;
        const double change = c * d;
        value *= change;
        if (std::abs(change - 1) <= epsilon)
            break;
    }
    return value * gamma_factor(a, x);
}

}  // namespace

double chi_squared_tail(double x, std::size_t degrees) {
    const double a = static_cast<double>(degrees) / 2;
    x /= 2;
    if (!(x > 0))
        return 1;
    return x < a + 1 ? 1 - lower_gamma(a, x) : upper_gamma(a, x);
}

double kolmogorov_tail(double x) {
    if (!(x > 0))
        return 1;
    double sum = 0;
    if (x < 1) {
        const double power = -std::numbers::pi * std::numbers::pi / (8 * x * x);
        for (const int k : {1, 3, 5, 7})
            sum += std::exp(k * k * power);
        return 1 - std::sqrt(2 * std::numbers::pi) / x * sum;
    }
    for (const int k : {4, 3, 2, 1})
        sum = std::exp(-2 * k * k * x * x) - sum;
    return 2 * sum;
}

template <class T>
std::uint64_t smirnov_statistic(
    const std::vector<T>& a, std::size_t m, const std::vector<T>& b, std::size_t n) {
    std::size_t i = 0;
    std::size_t j = 0;
    std::uint64_t largest = 0;
    while (i < a.size() || j < b.size()) {
        // All that are equal, of both, before the step is looked at.
        const T at = j == b.size() || (i < a.size() && a[i] < b[j]) ? a[i] : b[j];
        while (i < a.size() && a[i] == at)
            ++i;
        while (j < b.size() && b[j] == at)
            ++j;
        const std::uint64_t left = std::uint64_t{i} * n;
        const std::uint64_t right = std::uint64_t{j} * m;
        largest = std::max(largest, left > right ? left - right : right - left);
    }
    return largest;
}

// Of all orders in which m values of a and n of b may stand, the share in which the walk, a step
// to the right for each value of a and up for each of b, leaves |i n - j m| < statistic.
// outside[j] is that share for the walks that end in (i, j): the last step came from the left or
// from below in proportion to i and j. Nothing is subtracted, so that small shares are right, too.
double smirnov_tail(std::uint64_t statistic, std::size_t m, std::size_t n) {
    constexpr std::size_t most_exact = 100'000;
    if (statistic == 0)
        return 1;
    const auto rows = static_cast<double>(m);
    const auto columns = static_cast<double>(n);
    if (rows * columns > most_exact) {
        const double d = static_cast<double>(statistic) / (rows * columns);
        return kolmogorov_tail(d * std::sqrt(rows * columns / (rows + columns)));
    }
    std::vector<double> outside(n + 1);
    for (std::size_t i = 0; i <= m; ++i) {
        for (std::size_t j = 0; j <= n; ++j) {
            const std::uint64_t left = std::uint64_t{i} * n;
            const std::uint64_t right = std::uint64_t{j} * m;
            const auto total = static_cast<double>(i + j);
            if ((left > right ? left - right : right - left) >= statistic)
                outside[j] = 1;
            else if (i + j > 0)
                outside[j] = (i > 0 ? static_cast<double>(i) / total * outside[j] : 0) +
                             (j > 0 ? static_cast<double>(j) / total * outside[j - 1] : 0);
        }
    }
    return outside[n];
}

std::vector<double> holm(const std::vector<double>& p_values) {
    std::vector<std::size_t> order(p_values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return p_values[i]; });
    std::vector<double> adjusted(p_values.size());
    double largest = 0;
    for (std::size_t k = 0; k < order.size(); ++k) {
        const double p = static_cast<double>(order.size() - k) * p_values[order[k]];
        largest = std::max(largest, std::min(1.0, p));
        adjusted[order[k]] = largest;
    }
    return adjusted;
}

template std::uint64_t smirnov_statistic(
    const std::vector<float>&, std::size_t, const std::vector<float>&, std::size_t);
template std::uint64_t smirnov_statistic(
    const std::vector<double>&, std::size_t, const std::vector<double>&, std::size_t);

}  // namespace xgrad::data::detail
