// Comparisons of two sets: scipy's p values, differences that are there, and no alarm on clean
// splits.
#include <autograd/error.hpp>
#include <nn/compare.hpp>
#include <nn/p_values.hpp>
#include <nn/rng.hpp>
#include <nn/split.hpp>
#include <nn/warning.hpp>
#include <tests/nn/trajectory.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

using namespace xgrad;
using namespace xgrad::data;
using namespace xgrad::test;

namespace {

template <class F>
void for_calls(const std::string& function, F f) {
    int calls = 0;
    for (const Json& call : stored("data.json")) {
        if (call["of"] != function)
            continue;
        ++calls;
        CAPTURE(call.dump().substr(0, 300));
        f(call);
    }
    CHECK(calls > 0);
}

bool near(double got, double want, double tolerance) {
    return std::abs(got - want) <= tolerance * std::abs(want);
}

template <class T>
Array<T> column(const std::vector<double>& values) {
    auto x = empty<T>({values.size(), 1});
    std::ranges::transform(values, x.data(), [](double value) { return static_cast<T>(value); });
    return x;
}

Labels labels_of(const std::vector<std::size_t>& counts) {
    Labels labels;
    for (std::size_t c = 0; c < counts.size(); ++c)
        labels.insert(labels.end(), counts[c], static_cast<std::int64_t>(c));
    return labels;
}

// Normal features, the last one shifted, and labels of two classes.
template <class T>
Dataset<T> normal_rows(
    std::size_t rows,
    std::size_t features,
    std::uint64_t seed,
    double shift = 0,
    double ones = 0.5) {
    Rng rng(seed);
    auto x = empty<T>({rows, features});
    Labels labels(rows);
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < features; ++j)
            x.data()[i * features + j] =
                static_cast<T>(rng.normal() + (j + 1 == features ? shift : 0));
        labels[i] = rng.uniform() < ones ? 1 : 0;
    }
    return {std::move(x), std::move(labels), 2};
}

}  // namespace

TEST_CASE("chi_squared_tail and kolmogorov_tail agree with scipy") {
    for_calls("chi2.sf", [](const Json& call) {
        for (std::size_t i = 0; i < call["x"].size(); ++i) {
            const double x = call["x"][i];
            const double want = call["p"][i];
            CAPTURE(x);
            CHECK(
                (near(data::detail::chi_squared_tail(x, call["degrees"]), want, 1e-11) ||
                 want < 1e-300));
        }
    });
    for_calls("kolmogorov", [](const Json& call) {
        for (std::size_t i = 0; i < call["x"].size(); ++i)
            CHECK(near(data::detail::kolmogorov_tail(call["x"][i]), call["p"][i], 1e-12));
    });
    CHECK(data::detail::chi_squared_tail(0, 3) == 1);
    CHECK(data::detail::kolmogorov_tail(0) == 1);
}

TEST_CASE("the test of features has scipy's distances and p values, ties or not") {
    for_calls("ks_2samp", [](const Json& call) {
        const auto a = call["a"].get<std::vector<double>>();
        const auto b = call["b"].get<std::vector<double>>();
        const Dataset<double> in_a(column<double>(a), Labels(a.size(), 0), 1);
        const Dataset<double> in_b(column<double>(b), Labels(b.size(), 0), 1);
        const auto report = compare_distributions(in_a, in_b);
        REQUIRE(report.features.size() == 1);
        CHECK(near(report.features[0].statistic, call["d"], 1e-14));
        CHECK(near(report.features[0].p_value, call["p"], 1e-10));
        CHECK(report.features[0].adjusted == report.features[0].p_value);
        CHECK(report.labels->degrees == 0);
    });
}

