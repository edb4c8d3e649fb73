// Losses of distributions. `reduction` says what becomes of the elements' losses. All throw
// ShapeError when shapes do not fit or there is nothing to average.
#pragma once

#include <ops/loss.hpp>

namespace xgrad {

/// t (log t - x): x logarithms of probabilities, t probabilities; 0 where t is 0. The mean is over
/// elements: for the divergence itself, sum over classes and average over rows yourself. Gradients:
/// -t for x, log(t) + 1 - x for t, 0 where t is 0. With `log_target` the targets are logarithms l
/// of probabilities: e^l (l - x), 0 where l is -infinity. Gradients: -e^l, e^l (l + 1 - x).
template <class T>
[[nodiscard]] Variable<T> kl_div(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction = Reduction::mean,
    bool log_target = false,
    Where where = Where::current());

/// e^x - t x: x the logarithm of a Poisson distribution's rate, t the count; log(t!) is left out.
/// Gradients: e^x - t for x, -x for t.
template <class T>
[[nodiscard]] Variable<T> poisson_nll_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction = Reduction::mean,
    Where where = Where::current());

/// What poisson_nll_loss may do beside.
struct PoissonNllOptions {
    bool log_input = true;  ///< x is the logarithm of the rate; false: the rate itself
    bool full = false;  ///< adds Stirling's t log t - t + log(2 pi t) / 2 for log(t!) where t > 1
    double epsilon = 1e-8;  ///< added to a rate before its logarithm
    Reduction reduction = Reduction::mean;
};

/// poisson_nll_loss with options, as PyTorch's. For rates: x - t log(x + epsilon); gradients
/// 1 - t / (x + epsilon) for x, -log(x + epsilon) for t. `full` adds log t + 1 / (2 t) to t's where
/// t > 1. Throws std::invalid_argument unless epsilon > 0.
template <class T>
[[nodiscard]] Variable<T> poisson_nll_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    const PoissonNllOptions& options,
    Where where = Where::current());

/// (log v + (x - t)^2 / v) / 2, v = max(variance, epsilon) [Nix and Weigend 1994]; `full` adds
/// log(2 pi) / 2. x and target have one shape, the variance broadcasts to it. Its gradient is 0
/// below epsilon. Throws std::invalid_argument for a negative variance, or unless epsilon > 0.
template <class T>
[[nodiscard]] Variable<T> gaussian_nll_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    const std::type_identity_t<Variable<T>>& variance,
    double epsilon = 1e-6,
    Reduction reduction = Reduction::mean,
    bool full = false,
    Where where = Where::current());

/// a (1 - q)^gamma times binary_cross_entropy_with_logits, with q = s t + (1 - s) (1 - t),
/// s = sigmoid(x), a = alpha t + (1 - alpha) (1 - t) [Lin et al. 2017, eq. 5]. x are logits,
/// targets in [0, 1]. Throws std::invalid_argument unless 0 <= alpha <= 1 and gamma is 0 or at
/// least 1.
template <class T>
[[nodiscard]] Variable<T> focal_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    double alpha = 0.25,
    double gamma = 2,
    Reduction reduction = Reduction::mean,
    Where where = Where::current());

}  // namespace xgrad
