#include <nn/learning_curve.hpp>
#include <nn/rng.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

using namespace xgrad;
using namespace xgrad::train;
using Reading = LearningCurve::Reading;
using xgrad::test::text_of_error;

namespace {

// Row i is the number i; one label in four is 1.
data::Dataset<double> numbered(std::size_t rows) {
    Array<double> x(Shape{rows, 1});
    data::Labels y;
    for (std::size_t i = 0; i < rows; ++i) {
        x.data()[i] = double(i);
        y.push_back(i % 4 == 0);
    }
    return {x, y, 2};
}

using Trial =
    std::function<TrialErrors(const data::Dataset<double>&, const data::Dataset<double>&)>;

// A curve whose errors are functions of the rows.
LearningCurve curve_of(
    const std::function<TrialErrors(double)>& errors, const LearningCurveOptions& options = {}) {
    const Trial trial = [&](const data::Dataset<double>& rows, const data::Dataset<double>&) {
        return errors(double(rows.size()));
    };
    return learning_curve<double>(numbered(1600), numbered(10), trial, options);
}

}  // namespace

TEST_CASE("nested_order has each label's share in every beginning, and each row once") {
    const data::Labels labels = numbered(1000).y();
    const data::Rows order = nested_order(labels, 1000, 5);
    CHECK(std::set<std::size_t>(order.begin(), order.end()).size() == 1000);
    double ones = 0, worst = 0;
    for (std::size_t n = 0; n < 1000; ++n) {
        ones += double(labels[order[n]]);
        worst = std::max(worst, std::abs(ones - double(n + 1) / 4));
    }
    CHECK(worst < 1);
    CHECK(nested_order(labels, 1000, 5) == order);
    CHECK(nested_order(labels, 1000, 6) != order);
    CHECK(nested_order({}, 10, 5).size() == 10);
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(nested_order({0, 1}, 3, 0));
          }) == "nested_order: there are 2 labels of 3 rows; need one each, or none");
}

TEST_CASE("nested_order keeps the shares to less than a row where many labels are rare") {
    Rng rng(1);
    for (const std::size_t frequent : {40U, 70U, 97U}) {
        data::Labels labels(100);
        for (std::size_t i = 0; i < 100; ++i)
            labels[i] = i < frequent ? std::int64_t(rng.below(2)) : std::int64_t(i);
        std::map<std::int64_t, double> all, seen;
        for (const std::int64_t label : labels)
            ++all[label];
        double worst = 0, taken = 0;
        for (const std::size_t row : nested_order(labels, 100, 5)) {
            ++seen[labels[row]];
            ++taken;
            for (const auto& [label, rows] : all)
                worst = std::max(worst, std::abs(seen[label] - taken * rows / 100));
        }
        CHECK(taken == 100);
        CHECK(worst < 1);
    }
}

TEST_CASE("learning_curve trains on growing parts, each within the next, and the same dev set") {
    std::vector<std::set<double>> parts;
    const Trial trial = [&](const data::Dataset<double>& rows, const data::Dataset<double>& dev) {
        CHECK(dev.size() == 7);
        CHECK(rows.part() == data::Part::train);
        parts.emplace_back(rows.x().data(), rows.x().data() + rows.size());
        return TrialErrors{0, 0};
    };
    const LearningCurve curve = learning_curve<double>(
        numbered(40).as(data::Part::train), numbered(7), trial, {.sizes = {4, 20, 40}});
    REQUIRE(parts.size() == 3);
    CHECK(parts[0].size() == 4);
    CHECK(parts[2].size() == 40);
    for (std::size_t i = 0; i < 2; ++i)
        CHECK(std::includes(
            parts[i + 1].begin(), parts[i + 1].end(), parts[i].begin(), parts[i].end()));
    CHECK(curve.points[1].rows == 20);
    // Without sizes: from a sixteenth to all.
    parts.clear();
    static_cast<void>(
        learning_curve<double>(numbered(160).as(data::Part::train), numbered(7), trial));
    REQUIRE(parts.size() == 5);
    CHECK(parts[0].size() == 10);
    CHECK(parts[4].size() == 160);
}

TEST_CASE("a learning curve says whether more data helps") {
    // 40 / m above 1 %: from 10.99 % at 400 rows to 6 % at 800 and 3.5 % at 1600.
    const LearningCurve falling = curve_of([](double m) {
        return TrialErrors{0.01, 0.01 + 160 / m};
    });
    CHECK(falling.reading == Reading::more_data);
    CHECK(falling.gap == doctest::Approx(0.1));
    CHECK(falling.fall == doctest::Approx(0.1));
    CHECK(
        falling.verdict ==
        "more data helps: the last doubling took 10.0 % off the dev error, which is 10.0 % above "
        "the train error");
    const LearningCurve flat = curve_of([](double) { return TrialErrors{0.01, 0.2}; });
    CHECK(flat.reading == Reading::flat_gap);
    CHECK(
        flat.verdict ==
        "high variance, but more data helps little: the last doubling took 0.0 % off a gap of 19.0 "
        "%; regularise");
    const LearningCurve bias = curve_of([](double m) {
        return TrialErrors{0.2 - 16 / m, 0.2 + 16 / m};
    });
    CHECK(bias.reading == Reading::high_bias);
    CHECK(
        bias.verdict ==
        "high bias: train and dev error have met at 19.0 % and 21.0 %, more data does not help");
    CHECK(
        curve_of(
            [](double m) {
                return TrialErrors{0.2 - 16 / m, 0.2 + 16 / m};
            },
            {.optimal = 0.18})
            .reading == Reading::good);
    // The fall is by the doubling, whatever the sizes.
    CHECK(
        curve_of(
            [](double m) {
                return TrialErrors{0.2, m < 1600 ? 0.7 : 0.4};
            },
            {.sizes = {400, 1600}})
            .fall == doctest::Approx(0.15));
    CHECK(
        bias.text().starts_with("     rows     train       dev\n"
                                "      100     4.0 %    36.0 %\n"));
}

TEST_CASE("learning_curve refuses sizes that do not rise, the test set, and errors that are none") {
    const auto refusal =
        [](const data::Dataset<double>& dev, const LearningCurveOptions& options, double error) {
            return text_of_error<std::invalid_argument>([&] {
                static_cast<void>(learning_curve<double>(
                    numbered(10),
                    dev,
                    [&](const auto&, const auto&) {
                        return TrialErrors{0, error};
                    },
                    options));
            });
        };
    CHECK(
        refusal(numbered(5), {.sizes = {3, 11}}, 0) ==
        "learning_curve: a size of 11 comes after 3, of 10 rows; need sizes that rise from 1 to at "
        "most the rows");
    CHECK(
        refusal(numbered(5).as(data::Part::test), {}, 0) ==
        "learning_curve: the dev set is the test set; what is chosen by test rows is not judged by "
        "them");
    CHECK(
        refusal(numbered(5), {.sizes = {4}}, std::numeric_limits<double>::quiet_NaN()) ==
        "learning_curve: the trial of 4 rows has errors 0 and nan; need finite ones");
    CHECK(
        refusal(numbered(5), {.high = 0}, 0) ==
        "learning_curve: high is 0, flat 0.1 and optimal 0; need high > 0, flat >= 0 and a finite "
        "optimal");
}
