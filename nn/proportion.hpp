// How far a share counted on a sample can be trusted: confidence intervals of binomial proportions.
#pragma once

#include <cstddef>
#include <optional>

namespace xgrad::train {

/// From low to high, both included.
struct Interval {
    double low = 0;
    double high = 0;
};

/// A share in [0, 1], and of how many rows; without a number it is taken as exact.
struct Proportion {
    double rate = 0;
    std::optional<std::size_t> rows = {};
};

/// Where the share lies that a sample shows as `share.rate`, by the score interval [Wilson 1927]:
/// the p with |rate - p| <= z sqrt(p (1 - p) / rows). It stays in [0, 1] and is right for rates
/// near 0, where the usual rate +- z sqrt(rate (1 - rate) / rows) is not. Of an exact share the
/// interval is the share. Throws std::invalid_argument for a rate outside [0, 1], 0 rows, and
/// unless 0 < confidence < 1.
[[nodiscard]] Interval wilson_interval(const Proportion& share, double confidence = 0.95);

/// Where the difference a - b of two shares lies that were counted on rows drawn apart, from the
/// Wilson intervals (l1, u1) of a and (l2, u2) of b: from a - b - sqrt((a - l1)^2 + (u2 - b)^2) to
/// a - b + sqrt((u1 - a)^2 + (b - l2)^2) [Newcombe 1998, method 10]. Throws as wilson_interval().
[[nodiscard]] Interval difference_interval(
    const Proportion& a, const Proportion& b, double confidence = 0.95);

}  // namespace xgrad::train
