// SpotCheck: a look at the gradient now and then while a model trains.
#pragma once

#include <tools/gradcheck.hpp>

#include <optional>

namespace xgrad {

/// Checks a training loop's gradient along one random direction, every so many steps:
///
///     SpotCheck spot_check(100);
///     for (const auto& batch : loader.epoch(1)) {
///         if (const auto finding = spot_check(model, mean_loss, batch))
///             log(finding->text);
///         ...
///     }
///
/// Call it between a step's update and the next forward pass. A check that is due costs three
/// forward passes and a backward pass; the others cost nothing.
class SpotCheck {
public:
    /// Throws std::invalid_argument for every = 0.
    explicit SpotCheck(std::size_t every, std::uint64_t seed = 0, double tolerance = 1e-4);

    /// What is wrong, when a check is due: the first call's is. The gradient along the direction
    /// must lie within the slopes of both sides, by `tolerance` of the gradient's norm and what
    /// rounding hides. Layers draw the same in all passes, and only the first one draws. Parameters
    /// keep their values and their gradients, and `state` its values, which is what the loss
    /// changes as it runs, such as running means. What the loss throws passes through.
    [[nodiscard]] std::optional<GradcheckFinding> operator()(
        const std::function<Variable<double>()>& loss,
        const NamedVariables& parameters,
        const NamedVariables& state = {});

    /// The same for a list of what has a name and a value: a module's parameters().
    template <class Parameters>
        requires(requires(const Parameters& p) { named(p); })
    [[nodiscard]] std::optional<GradcheckFinding> operator()(
        const std::function<Variable<double>()>& loss, const Parameters& parameters) {
        return (*this)(loss, named(parameters));
    }

    /// The same for a module and a batch {x, y}: the loss is loss(module(x), y), the state the
    /// module's buffers.
    template <class Model, class Loss, class Batch>
        requires(requires(Model& model, Loss& loss, const Batch& batch) {
            Variable<double>(loss(model(Variable<double>(batch.x)), batch.y));
            named(model.parameters());
            named(model.buffers());
        })
    [[nodiscard]] std::optional<GradcheckFinding> operator()(
        Model& model, Loss loss, const Batch& batch) {
        const Variable<double> x(batch.x);
        return (*this)(
            [&]() -> Variable<double> { return loss(model(x), batch.y); },
            named(model.parameters()),
            named(model.buffers()));
    }

private:
    std::size_t every_, steps_ = 0;
    std::uint64_t seed_;
    double tolerance_;
};

}  // namespace xgrad
