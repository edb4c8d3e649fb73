// All normalisers: scikit-learn's figures, one interface, training rows only, saved with the model.
#include <autograd/error.hpp>
#include <nn/checkpoint.hpp>
#include <nn/normalizer.hpp>
#include <nn/split.hpp>
#include <tests/nn/trajectory.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <utility>

using namespace xgrad;
using namespace xgrad::data;
using namespace xgrad::test;

namespace {

// Without options, of every kind.
template <class T>
std::vector<std::unique_ptr<InputNormalizer<T>>> all_kinds() {
    std::vector<std::unique_ptr<InputNormalizer<T>>> all;
    all.push_back(std::make_unique<Normalizer<T>>());
    all.push_back(std::make_unique<MinMaxNormalizer<T>>());
    all.push_back(std::make_unique<RobustNormalizer<T>>());
    all.push_back(std::make_unique<PerImageMean<T>>());
    return all;
}

template <class T>
std::unique_ptr<InputNormalizer<T>> made_for(const Json& call) {
    const auto number = [&](const char* name) { return call[name].get<double>(); };
    const std::string name = call["of"];
    if (name == "Normalizer")
        return std::make_unique<Normalizer<T>>();
    if (name == "MinMaxNormalizer") {
        return std::make_unique<MinMaxNormalizer<T>>(
            MinMaxOptions{.low = number("low"), .high = number("high")});
    }
    if (name == "RobustNormalizer") {
        return std::make_unique<RobustNormalizer<T>>(
            RobustOptions{.lower = number("lower"), .upper = number("upper")});
    }
    if (name == "PerImageMean")
        return std::make_unique<PerImageMean<T>>(PerImageOptions{.scale = call["with_scale"]});
    return nullptr;
}

template <class T>
Array<T> array_of(const Json& values, const Shape& shape) {
    auto array = empty<T>(shape);
    REQUIRE(array.size() == values.size());
    for (std::size_t i = 0; i < array.size(); ++i)
        array.data()[i] = values[i].get<T>();
    return array;
}

template <class T>
Dataset<T> some_rows() {
    return {random_array<T>({6, 2, 3}, 4), {0, 1, 0, 1, 0, 1}, 2};
}

template <class F>
std::string refusal(F f) {
    return text_of_error<std::invalid_argument>([&] { static_cast<void>(f()); });
}

}  // namespace

TEST_CASE_TEMPLATE("normalisers have scikit-learn's figures", T, float, double) {
    const double tolerance = std::is_same_v<T, float> ? 5e-4 : 1e-12;
    int calls = 0;
    for (const Json& call : stored("data.json")) {
        const auto normalizer = made_for<T>(call);
        if (!normalizer)
            continue;
        ++calls;
        CAPTURE(call.dump());
        const auto x = array_of<T>(call["x"], {call["rows"].get<std::size_t>(), 6});
        normalizer->fit(x);
        check_close(normalizer->transform(x), array_of<T>(call["y"], x.shape()), tolerance);
        auto state = normalizer->state();
        if (call.contains("scale")) {
            check_close(state.at("scale"), array_of<T>(call["scale"], {6}), tolerance);
            state.erase("scale");
            check_close(state.begin()->second, array_of<T>(call["shift"], {6}), tolerance);
        }
    }
    CHECK(calls == 28);
}

TEST_CASE_TEMPLATE(
    "normalisers come back, and work in place when given the array", T, float, double) {
    for (const auto& normalizer : all_kinds<T>()) {
        CAPTURE(normalizer->name());
        auto x = random_array<T>({30, 2, 3}, 1, -5, 9);
        const auto kept = x;
        normalizer->fit(x);
        CHECK(normalizer->fitted());
        const T* memory = x.data();
        auto y = normalizer->transform(std::move(x));
        CHECK(y.data() == memory);
        CHECK(y.shape() == kept.shape());
        if (std::string(normalizer->name()) != "PerImageMean")
            check_close(normalizer->inverse(std::move(y)), kept, 1e-5);
    }
}