TEST_CASE_TEMPLATE(
    "the test of labels has scipy's figures, small classes counted as one", T, float, double) {
    for_calls("chi2_contingency", [](const Json& call) {
        const auto a = labels_of(call["table"][0]);
        const auto b = labels_of(call["table"][1]);
        const std::size_t classes = call["table"][0].size() + 1;  // one that no row has
        const Dataset<T> in_a(Array<T>(Shape{a.size(), 1}, T{1}), a, classes);
        const Dataset<T> in_b(Array<T>(Shape{b.size(), 1}, T{1}), b, classes);
        const auto report = compare_distributions(in_a, in_b);
        REQUIRE(report.labels.has_value());
        CHECK(near(report.labels->statistic, call["statistic"], 1e-12));
        CHECK(report.labels->degrees == call["degrees"]);
        CHECK(near(report.labels->p_value, call["p"], 1e-11));
        CHECK(near(report.labels->effect, call["v"], 1e-12));
        CHECK(report.labels->merged == call["merged"]);
        CHECK(report.constant == 1);
        CHECK(report.features.empty());
    });
}

// Sorted 0.005, 0.01, 0.02, 0.03 times 4, 3, 2, 1 is 0.02, 0.03, 0.04, 0.03, and never falls.
TEST_CASE("holm multiplies the smallest by all, the next by one less, and so on") {
    const auto adjusted = data::detail::holm({0.01, 0.02, 0.03, 0.005});
    CHECK(adjusted[3] == doctest::Approx(0.02));
    CHECK(adjusted[0] == doctest::Approx(0.03));
    CHECK(adjusted[1] == doctest::Approx(0.04));
    CHECK(adjusted[2] == doctest::Approx(0.04));
    CHECK(data::detail::holm({0.9, 0.8}) == std::vector<double>{1, 1});
    CHECK(data::detail::holm({}).empty());
}

// Of 400 alarms with a chance of 0.05 each, 34 or more would be one case in a thousand; of 100 with
// 0.01, 6 or more.
TEST_CASE_TEMPLATE(
    "compare_distributions alarms as rarely as alpha says on clean splits", T, float, double) {
    const auto alarms = [](int splits, double alpha, bool few_values) {
        int count = 0;
        for (int i = 0; i < splits; ++i) {
            const auto seed = static_cast<std::uint64_t>(i);
            auto all = normal_rows<T>(200, 6, seed);
            auto x = all.x();
            for (T& value : x.storage())
                value = few_values ? std::round(value) : value;
            const auto parts = split_dataset(Dataset<T>(x, all.y(), 2), {0.6, 0.4}, {.seed = seed});
            count += compare_distributions(parts.train, *parts.dev, {.alpha = alpha}).differ();
        }
        return count;
    };
    CHECK(alarms(100, 0.01, false) <= 5);
    CHECK(alarms(100, 0.01, true) <= 5);
    CHECK(alarms(400, 0.05, false) <= 33);
}

TEST_CASE_TEMPLATE(
    "compare_distributions sees 0.6 deviations in one feature of six", T, float, double) {
    int found = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto a = normal_rows<T>(200, 6, 2 * seed + 50);
        const auto b = normal_rows<T>(200, 6, 2 * seed + 51, 0.6);
        found += compare_distributions(a, b, {.alpha = 0.05}).differ();
    }
    CHECK(found >= 18);
}

TEST_CASE("compare_distributions names the feature that differs, and warns") {
    std::vector<std::string> warnings;
    const auto before =
        set_warning_handler([&](const std::string& text) { warnings.push_back(text); });
    const auto a = normal_rows<double>(500, 3, 1).as(Part::dev);
    const auto b = normal_rows<double>(400, 3, 2, 2).as(Part::test);
    const auto report = compare_distributions(a, b);
    static_cast<void>(compare_distributions(a, a));
    set_warning_handler(before);
    CHECK(report.differ());
    CHECK(report.different_features() == 1);
    REQUIRE(report.features.size() == 3);
    CHECK(report.features[0].name == "(2,)");
    CHECK(report.features[0].statistic > 0.6);
    CHECK(report.features[0].shift == doctest::Approx(2).epsilon(0.1));
    CHECK(report.features[0].adjusted < 1e-10);
    CHECK(report.features[1].adjusted > 0.01);
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0] == report.text());
    CHECK(report.text().starts_with(
        "compare_distributions: dev and test differ; a score on one says little about the other (a "
        "false alarm has a chance of 0.01 at most)\n  labels: alike: chi-squared "));
    CHECK(
        report.text().find(
            "\n  features: 1 of 3 tested differ; 500 of 500 and 400 of 400 rows used\n    (2,): "
            "distance 0.") != std::string::npos);
    CHECK(compare_distributions(a, a).text().starts_with(
        "compare_distributions: dev and dev look alike"));
}

