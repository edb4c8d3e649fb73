// Losses. Prediction and target have one shape; `reduction` says what becomes of the elements'
// losses. All throw ShapeError when shapes differ or there is nothing to average.
#pragma once

#include <ops/apply.hpp>
#include <ops/shape.hpp>

namespace xgrad {

namespace formula {
struct Huber;
struct BinaryCrossEntropy;
struct BceWithLogits;
}  // namespace formula

enum class Reduction { none, mean, sum };

/// (x - target)^2.
template <class T>
[[nodiscard]] Variable<T> mse_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction = Reduction::mean,
    Where where = Where::current());

/// |x - target|; the gradient is 0 where they are equal.
template <class T>
[[nodiscard]] Variable<T> l1_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction = Reduction::mean,
    Where where = Where::current());

/// d^2 / 2 for |d| <= delta, d = x - target, and delta (|d| - delta / 2) beyond [Huber 1964].
/// Throws std::invalid_argument unless delta > 0.
template <class T>
[[nodiscard]] Variable<T> huber_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    double delta = 1,
    Reduction reduction = Reduction::mean,
    Where where = Where::current());

/// d^2 / (2 beta) for |d| <= beta, d = x - target, and |d| - beta / 2 beyond: huber_loss over beta
/// [Girshick 2015, eq. 3]; l1_loss for beta 0. Throws std::invalid_argument unless beta >= 0.
template <class T>
[[nodiscard]] Variable<T> smooth_l1_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    double beta = 1,
    Reduction reduction = Reduction::mean,
    Where where = Where::current());

/// -t log(p) - (1 - t) log(1 - p) for probabilities p and targets t in [0, 1], logarithms at least
/// -100, as PyTorch's. Gradients: (p - t) / max(p (1 - p), 1e-12) for p, log(1 - p) - log(p), each
/// at least -100, for t. Where you have logits, binary_cross_entropy_with_logits is more accurate.
/// Throws std::invalid_argument for a p outside [0, 1].
template <class T>
[[nodiscard]] Variable<T> binary_cross_entropy(
    const Variable<T>& p,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction = Reduction::mean,
    Where where = Where::current());

/// -t log(s) - (1 - t) log(1 - s) for s = sigmoid(x): x are logits, targets in [0, 1]. Computed as
/// max(x, 0) - x t + log(1 + e^-|x|), which neither overflows nor cancels.
template <class T>
[[nodiscard]] Variable<T> binary_cross_entropy_with_logits(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction = Reduction::mean,
    Where where = Where::current());

/// -log_prob(i, labels[i]), log_prob (N, classes). Reduction::none gives (N,). Throws IndexError
/// for a label outside [0, classes).
template <class T>
[[nodiscard]] Variable<T> nll_loss(
    const Variable<T>& log_prob,
    Indices labels,
    Reduction reduction = Reduction::mean,
    Where where = Where::current());

/// What nll_loss may do beside.
struct NllOptions {
    std::vector<double> class_weights = {};  ///< a factor for each class; none: 1
    std::int64_t ignore_index = -100;        ///< rows with this label count for nothing
    Reduction reduction = Reduction::mean;
};

/// nll_loss with options, as PyTorch's: a row of label y loses -w_y log_prob(i, y). The mean
/// divides by the sum of w_y over the rows not ignored; it is NaN when there is none. Gradient: -g
/// w_y at the label. Throws IndexError for a label outside [0, classes) that is not ignore_index,
/// ShapeError unless there is a weight for each class.
template <class T>
[[nodiscard]] Variable<T> nll_loss(
    const Variable<T>& log_prob,
    Indices labels,
    const NllOptions& options,
    Where where = Where::current());

/// nll_loss(log_softmax(logits)), logits (N, classes). Gradient of the mean:
/// (softmax - one_hot) / N.
template <class T>
[[nodiscard]] Variable<T> cross_entropy(
    const Variable<T>& logits,
    Indices labels,
    Reduction reduction = Reduction::mean,
    Where where = Where::current());

/// What cross_entropy may do beside.
struct CrossEntropyOptions {
    std::vector<double> class_weights = {};  ///< a factor for each class; none: 1
    double label_smoothing = 0;              ///< this part of each target goes to all classes alike
    std::int64_t ignore_index = -100;        ///< rows with this label count for nothing
    Reduction reduction = Reduction::mean;
};

/// cross_entropy with options, as PyTorch's. With weight w_c and smoothing s, a row of label y
/// loses -(1 - s) w_y l_y - s / classes sum over c of w_c l_c, l the log_softmax
/// [Szegedy et al. 2016, 7]. The mean divides by the sum of w_y over the rows not ignored; it is
/// NaN when there is none. Throws IndexError for a label outside [0, classes) that is not
/// ignore_index, ShapeError unless there is a weight for each class, std::invalid_argument unless
/// 0 <= label_smoothing <= 1.
template <class T>
[[nodiscard]] Variable<T> cross_entropy(
    const Variable<T>& logits,
    Indices labels,
    const CrossEntropyOptions& options,
    Where where = Where::current());

/// Soft targets: -sum over c of w_c t_c l_c for rows of probabilities t (N, classes), smoothed to
/// (1 - s) t + s / classes. The mean is over rows. Gradients for logits and target;
/// ignore_index has no meaning here.
template <class T>
[[nodiscard]] Variable<T> cross_entropy(
    const Variable<T>& logits,
    const Variable<T>& target,
    const CrossEntropyOptions& options = {},
    Where where = Where::current());

}  // namespace xgrad
