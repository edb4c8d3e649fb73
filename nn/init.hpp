// Initial weights. fan_in and fan_out are the inputs and outputs of a layer's unit: a weight
// (out, in, ...) has fan_in = in times the rest and fan_out = out times the rest.
//
// Widely read lecture notes print the factors for relu and tanh the wrong way round. Right is
// variance 2 / fan_in for relu (he) and 1 / fan_in for tanh (lecun): with 1 / fan_in a relu
// network of 50 layers shrinks its signal by 3e-8.
//
// Each returns a new array of `shape`. The random ones advance `rng`, but not when they throw.
#pragma once

#include <autograd/array.hpp>
#include <nn/rng.hpp>

#include <functional>

namespace xgrad::init {

/// Draws the initial value of a parameter of that shape.
template <class T>
using Initializer = std::function<Array<T>(const Shape& shape, Rng& rng)>;

struct Fans {
    std::size_t in, out;
};

/// The fans of a weight (out, in, ...). Throws ShapeError below rank 2.
[[nodiscard]] Fans fans(const Shape& shape);

/// Every element is `value`, rounded to T. Any shape, () is one element.
template <class T>
[[nodiscard]] Array<T> constant(const Shape& shape, double value);
/// Every element is 0: how biases start. Any shape.
template <class T>
[[nodiscard]] Array<T> zeros(const Shape& shape) {
    return constant<T>(shape, 0);
}

/// Normal with mean 0 and that deviation, any shape. Throws std::invalid_argument for a negative
/// one.
template <class T>
[[nodiscard]] Array<T> normal(const Shape& shape, Rng& rng, double deviation = 1);
/// Uniform on [-bound, bound), any shape. Throws std::invalid_argument for a negative bound.
template <class T>
[[nodiscard]] Array<T> uniform(const Shape& shape, Rng& rng, double bound = 1);

/// Normal, drawn again beyond two standard deviations of its own; scaled so that what remains has
/// mean 0 and that deviation. The largest element is 2.2737 deviations from 0. Throws as normal.
template <class T>
[[nodiscard]] Array<T> truncated_normal(const Shape& shape, Rng& rng, double deviation = 1);

/// What follows a layer.
enum class Nonlinearity { linear, sigmoid, tanh, relu, leaky_relu, selu };

/// The factor for a weight's deviation, beside 1 / sqrt(fan_in), that suits what follows: relu
/// sqrt(2), leaky_relu sqrt(2 / (1 + slope^2)) [He et al. 2015, eq. 15]; linear and sigmoid 1,
/// tanh 5 / 3, selu 3 / 4, which are PyTorch's. For self-normalising networks selu takes 1.
[[nodiscard]] double gain(Nonlinearity f, double slope = 0.01);

/// Which fan the variance is divided by: `in` keeps the scale of activations, `out` that of
/// gradients [He et al. 2015, 2.2].
enum class Fan { in, out };

/// Variance gain^2 / fan; the gain of relu is sqrt(2), which keeps the mean square of its
/// activations from layer to layer [He et al. 2015, eq. 10]. Also called kaiming. Throws ShapeError
/// below rank 2, std::invalid_argument for a negative gain.
template <class T>
[[nodiscard]] Array<T> he_normal(
    const Shape& shape, Rng& rng, double gain = 1.4142135623730951, Fan fan = Fan::in);
template <class T>
[[nodiscard]] Array<T> he_uniform(
    const Shape& shape, Rng& rng, double gain = 1.4142135623730951, Fan fan = Fan::in);
template <class T>
[[nodiscard]] Array<T> he_truncated(
    const Shape& shape, Rng& rng, double gain = 1.4142135623730951, Fan fan = Fan::in);

/// Variance 2 gain^2 / (fan_in + fan_out): between keeping activations and keeping gradients
/// [Glorot and Bengio 2010, eq. 12]. Also called glorot. Throws as he_normal.
template <class T>
[[nodiscard]] Array<T> xavier_normal(const Shape& shape, Rng& rng, double gain = 1);
template <class T>
[[nodiscard]] Array<T> xavier_uniform(const Shape& shape, Rng& rng, double gain = 1);
template <class T>
[[nodiscard]] Array<T> xavier_truncated(const Shape& shape, Rng& rng, double gain = 1);

/// Variance 1 / fan_in, for tanh and for self-normalising networks [LeCun et al. 1998, 4.6]. Throws
/// ShapeError below rank 2.
template <class T>
[[nodiscard]] Array<T> lecun_normal(const Shape& shape, Rng& rng);
template <class T>
[[nodiscard]] Array<T> lecun_uniform(const Shape& shape, Rng& rng);
template <class T>
[[nodiscard]] Array<T> lecun_truncated(const Shape& shape, Rng& rng);

/// gain times a matrix (out, the rest) with orthonormal rows, or columns where there are more rows,
/// each such matrix equally likely: Q of a normal matrix's QR, its signs those that make R's
/// diagonal positive [Saxe et al. 2014; Mezzadri 2007]. Throws as he_normal.
template <class T>
[[nodiscard]] Array<T> orthogonal(const Shape& shape, Rng& rng, double gain = 1);

/// A matrix (out, in) in which each column, one input, has round(zeros out) elements 0, at random,
/// and the others normal [Martens 2010, 5]. Throws ShapeError unless the rank is 2,
/// std::invalid_argument unless 0 <= zeros <= 1, and for a negative deviation.
template <class T>
[[nodiscard]] Array<T> sparse(const Shape& shape, Rng& rng, double zeros, double deviation = 0.01);

/// gain on the diagonal of a matrix, 0 elsewhere: a layer that passes its input on. Throws
/// ShapeError unless the rank is 2.
template <class T>
[[nodiscard]] Array<T> identity(const Shape& shape, double gain = 1);

/// The same for a convolution (out, in, kernel...): in each of `groups`, output i is input i, by a
/// 1 in the kernel's middle, as far as there are inputs. Throws ShapeError below rank 3,
/// std::invalid_argument unless groups divides out.
template <class T>
[[nodiscard]] Array<T> dirac(const Shape& shape, std::size_t groups = 1);

}  // namespace xgrad::init
