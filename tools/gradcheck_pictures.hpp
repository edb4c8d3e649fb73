// Internal to gradcheck: pictures for its page, each an SVG that needs nothing from outside.
#pragma once

#include <tools/gradcheck_report.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace xgrad::detail {

/// The text with what HTML and XML take for marks replaced.
[[nodiscard]] std::string escaped(std::string_view text);

/// |difference - numeric| at each step of the entry's sweep, the smallest step first. What is
/// nearer than a double can tell counts as the last bit of `numeric`; what is not finite is left
/// out.
[[nodiscard]] std::vector<GradcheckPoint> error_curve(const GradcheckEntry& entry);

/// The V: how far the difference at each step is from the numeric value, by decades. A dashed line
/// shows how far the analytic value is from it, a dot the step that the numeric value rests on.
/// Empty with fewer than two points.
[[nodiscard]] std::string curve_picture(const GradcheckEntry& entry);

/// A square for each element, darker by the decade of its error; the last axis runs to the right.
/// Empty where the elements were not all compared, or are too many to see.
[[nodiscard]] std::string error_map(const GradcheckInput& input);

}  // namespace xgrad::detail
