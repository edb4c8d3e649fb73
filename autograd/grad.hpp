// Gradients as values: grad(outputs, inputs), and the modes of recording.
#pragma once

#include <autograd/variable.hpp>

#include <vector>

namespace xgrad {

template <class T>
struct GradOptions {
    /// The gradient of each output, of its shape; none needed for scalars.
    std::vector<Variable<T>> seeds = {};
    /// Record the computation of the gradients, so that they can be differentiated themselves.
    bool create_graph = false;
    /// Return an undefined Variable for an input that no output depends on, instead of throwing.
    bool allow_unused = false;
    /// Keep what the rules need. create_graph keeps it too.
    bool retain_graph = false;
};

/// d(sum of seeds . outputs) / d(each input), without touching any .grad(). Computes only what
/// leads from an output to an input. Inputs may be leaves or results. Throws GraphError for an
/// output that does not require a gradient, an output that is not a scalar and has no seed, an
/// input that is not reached (unless allow_unused), and a graph released before; ShapeError for a
/// seed of another shape. These leave the graph whole; an error of a rule, as for an overwritten
/// value, leaves what the rules before it kept released.
template <class T>
[[nodiscard]] std::vector<Variable<T>> grad(
    const std::vector<Variable<T>>& outputs,
    const std::vector<Variable<T>>& inputs,
    const GradOptions<T>& options = {});

/// The same for one output and one input.
template <class T>
[[nodiscard]] Variable<T> grad(
    const Variable<T>& output, const Variable<T>& input, const GradOptions<T>& options = {}) {
    return grad(std::vector{output}, std::vector{input}, options).front();
}

/// True unless a NoGradGuard is alive on this thread.
[[nodiscard]] bool grad_enabled() noexcept;

/// While one is alive on this thread, nothing is recorded. Guards nest.
class [[nodiscard]] GradModeGuard {
public:
    explicit GradModeGuard(bool enabled) noexcept;
    ~GradModeGuard();
    GradModeGuard(const GradModeGuard&) = delete;
    GradModeGuard& operator=(const GradModeGuard&) = delete;

private:
    bool before_;
};

class [[nodiscard]] NoGradGuard : GradModeGuard {
public:
    NoGradGuard() noexcept : GradModeGuard(false) {}
};

/// While one is alive on this thread, the first NaN or infinity in the result of an op, or in a
/// gradient, throws AnomalyError with the op, the line that called it, shapes and index. Costs
/// a pass over each result; nothing when no guard is alive.
class [[nodiscard]] AnomalyGuard {
public:
    AnomalyGuard() noexcept;
    ~AnomalyGuard();
    AnomalyGuard(const AnomalyGuard&) = delete;
    AnomalyGuard& operator=(const AnomalyGuard&) = delete;

private:
    bool before_;
};

/// True while an AnomalyGuard is alive on this thread.
[[nodiscard]] bool anomaly_enabled() noexcept;

}  // namespace xgrad
