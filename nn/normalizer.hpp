// Inputs with mean 0 and deviation 1, by the figures of the training set.
#pragma once

#include <autograd/array.hpp>

#include <map>
#include <string>

namespace xgrad::data {

struct NormalizerOptions {
    bool per_feature = true;  ///< false: one mean and scale for all features, as for images
};

/// x := (x - mean) / scale, per feature, with the mean and the deviation of the training set:
/// mean = (1/m) sum x, scale^2 = (1/m) sum (x - mean)^2 over its m rows. Every other set takes the
/// same figures, and they are saved with the model.
///
///     Normalizer<float> normalizer;
///     normalizer.fit(train.x());
///     auto dev_x = normalizer.transform(dev.x());
template <class T>
class Normalizer {
public:
    using State = std::map<std::string, Array<T>>;

    explicit Normalizer(const NormalizerOptions& options = {}) : options_(options) {}

    /// Takes mean and scale from x of shape (m, ...): two passes, summed in double. A feature that
    /// is constant gets scale 1. Throws ShapeError for an x without rows or without an axis,
    /// std::invalid_argument for a NaN, an infinity or an overflow; then nothing has changed.
    void fit(const Array<T>& x);
    [[nodiscard]] bool fitted() const noexcept { return fitted_; }

    /// (x - mean) / scale and x * scale + mean, for x of shape (N, ...) with the feature shape of
    /// fit(). Pass std::move(x) to work in place. Throw std::logic_error before fit(), ShapeError
    /// for other features.
    [[nodiscard]] Array<T> transform(Array<T> x) const;
    [[nodiscard]] Array<T> inverse(Array<T> x) const;

    /// Of the shape of one row of x; of shape () for one mean and scale for all features. Throw
    /// std::logic_error before fit().
    [[nodiscard]] const Array<T>& mean() const;
    [[nodiscard]] const Array<T>& scale() const;

    /// {"mean", "scale"}, to save with the model. Throws std::logic_error before fit().
    [[nodiscard]] State state() const;
    /// Takes what state() gave, in place of fit(). Throws std::invalid_argument for other names, a
    /// scale that is not positive or a value that is not finite, ShapeError for shapes that
    /// differ; then nothing has changed.
    void load_state(const State& state);
    /// Forgets them: fitted() is false again.
    void reset() noexcept { fitted_ = false; }

private:
    void check(const char* function, const Array<T>& x) const;

    NormalizerOptions options_;
    bool fitted_ = false;
    Array<T> mean_;
    Array<T> scale_;
};

extern template class Normalizer<float>;
extern template class Normalizer<double>;

}  // namespace xgrad::data
