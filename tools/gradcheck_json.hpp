// Reports of gradcheck as JSON, for programs. Apart from the checker, which needs no JSON library.
#pragma once

#include <tools/gradcheck_op.hpp>

#include <string>
#include <vector>

namespace xgrad {

/// {"passed", "findings": [{"check", "text"}], "orders": [{"order", "norm_ratio", "band", "inputs":
/// [{"name", "shape", "checked", "off", "norm_ratio", "band", "reached", "has_effect", "cause",
/// "worst"}],
/// "worst": [{"input", "index", "analytic", "numeric", "uncertainty", "absolute", "relative"}]}]}.
/// Numbers that are not finite are null.
[[nodiscard]] std::string to_json(const GradcheckReport& report);

/// {"passed", "seed", "order", "seconds", "ops": [{"op", "passed", "samples", "checks",
/// "relative_error", "norm_ratio", "failures": [...], "skipped": [{"sample", "shapes", "check",
/// "text"}]}]}; errors and ratios are listed by order.
[[nodiscard]] std::string to_json(
    const std::vector<OpReport>& reports, const GradcheckOptions& options, double seconds);

}  // namespace xgrad
