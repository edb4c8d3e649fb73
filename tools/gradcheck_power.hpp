// The power of the checker: what faults in an op's rule it catches.
#pragma once

#include <tools/gradcheck_op.hpp>

#include <string>
#include <vector>

namespace xgrad {

struct PowerReport {
    std::string op;
    std::size_t faults = 0;  ///< that change a gradient
    std::size_t caught = 0;  ///< of those
    double smallest = 0;     ///< the least power of ten d for which a factor 1 + d is caught
    std::vector<std::string> missed;  ///< "sample 0, input 1: sign"
};

/// Puts every fault that fits into the rules of each sample, one at a time, and checks. 0 for
/// `smallest` where no gradient is large enough to be wrong by a factor, as of a flat op.
[[nodiscard]] PowerReport power_of(const Op& op, const GradcheckOptions& options);

}  // namespace xgrad
