// Layers that make noise in training and none in evaluation: Dropout, Dropout2d, AlphaDropout,
// GaussianNoise, DropConnect. The noise is a function of the layer's seed and the number of the
// forward, so a run replays, and freeze_noise() repeats it.
#pragma once

#include <nn/dense.hpp>
#include <nn/rng.hpp>
#include <ops/softmax.hpp>

#include <concepts>
#include <map>
#include <memory>
#include <string>

namespace xgrad::nn {

/// What the noisy layers have in common.
template <class T>
class NoiseLayer : public Module<T> {
public:
    /// The key of the last noise made.
    [[nodiscard]] DropoutKey key() const noexcept { return key_; }
    /// Continues after that key, as the layer did that had made its noise.
    void set_key(DropoutKey key) noexcept { key_ = key; }

protected:
    explicit NoiseLayer(DropoutKey key) noexcept : key_(key) {}
    /// A new key at every call, the same one while noise_is_frozen().
    [[nodiscard]] DropoutKey draw();

private:
    DropoutKey key_;
};

/// Where the noise of all layers of a module stands, by their paths: what a run needs, beside
/// state_dict(), to continue bit for bit.
template <class T>
[[nodiscard]] std::map<std::string, DropoutKey> noise_keys(Module<T>& module);
/// Continues there. Throws std::invalid_argument that lists every layer that is missing or left
/// over; then nothing has changed.
template <class T>
void set_noise_keys(Module<T>& module, const std::map<std::string, DropoutKey>& keys);

/// Inverted dropout (practice P7): in training each element is kept with probability `keep_prob`
/// and divided by it, by a new mask in every forward; in evaluation the identity.
template <class T = float>
class Dropout : public NoiseLayer<T> {
public:
    /// Draws its seed from `rng`. Throws std::invalid_argument unless 0 < keep_prob <= 1; then
    /// `rng` is as it was.
    Dropout(double keep_prob, Rng& rng);

    /// x of any shape; the result has it too.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

    [[nodiscard]] double keep_prob() const noexcept { return keep_prob_; }

protected:
    void remake(Copier& copier) const override;

private:
    double keep_prob_;
};

/// The same of whole channels: x (N, C, ...), a mask (N, C). Neighbouring pixels are so alike that
/// dropping single ones hides little [Tompson et al. 2015].
template <class T = float>
class Dropout2d : public NoiseLayer<T> {
public:
    /// As Dropout.
    Dropout2d(double keep_prob, Rng& rng);

    /// Throws ShapeError below rank 2.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

protected:
    void remake(Copier& copier) const override;

private:
    double keep_prob_;
};

/// Dropout for Selu networks: what is dropped becomes selu's limit at -infinity, and a scale and
/// a shift bring mean 0 and variance 1 back [Klambauer et al. 2017, 3].
template <class T = float>
class AlphaDropout : public NoiseLayer<T> {
public:
    /// As Dropout.
    AlphaDropout(double keep_prob, Rng& rng);

    /// x of any shape.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

protected:
    void remake(Copier& copier) const override;

private:
    double keep_prob_;
};

/// x + noise, normal with mean 0 and that deviation.
template <class T = float>
class GaussianNoise : public NoiseLayer<T> {
public:
    /// Draws its seed from `rng`. Throws std::invalid_argument unless 0 <= deviation < infinity;
    /// then `rng` is as it was.
    GaussianNoise(double deviation, Rng& rng);

    /// x of any shape.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

protected:
    void remake(Copier& copier) const override;

private:
    double deviation_;
};

/// A layer with dropout on its weight in the place of its results [Wan et al. 2013], inverted, so
/// that evaluation is the layer itself.
///
///     nn::DropConnect<float> layer(nn::Dense(784, 128, rng), 0.5, rng);
template <class T = float>
class DropConnect : public NoiseLayer<T> {
public:
    /// As Dropout. Throws std::invalid_argument for null, too. The layer is submodule "layer".
    DropConnect(std::shared_ptr<WeightedLayer<T>> layer, double keep_prob, Rng& rng);
    template <std::derived_from<WeightedLayer<T>> Layer>
    DropConnect(Layer layer, double keep_prob, Rng& rng)
        : DropConnect(std::make_shared<Layer>(std::move(layer)), keep_prob, rng) {}

    /// Throws what the layer throws.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

protected:
    void remake(Copier& copier) const override;

private:
    std::shared_ptr<WeightedLayer<T>> layer_;
    double keep_prob_;
};

}  // namespace xgrad::nn
