// Layers of products with a learnt weight: Dense, Bilinear, Maxout, Scale; Embedding, which picks
// rows of one.
#pragma once

#include <nn/init.hpp>
#include <nn/module.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace xgrad::nn {

/// A layer that is linear in its weight, so that WeightNorm and DropConnect can compute it with
/// another one.
template <class T>
class WeightedLayer : public Module<T> {
public:
    /// The layer with that weight and bias, which may be undefined, in the place of its own.
    [[nodiscard]] virtual Variable<T> forward_with(
        const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias) const = 0;
    /// forward_with(x, weight, bias), and the hooks, as operator() has them.
    [[nodiscard]] Variable<T> call_with(
        const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias);
    /// Throws what the layer's function throws.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;

    Variable<T> weight;
    Variable<T> bias;  ///< undefined without one
};

/// A fully connected layer (Linear): y = x W^T + b; x (..., in), y (..., out), W (out, in), b
/// (out,).
template <class T = float>
class Dense : public WeightedLayer<T> {
public:
    /// Draws the weight from `rng` by `weight_init`; the default, he_normal, keeps the scale of a
    /// relu network. The bias starts at 0. Throws std::invalid_argument when in or out is 0,
    /// ShapeError when the initializer makes another shape than (out, in).
    Dense(
        std::size_t in,
        std::size_t out,
        Rng& rng,
        bool bias = true,
        const init::Initializer<T>& weight_init = {});

    /// Throws ShapeError when x's last axis is not `in`.
    [[nodiscard]] Variable<T> forward_with(
        const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias) const override;
    [[nodiscard]] std::string describe() const override;
    [[nodiscard]] std::size_t multiply_adds(const Shape& x, const Shape& y) const override;

protected:
    void remake(Copier& copier) const override;
};

/// y_k = a^T W_k b + bias_k; a (..., in1), b (..., in2), y (..., out), W (out, in1, in2).
template <class T = float>
class Bilinear : public Module<T> {
public:
    /// Draws the weight with variance 1 / (in1 in2): products of inputs of variance 1 keep it. The
    /// bias starts at 0. Throws std::invalid_argument when an extent is 0.
    Bilinear(std::size_t in1, std::size_t in2, std::size_t out, Rng& rng, bool bias = true);

    /// Throws ShapeError unless a and b agree in the leading axes and end in in1 and in2.
    [[nodiscard]] Variable<T> forward(const Variable<T>& a, const Variable<T>& b);
    /// The same of x (..., in1 + in2), a and b one after the other.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;
    [[nodiscard]] std::size_t multiply_adds(const Shape& x, const Shape& y) const override;

    Variable<T> weight;
    Variable<T> bias;  ///< undefined without one

protected:
    void remake(Copier& copier) const override;
};

/// The largest of `pieces` linear functions for each of `out` units [Goodfellow et al. 2013]:
/// x (..., in), y (..., out), W (out pieces, in), b (out pieces,), the pieces of a unit together.
template <class T = float>
class Maxout : public Module<T> {
public:
    /// Draws the weight by lecun_normal: the largest of a few values of variance 1 has a mean
    /// square near 1 (exactly 1 for two pieces), so no gain is due. Throws std::invalid_argument
    /// when an extent is 0.
    Maxout(std::size_t in, std::size_t out, std::size_t pieces, Rng& rng);

    /// Throws ShapeError when x's last axis is not `in`.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;
    [[nodiscard]] std::size_t multiply_adds(const Shape& x, const Shape& y) const override;

    Variable<T> weight, bias;

protected:
    void remake(Copier& copier) const override;

private:
    std::size_t pieces_;
};

/// y = x * weight + bias for each element of the trailing axes: x (..., shape), weight and bias of
/// that shape.
template <class T = float>
class Scale : public Module<T> {
public:
    /// Starts as the identity: weight 1, bias 0. The weight does not decay: it is a scale.
    explicit Scale(const Shape& shape, bool bias = true);

    /// Throws ShapeError unless x ends in the shape.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

    Variable<T> weight;
    Variable<T> bias;  ///< undefined without one

protected:
    void remake(Copier& copier) const override;
};

/// Rows of a table for whole numbers: x of any shape, y (x's shape, width), weight (rows, width).
template <class T = float>
class Embedding : public Module<T> {
public:
    /// Draws the weight from the standard normal distribution, as inputs are normalised: what is
    /// looked up takes the place of an input. Row `padding_idx` starts at 0 and gets no gradient.
    /// Throws std::invalid_argument when an extent is 0 or padding_idx is not a row.
    Embedding(
        std::size_t rows,
        std::size_t width,
        Rng& rng,
        std::optional<std::int64_t> padding_idx = {});

    /// Throws IndexError for an index outside [0, rows).
    [[nodiscard]] Variable<T> look_up(const Array<std::int64_t>& indices) const;
    /// Of indices as numbers, so that it can stand first in Sequential; they have no gradient.
    /// Throws IndexError for one that is not whole, too.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

    Variable<T> weight;

protected:
    void remake(Copier& copier) const override;

private:
    std::optional<std::int64_t> padding_idx_;
};

}  // namespace xgrad::nn
