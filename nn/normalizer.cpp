#include <autograd/fail.hpp>
#include <nn/normalizer.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

namespace xgrad::data {
namespace {

Shape row_shape(const Shape& shape) { return Shape(shape.begin() + 1, shape.end()); }

struct Moments {
    std::vector<double> mean;
    std::vector<double> deviation;
};

void pool(std::vector<double>& values) {
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    std::ranges::fill(values, sum / static_cast<double>(values.size()));
}

// Of each column; `pooled`: of all elements, repeated. Sums differences from the first row, which
// for a constant feature are exactly 0.
template <class T>
Moments moments(const Array<T>& x, bool pooled) {
    const std::size_t rows = x.shape()[0];
    const std::size_t features = x.size() / rows;
    const auto m = static_cast<double>(rows);
    std::vector<double> mean(x.data(), x.data() + features);
    if (pooled)
        std::ranges::fill(mean, mean[0]);
    std::vector<double> sums(features);
    for (std::size_t i = 0; i < rows; ++i) {
        const T* row = x.data() + i * features;
        for (std::size_t j = 0; j < features; ++j)
            sums[j] += static_cast<double>(row[j]) - mean[j];
    }
    if (pooled)
        pool(sums);
    for (std::size_t j = 0; j < features; ++j)
        mean[j] += sums[j] / m;

    std::vector<double> deviation(features);
    for (std::size_t i = 0; i < rows; ++i) {
        const T* row = x.data() + i * features;
        for (std::size_t j = 0; j < features; ++j) {
            const double d = static_cast<double>(row[j]) - mean[j];
            deviation[j] += d * d;
        }
    }
    if (pooled)
        pool(deviation);
    for (double& d : deviation)
        d = std::sqrt(d / m);
    return {std::move(mean), std::move(deviation)};
}

template <class T>
const Array<T>& entry(const typename Normalizer<T>::State& state, const char* name) {
    const auto found = state.find(name);
    if (found == state.end()) {
        fail<std::invalid_argument>(
            "Normalizer::load_state: there is no \"{}\" among {} entries; need \"mean\" and "
            "\"scale\"",
            name,
            state.size());
    }
    return found->second;
}

// The array as rows of the mean's size, each element with its mean and scale.
template <class T, class F>
void for_each(Array<T>& x, const Array<T>& mean, const Array<T>& scale, F f) {
    const std::size_t width = mean.size();
    if (width == 1) {
        const T m = mean.data()[0];
        const T s = scale.data()[0];
        for (T& value : x.storage())
            value = f(value, m, s);
        return;
    }
    T* row = x.data();
    for (std::size_t left = x.size(); left > 0; left -= width, row += width) {
        for (std::size_t j = 0; j < width; ++j)
            row[j] = f(row[j], mean.data()[j], scale.data()[j]);
    }
}

}  // namespace

template <class T>
void Normalizer<T>::fit(const Array<T>& x) {
    const Shape& shape = x.shape();
    if (shape.empty() || x.size() == 0) {
        fail<ShapeError>(
            "Normalizer::fit: x has shape {}; need (m, ...) with at least one element", shape);
    }
    const Shape feature_shape = options_.per_feature ? row_shape(shape) : Shape{};
    const Moments of = moments(x, !options_.per_feature);
    auto mean = empty<T>(feature_shape);
    auto scale = empty<T>(feature_shape);
    for (std::size_t j = 0; j < mean.size(); ++j) {
        const T deviation = static_cast<T>(of.deviation[j]);
        if (!std::isfinite(of.mean[j]) || !std::isfinite(deviation)) {
            fail<std::invalid_argument>(
                "Normalizer::fit: feature {} of x {} has mean {} and deviation {}; need finite "
                "values",
                index_string(j, feature_shape),
                shape,
                of.mean[j],
                of.deviation[j]);
        }
        mean.data()[j] = static_cast<T>(of.mean[j]);
        scale.data()[j] = deviation > 0 ? deviation : T{1};
    }
    mean_ = std::move(mean);
    scale_ = std::move(scale);
    fitted_ = true;
}

template <class T>
void Normalizer<T>::check(const char* function, const Array<T>& x) const {
    const Shape& features = mean().shape();
    if (features.empty())
        return;
    if (x.dimension() == 0 || row_shape(x.shape()) != features) {
        fail<ShapeError>(
            "{}: x has shape {}, the features of fit have shape {}; x must be (N, ...) with the "
            "same features",
            function,
            x.shape(),
            features);
    }
}

template <class T>
Array<T> Normalizer<T>::transform(Array<T> x) const {
    check("Normalizer::transform", x);
    for_each(x, mean_, scale_, [](T value, T mean, T scale) { return (value - mean) / scale; });
    return x;
}

template <class T>
Array<T> Normalizer<T>::inverse(Array<T> x) const {
    check("Normalizer::inverse", x);
    for_each(x, mean_, scale_, [](T value, T mean, T scale) { return value * scale + mean; });
    return x;
}

template <class T>
const Array<T>& Normalizer<T>::mean() const {
    if (!fitted_) {
        fail<std::logic_error>(
            "Normalizer: there is no mean and scale yet; call fit or load_state first");
    }
    return mean_;
}

template <class T>
const Array<T>& Normalizer<T>::scale() const {
    static_cast<void>(mean());
    return scale_;
}

template <class T>
typename Normalizer<T>::State Normalizer<T>::state() const {
    return {{"mean", mean()}, {"scale", scale()}};
}

template <class T>
void Normalizer<T>::load_state(const State& state) {
    const Array<T>& mean = entry<T>(state, "mean");
    const Array<T>& scale = entry<T>(state, "scale");
    if (state.size() != 2) {
        fail<std::invalid_argument>(
            "Normalizer::load_state: there are {} entries; need only \"mean\" and \"scale\"",
            state.size());
    }
    if (mean.shape() != scale.shape()) {
        fail<ShapeError>(
            "Normalizer::load_state: mean has shape {}, scale has {}; need the same",
            mean.shape(),
            scale.shape());
    }
    for (std::size_t i = 0; i < mean.size(); ++i) {
        const T m = mean.data()[i];
        const T s = scale.data()[i];
        if (!std::isfinite(m) || !std::isfinite(s) || s <= 0) {
            fail<std::invalid_argument>(
                "Normalizer::load_state: at {} mean is {} and scale is {}; need finite values and "
                "scale > 0",
                index_string(i, mean.shape()),
                m,
                s);
        }
    }
    mean_ = mean;
    scale_ = scale;
    fitted_ = true;
}

template class Normalizer<float>;
template class Normalizer<double>;

}  // namespace xgrad::data
