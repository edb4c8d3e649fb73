// Losses of margins and of pairs. `reduction` says what becomes of the elements' losses. All throw
// ShapeError when shapes do not fit or there is nothing to average.
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

/// x for a target 1 and max(0, margin - x) for a target -1: x distances. Gradient for x: 1, and -1
/// where x < margin.
template <class T>
[[nodiscard]] Variable<T> hinge_embedding_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    double margin = 1,
    Reduction reduction = Reduction::mean,
    Where where = Where::current());

/// w_y sum over j != y of max(0, margin - x_y + x_j)^p / classes for each row of scores
/// (N, classes), y its label [Crammer and Singer 2001, summed], w_y its class weight, 1 when none
/// are given. Reduction::none gives (N,); the mean divides by N. The gradient is 0 at a margin met
/// exactly. Throws IndexError for a label outside [0, classes), ShapeError unless there is a weight
/// for each class, std::invalid_argument unless p is 1 or 2.
template <class T>
[[nodiscard]] Variable<T> multi_margin_loss(
    const Variable<T>& scores,
    Indices labels,
    int p = 1,
    double margin = 1,
    Reduction reduction = Reduction::mean,
    const std::vector<double>& class_weights = {},
    Where where = Where::current());

/// max(0, |anchor - positive| - |anchor - negative| + margin), p-norms along the last axis
/// [Schroff et al. 2015]; the three broadcast. With `swap` the second distance is the smaller one
/// of |anchor - negative| and |positive - negative| [Balntas et al. 2016, 3.2]. Gradients:
/// pairwise_distance's, 0 at distance 0 and at a margin met.
template <class T>
[[nodiscard]] Variable<T> triplet_margin_loss(
    const Variable<T>& anchor,
    const std::type_identity_t<Variable<T>>& positive,
    const std::type_identity_t<Variable<T>>& negative,
    double margin = 1,
    double p = 2,
    Reduction reduction = Reduction::mean,
    bool swap = false,
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

}  // namespace xgrad
