// Internal to the sources: a sampler of the Beta distribution.
#pragma once

#include <nn/rng.hpp>

#include <cmath>

namespace xgrad::data::detail {

/// The logarithm of a number from Gamma(shape), shape > 0 [Marsaglia and Tsang 2000, "A simple
/// method for generating gamma variables", and section 6 for a shape below 1].
inline double draw_log_gamma(double shape, Rng& rng) {
    if (shape < 1) {
        const double boost = std::log(1 - rng.uniform()) / shape;
        return draw_log_gamma(shape + 1, rng) + boost;
    }
    const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
    while (true) {
        const double x = rng.normal(), root = 1 + c * x;
        if (root <= 0)
            continue;
        const double log_v = 3 * std::log(root);
        if (std::log(1 - rng.uniform()) < 0.5 * x * x + d - d * std::exp(log_v) + d * log_v)
            return std::log(d) + log_v;
    }
}

/// A number from Beta(alpha, alpha), alpha > 0: a / (a + b) for two from Gamma(alpha), whose
/// logarithms do not underflow where alpha is small.
inline double draw_beta(double alpha, Rng& rng) {
    const double a = draw_log_gamma(alpha, rng), b = draw_log_gamma(alpha, rng);
    return a == b ? 0.5 : 1 / (1 + std::exp(b - a));
}

}  // namespace xgrad::data::detail
