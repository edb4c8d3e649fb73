// Missing values filled in, by the figures of the training set.
#pragma once

#include <nn/input_normalizer.hpp>

namespace xgrad::data {

struct ImputerOptions {
    bool median = false;  ///< the median instead of the mean
};

/// Replaces each NaN by its feature's mean, or median, over the training rows that have a value: of
/// an even number of values the median is halfway between the middle two. It comes before a
/// normaliser, which takes no NaN.
///
///     Imputer<float> imputer;
///     imputer.fit(parts.train);
///     auto dev = imputer.transform(*parts.dev);
template <class T>
class Imputer final : public InputNormalizer<T> {
public:
    using typename InputNormalizer<T>::State;
    using InputNormalizer<T>::fit;
    using InputNormalizer<T>::transform;

    explicit Imputer(const ImputerOptions& options = {}) : options_(options) {}

    [[nodiscard]] const char* name() const noexcept override { return "Imputer"; }
    /// NaN is what is missing. Throws ShapeError for an x without rows or without an axis,
    /// std::invalid_argument for an infinity, an overflow or a feature that no row has; then
    /// nothing has changed.
    void fit(const Array<T>& x) override;
    [[nodiscard]] bool fitted() const noexcept override { return fitted_; }
    [[nodiscard]] Array<T> transform(Array<T> x) const override;
    /// Throws std::logic_error: which values were missing is not kept.
    [[nodiscard]] Array<T> inverse(Array<T> x) const override;
    /// What is filled in, of the shape of one row of x. Throws std::logic_error before fit().
    [[nodiscard]] const Array<T>& fill() const;
    /// {"fill"}.
    [[nodiscard]] State state() const override;
    void load_state(const State& state) override;
    void reset() noexcept override { fitted_ = false; }

private:
    [[nodiscard]] T figure(std::vector<T>& values) const;

    ImputerOptions options_;
    bool fitted_ = false;
    Array<T> fill_;
};

}  // namespace xgrad::data
