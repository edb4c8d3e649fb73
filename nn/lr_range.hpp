// The range of learning rates that train: a table of the loss as the rate grows.
#pragma once

#include <nn/optimizer.hpp>

namespace xgrad::optim {

struct LRRangeOptions {
    double low = 1e-7;        ///< the first rate, > 0
    double high = 10;         ///< the last one, above low
    std::size_t steps = 100;  ///< rates, spaced by one factor, at least 2
    double stop = 4;          ///< ends early when a loss is above stop times the best, > 1
};

/// A rate, and the loss before the step with it.
struct LRPoint {
    double lr, loss;
};

/// Trains from the weights as they are while the rate grows from low to high, calling `loss` once
/// a step for the next batch's loss, which it differentiates [Smith 2017, section 3.3]. A good rate
/// lies about ten times below that where the loss turns up. Ends early, with that row last, when a
/// loss is not finite or far above the best (which must be positive). Then weights, optimiser state
/// and rate are as before, and so are the buffers of `net` (running statistics) and the noise of
/// its random layers, also after an exception; gradients are gone. Throws std::invalid_argument for
/// an option outside its range, and what `loss` and step() throw.
///
///     const auto table = optim::lr_range<float>(adam, net, [&] { return mse_loss(net(x), y); });
template <class T>
[[nodiscard]] std::vector<LRPoint> lr_range(
    Optimizer<T>& optimizer,
    nn::Module<T>& net,
    const std::function<Variable<T>()>& loss,
    const LRRangeOptions& options = {});
/// The same for parameters that belong to no module: of all else that `loss` changes, nothing is
/// put back.
template <class T>
[[nodiscard]] std::vector<LRPoint> lr_range(
    Optimizer<T>& optimizer,
    const std::function<Variable<T>()>& loss,
    const LRRangeOptions& options = {});

}  // namespace xgrad::optim