TEST_CASE_TEMPLATE(
    "normalisers keep a constant feature at scale 1, and make it one value", T, float, double) {
    auto x = random_array<T>({50, 2}, 1);
    for (std::size_t i = 0; i < 50; ++i)
        x.data()[2 * i] = static_cast<T>(0.1);
    for (const auto& normalizer : all_kinds<T>()) {
        if (std::string(normalizer->name()) == "PerImageMean")
            continue;
        normalizer->fit(x);
        CHECK(normalizer->state().at("scale").data()[0] == 1);
        const auto y = normalizer->transform(x);
        for (std::size_t i = 0; i < 50; ++i)
            CHECK(y.data()[2 * i] == 0);
    }
    PerImageMean<T> rows({.scale = true});
    CHECK(rows.transform(array<T>({1, 3}, {4, 4, 4})) == array<T>({1, 3}, {0, 0, 0}));
    CHECK(rows.transform(array<T>({1, 2}, {4, 8})) == array<T>({1, 2}, {-1, 1}));
}

TEST_CASE("MinMaxNormalizer meets both ends exactly in [0, 1]") {
    const auto x = random_array<float>({200, 3}, 2, -7, 3);
    MinMaxNormalizer<float> normalizer;
    normalizer.fit(x);
    const auto y = normalizer.transform(x);
    for (std::size_t j = 0; j < 3; ++j) {
        float low = y.data()[j];
        float high = low;
        for (std::size_t i = 0; i < 200; ++i) {
            low = std::min(low, y.data()[3 * i + j]);
            high = std::max(high, y.data()[3 * i + j]);
        }
        CHECK(low == 0);
        CHECK(high == 1);
    }
}

// All of 0, 2, 4, 10: median 3; quartiles 1.5 and 5.5.
TEST_CASE("normalisers take one figure for all features when asked") {
    const auto x = array<double>({2, 2}, {0, 10, 4, 2});
    MinMaxNormalizer<double> range({.per_feature = false});
    range.fit(x);
    CHECK(range.scale() == array({}, {10}));
    CHECK(range.shift() == array({}, {0}));
    RobustNormalizer<double> robust({.per_feature = false});
    robust.fit(x);
    CHECK(robust.median() == array({}, {3}));
    CHECK(robust.scale() == array({}, {4}));
    CHECK(robust.transform(array({1, 3}, {3, 7, -1})) == array({1, 3}, {0, 1, -1}));
}

TEST_CASE_TEMPLATE(
    "normalisers fit on training rows and refuse every other part", T, float, double) {
    const auto rows = some_rows<T>();
    for (const auto& normalizer : all_kinds<T>()) {
        normalizer->fit(rows);
        normalizer->fit(rows.as(Part::train));
        const auto before = normalizer->state();
        const auto other = Dataset<T>(random_array<T>({4, 2, 3}, 9), {0, 1, 0, 1}, 2);
        for (const Part part : {Part::dev, Part::test, Part::train_dev}) {
            CHECK(
                refusal([&] {
                    normalizer->fit(other.as(part));
                    return 0;
                }) == std::string(normalizer->name()) + "::fit: the 4 rows are the " +
                          to_string(part) +
                          " part; fit on the train part, and transform the others");
        }
        CHECK(normalizer->state() == before);
    }
}

TEST_CASE("the guard of fit is silent on the train part of 100 splits and fires on the others") {
    const Dataset<float> rows(random_array<float>({60, 3}, 4), Labels(60, 0), 1);
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const auto parts = split_dataset(rows, {0.6, 0.2, 0.2}, {.seed = seed});
        Normalizer<float> normalizer;
        normalizer.fit(parts.train);
        CHECK_THROWS_AS(normalizer.fit(*parts.dev), std::invalid_argument);
        CHECK_THROWS_AS(normalizer.fit(normalizer.transform(*parts.test)), std::invalid_argument);
    }
}

TEST_CASE("transform of a dataset keeps labels, targets and the part") {
    const auto rows = some_rows<double>();
    for (const auto& normalizer : all_kinds<double>()) {
        normalizer->fit(rows);
        const auto dev = normalizer->transform(rows.as(Part::dev));
        CHECK(dev.part() == Part::dev);
        CHECK(dev.y() == rows.y());
        CHECK(dev.classes() == 2);
        CHECK(dev.x() == normalizer->transform(rows.x()));
        const auto targets = random_array<double>({6, 2}, 8);
        const auto numbers = normalizer->transform(Dataset<double>(rows.x(), targets));
        CHECK(numbers.targets() == targets);
        CHECK(numbers.part() == Part::unsplit);
    }
}

