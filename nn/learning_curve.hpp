// Error against the number of training rows, and what the curve says: would more data help?
#pragma once

#include <nn/fit.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace xgrad::train {

/// The errors of one trial.
struct TrialErrors {
    double train;  ///< on the rows it was trained on
    double dev;
};

/// What a model trained on so many rows does.
struct LearningPoint {
    std::size_t rows;
    TrialErrors errors;
};

struct LearningCurveOptions {
    std::vector<std::size_t> sizes = {};  ///< rows, rising; none: all, a half, ... a sixteenth
    std::uint64_t seed = 0;               ///< of the order in which rows join
    double high = 0.05;                   ///< what counts as high, as in DiagnosisOptions
    double optimal = 0;                   ///< error of a perfect model, as in ErrorRates
    /// Below this part of the gap between dev and train, what a doubling of the rows takes off the
    /// dev error counts as nothing.
    double flat = 0.1;
};

struct LearningCurve {
    /// By the errors at the most rows, first that holds: the gap is high and the dev error still
    /// falls; the gap is high, but the curve is flat; the gap is closed, but at a high error; both
    /// errors are low.
    enum class Reading { more_data, flat_gap, high_bias, good };

    std::vector<LearningPoint> points;  ///< by rows: for a plot against their logarithm
    double gap;                         ///< dev - train at the most rows
    double fall;  ///< what the last doubling of the rows took off the dev error; 0 for one point
    Reading reading;
    std::string verdict;  ///< "more data helps: ..."

    /// A table of the points, and the verdict.
    [[nodiscard]] std::string text() const;
};

/// Rows in an order of which every beginning has each label's share, to less than one row: where
/// nested subsets of all sizes come from. For no labels, `rows` rows in random order. The same
/// arguments give the same order. Throws std::invalid_argument for labels of another number.
[[nodiscard]] data::Rows nested_order(
    const data::Labels& labels, std::size_t rows, std::uint64_t seed);

/// Calls `trial` for growing parts of the training rows, each within the next one and with the
/// labels' shares, and the whole dev set; the trial trains a new model on its rows and says its
/// errors. Throws std::invalid_argument for sizes that do not rise or exceed the rows, for a test
/// set in either place, an error of a trial that is not finite, and options outside their range;
/// and what the trial throws.
///
///     const auto curve = train::learning_curve<float>(train, dev, [](const auto& rows, auto& dev)
///         { ...; return train::TrialErrors{evaluate(net, rows).error, evaluate(net, dev).error};
///         });
template <class T>
[[nodiscard]] LearningCurve learning_curve(
    const data::Dataset<T>& train,
    const data::Dataset<T>& dev,
    const std::function<TrialErrors(const data::Dataset<T>& rows, const data::Dataset<T>& dev)>&
        trial,
    const LearningCurveOptions& options = {});

/// The same with trials by fit(): each trains a clone of the model on its rows, for as many steps
/// as `fit` has on all of them, so that few rows do not mean little training. Throws
/// std::invalid_argument for no dev rows and for targets in place of labels, and what fit() throws.
template <class T>
[[nodiscard]] LearningCurve learning_curve(
    const nn::Module<T>& model,
    const FitData<T>& data,
    const FitOptions<T>& fit,
    const LearningCurveOptions& options = {});

}  // namespace xgrad::train
