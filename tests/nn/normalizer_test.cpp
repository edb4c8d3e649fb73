#include <autograd/error.hpp>
#include <nn/normalizer.hpp>
#include <nn/rng.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

using xgrad::Array;
using xgrad::Shape;
using xgrad::ShapeError;
using xgrad::data::Normalizer;

namespace {

// Where Array's own nested braces are ambiguous: one row, or one column.
template <class T>
Array<T> rows(const std::vector<std::vector<T>>& values) {
    auto x = xgrad::empty<T>({values.size(), values[0].size()});
    T* at = x.data();
    for (const auto& row : values)
        at = std::ranges::copy(row, at).out;
    return x;
}

template <class T>
Array<T> random(const Shape& shape, double mean, double deviation) {
    xgrad::Rng rng(1);
    auto x = xgrad::empty<T>(shape);
    for (T& v : x.storage())
        v = static_cast<T>(mean + deviation * rng.normal());
    return x;
}

}  // namespace

// Column 0: 1, 3 has mean 2 and deviation 1; column 1: 10, 30 has mean 20 and deviation 10.
TEST_CASE_TEMPLATE("Normalizer divides by the deviation of each feature", T, float, double) {
    const Array<T> x = {{1, 10}, {3, 30}};
    Normalizer<T> normalizer;
    normalizer.fit(x);
    CHECK(normalizer.mean() == Array<T>{T{2}, T{20}});
    CHECK(normalizer.scale() == Array<T>{T{1}, T{10}});
    CHECK(normalizer.transform(x) == Array<T>{{-1, -1}, {1, 1}});
    CHECK(normalizer.transform(rows<T>({{2, 40}})) == rows<T>({{0, 2}}));
    CHECK(normalizer.inverse(rows<T>({{0, 2}})) == rows<T>({{2, 40}}));
}

TEST_CASE_TEMPLATE("Normalizer gives mean 0 and deviation 1, and comes back", T, float, double) {
    const auto x = random<T>({500, 3, 4}, 7, 3);
    Normalizer<T> normalizer;
    normalizer.fit(x);
    CHECK(normalizer.mean().shape() == Shape{3, 4});
    const auto y = normalizer.transform(x);
    CHECK(y.shape() == x.shape());
    for (std::size_t j = 0; j < 12; ++j) {
        double mean = 0;
        double square = 0;
        for (std::size_t i = 0; i < 500; ++i) {
            const auto v = static_cast<double>(y.data()[i * 12 + j]);
            mean += v / 500;
            square += v * v / 500;
        }
        CHECK(std::abs(mean) < 1e-5);
        CHECK(square == doctest::Approx(1).epsilon(1e-5));
    }
    const auto back = normalizer.inverse(y);
    for (std::size_t i = 0; i < x.size(); ++i) {
        CHECK(back.data()[i] == doctest::Approx(x.data()[i]).epsilon(1e-5));
    }
}

TEST_CASE("Normalizer: the one-pass formula would lose the deviation, two passes keep it") {
    // Deviation 1 around 1e9: sum x^2 / m - mean^2 cancels all digits.
    Normalizer<double> normalizer;
    normalizer.fit(rows<double>({{1e9 - 1}, {1e9 + 1}, {1e9 - 1}, {1e9 + 1}}));
    CHECK(normalizer.mean().data()[0] == 1e9);
    CHECK(normalizer.scale().data()[0] == 1);
}

TEST_CASE("Normalizer: a constant feature keeps scale 1 and becomes exactly 0") {
    // A plain sum of 0.1 over 1000 rows is not 1000 * 0.1, which would leave a scale of 1e-16.
    auto x = xgrad::empty<double>({1000, 2});
    for (std::size_t i = 0; i < 1000; ++i) {
        x.data()[2 * i] = 0.1;
        x.data()[2 * i + 1] = static_cast<double>(i);
    }
    Normalizer<double> normalizer;
    normalizer.fit(x);
    CHECK(normalizer.mean().data()[0] == 0.1);
    CHECK(normalizer.scale().data()[0] == 1);
    const auto y = normalizer.transform(x);
    for (std::size_t i = 0; i < 1000; ++i)
        CHECK(y.data()[2 * i] == 0);
}

TEST_CASE("Normalizer: one row has scale 1 everywhere") {
    Normalizer<float> normalizer;
    normalizer.fit(rows<float>({{4, -5}}));
    CHECK(normalizer.transform(rows<float>({{4, -5}})) == rows<float>({{0, 0}}));
    CHECK(normalizer.transform(rows<float>({{5, -5}})) == rows<float>({{1, 0}}));
}

// All of 1, 3, 5, 7: mean 4, variance (9 + 1 + 1 + 9) / 4 = 5.
TEST_CASE("Normalizer takes one mean and scale for all features when asked") {
    Normalizer<double> normalizer({.per_feature = false});
    normalizer.fit(Array<double>{{1, 3}, {5, 7}});
    CHECK(normalizer.mean().shape() == Shape{});
    CHECK(normalizer.mean().data()[0] == 4);
    CHECK(normalizer.scale().data()[0] == doctest::Approx(std::sqrt(5.0)));
    // Any features will do.
    const auto y = normalizer.transform(rows<double>({{4, 4, 4}}));
    CHECK(y == rows<double>({{0, 0, 0}}));
}

