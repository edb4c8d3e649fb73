// SpotCheck: a look at the gradient now and then while a model trains.
#pragma once

#include <tools/gradcheck.hpp>

#include <optional>

namespace xgrad {

/// Checks a training loop's gradient along one random direction, every so many steps:
///
///     SpotCheck spot_check(100);
///     for (const auto& batch : loader) {
///         const auto loss = [&] { return mse_loss(model(batch.x), batch.y); };
///         if (const auto finding = spot_check(loss, model.parameters()))
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
    /// keep their values and their gradients. What the loss throws passes through.
    [[nodiscard]] std::optional<GradcheckFinding> operator()(
        const std::function<Variable<double>()>& loss, const NamedVariables& parameters);

    /// The same for a list of what has a name and a value: a module's parameters().
    template <class Parameters>
        requires(requires(const Parameters& p) {
            NamedVariables{{p.front().name, p.front().value}};
        })
    [[nodiscard]] std::optional<GradcheckFinding> operator()(
        const std::function<Variable<double>()>& loss, const Parameters& parameters) {
        NamedVariables named;
        for (const auto& parameter : parameters)
            named.emplace_back(parameter.name, parameter.value);
        return (*this)(loss, named);
    }

private:
    std::size_t every_, steps_ = 0;
    std::uint64_t seed_;
    double tolerance_;
};

}  // namespace xgrad
