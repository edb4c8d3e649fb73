// The pieces of a training loop: scores, early stopping, and what the errors say.
#pragma once

#include <nn/data.hpp>
#include <nn/diagnose.hpp>
#include <nn/module.hpp>
#include <nn/optimizer.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace xgrad::train {

/// What a model does on a dataset.
struct Evaluation {
    double cost = 0;   ///< mean cross-entropy; for targets the mean squared error
    double error = 0;  ///< 0-1 error: the share of rows whose largest score is not their label's;
                       ///< for targets the cost
};

/// Scores a model that maps rows to logits (N, classes), or to what is compared with targets (N,
/// ...): in evaluation mode, without recording, batch by batch. Every module's mode is restored. A
/// row with a NaN is an error. Throws std::invalid_argument for batch_size 0, and what the model,
/// cross_entropy and mse_loss throw.
template <class T>
[[nodiscard]] Evaluation evaluate(
    nn::Module<T>& model, const data::Dataset<T>& dataset, std::size_t batch_size = 500);

/// The model's outputs (N, ...) for all N rows of a dataset, in their order; modes as in
/// evaluate(). Throws ShapeError when a batch of B rows does not map to (B, ...),
/// std::invalid_argument for batch_size 0, and what the model throws.
template <class T>
[[nodiscard]] Array<T> predict(
    nn::Module<T>& model, const data::Dataset<T>& dataset, std::size_t batch_size = 500);

/// The number of rows of (N, classes) whose largest score, the first of equals, is not their
/// label's. A row with a NaN counts. Throws ShapeError when they do not fit.
template <class T>
[[nodiscard]] std::size_t count_errors(const Array<T>& scores, const data::Labels& labels);

/// One epoch of a run.
struct EpochRecord {
    Evaluation train;
    Evaluation dev;  ///< NaN where fit() had no dev rows
    double seconds = 0;
    double lr = 0;                               ///< at its end
    std::map<std::string, double> metrics = {};  ///< others, by name: "dev f1"
};

/// The epochs of a run, first to last.
using History = std::vector<EpochRecord>;

struct EarlyStoppingOptions {
    std::size_t patience = 10;  ///< epochs without improvement before it is time to stop
    double min_delta = 0;       ///< an error improves when it falls by more than this
};

/// Stops when the dev error no longer improves, and keeps the best weights (practice P9).
///
///     train::EarlyStopping<float> stopping({.patience = 5});
///     for (...) {
///         ...
///         if (stopping.update(train::evaluate(net, dev).error, net)) break;
///     }
///     stopping.restore(net);
template <class T>
class EarlyStopping {
public:
    /// Throws std::invalid_argument for patience 0, or a min_delta that is negative or not finite.
    explicit EarlyStopping(const EarlyStoppingOptions& options = {});

    /// Takes the dev error after an epoch, and copies the weights when it is the best so far. True
    /// when it is time to stop. Throws std::invalid_argument for NaN; then nothing has changed.
    [[nodiscard]] bool update(double dev_error, const nn::Module<T>& model);

    /// It is time to stop: what update() last returned.
    [[nodiscard]] bool is_due() const noexcept { return epoch_ - best_epoch_ >= options_.patience; }
    /// Epochs seen.
    [[nodiscard]] std::size_t epoch() const noexcept { return epoch_; }
    /// The best epoch, the first of equals, counted from 1; 0 before the first update.
    [[nodiscard]] std::size_t best_epoch() const noexcept { return best_epoch_; }
    /// The error of the best epoch; infinite before the first update.
    [[nodiscard]] double best_error() const noexcept { return best_error_; }

    /// Gives the model the weights of the best epoch. Throws std::logic_error before the first
    /// update.
    void restore(nn::Module<T>& model) const;

    /// "epoch", "best_epoch", "best_error", and the weights of the best epoch, if there is one.
    [[nodiscard]] optim::State<T> state_dict() const;
    /// Continues there. Throws std::invalid_argument that lists what is missing, left over or out
    /// of range; then nothing has changed. That the weights fit a model, restore() checks.
    void load_state_dict(const optim::State<T>& state);

private:
    EarlyStoppingOptions options_;
    std::size_t epoch_ = 0;
    std::size_t best_epoch_ = 0;
    double best_error_;
    nn::StateDict<T> best_;
};

}  // namespace xgrad::train
