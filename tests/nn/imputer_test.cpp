#include <autograd/error.hpp>
#include <nn/imputer.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

using namespace xgrad;
using xgrad::data::Dataset;
using xgrad::data::Imputer;
using xgrad::data::Part;
using xgrad::test::array;
using xgrad::test::check_same;
using xgrad::test::text_of_error;

namespace {

const double none = NAN;

Array<double> train() { return array({4, 2}, {1, none, 2, 10, none, 30, 6, 20}); }

}  // namespace

TEST_CASE("an imputer fills in the mean or the median of the training rows") {
    Imputer<double> mean, median({.median = true});
    mean.fit(train());
    median.fit(train());
    check_same(mean.fill(), array({2}, {3, 20}));
    check_same(median.fill(), array({2}, {2, 20}));
    check_same(mean.transform(train()), array({4, 2}, {1, 20, 2, 10, 3, 30, 6, 20}));
    check_same(median.transform(array({1, 2}, {none, 5})), array({1, 2}, {2, 5}));
    median.fit(array({4, 1}, {9, 1, 4, 2}));
    check_same(median.fill(), array({1}, {3}));
}

TEST_CASE("an imputer takes its figures from training rows, and its state is all of it") {
    Imputer<double> imputer;
    const Dataset<double> rows(train(), data::Labels{0, 1, 0, 1}, 2);
    CHECK_THROWS_AS(imputer.fit(rows.as(Part::test)), std::invalid_argument);
    CHECK_THROWS_AS(imputer.fit(rows.as(Part::dev)), std::invalid_argument);
    imputer.fit(rows.as(Part::train));
    const auto dev = imputer.transform(rows.as(Part::dev));
    CHECK(dev.part() == Part::dev);
    CHECK(dev.y() == rows.y());
    Imputer<double> other;
    other.load_state(imputer.state());
    check_same(other.transform(train()), dev.x());
    other.reset();
    CHECK(!other.fitted());
}

TEST_CASE("an imputer refuses what it cannot fill in") {
    Imputer<double> imputer;
    const auto says = [](auto f) { return text_of_error<std::invalid_argument>(f); };
    CHECK(says([&] {
              imputer.fit(array({2, 2}, {1, none, 2, none}));
          }) == "Imputer::fit: feature 1 is missing in all 2 rows; need one that has it");
    CHECK(says([&] {
              imputer.fit(array({1, 1}, {INFINITY}));
          }) == "Imputer::fit: feature 0 of row 0 is inf; need finite values, or NaN");
    CHECK(says([&] {
              imputer.fit(array({3, 1}, {-1.7e308, 1.7e308, 1.7e308}));
          }) == "Imputer::fit: the mean of feature 0 overflows; need smaller values");
    CHECK(text_of_error<ShapeError>([&] {
              imputer.fit(array({0, 2}, {}));
          }) == "Imputer::fit: x has shape (0, 2); need at least one row");
    CHECK(text_of_error<std::logic_error>([&] {
              static_cast<void>(imputer.state());
          }) == "Imputer: nothing to fill in yet; need fit() or load_state() first");
    imputer.fit(train());
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(imputer.transform(array({2, 1}, {1, 2})));
          }) == "Imputer::transform: x has shape (2, 1); need rows of shape (2,)");
    CHECK(
        text_of_error<std::logic_error>([&] { static_cast<void>(imputer.inverse(train())); }) ==
        "Imputer::inverse: which values were missing is not kept; need the rows as they were");
    CHECK(says([&] {
              imputer.load_state({});
          }) == "Imputer::load_state: need \"fill\" and nothing else");
    CHECK(says([&] {
              imputer.load_state({{"fill", array({1}, {none})}});
          }) == "Imputer::load_state: \"fill\" has nan at 0; need finite values");
    check_same(imputer.fill(), array({2}, {3, 20}));
}
