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

/// Variance gain^2 / fan_in; the gain of relu is sqrt(2), which keeps the mean square of its
/// activations from layer to layer [He et al. 2015, eq. 10]. Also called kaiming. Throws ShapeError
/// below rank 2, std::invalid_argument for a negative gain.
template <class T>
[[nodiscard]] Array<T> he_normal(const Shape& shape, Rng& rng, double gain = 1.4142135623730951);
template <class T>
[[nodiscard]] Array<T> he_uniform(const Shape& shape, Rng& rng, double gain = 1.4142135623730951);

/// Variance 2 gain^2 / (fan_in + fan_out): between keeping activations and keeping gradients
/// [Glorot and Bengio 2010, eq. 12]. Also called glorot. Throws as he_normal.
template <class T>
[[nodiscard]] Array<T> xavier_normal(const Shape& shape, Rng& rng, double gain = 1);
template <class T>
[[nodiscard]] Array<T> xavier_uniform(const Shape& shape, Rng& rng, double gain = 1);

/// Variance 1 / fan_in, for tanh and for self-normalising networks [LeCun et al. 1998, 4.6]. Throws
/// ShapeError below rank 2.
template <class T>
[[nodiscard]] Array<T> lecun_normal(const Shape& shape, Rng& rng);
template <class T>
[[nodiscard]] Array<T> lecun_uniform(const Shape& shape, Rng& rng);

}  // namespace xgrad::init
