// The distributions that the steps of an Augmentation draw from, seen in what they do.
#include <nn/beta.hpp>
#include <nn/data.hpp>
#include <tests/nn/trajectory.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>
#include <vector>

using namespace xgrad;
using namespace xgrad::data;
using namespace xgrad::test;

namespace {

using Values = std::vector<double>;
constexpr std::size_t n = 3000, side = 9, center = 4;

// n equal images (rows, columns) of value(row, column).
Dataset<double> equal_images(
    std::size_t height,
    std::size_t width,
    const std::function<double(std::size_t, std::size_t)>& value) {
    auto x = empty<double>({n, height, width});
    for (std::size_t i = 0; i < x.size(); ++i)
        x.data()[i] = value(i / width % height, i % width);
    return Dataset<double>(std::move(x), Labels(n, 0), 1);
}

Array<double> applied(const Augmentation<double>& chain, const Dataset<double>& dataset) {
    Rows rows(n);
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    return chain.apply(dataset, rows, 2).x;
}

// What the pixel at (row, column) of each image is after the chain.
Values pixel(
    const Augmentation<double>& chain,
    const Dataset<double>& dataset,
    std::size_t row,
    std::size_t column) {
    const auto x = applied(chain, dataset);
    Values values(n);
    for (std::size_t i = 0; i < n; ++i)
        values[i] = x.data()[(i * side + row) * side + column];
    return values;
}

Dataset<double> columns() {
    return equal_images(side, side, [](std::size_t, std::size_t x) { return double(x); });
}
Dataset<double> row_numbers() {
    return equal_images(side, side, [](std::size_t y, std::size_t) { return double(y); });
}

// Kolmogorov and Smirnov's distance times the root of n: above 1.95 once in 1000.
double distance(Values values, const std::function<double(double)>& below) {
    std::ranges::sort(values);
    const double size = double(values.size());
    double worst = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double p = below(values[i]);
        worst = std::max({worst, p - double(i) / size, double(i + 1) / size - p});
    }
    return worst * std::sqrt(size);
}

double distance_to_uniform(const Values& values, double low, double high) {
    const auto [least, most] = std::ranges::minmax(values);
    CHECK(least >= low - 1e-9);
    CHECK(most <= high + 1e-9);
    return distance(values, [=](double x) { return (x - low) / (high - low); });
}

double correlation(const Values& a, const Values& b) {
    const auto mean = [](const Values& v) {
        return std::accumulate(v.begin(), v.end(), 0.0) / double(v.size());
    };
    const double ma = mean(a), mb = mean(b);
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        ab += (a[i] - ma) * (b[i] - mb);
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
    }
    return ab / std::sqrt(aa * bb);
}

// Pearson's chi-squared of counts that should be equal.
double chi_squared(const std::vector<std::size_t>& counts) {
    const std::size_t total = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
    const double expected = double(total) / double(counts.size());
    double sum = 0;
    for (const std::size_t count : counts)
        sum += (double(count) - expected) * (double(count) - expected) / expected;
    return sum;
}

// Where the largest pixel of each image is.
std::vector<std::size_t> places(const Array<double>& x) {
    const std::size_t size = x.size() / n;
    std::vector<std::size_t> counts(size);
    for (std::size_t i = 0; i < n; ++i) {
        const double* image = x.data() + i * size;
        ++counts[std::size_t(std::max_element(image, image + size) - image)];
    }
    return counts;
}

}  // namespace

TEST_CASE("Augmentation flips with the probability given") {
    Augmentation<double> chain(1);
    chain.flip(0.3);
    const auto pair = equal_images(1, 2, [](std::size_t, std::size_t x) { return double(x); });
    const double flipped = double(places(applied(chain, pair))[0]);
    CHECK(std::abs(flipped / n - 0.3) < 4 * std::sqrt(0.3 * 0.7 / n));
}

TEST_CASE("Augmentation crops at each place equally often") {
    Augmentation<double> chain(1);
    chain.crop(2);
    const auto dot = equal_images(
        5, 5, [](std::size_t y, std::size_t x) { return y == 2 && x == 2 ? 1.0 : 0.0; });
    // 24 degrees of freedom: above 51.2 once in 1000.
    CHECK(chi_squared(places(applied(chain, dot))) < 51.2);
}

