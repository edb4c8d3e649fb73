// Normalizations: groups of elements brought to mean 0 and variance 1, then scaled by a weight and
// shifted by a bias. With the group's mean m and variance v, the mean squared distance from it,
//     u = (x - m) / sqrt(v + epsilon),  y = u weight + bias.
// The variance takes two passes: no cancellation where the mean is large. Gradients, with g the
// gradient of y, h = g weight, n the size of a group, and sums over the group [Ioffe and Szegedy
// 2015, 3]:
//     dx = (h - sum(h) / n - u sum(h u) / n) / sqrt(v + epsilon),
//     dweight = the sum of g u, dbias = the sum of g, over the elements that share them.
// A group of equal elements, or of one, gives the bias, and dx as the formula has it. An undefined
// weight or bias, the default, stands for 1 or 0. Nothing in gives nothing out, and 0 for weight
// and bias. All throw ShapeError for shapes that do not fit, std::invalid_argument unless
// epsilon > 0.
#pragma once

#include <ops/statistic.hpp>

namespace xgrad {

/// Over the trailing axes, whose extents are `shape`, as are weight's and bias's: each sample for
/// itself [Ba et al. 2016, 3].
///
///     layer_norm(x, {512}, weight, bias)      x (..., 512)
template <class T>
[[nodiscard]] Variable<T> layer_norm(
    const Variable<T>& x,
    const Shape& shape,
    const std::type_identity_t<Variable<T>>& weight = {},
    const std::type_identity_t<Variable<T>>& bias = {},
    double epsilon = 1e-5,
    Where where = Where::current());

/// x / sqrt(mean(x^2) + epsilon) weight over the trailing axes of that shape, without mean and bias
/// [Zhang and Sennrich 2019, 4]. Gradients: as above without the term of sum(h), u = y / weight.
/// (PyTorch's default epsilon is the type's machine epsilon.)
template <class T>
[[nodiscard]] Variable<T> rms_norm(
    const Variable<T>& x,
    const Shape& shape,
    const std::type_identity_t<Variable<T>>& weight = {},
    double epsilon = 1e-5,
    Where where = Where::current());

/// x (N, C, ...) over `groups` groups of C / groups neighbouring channels of each sample
/// [Wu and He 2018, 3.1]; weight and bias (C,). Throws std::invalid_argument unless groups divides
/// C.
template <class T>
[[nodiscard]] Variable<T> group_norm(
    const Variable<T>& x,
    std::size_t groups,
    const std::type_identity_t<Variable<T>>& weight = {},
    const std::type_identity_t<Variable<T>>& bias = {},
    double epsilon = 1e-5,
    Where where = Where::current());

/// x (N, C, ...) over each channel of each sample [Ulyanov et al. 2016]; weight and bias (C,).
/// Throws std::invalid_argument where a channel has one element, whose result would be the bias.
template <class T>
[[nodiscard]] Variable<T> instance_norm(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight = {},
    const std::type_identity_t<Variable<T>>& bias = {},
    double epsilon = 1e-5,
    Where where = Where::current());

/// What batch_norm gives in training.
template <class T>
struct BatchNormalized {
    Variable<T> y;
    Moments<T> moments;  ///< of the batch, (C,) each, constants; the variance divides by `count`
    std::size_t count;   ///< elements of a channel
};

/// In training: x (N, C, ...) over each channel of the whole batch [Ioffe and Szegedy 2015, 3];
/// weight and bias (C,). Throws std::invalid_argument where a channel has one element, whose result
/// would be the bias.
///
///     auto out = batch_norm(x, weight, bias);
///     update_running(running, out);            running: Moments<T> of two leaves
///     out.y ...
template <class T>
[[nodiscard]] BatchNormalized<T> batch_norm(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight = {},
    const std::type_identity_t<Variable<T>>& bias = {},
    double epsilon = 1e-5,
    Where where = Where::current());

/// In evaluation: batch_norm with given moments (C,), such as the running ones. Gradients:
/// g weight / sqrt(v + epsilon) for x, and those of the formula for moments that ask for one.
template <class T>
[[nodiscard]] Variable<T> batch_norm_eval(
    const Variable<T>& x,
    const Moments<T>& moments,
    const std::type_identity_t<Variable<T>>& weight = {},
    const std::type_identity_t<Variable<T>>& bias = {},
    double epsilon = 1e-5,
    Where where = Where::current());

/// Moves running moments, two leaves (C,), a part `momentum` of the way to a batch's, in place and
/// unrecorded; to its unbiased variance, which divides by count - 1 (PyTorch's update). Throws
/// std::invalid_argument unless 0 <= momentum <= 1 and count >= 2, GraphError for no leaves; then
/// nothing has changed.
template <class T>
void update_running(
    const Moments<T>& running, const BatchNormalized<T>& batch, double momentum = 0.1);

}  // namespace xgrad
