// What must hold for every program.
#pragma once

#include <tests/random/program.hpp>

#include <optional>
#include <string>

namespace xgrad::test {

enum class Fault {
    throws,                ///< an operation does not take operands that fit
    shared_memory,         ///< a result is its operand, and changes with it
    guard,                 ///< a result made under NoGradGuard requires a gradient
    unrecorded,            ///< recorded values differ from those under NoGradGuard
    checkpoint_value,      ///< the values with checkpoints differ from those without
    checkpoint_gradient,   ///< so does the gradient
    inputs,                ///< an input's value changed
    stored_gradient,       ///< grad() touched .grad()
    backward,              ///< backward() and grad() differ
    repeated,              ///< a second run has another gradient
    gradient,              ///< against differences of values
    jvp,                   ///< against the gradient
    hvp,                   ///< against the gradient of the gradient's share
    hessian,               ///< v^T H v against differences of gradients
    forward_over_reverse,  ///< jvp() of the gradient against hvp()
    float_value,           ///< float against double
    float_gradient,
    memory,  ///< bytes in use afterwards
};

/// A check that failed: two numbers, how far apart they may be, and the step of the differences.
struct Failure {
    Fault fault;
    double got = 0;
    double expected = 0;
    double tolerance = 0;
    double step = 0;
    std::string text = {};
};

struct Outcome {
    std::optional<Failure> failure;
    std::size_t judged = 0;     ///< comparisons that could be made
    std::size_t undecided = 0;  ///< differences too rough, or a kink too near
};

/// All checks of one program. `deep` adds the costliest, the jvp of the gradient.
[[nodiscard]] Outcome check(const Program& program, bool deep);

/// "gradient", "float value".
[[nodiscard]] const char* name(Fault fault);

}  // namespace xgrad::test
