// fit(): trains a model on data, by one call.
#pragma once

#include <nn/callback.hpp>
#include <nn/metrics.hpp>
#include <nn/schedule.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace xgrad::train {

/// What fit() learns from and what it is scored on. The rows that judge in the end, Part::test, are
/// refused as either.
template <class T>
struct FitData {
    data::Dataset<T> train;                    ///< Part::train, or of no part
    std::optional<data::Dataset<T>> dev = {};  ///< Part::dev or train_dev, or of no part
};

template <class T>
struct FitOptions {
    std::size_t epochs = 10;       ///< at most, at least 1
    std::size_t batch_size = 128;  ///< rows, at least 1
    std::uint64_t seed = 0;        ///< of the order of the rows
    std::size_t workers = 0;       ///< threads that make batches ahead; the result is the same
    bool shuffle = true;           ///< a new order in every epoch; false: that of the rows
    bool drop_last = false;        ///< leave out the last batch when it is shorter than the others

    /// Makes the optimiser; empty: Adam with that learning rate.
    std::function<std::unique_ptr<optim::Optimizer<T>>(nn::Module<T>& model)> optimizer = {};
    double lr = 1e-3;  ///< per step; for Adam only
    /// Makes what the rate is multiplied by at each step, of so many in all; empty: 1.
    std::function<optim::Schedule(std::uint64_t steps)> schedule = {};
    std::optional<double> clip_norm = {};  ///< bounds the norm of all gradients, above 0

    /// The mean loss of a batch; empty: cross_entropy of logits (N, classes) and the labels, or
    /// what mixup makes of them, or mse_loss for targets. Scores are by it, too.
    std::function<Variable<T>(const Variable<T>& outputs, const data::Batch<T>& batch)> loss = {};
    /// Added to the loss of each step, and to no score: l2_penalty and its like.
    std::function<Variable<T>(nn::Module<T>& model)> penalty = {};

    /// Ends when the dev error no longer improves; the model gets its best weights, however the run
    /// ends (practice P9). Needs dev rows.
    std::optional<EarlyStoppingOptions> early_stopping = {};
    /// Of the rows of each step; scores are of the rows as they are.
    std::optional<data::Augmentation<T>> augmentation = {};
    /// Recorded after each epoch as "dev accuracy", or "train accuracy" without dev rows.
    std::vector<Metric<T>> metrics = {};
    /// So many training rows, drawn once by the seed, are scored after each epoch; at least 1.
    std::size_t train_rows = 10'000;
    std::vector<std::shared_ptr<Callback<T>>> callbacks = {};
    /// Where a bar goes on a terminal, and a line an epoch anywhere; nullptr: nowhere.
    std::FILE* progress = nullptr;

    /// A folder that keeps the run's state, so that it goes on when it was killed; empty: none.
    std::filesystem::path checkpoint = {};
    std::size_t checkpoint_every = 1;  ///< epochs, at least 1
    /// Goes on from the folder's newest checkpoint; false: refuses a folder that has any.
    bool resume = true;
    /// Ctrl-C ends the run after the step at hand, as if a callback had stopped it; a second one
    /// ends the program. SIGINT's handler is the program's own again when fit() returns.
    bool handle_interrupt = true;
};

/// What ended a run.
enum class FitEnd { epochs, early_stop, interrupted, stopped };

struct FitResult {
    History history;             ///< all epochs, those before a resume too
    std::size_t best_epoch = 0;  ///< of the lowest dev error, or train error, counted from 1; the
                                 ///< first of equals; with early stopping the one it counts as
                                 ///< best; 0 without a finished epoch
    FitEnd end = FitEnd::epochs;
    std::string ended = {};   ///< "10 epochs", "early stop at epoch 7, best 4", "interrupted",
                              ///< "stopped: <reason>"
    std::uint64_t steps = 0;  ///< updates since the start of the run, resumed ones too
    double seconds = 0;       ///< of this call
    std::vector<std::string> warnings = {};  ///< of checkpoints that were damaged

    /// One line: how it ended, the scores of the best epoch, steps and time.
    [[nodiscard]] std::string text() const;
};

/// A loss, gradient or score that is NaN or infinite. The text says where, in which layer it began,
/// what AnomalyGuard says of it, and what to try. The model has the weights of the last finished
/// epoch; those of the step where the run was resumed, if no epoch has ended since; or those that
/// it began with.
class NonFiniteError : public std::runtime_error {
public:
    NonFiniteError(const std::string& text, std::size_t epoch, std::size_t batch)
        : std::runtime_error(text),
          epoch(epoch),
          batch(batch) {}

    std::size_t epoch;  ///< counted from 1
    std::size_t batch;  ///< counted from 1; 0 for a score
};

/// Trains the model on data.train, epoch by epoch, in training mode if the model is in it or
/// wholly in evaluation mode (submodules that are set apart stay so); scores it after each epoch on
/// data.dev in evaluation mode. Modes are afterwards as before. The weights are a function of the
/// model, data and options, whatever the number of threads; with a checkpoint folder also of a run
/// that was killed and resumed, if callbacks, losses and penalties have no state of their own.
///
///     const auto result = train::fit(net, {parts.train, parts.dev},
///         {.epochs = 20, .early_stopping = {{.patience = 5}}, .progress = stdout});
///
/// Throws std::invalid_argument for data or options that do not fit, NonFiniteError, IoError from
/// the folder, and what the model, the loss and the callbacks throw.
template <class T>
FitResult fit(nn::Module<T>& model, const FitData<T>& data, const FitOptions<T>& options = {});

extern template FitResult fit(nn::Module<float>&, const FitData<float>&, const FitOptions<float>&);
extern template FitResult fit(
    nn::Module<double>&, const FitData<double>&, const FitOptions<double>&);

}  // namespace xgrad::train
