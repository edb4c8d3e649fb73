// Internal to gradcheck: one order of it.
#pragma once

#include <tools/gradcheck_target.hpp>

#include <optional>

namespace xgrad::detail {

/// Checks the gradient of `target`, which is of that order, and adds what it finds to the report.
/// The function that the next order checks; nothing when this one could not be compared, for which
/// a finding says why.
[[nodiscard]] std::optional<Target> check_order(
    const Target& target, int order, const GradcheckOptions& options, GradcheckReport& report);

}  // namespace xgrad::detail
