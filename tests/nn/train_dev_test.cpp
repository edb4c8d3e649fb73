// Train-dev parts, and training rows from elsewhere.
#include <autograd/error.hpp>
#include <nn/split.hpp>
#include <tests/support.hpp>

#include <algorithm>
#include <stdexcept>

using namespace xgrad;
using namespace xgrad::data;
using namespace xgrad::test;

namespace {

// Row i has the feature start + i, and the labels 0, 1, 0, ...
template <class T>
Dataset<T> numbered(std::size_t rows, int start) {
    auto x = empty<T>({rows, 1});
    Labels labels(rows);
    for (std::size_t i = 0; i < rows; ++i) {
        x.data()[i] = static_cast<T>(start) + static_cast<T>(i);
        labels[i] = static_cast<std::int64_t>(i % 2);
    }
    return {std::move(x), std::move(labels), 2};
}

template <class T>
void collect(std::vector<T>& all, const Dataset<T>& part) {
    all.insert(all.end(), part.x().storage().begin(), part.x().storage().end());
}

// The features of all parts are those of the datasets, each once.
template <class T>
void check_rows(const DatasetSplit<T>& parts, const std::vector<Dataset<T>>& from) {
    std::vector<T> got;
    std::vector<T> expected;
    collect(got, parts.train);
    for (const auto* part : {&parts.train_dev, &parts.dev, &parts.test}) {
        if (part->has_value())
            collect(got, **part);
    }
    for (const auto& dataset : from)
        collect(expected, dataset);
    std::ranges::sort(got);
    CHECK(got == expected);
}

template <class F>
std::string refusal(F f) {
    return text_of_error<std::invalid_argument>([&] { static_cast<void>(f()); });
}

}  // namespace

TEST_CASE_TEMPLATE(
    "carve_train_dev takes a share of train and leaves dev and test", T, float, double) {
    const auto all = numbered<T>(100, 0);
    const auto parts = split_dataset(all, {0.6, 0.2, 0.2}, {.seed = 3});
    const auto carved = carve_train_dev(parts, 0.1, {.seed = 3, .stratify = true});
    CHECK(carved.train.size() == 54);
    CHECK(carved.train.part() == Part::train);
    REQUIRE(carved.train_dev.has_value());
    CHECK(carved.train_dev->size() == 6);
    CHECK(carved.train_dev->part() == Part::train_dev);
    CHECK(carved.dev->x() == parts.dev->x());
    CHECK(carved.test->x() == parts.test->x());
    check_rows(carved, {all});
    CHECK(carve_train_dev(parts, 0.1, {.seed = 3, .stratify = true}).train.x() == carved.train.x());
    CHECK(
        refusal([&] { return carve_train_dev(carved, 0.1); }) ==
        "carve_train_dev: there is a train-dev part of 6 rows already; need parts without one");
    CHECK_THROWS_AS(static_cast<void>(carve_train_dev(parts, 1.5)), std::invalid_argument);
}

TEST_CASE_TEMPLATE("split_elsewhere takes dev and test from the target alone", T, float, double) {
    const auto web = numbered<T>(200, 0);
    const auto camera = numbered<T>(40, 1000);
    const auto parts = split_elsewhere(web, camera, {.seed = 5});
    CHECK(parts.train.size() == 190);
    CHECK(parts.train_dev->size() == 10);
    CHECK(parts.dev->size() == 20);
    CHECK(parts.test->size() == 20);
    CHECK(parts.test->part() == Part::test);
    CHECK(parts.train.part() == Part::train);
    for (const auto* part : {&*parts.dev, &*parts.test})
        CHECK(std::ranges::all_of(part->x().storage(), [](T value) { return value >= 1000; }));
    for (const auto* part : {&parts.train, &*parts.train_dev})
        CHECK(std::ranges::all_of(part->x().storage(), [](T value) { return value < 1000; }));
    check_rows(parts, {web, camera});
}

TEST_CASE("split_elsewhere lets a share of the target train, and needs no test or train-dev") {
    const auto web = numbered<double>(200, 0);
    const auto camera = numbered<double>(40, 1000);
    const auto mixed = split_elsewhere(web, camera, {.dev = 0.25, .test = 0.25, .train_dev = 0});
    CHECK(mixed.train.size() == 220);
    CHECK(mixed.dev->size() == 10);
    CHECK_FALSE(mixed.train_dev.has_value());
    check_rows(mixed, {web, camera});
    const auto plain = split_elsewhere(web, camera, {.dev = 1, .test = 0});
    CHECK(plain.dev->size() == 40);
    CHECK_FALSE(plain.test.has_value());
    const Dataset<double> numbers(web.x(), web.x());
    const auto targets = split_elsewhere(numbers, Dataset<double>(camera.x(), camera.x()));
    CHECK(targets.train.targets() == targets.train.x());
    CHECK(targets.test->targets() == targets.test->x());
}

TEST_CASE("split_elsewhere refuses rows that do not go together") {
    const auto web = numbered<float>(20, 0);
    CHECK(refusal([&] {
              return split_elsewhere(web, web.as(Part::dev));
          }) == "split_elsewhere: the 20 rows are a dev part already; need unsplit rows");
    CHECK(
        refusal([&] { return split_elsewhere(web, Dataset<float>(web.x(), web.y(), 3)); }) ==
        "split_elsewhere: there are 2 classes elsewhere and 3 in the target; need the same");
    CHECK(
        text_of_error<ShapeError>([&] {
            static_cast<void>(
                split_elsewhere(web, Dataset<float>(random_array<float>({20, 2}, 1), web.y(), 2)));
        }) ==
        "split_elsewhere: x has shape (20, 1) elsewhere and (20, 2) in the target; need the same "
        "features");
    CHECK(
        text_of_error<ShapeError>([&] {
            static_cast<void>(split_elsewhere(
                Dataset<float>(web.x(), web.x()),
                Dataset<float>(web.x(), random_array<float>({20, 2}, 1))));
        }) ==
        "split_elsewhere: targets have shape (20, 1) elsewhere and (20, 2) in the target; need the "
        "same for each row");
    CHECK(
        refusal([&] { return split_elsewhere(web, web, {.dev = 0.8, .test = 0.4}); }) ==
        "split_elsewhere: the fractions of dev and test are 0.8 and 0.4; need dev > 0, test >= 0 "
        "and a sum of at most 1");
}
