// Section numbers are those of Abramowitz and Stegun 1964, Handbook of Mathematical Functions.
#include <ops/special_functions.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>

namespace xgrad::special {
namespace {

constexpr double pi = std::numbers::pi;
constexpr double two_over_sqrt_pi = 2 * std::numbers::inv_sqrtpi;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double negligible = 1e-17;  // of a sum, for its next term

constexpr double max_order = 170;  // 171! overflows

bool is_order(double n) { return n >= 0 && n == std::floor(n) && n <= max_order; }

bool is_odd(double n) { return std::fmod(n, 2) == 1; }

// cot(pi x) for an x that is not whole; exact in the reduction, unlike 1 / tan(pi x).
double cot_pi(double x) {
    const double r = x - std::rint(x), distance = std::abs(r);
    const double c =
        distance < 0.25 ? 1 / std::tan(pi * distance) : std::tan(pi * (0.5 - distance));
    return std::copysign(c, r);
}

// The n-th derivative of pi cot(pi x): a polynomial in c = cot(pi x), since c' = -pi (1 + c^2).
double cot_derivative(double n, double x) {
    using Polynomial = std::array<double, static_cast<std::size_t>(max_order) + 3>;
    Polynomial p{0, 1};
    std::size_t degree = 1;
    for (double i = 0; i < n; ++i, ++degree) {
        Polynomial next{};
        for (std::size_t j = 1; j <= degree; ++j) {
            next[j - 1] -= static_cast<double>(j) * p[j];
            next[j + 1] -= static_cast<double>(j) * p[j];
        }
        p = next;
    }
    const double c = cot_pi(x);
    double y = 0;
    for (std::size_t j = degree + 1; j-- > 0;)
        y = y * c + p[j];
    return std::pow(pi, n + 1) * y;
}

// Hurwitz's zeta, the sum over k >= 0 of (x + k)^-s, for s >= 2 and x > 0, by Euler and
// Maclaurin (23.1.30): the first terms as they are, the others as an integral and corrections.
double hurwitz_zeta(double s, double x) {
    double sum = 0;
    for (; x < 10 + 2 * s; x += 1)
        sum += std::pow(x, -s);
    const double first = std::pow(x, -s);
    sum += first * (x / (s - 1) + 0.5);
    // Bernoulli's number B_2k over (2k)!.
    constexpr double coefficients[] = {
        1.0 / 12,
        -1.0 / 720,
        1.0 / 30240,
        -1.0 / 1209600,
        1.0 / 47900160,
        -691.0 / 1307674368000,
        1.0 / 74724249600,
        -3617.0 / 10670622842880000};
    double factor = first * s / x, k = 1;
    for (const double coefficient : coefficients) {
        sum += coefficient * factor;
        factor *= (s + k) / x * ((s + k + 1) / x);
        k += 2;
    }
    return x == infinity ? 0 : sum;
}

// j_n(x) for 0 <= x < sqrt(4 n + 6) by the power series (10.1.2), whose terms shrink there.
double spherical_series(double n, double x) {
    double term = 1;
    for (double j = 1; j <= n; ++j)
        term *= x / (2 * j + 1);
    double sum = term;
    for (double k = 1; std::abs(term) > negligible * std::abs(sum); ++k) {
        term *= -0.5 * x * x / (k * (2 * (n + k) + 1));
        sum += term;
    }
    return sum;
}

// For x > n by the recurrence over orders (10.1.19), which is stable there.
double spherical_upward(double n, double x) {
    double y = std::sin(x) / x, before = std::cos(x) / x;
    for (double j = 0; j < n; ++j) {
        const double next = (2 * j + 1) / x * y - before;
        before = y;
        y = next;
    }
    return y;
}

// Between: the recurrence downwards from an order so high that the start does not matter, scaled
// by j_0 or j_1 at the end [Miller 1952; 10.5].
double spherical_downward(double n, double x) {
    double y = 0, above = 0, f = 1e-300;
    for (double j = n + 60; j > 0; --j) {
        if (j == n)
            y = f;
        const double below = (2 * j + 1) / x * f - above;
        above = f;
        f = below;
    }
    const double j0 = spherical_upward(0, x), j1 = spherical_upward(1, x);
    return y * (std::abs(j0) > std::abs(j1) ? j0 / f : j1 / above);
}

}  // namespace

// A start good to three digits, then two steps of Halley's, each of which cubes the error. The
// start is a polynomial [Giles 2010, central case] or, near 1, a fixed point of the bound
// erfc(x) ~ 2/sqrt(pi) e^(-x^2) / (x + sqrt(x^2 + 2)) (7.1.13).
double erfinv(double y) noexcept {
    const double size = std::abs(y), left = 1 - size;
    if (!(size < 1))
        return size == 1 ? std::copysign(infinity, y) : nan;
    constexpr double giles[] = {
        2.81022636e-08,
        3.43273939e-07,
        -3.5233877e-06,
        -4.39150654e-06,
        0.00021858087,
        -0.00125372503,
        -0.00417768164,
        0.246640727,
        1.50140941};
    const double w = -std::log(left * (1 + size));
    double x = 0;
    if (w < 5) {
        for (const double c : giles)
            x = x * (w - 2.5) + c;
        x *= size;
    } else {
        x = std::sqrt(w);
        for (int step = 0; step < 3; ++step)
            x = std::sqrt(-std::log(left * (x + std::sqrt(x * x + 2)) / two_over_sqrt_pi));
    }
    for (int step = 0; step < 2; ++step) {
        // Near 1 it solves erfc(x) = 1 - y, a difference that is exact.
        const double error = size < 0.5 ? std::erf(x) - size : left - std::erfc(x);
        const double newton = error / (two_over_sqrt_pi * std::exp(-x * x));
        x -= newton / (1 + x * newton);
    }
    return std::copysign(x, y);
}

double lgamma(double x) noexcept {
    int sign;
    return ::lgamma_r(x, &sign);
}

// Up to x >= 10 by recurrence (6.3.5), then the asymptotic series (6.3.18) [Bernardo 1976];
// reflected below 0 (6.3.7).
double digamma(double x) noexcept {
    if (x == 0)
        return std::copysign(infinity, -x);
    if (x < 0)
        return x == std::floor(x) ? nan : digamma(1 - x) - pi * cot_pi(x);
    double y = 0;
    for (; x < 10; x += 1)
        y -= 1 / x;
    const double z = 1 / (x * x);
    double series = 1.0 / 12;
    for (const double c : {-691.0 / 32760, 1.0 / 132, -1.0 / 240, 1.0 / 252, -1.0 / 120, 1.0 / 12})
        series = series * z + c;
    return y + std::log(x) - 0.5 / x - z * series;
}

// As digamma, of x > 0: recurrence (6.4.6), then the asymptotic series (6.4.12).
static double trigamma(double x) noexcept {
    double y = 0;
    for (; x < 10; x += 1)
        y += 1 / (x * x);
    const double z = 1 / (x * x);
    double series = -3617.0 / 510;
    for (const double c :
         {7.0 / 6, -691.0 / 2730, 5.0 / 66, -1.0 / 30, 1.0 / 42, -1.0 / 30, 1.0 / 6})
        series = series * z + c;
    return y + 1 / x + z * (0.5 + series / x);
}

// (-1)^(n+1) n! zeta(n + 1, x) (6.4.10), reflected below 0 (6.4.7).
double polygamma(double n, double x) noexcept {
    if (!is_order(n))
        return nan;
    if (n == 0)
        return digamma(x);
    if (x == 0)
        return is_odd(n) ? infinity : std::copysign(infinity, -x);
    if (x < 0) {
        if (x == std::floor(x))
            return is_odd(n) && x > -infinity ? infinity : nan;
        const double mirrored = polygamma(n, 1 - x);
        return (is_odd(n) ? -mirrored : mirrored) - cot_derivative(n, x);
    }
    if (n == 1)
        return trigamma(x);
    double factorial = 1;
    for (double i = 2; i <= n; ++i)
        factorial *= i;
    const double size = factorial * hurwitz_zeta(n + 1, x);
    return is_odd(n) ? size : -size;
}

// The power series (9.6.10), whose terms are all positive, or for large |x| the asymptotic one
// (9.7.1).
double bessel_i(double n, double x) noexcept {
    if (!is_order(n) || std::isnan(x))
        return nan;
    const double size = std::abs(x);
    double y = infinity;
    if (size < infinity && size > 20 && size > n * n) {
        double term = 1, sum = 1;
        for (double k = 1; k < 2 * size && std::abs(term) > negligible; ++k) {
            term *= -(4 * n * n - (2 * k - 1) * (2 * k - 1)) / (8 * k * size);
            sum += term;
        }
        const double root = std::exp(0.5 * size);  // e^x overflows before the result does
        y = sum / std::sqrt(2 * pi * size) * root * root;
    } else if (size < infinity) {
        double term = 1;
        for (double j = 1; j <= n && term > 0; ++j)
            term *= 0.5 * size / j;
        double sum = term;
        for (double k = 1; term > negligible * sum; ++k) {
            term *= 0.5 * size / k * (0.5 * size / (k + n));
            sum += term;
        }
        y = sum;
    }
    return is_odd(n) ? std::copysign(y, x) : y;
}

double spherical_bessel_j(double n, double x) noexcept {
    if (!is_order(n) || std::isnan(x))
        return nan;
    const double size = std::abs(x);
    double y = 0;
    if (size * size < 4 * n + 6) {
        y = spherical_series(n, size);
    } else if (size < n + 1) {
        y = spherical_downward(n, size);
    } else if (size < infinity) {
        y = spherical_upward(n, size);
    }
    return is_odd(n) ? std::copysign(1.0, x) * y : y;
}

}  // namespace xgrad::special
