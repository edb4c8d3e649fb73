// Convolutions as layers; the options are those of ops/convolution.hpp.
//
// Each draws its weight by he_normal, for the relu that commonly follows: variance 2 over the
// number of products that are added up in an element of the result. For a convolution that is
// channels / groups times the kernel, its fan_in. A transposed one spreads each element over the
// kernel, every stride, so it is channels / groups times kernel / stride (at least 1; PyTorch takes
// its fan_in from the wrong axis). Biases start at 0 and do not decay. All constructors throw
// std::invalid_argument for an extent or stride of 0 and for groups that do not divide the
// channels, ShapeError when an initializer makes another shape.
#pragma once

#include <nn/dense.hpp>
#include <ops/convolution.hpp>

#include <string>

namespace xgrad::nn {

/// conv1d: x (N, in, length), weight (out, in / groups, kernel), bias (out,).
template <class T = float>
class Conv1d : public WeightedLayer<T> {
public:
    Conv1d(
        std::size_t in,
        std::size_t out,
        std::size_t kernel,
        Rng& rng,
        Conv1dOptions options = {},
        bool bias = true,
        const init::Initializer<T>& weight_init = {});

    /// Throws ShapeError when x is not (N, in, length) or the kernel spans more.
    [[nodiscard]] Variable<T> forward_with(
        const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias) const override;
    [[nodiscard]] std::string describe() const override;
    [[nodiscard]] std::size_t multiply_adds(const Shape& x, const Shape& y) const override;

protected:
    void remake(Copier& copier) const override;

private:
    Conv1dOptions options_;
};

/// conv2d: x (N, in, rows, columns), weight (out, in / groups, kernel rows, kernel columns).
///
///     nn::Conv2d<float> layer(3, 16, 3, rng, {.padding = 1});
template <class T = float>
class Conv2d : public WeightedLayer<T> {
public:
    Conv2d(
        std::size_t in,
        std::size_t out,
        RowsColumns kernel,
        Rng& rng,
        Conv2dOptions options = {},
        bool bias = true,
        const init::Initializer<T>& weight_init = {});

    /// Throws ShapeError when x is not (N, in, rows, columns) or the kernel spans more.
    [[nodiscard]] Variable<T> forward_with(
        const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias) const override;
    [[nodiscard]] std::string describe() const override;
    [[nodiscard]] std::size_t multiply_adds(const Shape& x, const Shape& y) const override;

protected:
    void remake(Copier& copier) const override;

private:
    Conv2dOptions options_;
};

/// conv_transpose1d: x (N, in, length), weight (in, out / groups, kernel), bias (out,).
template <class T = float>
class ConvTranspose1d : public WeightedLayer<T> {
public:
    ConvTranspose1d(
        std::size_t in,
        std::size_t out,
        std::size_t kernel,
        Rng& rng,
        ConvTranspose1dOptions options = {},
        bool bias = true,
        const init::Initializer<T>& weight_init = {});

    /// Throws ShapeError when x is not (N, in, length).
    [[nodiscard]] Variable<T> forward_with(
        const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias) const override;
    [[nodiscard]] std::string describe() const override;
    [[nodiscard]] std::size_t multiply_adds(const Shape& x, const Shape& y) const override;

protected:
    void remake(Copier& copier) const override;

private:
    ConvTranspose1dOptions options_;
};

/// conv_transpose2d: x (N, in, rows, columns), weight (in, out / groups, kernel rows, columns).
template <class T = float>
class ConvTranspose2d : public WeightedLayer<T> {
public:
    ConvTranspose2d(
        std::size_t in,
        std::size_t out,
        RowsColumns kernel,
        Rng& rng,
        ConvTranspose2dOptions options = {},
        bool bias = true,
        const init::Initializer<T>& weight_init = {});

    /// Throws ShapeError when x is not (N, in, rows, columns).
    [[nodiscard]] Variable<T> forward_with(
        const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias) const override;
    [[nodiscard]] std::string describe() const override;
    [[nodiscard]] std::size_t multiply_adds(const Shape& x, const Shape& y) const override;

protected:
    void remake(Copier& copier) const override;

private:
    ConvTranspose2dOptions options_;
};

}  // namespace xgrad::nn
