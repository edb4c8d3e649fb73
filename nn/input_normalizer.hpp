// What every normaliser of inputs can do, and the form that most of them have.
#pragma once

#include <autograd/array.hpp>
#include <nn/data.hpp>

#include <map>
#include <string>
#include <vector>

namespace xgrad::data {

/// Takes figures from the training set, and applies them to every set; they are saved with the
/// model (practice P10).
template <class T>
class InputNormalizer {
public:
    using State = std::map<std::string, Array<T>>;

    virtual ~InputNormalizer() = default;
    /// "MinMaxNormalizer".
    [[nodiscard]] virtual const char* name() const noexcept = 0;

    /// Takes the figures from x of shape (m, ...). Throws ShapeError for an x without rows or
    /// without an axis, std::invalid_argument for a NaN, an infinity or an overflow; then nothing
    /// has changed.
    virtual void fit(const Array<T>& x) = 0;
    /// From the features of a training set, or of an unsplit one. Throws std::invalid_argument for
    /// a dev, train-dev or test part: its figures must not reach the training.
    void fit(const Dataset<T>& dataset);
    [[nodiscard]] virtual bool fitted() const noexcept = 0;

    /// For x of shape (N, ...) with the feature shape of fit(). Pass std::move(x) to work in place.
    /// Throws std::logic_error before fit(), ShapeError for other features.
    [[nodiscard]] virtual Array<T> transform(Array<T> x) const = 0;
    /// The same labels or targets and the same part, the features transformed.
    [[nodiscard]] Dataset<T> transform(const Dataset<T>& dataset) const;
    /// Undoes transform(). Throws as that does.
    [[nodiscard]] virtual Array<T> inverse(Array<T> x) const = 0;

    /// To save with the model. Throws std::logic_error before fit().
    [[nodiscard]] virtual State state() const = 0;
    /// Takes what state() gave, in place of fit(). Throws std::invalid_argument for other names, a
    /// scale that is not positive or a value that is not finite, ShapeError for shapes that
    /// differ; then nothing has changed.
    virtual void load_state(const State& state) = 0;
    /// Forgets them: fitted() is false again.
    virtual void reset() noexcept = 0;

protected:
    InputNormalizer() = default;
    InputNormalizer(const InputNormalizer&) = default;
    InputNormalizer(InputNormalizer&&) noexcept = default;
    InputNormalizer& operator=(const InputNormalizer&) = default;
    InputNormalizer& operator=(InputNormalizer&&) noexcept = default;
};

/// x := (x - shift) / scale, with a shift and a scale per feature, or one of each for all features.
/// What they are, a derived class says.
template <class T>
class ShiftScale : public InputNormalizer<T> {
public:
    using typename InputNormalizer<T>::State;
    using InputNormalizer<T>::fit;
    using InputNormalizer<T>::transform;

    [[nodiscard]] const char* name() const noexcept override { return name_; }
    void fit(const Array<T>& x) override;
    [[nodiscard]] bool fitted() const noexcept override { return fitted_; }
    [[nodiscard]] Array<T> transform(Array<T> x) const override;
    [[nodiscard]] Array<T> inverse(Array<T> x) const override;
    /// Of the shape of one row of x; of shape () for one of all features. Throws std::logic_error
    /// before fit().
    [[nodiscard]] const Array<T>& scale() const;
    [[nodiscard]] State state() const override;
    void load_state(const State& state) override;
    void reset() noexcept override { fitted_ = false; }

protected:
    /// Of each feature, or one of each for all; a scale of 0 counts as 1.
    struct Figures {
        std::vector<double> shift;
        std::vector<double> scale;
    };

    /// The names of the class, and of the shift in state() and in errors; they outlive the object.
    ShiftScale(const char* name, const char* shift_name, bool per_feature)
        : name_(name),
          shift_name_(shift_name),
          per_feature_(per_feature) {}
    [[nodiscard]] const Array<T>& shift() const;

private:
    /// Of x, which has elements, seen as a matrix: a column for each feature.
    [[nodiscard]] virtual Figures figures(
        const T* x, std::size_t rows, std::size_t columns) const = 0;
    void check(const char* function, const Array<T>& x) const;

    const char* name_;
    const char* shift_name_;
    bool per_feature_;
    bool fitted_ = false;
    Array<T> shift_;
    Array<T> scale_;
};

}  // namespace xgrad::data
