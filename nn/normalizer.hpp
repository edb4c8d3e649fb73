// Inputs of one size and place, by the figures of the training set.
#pragma once

#include <nn/input_normalizer.hpp>

namespace xgrad::data {

struct NormalizerOptions {
    bool per_feature = true;  ///< false: one mean and scale for all features, as for images
};

/// x := (x - mean) / scale, per feature, with the mean and the deviation of the training set:
/// mean = (1/m) sum x, scale^2 = (1/m) sum (x - mean)^2 over its m rows: two passes, summed in
/// double. A feature that is constant gets scale 1. state() is {"mean", "scale"}.
///
///     Normalizer<float> normalizer;
///     normalizer.fit(parts.train);
///     auto dev = normalizer.transform(*parts.dev);
template <class T>
class Normalizer final : public ShiftScale<T> {
public:
    explicit Normalizer(const NormalizerOptions& options = {})
        : ShiftScale<T>("Normalizer", "mean", options.per_feature) {}

    /// Of the shape of scale(). Throws std::logic_error before fit().
    [[nodiscard]] const Array<T>& mean() const { return this->shift(); }

private:
    using typename ShiftScale<T>::Figures;
    Figures figures(const T* x, std::size_t rows, std::size_t columns) const override;
};

struct MinMaxOptions {
    double low = 0;
    double high = 1;
    bool per_feature = true;  ///< false: one range for all features
};

/// The range of the training set, per feature, becomes [low, high]; other sets may reach beyond.
/// scale = (max - min) / (high - low) and shift = min - low scale; for a constant feature max - min
/// counts as 1, so that with the range [0, 1] its scale is 1. state() is {"shift", "scale"}.
template <class T>
class MinMaxNormalizer final : public ShiftScale<T> {
public:
    /// Throws std::invalid_argument unless low < high, both finite.
    explicit MinMaxNormalizer(const MinMaxOptions& options = {});

    /// What becomes 0, of the shape of scale(). Throws std::logic_error before fit().
    using ShiftScale<T>::shift;

private:
    using typename ShiftScale<T>::Figures;
    Figures figures(const T* x, std::size_t rows, std::size_t columns) const override;

    MinMaxOptions options_;
};

struct RobustOptions {
    double lower = 0.25;      ///< quantile
    double upper = 0.75;      ///< quantile
    bool per_feature = true;  ///< false: one median and range for all features
};

/// x := (x - median) / scale, where scale is the distance of two quantiles of the training set, so
/// that a few wild rows do not matter. Between two rows a quantile is interpolated linearly
/// [Hyndman and Fan 1996, definition 7]. A feature whose quantiles are equal gets scale 1. state()
/// is
/// {"median", "scale"}.
template <class T>
class RobustNormalizer final : public ShiftScale<T> {
public:
    /// Throws std::invalid_argument unless 0 <= lower < upper <= 1.
    explicit RobustNormalizer(const RobustOptions& options = {});

    /// Of the shape of scale(). Throws std::logic_error before fit().
    [[nodiscard]] const Array<T>& median() const { return this->shift(); }

private:
    using typename ShiftScale<T>::Figures;
    Figures figures(const T* x, std::size_t rows, std::size_t columns) const override;

    RobustOptions options_;
};

struct PerImageOptions {
    bool scale = false;  ///< divide by the image's deviation, too
};

/// Subtracts from each row its own mean, of all its elements, and may divide by its own deviation:
/// an image in the shade becomes like one in the sun. A constant row becomes 0. There is nothing to
/// take from a training set: fit() only checks that x has rows, and fitted() is always true.
/// state() is {"scale"}: 1 or 0, the option.
template <class T>
class PerImageMean final : public InputNormalizer<T> {
public:
    using typename InputNormalizer<T>::State;
    using InputNormalizer<T>::fit;
    using InputNormalizer<T>::transform;

    explicit PerImageMean(const PerImageOptions& options = {}) : options_(options) {}

    [[nodiscard]] const char* name() const noexcept override { return "PerImageMean"; }
    void fit(const Array<T>& x) override;
    [[nodiscard]] bool fitted() const noexcept override { return true; }
    /// Rows with elements of any shape. Throws ShapeError for an x without an axis.
    [[nodiscard]] Array<T> transform(Array<T> x) const override;
    /// Throws std::logic_error: the means are gone.
    [[nodiscard]] Array<T> inverse(Array<T> x) const override;
    [[nodiscard]] State state() const override;
    /// Takes the option over. Throws std::invalid_argument for a state that is none.
    void load_state(const State& state) override;
    /// Nothing to forget.
    void reset() noexcept override {}

private:
    PerImageOptions options_;
};

}  // namespace xgrad::data
