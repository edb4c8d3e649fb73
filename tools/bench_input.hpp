// What both sides of a comparison compute with, and what they have to agree on.
#pragma once

#include <autograd/variable.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

namespace xgrad::bench {

/// Uniform in [low, high), from the generator that the peers' programs use too.
template <class T>
[[nodiscard]] Array<T> filled(
    const Shape& shape, std::uint32_t seed, double low = -1, double high = 1) {
    Array<T> array = empty<T>(shape);
    std::uint32_t state = seed;
    for (T& value : array) {
        state = state * 1664525U + 1013904223U;
        value = static_cast<T>(low + (high - low) * (state >> 8U) / 16777216.0);
    }
    return array;
}

template <class T>
[[nodiscard]] Variable<T> filled_leaf(
    const Shape& shape, std::uint32_t seed, double low = -1, double high = 1) {
    return {filled<T>(shape, seed, low, high), true};
}

/// Labels 3, 10, 17, ... modulo 10.
[[nodiscard]] inline std::vector<std::int64_t> labels(std::size_t n) {
    std::vector<std::int64_t> all(n);
    for (std::size_t i = 0; i < n; ++i)
        all[i] = static_cast<std::int64_t>((7 * i + 3) % 10);
    return all;
}

/// The sum of the magnitudes, in double.
template <class T>
[[nodiscard]] double magnitude(const Array<T>& array) {
    double sum = 0;
    for (const T value : array)
        sum += std::abs(static_cast<double>(value));
    return sum;
}

}  // namespace xgrad::bench
