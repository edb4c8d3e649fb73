// Normalizations as layers; the functions are those of ops/normalization.hpp. Weights start at 1
// and biases at 0, so that a layer begins as the plain normalization; neither decays.
#pragma once

#include <nn/activation.hpp>
#include <nn/dense.hpp>
#include <ops/normalization.hpp>

#include <concepts>
#include <memory>
#include <string>

namespace xgrad::nn {

struct NormOptions {
    double epsilon = 1e-5;
    bool affine = true;  ///< with a weight and a bias
};

struct BatchNormOptions {
    double epsilon = 1e-5;
    double momentum = 0.1;  ///< the part of the way that running moments go to a batch's
    bool affine = true;     ///< with a weight and a bias
};

/// batch_norm with running moments: in training by the moments of the batch, towards which the
/// running ones move; in evaluation by the running ones. x (N, channels, ...). The running moments
/// are buffers, "running_mean" and "running_var"; a backward that computes the forward again
/// (checkpoint) does not move them twice.
template <class T>
class BatchNorm : public Module<T> {
public:
    /// Throws ShapeError unless x has `channels`, and as batch_norm.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;

    Variable<T> weight, bias;  ///< undefined without affine
    Variable<T> running_mean, running_var;

protected:
    /// Throws std::invalid_argument for 0 channels, epsilon <= 0, a momentum outside [0, 1].
    BatchNorm(const char* name, std::size_t channels, BatchNormOptions options);
    [[nodiscard]] std::string text() const;
    /// Throws ShapeError for a rank that the layer is not for.
    virtual void check_rank(const Variable<T>& x) const = 0;

    BatchNormOptions options_;
    const char* name_;
};

/// Of rows (N, channels) or (N, channels, length).
template <class T = float>
class BatchNorm1d : public BatchNorm<T> {
public:
    explicit BatchNorm1d(std::size_t channels, BatchNormOptions options = {});
    [[nodiscard]] std::string describe() const override;

protected:
    void check_rank(const Variable<T>& x) const override;
    void remake(Copier& copier) const override;
};

/// Of images (N, channels, rows, columns).
template <class T = float>
class BatchNorm2d : public BatchNorm<T> {
public:
    explicit BatchNorm2d(std::size_t channels, BatchNormOptions options = {});
    [[nodiscard]] std::string describe() const override;

protected:
    void check_rank(const Variable<T>& x) const override;
    void remake(Copier& copier) const override;
};

/// layer_norm over the trailing axes `shape`, which weight and bias have too.
template <class T = float>
class LayerNorm : public Module<T> {
public:
    explicit LayerNorm(const Shape& shape, NormOptions options = {});

    /// Throws as layer_norm.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

    Variable<T> weight, bias;  ///< undefined without affine

protected:
    void remake(Copier& copier) const override;

private:
    Shape shape_;
    NormOptions options_;
};

/// rms_norm over the trailing axes `shape`, which the weight has too.
template <class T = float>
class RMSNorm : public Module<T> {
public:
    explicit RMSNorm(const Shape& shape, NormOptions options = {});

    /// Throws as rms_norm.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

    Variable<T> weight;  ///< undefined without affine

protected:
    void remake(Copier& copier) const override;

private:
    Shape shape_;
    NormOptions options_;
};

/// group_norm: x (N, channels, ...), weight and bias (channels,).
template <class T = float>
class GroupNorm : public Module<T> {
public:
    /// Throws std::invalid_argument unless groups divides channels, both at least 1.
    GroupNorm(std::size_t groups, std::size_t channels, NormOptions options = {});

    /// Throws ShapeError unless x has `channels`.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

    Variable<T> weight, bias;  ///< undefined without affine

protected:
    void remake(Copier& copier) const override;

private:
    std::size_t groups_, channels_;
    NormOptions options_;
};

/// instance_norm: x (N, channels, ...), weight and bias (channels,). Not affine by default, as in
/// PyTorch.
template <class T = float>
class InstanceNorm : public Module<T> {
public:
    /// Throws std::invalid_argument for 0 channels.
    explicit InstanceNorm(std::size_t channels, NormOptions options = {.affine = false});

    /// Throws ShapeError unless x has `channels`, and as instance_norm.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

    Variable<T> weight, bias;  ///< undefined without affine

protected:
    void remake(Copier& copier) const override;

private:
    std::size_t channels_;
    NormOptions options_;
};

/// A layer whose weight is g v / |v|, length and direction apart, for each slice of its first axis
/// [Salimans and Kingma 2016]. Starts at the layer's own weight: "weight_v" is that, "weight_g"
/// (out, 1, ...) its norms.
///
///     nn::WeightNorm<float> layer(nn::Dense(784, 128, rng));
template <class T = float>
class WeightNorm : public Module<T> {
public:
    /// Takes the layer's weight and bias over, as parameters of its own. Throws
    /// std::invalid_argument for null.
    explicit WeightNorm(std::shared_ptr<WeightedLayer<T>> layer);
    template <std::derived_from<WeightedLayer<T>> Layer>
    explicit WeightNorm(Layer layer) : WeightNorm(std::make_shared<Layer>(std::move(layer))) {}

    /// Throws what the layer throws.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;
    [[nodiscard]] std::size_t multiply_adds(const Shape& x, const Shape& y) const override;

    Variable<T> weight_g, weight_v;
    Variable<T> bias;  ///< undefined without one

protected:
    void remake(Copier& copier) const override;

private:
    std::shared_ptr<WeightedLayer<T>> layer_;
};

/// x / (k + alpha m)^beta for the mean m of x^2 over `size` channels around each [Krizhevsky et al.
/// 2012, 3.3, with alpha times size], zeros beyond the first and the last: x (N, C, ...). Throws
/// std::invalid_argument for size 0; when called, ShapeError below rank 2.
template <class T = float>
[[nodiscard]] Lambda<T> LocalResponseNorm(
    std::size_t size, double alpha = 1e-4, double beta = 0.75, double k = 1);

}  // namespace xgrad::nn
