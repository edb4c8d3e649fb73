// Running a program on Variables.
#pragma once

#include <tests/random/program.hpp>

namespace xgrad::test {

struct RunOptions {
    bool checkpoints = false;  ///< blocks run in checkpoint(), else plainly
    /// The values of all nodes; those under no_grad and detached take theirs from here, as leaves.
    const std::vector<Array<double>>* frozen = nullptr;
};

/// A Variable for each node, undefined for what a checkpoint hides. `inputs` are those of
/// program.inputs().
template <class T>
[[nodiscard]] VariableList<T> run(
    const Program& program, const VariableList<T>& inputs, const RunOptions& options = {});

/// Leaves that require a gradient, with the program's numbers.
template <class T>
[[nodiscard]] VariableList<T> leaves(const Program& program);

/// Leaf i moved by step wave(i): the direction along which everything is differentiated.
[[nodiscard]] VariableList<double> moved_leaves(const Program& program, double step);

template <class T>
[[nodiscard]] VariableList<T> directions(const Program& program);

/// The outputs' elements summed with weights wave(1000 + i).
template <class T>
[[nodiscard]] Variable<T> loss(const Program& program, const VariableList<T>& nodes);

}  // namespace xgrad::test
