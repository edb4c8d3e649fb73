// Reports of gradcheck as JSON, for programs. Apart from the checker's own headers, which need no
// JSON.
#pragma once

#include <tools/gradcheck_op.hpp>
#include <tools/gradcheck_power.hpp>

#include <string>
#include <vector>

namespace xgrad {

/// {"passed", "verdict", "findings": [{"check", "verdict", "text", "advice"}], "notes": ["..."],
/// "orders": [{"order", "norm_ratio", "band", "below_noise", "inputs": [...], "worst": [...]}]}.
///
/// An input: {"name", "shape", "checked", "off", "norm_ratio", "band", "below_noise", "reached",
/// "has_effect", "cause", "worst"}, the last where any element was checked. An entry of "worst":
/// {"input", "index", "verdict", "analytic", "numeric", "uncertainty", "absolute", "relative",
/// "step", "taylor", "kink", "left", "right", "sweep": [{"step", "difference"}]}, with the slopes
/// left and right only on a kink. Verdicts are "PASS", "INCONCLUSIVE" and "FAIL". Numbers that are
/// not finite are null.
[[nodiscard]] std::string to_json(const GradcheckReport& report);

/// {"passed", "seed", "order", "seconds", "ops": [{"op", "passed", "samples", "checks",
/// "relative_error", "norm_ratio", "failures", "inconclusive", "skipped", "reports"}]}; errors and
/// ratios are listed by order, the next three are lists of {"sample", "shapes", "check", "text"},
/// and "reports" has the report of each sample that could be drawn, as above.
[[nodiscard]] std::string to_json(
    const std::vector<OpReport>& reports, const GradcheckOptions& options, double seconds);

/// {"passed", "seed", "faults", "caught", "ops": [{"op", "faults", "caught", "smallest",
/// "missed"}]}; "smallest" is null where an input escapes with the largest factor.
[[nodiscard]] std::string to_json(
    const std::vector<PowerReport>& reports, const GradcheckOptions& options);

}  // namespace xgrad
