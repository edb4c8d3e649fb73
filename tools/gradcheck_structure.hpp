// Internal to gradcheck: what holds of every gradient, found without differences.
#pragma once

#include <autograd/call_trace.hpp>
#include <tools/gradcheck_numeric.hpp>
#include <tools/gradcheck_target.hpp>

namespace xgrad::detail {

/// A recorded call of a target, the seeds of its outputs, and the gradients found for them.
struct Recorded {
    const Target& target;
    const Variables& outputs;  ///< those that require a gradient
    const Variables& seeds;
    const Variables& gradients;  ///< undefined for inputs that are not reached
};

/// The function used twice in one pass gives twice the gradient. Empty where it does.
[[nodiscard]] std::string wrong_accumulation(const Recorded& all);

/// An output that is left out counts as one whose seed is zero.
[[nodiscard]] std::string wrong_missing_seed(const Recorded& all);

/// <v, J u> = <J^T v, u> for a random u, with J u as the derivative of the recorded J^T v with
/// respect to v: a rule must be linear in g, and the same recorded or not. Empty, too, for rules
/// that have no second derivative.
[[nodiscard]] std::string wrong_adjoint(const Recorded& all, Random& random);

/// Of several scalar outputs, terms of a loss: which one hides another's gradient, input by input.
[[nodiscard]] std::vector<std::string> hidden_terms(const Recorded& all);

// What makes a passed check worth less, each as a note.

/// Calls of relu whose results are all zero: what comes before them is not checked.
[[nodiscard]] std::vector<std::string> dead_units(const std::vector<CallTrace::Call>& calls);

/// Gradients so small that a rule that gives zero might pass, or below the function's rounding, as
/// where a large constant is added to a loss.
[[nodiscard]] std::vector<std::string> vanishing_gradients(const Recorded& all);

}  // namespace xgrad::detail
