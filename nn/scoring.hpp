// Internal: a model's outputs and costs over all rows of a dataset.
#pragma once

#include <nn/train.hpp>

#include <functional>

namespace xgrad::train::detail {

/// The mean loss of a batch from the model's outputs; an empty one stands for cross_entropy, or
/// mse_loss for targets.
template <class T>
using Loss = std::function<Variable<T>(const Variable<T>& outputs, const data::Batch<T>& batch)>;

/// The loss, or what an empty one stands for.
template <class T>
[[nodiscard]] Variable<T> loss_of(
    const Loss<T>& loss, const Variable<T>& outputs, const data::Batch<T>& batch);

/// Scores, and the outputs (N, ...) where they are asked for.
template <class T>
struct Score {
    Evaluation evaluation;
    Array<T> outputs;
    bool counts;  ///< the error is the share of rows that are wrong
};

/// As evaluate() does, by that loss; where it takes outputs that are no scores (N, classes), the
/// error is the cost.
template <class T>
[[nodiscard]] Score<T> score(
    nn::Module<T>& model,
    const data::Dataset<T>& dataset,
    const Loss<T>& loss,
    bool keeps_outputs,
    std::size_t batch_size = 500);

}  // namespace xgrad::train::detail
