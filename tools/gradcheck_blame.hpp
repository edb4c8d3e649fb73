// Internal to gradcheck: which op's rule is wrong.
#pragma once

#include <tools/gradcheck_numeric.hpp>
#include <tools/gradcheck_target.hpp>

namespace xgrad::detail {

/// Of a function whose gradient failed: "scaled (model.cpp:12), in its share for the result of
/// linear (model.cpp:9)". The value of each recorded op is moved, from the last to the first, and
/// the change of the outputs compared with the gradient that arrives there; where they disagree
/// first, what is computed from that value has the wrong rule. `inputs` are the target's that
/// failed: when every value is right, the ops that read them are to blame. Empty where that cannot
/// be said.
[[nodiscard]] std::string first_wrong_op(
    const Target& target,
    const std::vector<double>& weights,
    const std::vector<std::size_t>& inputs,
    const GradcheckOptions& options,
    Random& random);

}  // namespace xgrad::detail
