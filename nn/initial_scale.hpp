// Before the first step: do the initial weights keep the scale, and do the units differ?
#pragma once

#include <nn/layer_report.hpp>

#include <functional>
#include <string>
#include <vector>

namespace xgrad::train {

/// From where on the scale is lost between the first and the last layer with parameters: a factor
/// of 100. What 50 layers of tanh do with variance 1 / fan_in, 0.1, is inside.
struct InitialScaleOptions {
    double vanishing = 1e-2;
    double exploding = 1e2;
};

struct InitialScale {
    enum class State { good, vanishing, exploding, symmetric };

    /// The rms of the last layer's results over the first's, and of the gradient of the first
    /// layer's results over the last's; layers with parameters only. NaN when there is none.
    double forward;
    double backward;
    /// The hidden layers all of whose units have the same weights and get the same gradient, zeros
    /// above all: they stay the same for ever, and the layer is as good as one unit (practice P12).
    std::vector<std::string> symmetric;
    State state;
    std::string
        verdict;         ///< "vanishing: the results shrink to 2.8e-08 from the first layer to ..."
    std::string advice;  ///< the initialisation that suits the activations; empty when good

    /// The figures, the verdict and the advice, a line each.
    [[nodiscard]] std::string text() const;
};

/// Sends x through and the gradient of loss(output) back, as layer_report(), and compares both ends
/// (practice P12). Right are init::he_normal, variance 2 / fan_in, for relu [He et al. 2015] and
/// init::xavier_normal for tanh [Glorot and Bengio 2010]. Nothing of the model changes. Throws what
/// layer_report() throws.
template <class T>
[[nodiscard]] InitialScale initial_scale(
    nn::Module<T>& model,
    const Array<T>& x,
    const std::function<Variable<T>(const Variable<T>& output)>& loss,
    const InitialScaleOptions& options = {});
/// The same with the loss of a batch: cross_entropy for labels, mse_loss for targets.
template <class T>
[[nodiscard]] InitialScale initial_scale(
    nn::Module<T>& model, const data::Batch<T>& batch, const InitialScaleOptions& options = {});

}  // namespace xgrad::train
