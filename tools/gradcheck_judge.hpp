// Internal to gradcheck: a gradient against the slope of a line.
#pragma once

#include <tools/gradcheck.hpp>
#include <tools/gradcheck_line.hpp>

#include <array>

namespace xgrad::detail {

/// A disagreement below this passes: seeds are of size one, and a softmax or softplus that
/// saturates has a gradient that is nothing but their rounding.
inline constexpr double negligible = 1e-13;

/// The same from order 2 on: there the function is a gradient, in which terms of size one cancel
/// and leave an epsilon, and the difference divides that by its step.
inline constexpr double negligible_slope = 4e-11;

/// The same of an op in float: a share that is summed over an axis may cancel to an epsilon.
inline constexpr double negligible_float = 0x1p-23;

/// Of an op in float: so much of the input's largest gradient. What a small element is made of may
/// be of that size, and each term has its rounding, an epsilon of float or a few.
inline constexpr double float_rounding = 16 * 0x1p-23;

/// Judges the slopes of one input. `size` is the largest |analytic| there: what is a thousandth of
/// it or less counts as that much.
class Judge {
public:
    Judge(const GradcheckOptions& options, int order, double size)
        : options_(options),
          size_(size),
          rounding_(options.in_float ? float_rounding * size : 0),
          floor_(
              options.in_float ? negligible_float
              : order == 1     ? negligible
                               : negligible_slope) {}

    /// From `analytic` to all the rest of an entry but its name.
    void judge(const Line& line, GradcheckEntry& entry) const;

    /// Whether that is on a kink whose slopes cancel in a central difference, as those of |x| do;
    /// the entry gets the kink and the slopes.
    [[nodiscard]] bool hides_kink(const Line& line, GradcheckEntry& entry) const;

    /// The disagreement that passes.
    [[nodiscard]] double allowed(double analytic, double numeric) const;
    /// The part of it that does not depend on them.
    [[nodiscard]] double floor() const noexcept { return floor_; }
    /// The slope is so unsure, by the function's rounding, that it tells nothing of the gradient: a
    /// large constant hides it.
    [[nodiscard]] bool is_blind(const GradcheckEntry& entry) const;

private:
    class Trial;

    const GradcheckOptions& options_;
    double size_;
    double rounding_;  // of the gradient itself
    double floor_;
};

}  // namespace xgrad::detail
