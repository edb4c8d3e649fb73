// Internal to gradcheck: which op's rule is wrong.
#pragma once

#include <tools/gradcheck_numeric.hpp>
#include <tools/gradcheck_target.hpp>

namespace xgrad::detail {

/// The op that carries a gradient on plain arrays.
inline constexpr const char* plain_op_name = "plain_gradient";

struct WrongOp {
    /// "scaled (model.cpp:12), in its share for the result of linear (model.cpp:9)"
    std::string story;
    /// It is wrong for certain; without a story, every rule is right for certain.
    bool is_sure = false;
};

/// Of a function whose gradient failed, for each of `inputs`, those of the target that failed: the
/// value of each recorded op between that input and the outputs is moved, from the last to the
/// first, and the change of the outputs compared with the gradient that arrives there; where they
/// disagree first, what is computed from that value has the wrong rule. When every value is right,
/// the ops that read the input are tried one by one. No story where nothing can be said.
[[nodiscard]] std::vector<WrongOp> first_wrong_ops(
    const Target& target,
    const std::vector<double>& weights,
    const std::vector<std::size_t>& inputs,
    const GradcheckOptions& options,
    Random& random);

}  // namespace xgrad::detail
