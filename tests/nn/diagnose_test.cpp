#include <nn/diagnose.hpp>
#include <nn/train.hpp>
#include <tests/nn/trajectory.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

using namespace xgrad::train;
using xgrad::test::text_of_error;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

void check_interval(const Interval& got, const xgrad::test::Json& want) {
    // scipy and statsmodels take the quantile of the normal distribution to 1e-13 or so.
    CHECK(std::abs(got.low - want.at(0).get<double>()) < 1e-11);
    CHECK(std::abs(got.high - want.at(1).get<double>()) < 1e-11);
}

Proportion share_of(const xgrad::test::Json& counts) {
    const auto rows = counts.at(1).get<std::size_t>();
    return {counts.at(0).get<double>() / static_cast<double>(rows), rows};
}

}  // namespace

TEST_CASE("the interval of a share is scipy's Wilson interval") {
    const xgrad::test::Json cases = xgrad::test::stored("proportions.json").at("wilson");
    REQUIRE(cases.size() == 24);
    for (const auto& c : cases) {
        INFO(c.dump());
        const auto rows = c.at("rows").get<std::size_t>();
        const double rate = c.at("errors").get<double>() / static_cast<double>(rows);
        check_interval(
            wilson_interval({rate, rows}, c.at("confidence").get<double>()), c.at("interval"));
    }
}

TEST_CASE("the interval of a difference is statsmodels' by Newcombe's method 10") {
    const xgrad::test::Json cases = xgrad::test::stored("proportions.json").at("difference");
    REQUIRE(cases.size() == 36);
    for (const auto& c : cases) {
        INFO(c.dump());
        check_interval(
            difference_interval(
                share_of(c.at("a")), share_of(c.at("b")), c.at("confidence").get<double>()),
            c.at("interval"));
    }
}

TEST_CASE("the interval of an exact share is the share, and moves that of a difference") {
    CHECK(wilson_interval({0.25}).low == 0.25);
    CHECK(wilson_interval({0.25}).high == 0.25);
    const Interval of_dev = wilson_interval({0.03, 100});
    const Interval gap = difference_interval({0.03, 100}, {0.01});
    CHECK(gap.low == doctest::Approx(of_dev.low - 0.01));
    CHECK(gap.high == doctest::Approx(of_dev.high - 0.01));
}

TEST_CASE("an interval refuses what is no share, no rows and no confidence") {
    CHECK(text_of_error<std::invalid_argument>([] {
              static_cast<void>(wilson_interval({1.5, 10}));
          }) == "wilson_interval: the rate is 1.5; need 0 <= rate <= 1");
    CHECK(text_of_error<std::invalid_argument>([] {
              static_cast<void>(difference_interval({0.5, 10}, {0.5, 0}));
          }) == "difference_interval: the rate is of 0 rows; need at least 1");
    CHECK(text_of_error<std::invalid_argument>([] {
              static_cast<void>(wilson_interval({0.5, 10}, 1));
          }) == "wilson_interval: the confidence is 1; need 0 < confidence < 1");
}

TEST_CASE("diagnose: the five textbook cases") {
    struct Case {
        double train, dev, optimal;
        const char* verdict;
    };
    for (const Case& c :
         {Case{0.01, 0.11, 0, "high variance (overfits)"},
          Case{0.15, 0.16, 0, "high bias (underfits)"},
          Case{0.15, 0.30, 0, "high bias and high variance"},
          Case{0.005, 0.01, 0, "low bias, low variance"},
          Case{0.15, 0.16, 0.15, "low bias, low variance"}}) {
        CAPTURE(c.train);
        CAPTURE(c.dev);
        const Diagnosis d = diagnose({.train = c.train, .dev = c.dev, .optimal = c.optimal});
        CHECK(d.verdict == c.verdict);
        CHECK(d.avoidable_bias == doctest::Approx(c.train - c.optimal));
        CHECK(d.variance == doctest::Approx(c.dev - c.train));
        CHECK_FALSE(d.mismatch.has_value());
        CHECK_FALSE(d.dev_gap.has_value());
        CHECK(d.steps.empty() == (!d.high_bias && !d.high_variance));
        // With many rows the bands are narrow and the verdict is the same.
        const Diagnosis counted = diagnose(
            {.train = c.train,
             .dev = c.dev,
             .optimal = c.optimal,
             .train_rows = 50000,
             .dev_rows = 10000});
        CHECK(counted.verdict == c.verdict);
        CHECK(counted.steps == d.steps);
    }
}

TEST_CASE("diagnose: a train-dev set parts variance from mismatch, a test set shows the dev gap") {
    const Diagnosis d = diagnose({.train = 0.01, .dev = 0.11, .train_dev = 0.02, .test = 0.20});
    CHECK_FALSE(d.high_variance);
    CHECK(d.variance == doctest::Approx(0.01));
    CHECK(*d.mismatch == doctest::Approx(0.09));
    CHECK(*d.dev_gap == doctest::Approx(0.09));
    CHECK(d.verdict == "low bias, low variance, data mismatch, overfitting to dev");
    CHECK(d.steps.size() == 2);
    REQUIRE(d.gaps.size() == 4);
    CHECK(d.gaps[1].terms == "train-dev - train");
    CHECK(d.gaps[2].terms == "dev - train-dev");
    CHECK(d.gaps[3].terms == "test - dev");
}

