// Metrics: what a model does on a dataset, in the figures that people ask for.
#pragma once

#include <nn/data.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace xgrad::train {

/// A figure by name that fit() records after each epoch: `function` of a model's outputs (N, ...)
/// for all rows of the dataset.
template <class T>
struct Metric {
    std::string name;  ///< "macro f1"
    std::function<double(const Array<T>& outputs, const data::Dataset<T>& dataset)> function;
};

/// Precision, recall and their harmonic mean, each from 0 to 1.
struct ClassScores {
    double precision = 0, recall = 0, f1 = 0;
};

/// How often each class was taken for each. A figure whose divisor is 0 is 0 [Sokolova and Lapalme
/// 2009, tables 2 and 3].
class ConfusionMatrix {
public:
    /// Throws std::invalid_argument for 0 classes.
    explicit ConfusionMatrix(std::size_t classes);

    /// Adds rows of scores (N, classes): predicted is the largest score, the first of equals; a row
    /// with a NaN predicts nothing and is an error. Throws ShapeError when they do not fit,
    /// IndexError for a label outside [0, classes); then nothing has been added.
    template <class T>
    void add(const Array<T>& scores, const data::Labels& labels);
    /// Adds one row. Throws IndexError.
    void add(std::int64_t label, std::int64_t predicted);

    [[nodiscard]] std::size_t classes() const noexcept { return classes_; }
    /// Rows of that label that were predicted as that class. Throws IndexError.
    [[nodiscard]] std::size_t count(std::size_t label, std::size_t predicted) const;
    /// Rows so far.
    [[nodiscard]] std::size_t total() const noexcept;
    /// Rows of that label. Throws IndexError.
    [[nodiscard]] std::size_t support(std::size_t label) const;

    /// The share of rows that are right.
    [[nodiscard]] double accuracy() const noexcept;
    /// Of one class against all others. Throws IndexError.
    [[nodiscard]] ClassScores scores(std::size_t label) const;
    /// The mean over all classes.
    [[nodiscard]] ClassScores macro() const;
    /// The mean over the classes, each as often as it has rows.
    [[nodiscard]] ClassScores weighted() const;
    /// Over all rows at once.
    [[nodiscard]] ClassScores micro() const noexcept;

    /// A table: a line a label with its counts, precision, recall, F1; last the means. Classes are
    /// called by `names`, or their numbers when there are none. Throws std::invalid_argument for
    /// another number of names.
    [[nodiscard]] std::string text(const std::vector<std::string>& names = {}) const;

private:
    // The last column counts the rows that predicted nothing.
    [[nodiscard]] std::size_t& at(std::size_t label, std::size_t predicted) {
        return counts_[label * (classes_ + 1) + predicted];
    }
    [[nodiscard]] std::size_t right() const noexcept;
    void check(std::size_t label) const;

    std::size_t classes_;
    std::vector<std::size_t> counts_;
};

/// The share of rows of scores (N, classes) whose label is among the k largest, of equals the
/// first; a row with a NaN is an error. Throws ShapeError when they do not fit, IndexError for a
/// label outside [0, classes), std::invalid_argument unless 1 <= k <= classes.
template <class T>
[[nodiscard]] double top_k_accuracy(
    const Array<T>& scores, const data::Labels& labels, std::size_t k);

/// The area under the receiver operating characteristic: how often a row of label 1 has a larger
/// score than one of label 0, equal ones counting half [Fawcett 2006, section 7]. One score a row,
/// (N) or (N, 1). Throws ShapeError when they do not fit, std::invalid_argument for NaN, another
/// label, or when all rows have one label.
template <class T>
[[nodiscard]] double roc_auc(const Array<T>& scores, const data::Labels& labels);

/// The mean of (output - target)^2, of its root, and of |output - target|, over all elements. All
/// throw ShapeError when the shapes differ or there are no elements.
template <class T>
[[nodiscard]] double mean_squared_error(const Array<T>& outputs, const Array<T>& targets);
template <class T>
[[nodiscard]] double root_mean_squared_error(const Array<T>& outputs, const Array<T>& targets);
template <class T>
[[nodiscard]] double mean_absolute_error(const Array<T>& outputs, const Array<T>& targets);

/// The share of the targets' variance that the outputs explain, 1 - sum (y - f)^2 / sum (y -
/// mean)^2, the mean over the columns of (N, ...): 1 is perfect, 0 as good as the mean, negative
/// worse. A constant column counts 1 when it is met and 0 when not. NaN where a number is NaN or a
/// target infinite. Throws as mean_squared_error().
template <class T>
[[nodiscard]] double r2_score(const Array<T>& outputs, const Array<T>& targets);

/// The same as metrics for fit(): `.metrics = {metric::macro_f1<float>()}`.
namespace metric {

/// "accuracy".
template <class T>
[[nodiscard]] Metric<T> accuracy();
/// "top 5".
template <class T>
[[nodiscard]] Metric<T> top_k(std::size_t k);
/// "macro f1".
template <class T>
[[nodiscard]] Metric<T> macro_f1();
/// "auc", for two classes: of the second score less the first.
template <class T>
[[nodiscard]] Metric<T> auc();
/// "r2".
template <class T>
[[nodiscard]] Metric<T> r2();
/// "rmse".
template <class T>
[[nodiscard]] Metric<T> rmse();
/// "mae".
template <class T>
[[nodiscard]] Metric<T> mae();

}  // namespace metric
}  // namespace xgrad::train
