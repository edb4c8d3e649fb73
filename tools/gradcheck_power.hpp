// The power of the checker: what faults in an op's rule it catches.
#pragma once

#include <tools/gradcheck_op.hpp>

#include <optional>
#include <string>
#include <vector>

namespace xgrad {

struct PowerReport {
    std::string op;
    std::size_t faults = 0;  ///< that change a gradient
    std::size_t caught = 0;  ///< of those
    /// The least power of ten d for which a factor 1 + d is caught in every input: 0 where no
    /// gradient can be wrong by a factor, as of a flat op; empty where an input escapes with the
    /// largest, 1.1.
    std::optional<double> smallest = 0;
    std::vector<std::string> missed;  ///< "sample 0, input 1: sign"
};

/// Puts every fault that fits into the rules of each sample, one at a time, and checks.
[[nodiscard]] PowerReport power_of(const Op& op, const GradcheckOptions& options);

/// 0 every fault is caught, 1 one is not, 2 there is none.
[[nodiscard]] int exit_code(const std::vector<PowerReport>& reports) noexcept;

}  // namespace xgrad
