// SpotCheckCallback: fit() looks at its gradients now and then.
#pragma once

#include <nn/callback.hpp>
#include <tools/spot_check.hpp>

namespace xgrad {

struct SpotCheckOptions {
    std::size_t every = 100;  ///< steps from one check to the next, at least 1
    std::size_t rows = 16;    ///< of the training rows, drawn anew for each check, at least 1
    std::uint64_t seed = 0;   ///< of the rows and directions
    double tolerance = 1e-4;  ///< as SpotCheck's
    bool stops = true;        ///< the first finding ends the run
    /// As in FitOptions, in double; empty: cross_entropy, or mse_loss for targets.
    std::function<Variable<double>(
        const Variable<double>& outputs, const data::Batch<double>& batch)>
        loss = {};
};

/// Checks the gradient of a copy of the model in double, whatever the model is in, along one random
/// direction, every so many steps: `.callbacks = {std::make_shared<SpotCheckCallback<float>>()}`.
/// The run itself is as without it, to the bit, until a finding ends it. Passes through what a
/// model throws that does not say how it is copied.
template <class T>
class SpotCheckCallback : public train::Callback<T> {
public:
    /// Throws std::invalid_argument for an option outside its range.
    explicit SpotCheckCallback(SpotCheckOptions options = {});

    void on_step(train::FitState<T>& state) override;

    /// What was wrong, each with the step after which it was found.
    [[nodiscard]] const std::vector<GradcheckFinding>& findings() const noexcept {
        return findings_;
    }
    /// How many checks there were.
    [[nodiscard]] std::size_t checks() const noexcept { return checks_; }

private:
    SpotCheckOptions options_;
    SpotCheck check_;
    std::vector<GradcheckFinding> findings_;
    std::size_t checks_ = 0;
};

}  // namespace xgrad
