// Callback: what looks on while fit() trains, and may stop it.
#pragma once

#include <nn/train.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace xgrad::train {

/// Where a run of fit() stands. The references live as long as the run.
template <class T>
struct FitState {
    nn::Module<T>& model;
    optim::Optimizer<T>& optimizer;
    const data::Dataset<T>& train;
    const data::Dataset<T>* dev = nullptr;  ///< nullptr without a dev set
    const History& history;                 ///< the finished epochs
    std::size_t epoch = 0;                  ///< the current one, counted from 1
    std::size_t epochs = 0;                 ///< at most
    std::size_t batch = 0;                  ///< of this epoch, counted from 1
    std::size_t batches = 0;                ///< in each epoch
    std::uint64_t step = 0;  ///< updates since the start of the run, resumed ones too
    double loss = 0;         ///< of the last batch, penalties included

    /// Ends the run after this step; the reason is in the result: "stopped: <reason>". The first
    /// one given stays. At the end Ctrl-C has the reason "interrupted".
    void stop(std::string why) {
        if (reason.empty())
            reason = std::move(why);
    }
    std::string reason = {};
};

/// Called by fit(), in the order in which the callbacks were given. What one throws ends the run
/// and passes through.
template <class T>
class Callback {
public:
    Callback() = default;
    Callback(const Callback&) = delete;
    Callback& operator=(const Callback&) = delete;
    virtual ~Callback() = default;

    /// Before the first step; a resumed run has its history by then.
    virtual void on_start(FitState<T>& /*state*/) {}
    /// The gradients of a batch are there, clipped if that was asked for, and not yet used.
    virtual void on_gradient(FitState<T>& /*state*/) {}
    /// After an update.
    virtual void on_step(FitState<T>& /*state*/) {}
    /// After an epoch: history.back() is its record.
    virtual void on_epoch(FitState<T>& /*state*/) {}
    /// After the last epoch, with the weights that the run leaves.
    virtual void on_end(FitState<T>& /*state*/) {}
};

}  // namespace xgrad::train