TEST_CASE("compare_distributions names the class whose share differs most") {
    const Dataset<float> a(Array<float>(Shape{100, 1}, 1.0F), labels_of({50, 30, 20}), 3);
    const Dataset<float> b(Array<float>(Shape{100, 1}, 1.0F), labels_of({50, 5, 45}), 3);
    const auto report = compare_distributions(a, b);
    CHECK(report.differ());
    CHECK(report.labels->worst == 1);
    CHECK(report.labels->share_a == 0.3);
    CHECK(report.labels->share_b == 0.05);
    CHECK(report.text().find("most in class 1: 30.00 % and 5.00 %") != std::string::npos);
    CHECK(report.text().find("1 constant") != std::string::npos);
}

TEST_CASE("compare_distributions looks at as many rows and features as it is told, by its seed") {
    const auto a = normal_rows<float>(300, 8, 1);
    const auto b = normal_rows<float>(200, 8, 2);
    const CompareOptions few{.max_rows = 50, .max_features = 3, .seed = 1};
    const auto report = compare_distributions(a, b, few);
    CHECK(report.a.used == 50);
    CHECK(report.b.used == 50);
    CHECK(report.features.size() == 3);
    CHECK(report.all_features == 8);
    CHECK(
        report.text().find("50 of 300 and 50 of 200 rows used, 5 of 8 not chosen") !=
        std::string::npos);
    CHECK(compare_distributions(a, b, few).text() == report.text());
    CHECK(
        compare_distributions(a, b, {.max_rows = 50, .max_features = 3, .seed = 2}).text() !=
        report.text());
    CHECK(compare_distributions(a, b, {.max_rows = 0, .max_features = 0}).features.size() == 8);
}

TEST_CASE("compare_distributions compares targets, and the share of missing values") {
    const double nan = std::nan("");
    auto x = Array<double>(Shape{60, 2}, 1.0);
    auto with_gaps = x;
    for (std::size_t i = 0; i < 60; ++i) {
        x.data()[2 * i] = with_gaps.data()[2 * i] = static_cast<double>(i);
        if (i % 2 == 0)
            with_gaps.data()[2 * i + 1] = nan;
    }
    const auto low = random_array<double>({60}, 1, 0, 1);
    const auto high = random_array<double>({60}, 2, 5, 6);
    const auto report =
        compare_distributions(Dataset<double>(x, low), Dataset<double>(with_gaps, high));
    CHECK_FALSE(report.labels.has_value());
    REQUIRE(report.features.size() == 3);
    CHECK(report.features[0].name == "target ()");
    CHECK(report.features[0].statistic == 1);
    CHECK(report.features[1].name == "(1,)");
    CHECK(report.features[1].statistic == 0.5);
    CHECK(report.features[2].statistic == 0);
    const auto missing = Array<double>(Shape{60, 1}, nan);
    const auto none =
        compare_distributions(Dataset<double>(missing, low), Dataset<double>(missing, low));
    CHECK(none.constant == 1);
}

TEST_CASE("compare_distributions refuses sets that do not go together") {
    const auto a = normal_rows<float>(10, 2, 1);
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(compare_distributions(a, a, {.alpha = 1}));
          }) == "compare_distributions: alpha is 1; need 0 < alpha < 1");
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(compare_distributions(a, Dataset<float>(a.x(), a.y(), 3)));
          }) == "compare_distributions: the sets have 2 and 3 classes; need the same");
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(compare_distributions(a, normal_rows<float>(10, 3, 1)));
          }) == "compare_distributions: x has shapes (10, 2) and (10, 3); need the same features");
    CHECK(
        text_of_error<ShapeError>([&] {
            static_cast<void>(compare_distributions(
                Dataset<float>(a.x(), a.x()), Dataset<float>(a.x(), random_array<float>({10}, 1))));
        }) ==
        "compare_distributions: targets have shapes (10, 2) and (10,); need the same for each row");
}
