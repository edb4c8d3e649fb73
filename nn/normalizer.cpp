#include <autograd/fail.hpp>
#include <nn/normalizer.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

namespace xgrad::data {
namespace {

// What min, max and a quantile would pass over.
template <class T>
void check_finite(const char* name, const T* x, std::size_t rows, std::size_t columns) {
    for (std::size_t i = 0; i < rows * columns; ++i) {
        if (!std::isfinite(x[i])) {
            fail<std::invalid_argument>(
                "{}::fit: feature {} of row {} is {}; need finite values",
                name,
                i % columns,
                i / columns,
                x[i]);
        }
    }
}

// Changes the order of the values, of which there is one at least.
template <class T>
double quantile(std::vector<T>& values, double share) {
    const double position = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(below);
    std::nth_element(values.begin(), at, values.end());
    const auto low = static_cast<double>(*at);
    if (at + 1 == values.end())
        return low;
    const auto high = static_cast<double>(*std::min_element(at + 1, values.end()));
    return std::lerp(low, high, position - static_cast<double>(below));
}

}  // namespace

// Sums differences from the first row, which for a constant feature are exactly 0.
template <class T>
auto Normalizer<T>::figures(const T* x, std::size_t rows, std::size_t columns) const -> Figures {
    const auto m = static_cast<double>(rows);
    std::vector<double> mean(x, x + columns);
    std::vector<double> sums(columns);
    for (std::size_t i = 0; i < rows; ++i) {
        const T* row = x + i * columns;
        for (std::size_t j = 0; j < columns; ++j)
            sums[j] += static_cast<double>(row[j]) - mean[j];
    }
    for (std::size_t j = 0; j < columns; ++j)
        mean[j] += sums[j] / m;

    std::vector<double> deviation(columns);
    for (std::size_t i = 0; i < rows; ++i) {
        const T* row = x + i * columns;
        for (std::size_t j = 0; j < columns; ++j) {
            const double d = static_cast<double>(row[j]) - mean[j];
            deviation[j] += d * d;
        }
    }
    for (double& d : deviation)
        d = std::sqrt(d / m);
    return {std::move(mean), std::move(deviation)};
}

template <class T>
MinMaxNormalizer<T>::MinMaxNormalizer(const MinMaxOptions& options)
    : ShiftScale<T>("MinMaxNormalizer", "shift", options.per_feature),
      options_(options) {
    if (!std::isfinite(options.low) || !std::isfinite(options.high) ||
        options.low >= options.high) {
        fail<std::invalid_argument>(
            "MinMaxNormalizer: the range is [{}, {}]; need low < high, both finite",
            options.low,
            options.high);
    }
}

template <class T>
auto MinMaxNormalizer<T>::figures(const T* x, std::size_t rows, std::size_t columns) const
    -> Figures {
    check_finite(this->name(), x, rows, columns);
    std::vector<double> low(x, x + columns);
    std::vector<double> high = low;
    for (std::size_t i = 1; i < rows; ++i) {
        const T* row = x + i * columns;
        for (std::size_t j = 0; j < columns; ++j) {
            low[j] = std::min(low[j], static_cast<double>(row[j]));
            high[j] = std::max(high[j], static_cast<double>(row[j]));
        }
    }
    for (std::size_t j = 0; j < columns; ++j) {
        const double range = high[j] > low[j] ? high[j] - low[j] : 1;
        const double scale = range / (options_.high - options_.low);
        low[j] -= options_.low * scale;
        high[j] = scale;
    }
    return {std::move(low), std::move(high)};
}

template <class T>
RobustNormalizer<T>::RobustNormalizer(const RobustOptions& options)
    : ShiftScale<T>("RobustNormalizer", "median", options.per_feature),
      options_(options) {
    if (!(0 <= options.lower && options.lower < options.upper && options.upper <= 1)) {
        fail<std::invalid_argument>(
            "RobustNormalizer: the quantiles are {} and {}; need 0 <= lower < upper <= 1",
            options.lower,
            options.upper);
    }
}

template <class T>
auto RobustNormalizer<T>::figures(const T* x, std::size_t rows, std::size_t columns) const
    -> Figures {
    check_finite(this->name(), x, rows, columns);
    Figures result;
    // Columns are copied out a cache line's worth at a time.
    constexpr std::size_t width = 16;
    std::vector<std::vector<T>> block(std::min(width, columns), std::vector<T>(rows));
    for (std::size_t first = 0; first < columns; first += width) {
        const std::size_t count = std::min(width, columns - first);
        for (std::size_t i = 0; i < rows; ++i) {
            for (std::size_t j = 0; j < count; ++j)
                block[j][i] = x[i * columns + first + j];
        }
        for (std::size_t j = 0; j < count; ++j) {
            result.shift.push_back(quantile(block[j], 0.5));
            result.scale.push_back(
                quantile(block[j], options_.upper) - quantile(block[j], options_.lower));
        }
    }
    return result;
}

template <class T>
void PerImageMean<T>::fit(const Array<T>& x) {
    if (x.dimension() == 0 || x.size() == 0) {
        fail<ShapeError>(
            "PerImageMean::fit: x has shape {}; need (m, ...) with at least one element",
            x.shape());
    }
}

template <class T>
Array<T> PerImageMean<T>::transform(Array<T> x) const {
    if (x.dimension() == 0)
        fail<ShapeError>("PerImageMean::transform: x has shape (); need (N, ...)");
    const std::size_t width = x.size() / std::max<std::size_t>(x.shape()[0], 1);
    const auto n = static_cast<double>(width);
    T* row = x.data();
    for (std::size_t left = x.size(); left > 0; left -= width, row += width) {
        // From the first element, so that a constant row becomes exactly 0.
        const auto first = static_cast<double>(row[0]);
        double sum = 0;
        for (std::size_t j = 0; j < width; ++j)
            sum += static_cast<double>(row[j]) - first;
        const double mean = first + sum / n;
        double squares = 0;
        for (std::size_t j = 0; j < width; ++j) {
            const double d = static_cast<double>(row[j]) - mean;
            squares += d * d;
        }
        const double scale = options_.scale && squares > 0 ? std::sqrt(squares / n) : 1;
        for (std::size_t j = 0; j < width; ++j)
            row[j] = static_cast<T>((static_cast<double>(row[j]) - mean) / scale);
    }
    return x;
}

template <class T>
Array<T> PerImageMean<T>::inverse(Array<T> /*x*/) const {
    fail<std::logic_error>(
        "PerImageMean::inverse: each row's own mean is gone after transform; keep the rows as they "
        "were");
}

template <class T>
typename PerImageMean<T>::State PerImageMean<T>::state() const {
    auto scale = empty<T>({});
    scale.data()[0] = options_.scale ? T{1} : T{0};
    return {{"scale", scale}};
}

template <class T>
void PerImageMean<T>::load_state(const State& state) {
    const auto found = state.find("scale");
    if (state.size() != 1 || found == state.end() || found->second.size() != 1 ||
        (found->second.data()[0] != 0 && found->second.data()[0] != 1)) {
        fail<std::invalid_argument>(
            "PerImageMean::load_state: the {} entries are no state of PerImageMean; need \"scale\" "
            "alone, 0 or 1",
            state.size());
    }
    options_.scale = found->second.data()[0] == 1;
}

template class Normalizer<float>;
template class Normalizer<double>;
template class MinMaxNormalizer<float>;
template class MinMaxNormalizer<double>;
template class RobustNormalizer<float>;
template class RobustNormalizer<double>;
template class PerImageMean<float>;
template class PerImageMean<double>;

}  // namespace xgrad::data