TEST_CASE("diagnose: the threshold can be moved; the steps name the branch of the recipe") {
    CHECK(diagnose({.train = 0.03, .dev = 0.04}).verdict == "low bias, low variance");
    const Diagnosis bias = diagnose({.train = 0.03, .dev = 0.04}, {.high = 0.02});
    CHECK(bias.verdict == "high bias (underfits)");
    CHECK(
        bias.steps == std::vector<std::string>{
                          "a bigger network",
                          "longer training, or another optimiser",
                          "another architecture (more data does not help)"});
    const Diagnosis variance = diagnose({.train = 0.01, .dev = 0.11});
    CHECK(
        variance.steps == std::vector<std::string>{
                              "more data, or augmentation",
                              "more regularisation: weight decay, dropout, early stopping",
                              "another architecture"});
}

TEST_CASE("diagnose: 100 dev rows cannot tell 1 % from 3 %, and it says how many could") {
    const ErrorRates rates{.train = 0.01, .dev = 0.03, .train_rows = 10000, .dev_rows = 100};
    const Diagnosis d = diagnose(rates);
    CHECK(d.verdict == "low bias, cannot tell about variance");
    CHECK_FALSE(d.high_variance);
    REQUIRE(d.gaps.size() == 2);
    CHECK(d.gaps[0].level == Level::low);
    CHECK(d.gaps[1].level == Level::unclear);
    CHECK(d.gaps[1].band.low < 0.05);
    CHECK(d.gaps[1].band.high > 0.05);
    REQUIRE(d.gaps[1].rows_to_tell.has_value());
    const std::size_t rows = *d.gaps[1].rows_to_tell;
    CHECK(
        d.steps == std::vector<std::string>{
                       "more rows to measure on: " + std::to_string(rows) +
                       " dev rows would tell whether the variance is high, there are 100"});
    // So many do tell, and one less does not.
    ErrorRates more = rates;
    more.dev_rows = rows;
    CHECK(diagnose(more).verdict == "low bias, low variance");
    more.dev_rows = rows - 1;
    CHECK(diagnose(more).verdict == "low bias, cannot tell about variance");
    // 11 errors of 100 rows are enough against 1 %: the band begins at 5.3 %. 10 are not.
    CHECK(
        diagnose({.train = 0.01, .dev = 0.11, .dev_rows = 100}).verdict ==
        "high variance (overfits)");
    CHECK(
        diagnose({.train = 0.01, .dev = 0.10, .dev_rows = 100}).verdict ==
        "low bias, cannot tell about variance");
}

TEST_CASE("diagnose: every gap may be unclear, and both sets of one may need more rows") {
    const Diagnosis d = diagnose(
        {.train = 0.04,
         .dev = 0.12,
         .train_dev = 0.08,
         .test = 0.14,
         .train_rows = 50,
         .dev_rows = 60,
         .train_dev_rows = 70,
         .test_rows = 80});
    CHECK(
        d.verdict ==
        "cannot tell, cannot tell about data mismatch, cannot tell about overfitting to dev");
    REQUIRE(d.steps.size() == 4);
    CHECK(
        d.steps[1].find(" train-dev and train rows would tell whether the variance is high, "
                        "there are 70 and 50") != std::string::npos);
    // At the threshold itself no number of rows tells.
    const Diagnosis at = diagnose({.train = 0.25, .dev = 0.5, .dev_rows = 100}, {.high = 0.25});
    CHECK_FALSE(at.gaps[1].rows_to_tell.has_value());
    CHECK(
        at.steps ==
        std::vector<std::string>{"another threshold: no number of rows tells whether the variance "
                                 "is high, it is too near"});
    CHECK(
        diagnose({.train = 0.04, .dev = 0.3, .train_rows = 50}).verdict ==
        "high variance (overfits), cannot tell about bias");
    CHECK(
        diagnose({.train = 0.2, .dev = 0.24, .train_rows = 5000, .dev_rows = 50}).verdict ==
        "high bias (underfits), cannot tell about variance");
    CHECK(
        diagnose({.train = 0.04, .dev = 0.04, .train_rows = 50}).verdict ==
        "low variance, cannot tell about bias");
}

TEST_CASE("a diagnosis reads as a few lines") {
    CHECK(
        diagnose({.train = 0.01, .dev = 0.11, .dev_rows = 2000}).text() ==
        "high variance (overfits)\n"
        "  avoidable bias        train - optimal   1.0 %  low\n"
        "  variance              dev - train      10.0 %, 95 % band 8.7 % to 11.4 %  high\n"
        "  high is what lies above 5.0 %\n"
        "next:\n"
        "  1. more data, or augmentation\n"
        "  2. more regularisation: weight decay, dropout, early stopping\n"
        "  3. another architecture\n");
}

TEST_CASE("diagnose refuses what is no error rate") {
    const auto refusal = [](const ErrorRates& rates, const DiagnosisOptions& options = {}) {
        return text_of_error<std::invalid_argument>(
            [&] { static_cast<void>(diagnose(rates, options)); });
    };
    CHECK(
        refusal({.train = 11, .dev = 0.1}) ==
        "diagnose: the train error is 11; need 0 <= error <= 1");
    CHECK(
        refusal({.train = 0.1, .dev = not_a_number}) ==
        "diagnose: the dev error is nan; need 0 <= error <= 1");
    CHECK(
        refusal({.train = 0.1, .dev = 0.1}, {.high = 0}) ==
        "diagnose: high is 0; need a positive one");
    CHECK(
        refusal({.train = 0.1, .dev = 0.1}, {.confidence = 95}) ==
        "diagnose: the confidence is 95; need 0 < confidence < 1");
    CHECK(
        refusal({.train = 0.1, .dev = 0.1, .dev_rows = 0}) ==
        "diagnose: the dev error is of 0 rows; need at least 1, or none for an exact error");
    CHECK(
        refusal({.train = 0.1, .dev = 0.1, .test_rows = 10}) ==
        "diagnose: there are 10 test rows without an error; give both or none");
}
