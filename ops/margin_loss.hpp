// Losses of margins, of pairs, and of distributions. `reduction` says what becomes of the elements'
// losses. All throw ShapeError when shapes do not fit or there is nothing to average.
#pragma once

#include <ops/loss.hpp>

namespace xgrad {

/// max(0, 1 - t x): x scores, targets t = 1 or -1. Gradient for x: -t where t x < 1, else 0.
template <class T>
[[nodiscard]] Variable<T> hinge_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction = Reduction::mean,
    Where where = Where::current());

/// sum over j != y of max(0, margin - x_y + x_j)^p / classes for each row of scores
/// (N, classes), y its label [Crammer and Singer 2001, summed]. Reduction::none gives (N,). The
/// gradient is 0 at a margin met exactly. Throws IndexError for a label outside [0, classes),
/// std::invalid_argument unless p is 1 or 2.
template <class T>
[[nodiscard]] Variable<T> multi_margin_loss(
    const Variable<T>& scores,
    Indices labels,
    int p = 1,
    double margin = 1,
    Reduction reduction = Reduction::mean,
    Where where = Where::current());

/// max(0, |anchor - positive| - |anchor - negative| + margin), p-norms along the last axis
/// [Schroff et al. 2015]; the three broadcast. Gradients: pairwise_distance's, 0 at distance 0 and
/// at a margin met.
template <class T>
[[nodiscard]] Variable<T> triplet_margin_loss(
    const Variable<T>& anchor,
    const std::type_identity_t<Variable<T>>& positive,
    const std::type_identity_t<Variable<T>>& negative,
    double margin = 1,
    double p = 2,
    Reduction reduction = Reduction::mean,
    Where where = Where::current());

/// 1 - c for a target 1 and max(0, c - margin) for a target -1, c the cosine of a and b along the
/// last axis. a and b have one shape, the target the same without that axis.
template <class T>
[[nodiscard]] Variable<T> cosine_embedding_loss(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    const std::type_identity_t<Variable<T>>& target,
    double margin = 0,
    Reduction reduction = Reduction::mean,
    Where where = Where::current());

/// t (log t - x): x logarithms of probabilities, t probabilities; 0 where t is 0. The mean is over
/// elements: for the divergence itself, sum over classes and average over rows yourself. Gradients:
/// -t for x, log(t) + 1 - x for t, 0 where t is 0.
template <class T>
[[nodiscard]] Variable<T> kl_div(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction = Reduction::mean,
    Where where = Where::current());

/// e^x - t x: x the logarithm of a Poisson distribution's rate, t the count; log(t!) is left out.
/// Gradients: e^x - t for x, -x for t.
template <class T>
[[nodiscard]] Variable<T> poisson_nll_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction = Reduction::mean,
    Where where = Where::current());

/// (log v + (x - t)^2 / v) / 2, v = max(variance, epsilon) [Nix and Weigend 1994]; log(2 pi) / 2 is
/// left out. x and target have one shape, the variance broadcasts to it. Its gradient is 0 below
/// epsilon. Throws std::invalid_argument for a negative variance, or unless epsilon > 0.
template <class T>
[[nodiscard]] Variable<T> gaussian_nll_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    const std::type_identity_t<Variable<T>>& variance,
    double epsilon = 1e-6,
    Reduction reduction = Reduction::mean,
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
