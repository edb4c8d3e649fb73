// Internal to gradcheck: one input along random directions, and the elements to blame.
#pragma once

#include <tools/gradcheck_judge.hpp>
#include <tools/gradcheck_numeric.hpp>
#include <tools/gradcheck_probe.hpp>

#include <span>

namespace xgrad::detail {

/// What the directions say of an input.
struct DirectionResult {
    std::vector<GradcheckEntry> entries;  ///< one a direction; the index is empty
    double resolution = 0;                ///< a disagreement above it shows
    std::vector<std::size_t> suspects;    ///< elements found by halving, the first of them
};

/// Compares directional derivatives. Each element of a direction is drawn evenly from [-1.5, -0.5]
/// and [0.5, 1.5], whatever the others are: an element wrong by s hides from one direction with a
/// probability of at most resolution / s. Where a direction disagrees, halves that carry a quarter
/// of the disagreement are halved in turn, down to at most `most` elements: about 4 log2(n)
/// evaluations for each.
[[nodiscard]] DirectionResult check_directions(
    const Probe& probe,
    const Judge& judge,
    std::span<const double> analytic,
    std::size_t directions,
    std::size_t most,
    Random& random);

}  // namespace xgrad::detail
