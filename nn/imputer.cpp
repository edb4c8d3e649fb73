#include <autograd/fail.hpp>
#include <nn/imputer.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace xgrad::data {
namespace {

// Of x's rows.
template <class T>
Shape features_of(const Array<T>& x) {
    return Shape(x.shape().begin() + 1, x.shape().end());
}

}  // namespace

// Of finite values, at least one; changes their order.
template <class T>
T Imputer<T>::figure(std::vector<T>& values) const {
    if (!options_.median) {
        const auto first = static_cast<double>(values[0]);  // so that equal values give just that
        double sum = 0;
        for (const T value : values)
            sum += static_cast<double>(value) - first;
        return static_cast<T>(first + sum / static_cast<double>(values.size()));
    }
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    if (values.size() % 2 == 1)
        return *middle;
    const T below = *std::max_element(values.begin(), middle);
    return below / 2 + *middle / 2;
}

template <class T>
void Imputer<T>::fit(const Array<T>& x) {
    if (x.dimension() == 0 || x.shape()[0] == 0)
        fail<ShapeError>("Imputer::fit: x has shape {}; need at least one row", Shape(x.shape()));
    Array<T> fill = empty<T>(features_of(x));
    const std::size_t rows = x.shape()[0];
    for (std::size_t feature = 0; feature < fill.size(); ++feature) {
        std::vector<T> values;
        for (std::size_t row = 0; row < rows; ++row) {
            const T value = x.data()[row * fill.size() + feature];
            if (std::isinf(value)) {
                fail<std::invalid_argument>(
                    "Imputer::fit: feature {} of row {} is {}; need finite values, or NaN",
                    feature,
                    row,
                    value);
            }
            if (!std::isnan(value))
                values.push_back(value);
        }
        if (values.empty()) {
            fail<std::invalid_argument>(
                "Imputer::fit: feature {} is missing in all {} rows; need one that has it",
                feature,
                rows);
        }
        fill.data()[feature] = figure(values);
        if (!std::isfinite(fill.data()[feature])) {
            fail<std::invalid_argument>(
                "Imputer::fit: the mean of feature {} overflows; need smaller values", feature);
        }
    }
    fill_ = std::move(fill);
    fitted_ = true;
}

template <class T>
Array<T> Imputer<T>::transform(Array<T> x) const {
    const Array<T>& fill = this->fill();
    if (x.dimension() == 0 || features_of(x) != Shape(fill.shape())) {
        fail<ShapeError>(
            "Imputer::transform: x has shape {}; need rows of shape {}",
            Shape(x.shape()),
            Shape(fill.shape()));
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (std::isnan(x.data()[i]))
            x.data()[i] = fill.data()[i % fill.size()];
    }
    return x;
}

template <class T>
Array<T> Imputer<T>::inverse(Array<T> /*x*/) const {
    throw std::logic_error(
        "Imputer::inverse: which values were missing is not kept; need the rows as they were");
}

template <class T>
const Array<T>& Imputer<T>::fill() const {
    if (!fitted_)
        throw std::logic_error("Imputer: nothing to fill in yet; need fit() or load_state() first");
    return fill_;
}

template <class T>
auto Imputer<T>::state() const -> State {
    return {{"fill", fill()}};
}

template <class T>
void Imputer<T>::load_state(const State& state) {
    if (state.size() != 1 || !state.contains("fill"))
        throw std::invalid_argument("Imputer::load_state: need \"fill\" and nothing else");
    const Array<T>& fill = state.at("fill");
    for (std::size_t i = 0; i < fill.size(); ++i) {
        if (!std::isfinite(fill.data()[i])) {
            fail<std::invalid_argument>(
                "Imputer::load_state: \"fill\" has {} at {}; need finite values",
                fill.data()[i],
                i);
        }
    }
    fill_ = fill;
    fitted_ = true;
}

template class Imputer<float>;
template class Imputer<double>;

}  // namespace xgrad::data
