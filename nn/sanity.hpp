// Two tests of a model, its loss and its data that take seconds, before training takes hours.
#pragma once

#include <nn/data.hpp>
#include <nn/module.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace xgrad::train {

template <class T>
struct OverfitOptions {
    std::size_t rows = 20;    ///< at most, at least 1: drawn once by the seed
    std::uint64_t seed = 0;   ///< any number
    std::size_t steps = 500;  ///< at most, at least 1
    double lr = 0.01;         ///< Adam's, per step
    double share = 0.05;      ///< passes when the loss is at most this of that by chance, above 0
    /// As in FitOptions; the loss by chance is then that of the first step.
    std::function<Variable<T>(const Variable<T>& outputs, const data::Batch<T>& batch)> loss = {};
};

struct OverfitResult {
    bool passed = false;
    std::vector<double> losses;  ///< before each step
    double below = 0;            ///< what the loss had to reach
    std::string text;            ///< what came out and what it means
};

/// Trains a copy of the model on a few rows until it knows them by heart, without dropout and its
/// like: any model that is large enough to learn the whole data can, unless model, loss, gradients
/// or labels are at fault. The loss by chance is ln(classes), or the variance of the few rows'
/// targets. Ends when the loss is low enough or not finite, or after all steps. Throws
/// std::invalid_argument for Part::test, for an option outside its range, for a model that does not
/// clone and targets that are all the same or not finite, and what the model and the loss throw.
template <class T>
[[nodiscard]] OverfitResult overfit_batch(
    const nn::Module<T>& model,
    const data::Dataset<T>& dataset,
    const OverfitOptions<T>& options = {});

struct ChanceOptions {
    std::size_t rows = 1000;  ///< at most, at least 1: drawn once by the seed
    std::uint64_t seed = 0;   ///< any number
};

struct ChanceResult {
    bool passed = false;
    double loss = 0;           ///< of the model as it is
    double chance = 0;         ///< of knowing nothing
    double low = 0, high = 0;  ///< the band
    std::string text;          ///< what came out and what it means
};

/// Whether a model that has learnt nothing loses what knowing nothing costs, in evaluation mode:
/// ln(classes), or the variance of the targets around their mean. The band begins at half of that,
/// since of few classes random weights may tell some apart by luck. For classes it ends 1.5 above,
/// which logits of variance 3 cost: normal logits of variance v cost about v / 2 more, and He's
/// initialisation gives v = 2 on normalised inputs. For targets it ends at 4 times the variance, by
/// the same argument. Throws std::invalid_argument for Part::test, 0 rows and targets that are all
/// the same or not finite, and what the model throws.
template <class T>
[[nodiscard]] ChanceResult loss_at_chance(
    nn::Module<T>& model, const data::Dataset<T>& dataset, const ChanceOptions& options = {});

}  // namespace xgrad::train
