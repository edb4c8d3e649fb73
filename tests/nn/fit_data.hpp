// Made data for the tests of fit(): what a small network learns in milliseconds.
#pragma once

#include <nn/nn.hpp>

#include <cmath>

namespace xgrad::test {

/// Three clouds of two features, around three points of a circle of that radius.
template <class T>
data::Dataset<T> clouds(std::size_t rows, std::uint64_t seed, double radius = 2) {
    Rng rng(seed);
    auto x = empty<T>({rows, 2});
    data::Labels y(rows);
    for (std::size_t i = 0; i < rows; ++i) {
        y[i] = static_cast<std::int64_t>(rng.below(3));
        const double angle = 2.0943951023931953 * static_cast<double>(y[i]);
        x.data()[2 * i] = static_cast<T>(radius * std::cos(angle) + rng.normal());
        x.data()[2 * i + 1] = static_cast<T>(radius * std::sin(angle) + rng.normal());
    }
    return {std::move(x), std::move(y), 3};
}

/// y = 2 a - b + 0.5, with noise of that deviation.
template <class T>
data::Dataset<T> plane(std::size_t rows, std::uint64_t seed, double noise = 0.1) {
    Rng rng(seed);
    auto x = empty<T>({rows, 2});
    auto y = empty<T>({rows, 1});
    for (std::size_t i = 0; i < rows; ++i) {
        const double a = rng.normal(), b = rng.normal();
        x.data()[2 * i] = static_cast<T>(a);
        x.data()[2 * i + 1] = static_cast<T>(b);
        y.data()[i] = static_cast<T>(2 * a - b + 0.5 + noise * rng.normal());
    }
    return {std::move(x), std::move(y)};
}

/// Two features to three scores, with everything that behaves otherwise in training.
template <class T>
nn::Sequential<T> noisy_net(std::uint64_t seed) {
    Rng rng(seed);
    return nn::Sequential<T>(
        nn::Dense<T>(2, 8, rng),
        nn::BatchNorm1d<T>(8),
        nn::Relu<T>(),
        nn::Dropout<T>(0.8, rng),
        nn::Dense<T>(8, 3, rng));
}

/// The same without.
template <class T>
nn::Sequential<T> plain_net(std::uint64_t seed, std::size_t outputs = 3) {
    Rng rng(seed);
    return nn::Sequential<T>(nn::Dense<T>(2, 8, rng), nn::Tanh<T>(), nn::Dense<T>(8, outputs, rng));
}

}  // namespace xgrad::test
