// Penalties on the weights, to be added to a loss, and a bound on their norm. Weights are the
// parameters that decay: biases and the scales of normalisation are left out.
#pragma once

#include <nn/module.hpp>

#include <vector>

namespace xgrad::optim {

/// (lambda / 2m) times the sum of the squares of all parameters that decay, of shape (), to be
/// added to a mean loss over m examples: its gradient is (lambda / m) w. 0 when none decays. Throws
/// std::invalid_argument for a negative or non-finite lambda and for m = 0.
template <class T>
[[nodiscard]] Variable<T> l2_penalty(
    const std::vector<nn::Parameter<T>>& parameters, double lambda, std::size_t m);

/// (lambda / m) times the sum of |w| over all parameters that decay, of shape () [Tibshirani
/// 1996, equation 1; practice P5]: its gradient is (lambda / m) sign(w), 0 at 0. Throws as
/// l2_penalty() does.
template <class T>
[[nodiscard]] Variable<T> l1_penalty(
    const std::vector<nn::Parameter<T>>& parameters, double lambda, std::size_t m);

/// l1_penalty(l1_ratio lambda) + l2_penalty((1 - l1_ratio) lambda) [Zou and Hastie 2005, section
/// 2.1, with the halved square]. Throws as l2_penalty() does, and for a ratio outside [0, 1].
template <class T>
[[nodiscard]] Variable<T> elastic_net_penalty(
    const std::vector<nn::Parameter<T>>& parameters, double lambda, double l1_ratio, std::size_t m);

/// Scales down what is longer than max_norm: every w[i] of a weight (out, in, ...), all that comes
/// into one unit, to the 2-norm max_norm; call it after step(). Weights of rank below 2 and
/// parameters that do not decay stay [Srivastava et al. 2014, section 5.1]. Throws
/// std::invalid_argument unless max_norm is positive.
template <class T>
void apply_max_norm(const std::vector<nn::Parameter<T>>& parameters, double max_norm);

/// The share of elements with |w| <= tolerance among the parameters that decay, 0 to 1: how sparse
/// L1 has made them. 0 when none decays. Throws std::invalid_argument for a negative or NaN
/// tolerance.
template <class T>
[[nodiscard]] double zero_share(
    const std::vector<nn::Parameter<T>>& parameters, double tolerance = 0);

}  // namespace xgrad::optim