TEST_CASE("Augmentation shifts uniformly, on each axis by itself") {
    Augmentation<double> chain(1);
    chain.shift(2);
    Values right = pixel(chain, columns(), center, center);
    Values down = pixel(chain, row_numbers(), center, center);
    for (std::size_t i = 0; i < n; ++i) {
        right[i] = double(center) - right[i];
        down[i] = double(center) - down[i];
    }
    CHECK(distance_to_uniform(right, -2, 2) < 1.95);
    CHECK(distance_to_uniform(down, -2, 2) < 1.95);
    CHECK(std::abs(correlation(right, down)) < 4 / std::sqrt(n));
}

TEST_CASE("Augmentation zooms by factors that are uniform") {
    Augmentation<double> chain(1);
    chain.zoom(0.5, 2);
    Values factors = pixel(chain, columns(), center, center + 1);
    for (double& v : factors)
        v = 1 / (v - double(center));
    CHECK(distance_to_uniform(factors, 0.5, 2) < 1.95);
}

TEST_CASE("Augmentation turns by angles that are uniform") {
    Augmentation<double> chain(1);
    chain.rotate(40);
    // Turned counterclockwise, the pixel below the centre comes from the left.
    Values angles = pixel(chain, columns(), center + 1, center);
    for (double& v : angles)
        v = std::asin(double(center) - v) * 180 / std::numbers::pi;
    CHECK(distance_to_uniform(angles, -40, 40) < 1.95);
}

TEST_CASE("Augmentation adds normal noise, to each pixel and in each row by itself") {
    Augmentation<double> chain(1);
    chain.noise(0.5);
    const auto dark = equal_images(side, side, [](std::size_t, std::size_t) { return 0.0; });
    const Values one = pixel(chain, dark, 0, 0), next = pixel(chain, dark, 0, 1);
    const auto below = [](double x) { return 0.5 * std::erfc(-x / 0.5 / std::numbers::sqrt2); };
    CHECK(distance(one, below) < 1.95);
    CHECK(distance(next, below) < 1.95);
    CHECK(std::abs(correlation(one, next)) < 4 / std::sqrt(n));
    const Values before(one.begin(), one.end() - 1), after(one.begin() + 1, one.end());
    CHECK(std::abs(correlation(before, after)) < 4 / std::sqrt(n));
}

TEST_CASE("Augmentation cuts out around each pixel equally often") {
    Augmentation<double> chain(1, {.border = 1});
    chain.cutout(1);
    const auto dark = equal_images(4, 5, [](std::size_t, std::size_t) { return 0.0; });
    // 19 degrees of freedom: above 43.8 once in 1000.
    CHECK(chi_squared(places(applied(chain, dark))) < 43.8);
}

TEST_CASE("Augmentation mixes with each row equally often") {
    const std::size_t rows = 16;
    Labels labels(rows);
    std::iota(labels.begin(), labels.end(), 0);
    const Dataset<double> dataset(Array<double>(Shape{rows, 1, 1}, 0.0), labels, rows);
    Augmentation<double> chain(1);
    chain.mixup(1);
    std::vector<std::size_t> counts(rows);
    Values weights;
    for (std::uint64_t epoch = 0; epoch < n; ++epoch) {
        const auto targets = chain.apply(dataset, Rows{5}, epoch).targets;
        std::size_t other = 5;
        for (std::size_t c = 0; c < rows; ++c) {
            if (c != 5 && targets.data()[c] > 0)
                other = c;
        }
        ++counts[other];
        if (other != 5)
            weights.push_back(targets.data()[5]);
    }
    // 15 degrees of freedom: above 37.7 once in 1000.
    CHECK(chi_squared(counts) < 37.7);
    CHECK(distance_to_uniform(weights, 0, 1) < 1.95);  // Beta(1, 1)
}

TEST_CASE("mixup's weights have scipy's Beta distribution") {
    const Json betas = stored("augment.json").at("betas");
    CHECK(betas.size() == 4);
    for (const Json& beta : betas) {
        Rng rng(7);
        const double alpha = beta.at("alpha");
        CAPTURE(alpha);
        constexpr std::size_t draws = 20000;
        Values weights(draws);
        for (double& weight : weights)
            weight = xgrad::data::detail::draw_beta(alpha, rng);
        for (std::size_t k = 0; k < beta.at("at").size(); ++k) {
            const double at = beta.at("at")[k], p = beta.at("below")[k];
            const double share =
                double(std::ranges::count_if(weights, [&](double w) { return w < at; })) / draws;
            CHECK(std::abs(share - p) < 4 * std::sqrt(p * (1 - p) / draws));
        }
    }
    Rng rng(1);
    for (const double alpha : {1e-300, 1e-5, 1e300}) {
        const double weight = xgrad::data::detail::draw_beta(alpha, rng);
        CHECK(weight >= 0);
        CHECK(weight <= 1);
    }
}
