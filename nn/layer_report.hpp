// What goes through each layer of a network, forward and backward, and whether that is healthy.
#pragma once

#include <nn/callback.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace xgrad::train {

template <class T>
class LayerWatch;

/// How a layer is; the first that holds of exploding, dead_units, saturated, vanishing.
enum class LayerState { healthy, vanishing, exploding, dead_units, saturated };

/// "healthy", "dead units".
[[nodiscard]] const char* to_string(LayerState state) noexcept;

/// From where on a layer is ill.
struct LayerThresholds {
    /// Vanishing: the rms of the results is below this part of the first layer's with parameters,
    /// or the rms of their gradient below this part of the last layer's. The figures of practice
    /// P11 lie on both sides: 50 layers of tanh have 0.1, of relu with variance 1/n 3e-8.
    double vanishing = 1e-3;
    double exploding = 1e3;  ///< one of the two is above this many times the other, or not finite
    /// More than this share of the units is 0 for every row. Half is usual deep in a relu network,
    /// where the rows have become alike.
    double dead = 0.75;
    double saturated = 0.5;    ///< more than this share of the elements is saturated
    double saturation = 0.97;  ///< |tanh| above this has a slope below 0.06; sigmoid: |2 y - 1|
};

/// Figures of many numbers.
struct Spread {
    double mean = 0;
    double deviation = 0;
    double rms = 0;
    double zeros = 0;  ///< the share that is exactly 0
};

/// One layer, over the rows of a batch and all its calls.
struct LayerFigures {
    std::string path;   ///< "encoder.2"; "" for a model that is one layer
    std::string layer;  ///< "Dense(784, 512)"
    Spread results;
    std::optional<Spread> gradient = {};  ///< of the results; none where no gradient comes
    /// Units are the channels of (N, C, H, W), else the elements of a row.
    std::size_t units = 0;
    std::size_t dead = 0;  ///< units that are 0 for every row, if a parameter has a say in them
    std::optional<double> saturated = {};  ///< the share of elements, of Tanh and Sigmoid layers
    std::optional<double> gradient_ratio = {};  ///< rms of the weights' gradient / of the weights
    std::optional<double> update_ratio = {};  ///< rms of a step's change / of the weights; 1e-3 is
                                              ///< usual
    LayerState state = LayerState::healthy;
    std::string reason = {};  ///< "64 of 64 units are 0 for every row"; empty when healthy
};

/// What layer_report() and LayerMonitor found.
struct LayerReport {
    std::vector<LayerFigures> layers;  ///< in the order in which their calls ended
    std::optional<Spread> input = {};
    std::optional<Spread> input_gradient = {};
    std::optional<std::size_t> worst = {};  ///< the first of the most serious; none when all are
                                            ///< healthy

    /// The rms of the last layer's results over that of the input: what 50 layers have made of it
    /// (practice P11). NaN when one is missing.
    [[nodiscard]] double forward_ratio() const;
    /// The rms of the input's gradient over that of the last layer's results.
    [[nodiscard]] double backward_ratio() const;
    /// "healthy", or what is wrong where: "dead units: 1.Relu, 64 of 64 units are 0 for every row".
    [[nodiscard]] std::string verdict() const;
    /// A table, a line for each layer, and the verdict.
    [[nodiscard]] std::string text() const;
};

/// Sends x through the model and the gradient of loss(output) back, and reports each layer: every
/// module without submodules or with parameters of its own that is called by operator(), whatever
/// the model (practice P11). In the mode in which the model is; parameters, gradients, buffers and
/// noise are as before. Hooks of others see the pass. Throws what the model and `loss` throw.
template <class T>
[[nodiscard]] LayerReport layer_report(
    nn::Module<T>& model,
    const Array<T>& x,
    const std::function<Variable<T>(const Variable<T>& output)>& loss,
    const LayerThresholds& thresholds = {});
/// The same with the loss of a batch: cross_entropy for labels, mse_loss for targets.
template <class T>
[[nodiscard]] LayerReport layer_report(
    nn::Module<T>& model, const data::Batch<T>& batch, const LayerThresholds& thresholds = {});

struct LayerMonitorOptions {
    std::size_t every = 100;  ///< steps from one look to the next, at least 1
    LayerThresholds thresholds = {};
    /// Called with each report, to show it while the training runs.
    std::function<void(std::uint64_t step, const LayerReport& report)> on_look = {};
};

/// Reports the layers while fit() trains: at the first step and at each `every`-th after it, of
/// the batch of that step, with what the step changed. The steps between cost nothing.
template <class T>
class LayerMonitor : public Callback<T> {
public:
    struct Look {
        std::uint64_t step;
        LayerReport report;
    };

    /// Throws std::invalid_argument for every = 0.
    explicit LayerMonitor(const LayerMonitorOptions& options = {});
    ~LayerMonitor() override;

    void on_start(FitState<T>& state) override;
    void on_gradient(FitState<T>& state) override;
    void on_step(FitState<T>& state) override;
    void on_end(FitState<T>& state) override;

    /// First to last.
    [[nodiscard]] const std::vector<Look>& history() const noexcept { return history_; }
    /// A line for each look: the step and the verdict.
    [[nodiscard]] std::string text() const;

private:
    LayerMonitorOptions options_;
    std::unique_ptr<LayerWatch<T>> watch_;  // while a look is due
    std::vector<Array<T>> before_;          // the weights before the step
    std::vector<Look> history_;
};

}  // namespace xgrad::train
