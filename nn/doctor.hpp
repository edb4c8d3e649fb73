// doctor(): everything that can be checked of a model and its data, on a page that ends in the one
// next thing to do.
#pragma once

#include <nn/diagnose.hpp>
#include <nn/fit.hpp>
#include <nn/layer_report.hpp>
#include <nn/learning_curve.hpp>
#include <nn/sparsity.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace xgrad::train {

template <class T>
struct DoctorOptions {
    /// The model has been trained: it is judged as it is, and what only a new one can be asked is
    /// left out. Else a copy is trained by `fit`.
    bool trained = false;
    FitOptions<T> fit = {};  ///< checkpoint and progress aside
    std::uint64_t seed = 0;  ///< of the rows that are looked at
    std::size_t rows = 256;  ///< that go through the layers, at least 2
    double optimal = 0;      ///< error of a perfect classifier, or of people
    DiagnosisOptions diagnosis = {};
    std::optional<data::Dataset<T>> train_dev = {};  ///< rows like train's that no step has seen
    /// Compares the gradients of a copy with differences, for a batch, and returns what is wrong,
    /// empty for nothing: nn knows no gradcheck, so that the caller brings it.
    std::function<std::string(nn::Module<T>& model, const data::Batch<T>& batch)> gradient_check =
        {};
    bool learning_curve = false;  ///< trains five more copies, on a sixteenth of the rows and more
};

/// What a check found.
struct Finding {
    enum class State { good, note, problem };

    State state;
    std::string check;     ///< "inputs"
    std::string evidence;  ///< with numbers
    std::string advice;    ///< what to do; empty unless there is a problem, or a doubt
};

struct DoctorReport {
    std::string subject;            ///< the model and the data, in a line
    std::vector<Finding> findings;  ///< in the order of the checks
    /// The advice of the first problem, or of the first doubt, or that nothing is wrong.
    std::string next_step;
    std::optional<LayerReport> layers = {};   ///< of the model as it came
    std::optional<Diagnosis> diagnosis = {};  ///< of classifiers
    std::optional<SparsityReport> sparsity = {};
    std::optional<LearningCurve> curve = {};

    /// True when no finding is a problem.
    [[nodiscard]] bool healthy() const noexcept;
    /// At most 60 lines of at most 100 characters.
    [[nodiscard]] std::string text() const;
};

/// Checks in three stages, and stops after the first that has a problem, since the later ones would
/// measure it again. Data: values that are not finite, dev rows that are training rows, inputs that
/// are not normalised, train and dev of different distributions, classes without rows. Start: the
/// initial scale (practice P12), the layers (P11), the loss by chance, the gradients where a check
/// is given, a few rows learnt by heart. Learning: a copy is trained, then errors with their bands,
/// whether they are better than guessing, the diagnosis (P2) and its step (P3), the layers and the
/// sparsity (P5) afterwards, and the learning curve if asked for. For targets in place of labels,
/// and a loss of outputs that are no scores (rows, classes), the errors and what rests on them are
/// left out. Inputs count as normalised when the deviation of all numbers is from 0.1 to 10, their
/// mean within three deviations of 0, and the deviations of single features (the tenth at either
/// end aside) within a factor of 100; so do pictures of [0, 1]. The model is not changed. Throws
/// std::invalid_argument for a model that does not clone, no dev rows, rows of Part::test, another
/// number of classes in dev, rows = 0 or 1 and options of the diagnosis out of range, ShapeError
/// for other features in dev, and what fit() throws of options.
///
///     std::puts(train::doctor(net, {parts.train, *parts.dev}).text().c_str());
template <class T>
[[nodiscard]] DoctorReport doctor(
    const nn::Module<T>& model, const FitData<T>& data, const DoctorOptions<T>& options = {});

}  // namespace xgrad::train