TEST_CASE_TEMPLATE("normalisers are saved with a checkpoint and continue alike", T, float, double) {
    const TempFolder folder;
    const auto rows = some_rows<T>();
    auto fitted = all_kinds<T>();
    fitted.push_back(std::make_unique<PerImageMean<T>>(PerImageOptions{.scale = true}));
    auto loaded = all_kinds<T>();
    loaded.push_back(std::make_unique<PerImageMean<T>>());
    for (std::size_t i = 0; i < fitted.size(); ++i) {
        fitted[i]->fit(rows);
        train::Checkpoint<T> saved;
        saved.track("inputs", *fitted[i]).save(folder / "run");
        train::Checkpoint<T> resumed;
        resumed.track("inputs", *loaded[i]).load(folder / "run");
        CHECK(loaded[i]->fitted());
        CHECK(loaded[i]->state() == fitted[i]->state());
        check_same(loaded[i]->transform(rows.x()), fitted[i]->transform(rows.x()));
        // Another kind's figures are no figures for this one.
        train::Checkpoint<T> other;
        other.track("inputs", *loaded[(i + 1) % 4]);
        CHECK_THROWS_AS(other.load(folder / "run"), std::invalid_argument);
    }
}

TEST_CASE("normalisers refuse what is not finite, and stay as they were") {
    const double nan = std::nan("");
    MinMaxNormalizer<double> range({.low = 1, .high = 2});
    RobustNormalizer<double> robust;
    CHECK(refusal([&] {
              range.fit(array({2, 2}, {1, 2, 3, nan}));
              return 0;
          }) == "MinMaxNormalizer::fit: feature 1 of row 1 is nan; need finite values");
    CHECK(refusal([&] {
              robust.fit(array({2, 1}, {std::numeric_limits<double>::infinity(), 2}));
              return 0;
          }) == "RobustNormalizer::fit: feature 0 of row 0 is inf; need finite values");
    CHECK(
        refusal([&] {
            range.fit(array({2, 1}, {-1e308, 1e308}));
            return 0;
        }) ==
        "MinMaxNormalizer::fit: feature (0,) of x (2, 1) has shift -inf and scale inf; need "
        "finite values");
    CHECK_FALSE(range.fitted());
    CHECK(text_of_error<std::logic_error>([&] {
              static_cast<void>(robust.median());
          }) == "RobustNormalizer: there is no median and scale yet; call fit or load_state first");
    for (const auto& normalizer : all_kinds<double>()) {
        CHECK(
            text_of_error<ShapeError>([&] {
                normalizer->fit(empty<double>({0, 2}));
            }) == std::string(normalizer->name()) +
                      "::fit: x has shape (0, 2); need (m, ...) with at least one element");
    }
}

TEST_CASE("normalisers refuse options out of range and states of others") {
    CHECK(refusal([] {
              return MinMaxNormalizer<float>({.low = 1, .high = 1});
          }) == "MinMaxNormalizer: the range is [1, 1]; need low < high, both finite");
    CHECK(refusal([] {
              return RobustNormalizer<float>({.lower = 0.5, .upper = 1.5});
          }) == "RobustNormalizer: the quantiles are 0.5 and 1.5; need 0 <= lower < upper <= 1");
    RobustNormalizer<float> robust;
    CHECK(
        refusal([&] {
            robust.load_state(
                {{"mean", array<float>({1}, {1})}, {"scale", array<float>({1}, {1})}});
            return 0;
        }) ==
        "RobustNormalizer::load_state: there is no \"median\" among 2 entries; need \"median\" and "
        "\"scale\"");
    PerImageMean<float> rows;
    CHECK(
        refusal([&] {
            rows.load_state({{"scale", array<float>({}, {2})}});
            return 0;
        }) ==
        "PerImageMean::load_state: the 1 entries are no state of PerImageMean; need \"scale\" "
        "alone, 0 or 1");
    CHECK(
        text_of_error<std::logic_error>([&] {
            static_cast<void>(rows.inverse(array<float>({1, 1}, {1})));
        }) ==
        "PerImageMean::inverse: each row's own mean is gone after transform; keep the rows as they "
        "were");
}