TEST_CASE("Normalizer leaves its argument alone, or works in place when given it") {
    Normalizer<float> normalizer;
    Array<float> x = {{1, 10}, {3, 30}};
    normalizer.fit(x);
    static_cast<void>(normalizer.transform(x));
    CHECK(x == Array<float>{{1, 10}, {3, 30}});
    const float* memory = x.data();
    const auto y = normalizer.transform(std::move(x));
    CHECK(y.data() == memory);
}

TEST_CASE("Normalizer: its state makes another one alike") {
    const auto x = random<float>({20, 5}, 1, 2);
    Normalizer<float> fitted;
    fitted.fit(x);
    Normalizer<float> loaded;
    loaded.load_state(fitted.state());
    CHECK(loaded.fitted());
    CHECK(loaded.transform(x) == fitted.transform(x));
}

TEST_CASE("Normalizer refuses to work before fit") {
    const Normalizer<float> normalizer;
    CHECK_FALSE(normalizer.fitted());
    const char* text = "Normalizer: there is no mean and scale yet; call fit or load_state first";
    CHECK_THROWS_WITH_AS(
        static_cast<void>(normalizer.transform(rows<float>({{1}}))), text, std::logic_error);
    CHECK_THROWS_WITH_AS(
        static_cast<void>(normalizer.inverse(rows<float>({{1}}))), text, std::logic_error);
    CHECK_THROWS_WITH_AS(static_cast<void>(normalizer.state()), text, std::logic_error);
    CHECK_THROWS_WITH_AS(static_cast<void>(normalizer.scale()), text, std::logic_error);
}

TEST_CASE("Normalizer refuses other features than it was fitted on") {
    Normalizer<float> normalizer;
    normalizer.fit(Array<float>{{1, 2}, {3, 4}});
    CHECK_THROWS_WITH_AS(
        static_cast<void>(normalizer.transform(rows<float>({{1, 2, 3}}))),
        "Normalizer::transform: x has shape (1, 3), the features of fit have shape (2,); x must be "
        "(N, ...) with the same features",
        ShapeError);
    CHECK_THROWS_WITH_AS(
        static_cast<void>(normalizer.inverse(Array<float>(Shape{}, 1.0F))),
        "Normalizer::inverse: x has shape (), the features of fit have shape (2,); x must be "
        "(N, ...) with the same features",
        ShapeError);
}

TEST_CASE("Normalizer refuses to fit nothing, and what is not finite, and stays as it was") {
    Normalizer<float> normalizer;
    normalizer.fit(Array<float>{{1, 2}, {3, 4}});
    const auto before = normalizer.state();
    CHECK_THROWS_WITH_AS(
        normalizer.fit(xgrad::empty<float>({0, 2})),
        "Normalizer::fit: x has shape (0, 2); need (m, ...) with at least one element",
        ShapeError);
    CHECK_THROWS_AS(normalizer.fit(Array<float>(Shape{}, 1.0F)), ShapeError);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH_AS(
        normalizer.fit(Array<float>{{1, 2}, {3, nan}}),
        "Normalizer::fit: feature (1,) of x (2, 2) has mean nan and scale nan; need finite "
        "values",
        std::invalid_argument);
    const float infinity = std::numeric_limits<float>::infinity();
    CHECK_THROWS_AS(normalizer.fit(Array<float>{{1, 2}, {3, infinity}}), std::invalid_argument);
    CHECK(normalizer.state() == before);
}

TEST_CASE("Normalizer refuses a state that is not one, and stays as it was") {
    Normalizer<float> normalizer;
    normalizer.fit(Array<float>{{1, 2}, {3, 4}});
    const auto before = normalizer.state();
    const Array<float> two = {1.0F, 1.0F};
    const Array<float> three = {1.0F, 1.0F, 1.0F};
    CHECK_THROWS_WITH_AS(
        normalizer.load_state({{"mean", two}}),
        "Normalizer::load_state: there is no \"scale\" among 1 entries; need \"mean\" and "
        "\"scale\"",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        normalizer.load_state({{"mean", two}, {"scale", two}, {"std", two}}),
        "Normalizer::load_state: there are 3 entries; need only \"mean\" and \"scale\"",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        normalizer.load_state({{"mean", two}, {"scale", three}}),
        "Normalizer::load_state: mean has shape (2,), scale has (3,); need the same",
        ShapeError);
    CHECK_THROWS_WITH_AS(
        normalizer.load_state({{"mean", two}, {"scale", Array<float>{1.0F, 0.0F}}}),
        "Normalizer::load_state: at (1,) mean is 1 and scale is 0; need finite values and scale > "
        "0",
        std::invalid_argument);
    CHECK(normalizer.state() == before);
}
