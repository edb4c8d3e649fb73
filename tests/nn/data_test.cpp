#include <autograd/error.hpp>
#include <nn/data.hpp>
#include <nn/split.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

using xgrad::Array;
using xgrad::IndexError;
using xgrad::Shape;
using xgrad::ShapeError;
using namespace xgrad::data;

namespace {

// Row i has the features (10 i, 10 i + 1) and the label i mod 3.
template <class T>
Dataset<T> counted(std::size_t rows) {
    auto x = xgrad::empty<T>({rows, 2});
    Labels y(rows);
    for (std::size_t i = 0; i < rows; ++i) {
        x.data()[2 * i] = static_cast<T>(10 * i);
        x.data()[2 * i + 1] = static_cast<T>(10 * i + 1);
        y[i] = static_cast<std::int64_t>(i % 3);
    }
    return Dataset<T>(std::move(x), std::move(y), 3);
}

Rows sorted(Rows rows) {
    std::ranges::sort(rows);
    return rows;
}

Rows all_of(const Split& parts) {
    Rows rows = parts.train;
    rows.insert(rows.end(), parts.dev.begin(), parts.dev.end());
    rows.insert(rows.end(), parts.test.begin(), parts.test.end());
    return sorted(rows);
}

Rows up_to(std::size_t n) {
    Rows rows(n);
    for (std::size_t i = 0; i < n; ++i)
        rows[i] = i;
    return rows;
}

// The rows of an epoch over counted() data, batch by batch.
template <class T>
std::vector<Rows> rows_of(Epoch<T> epoch) {
    std::vector<Rows> batches;
    for (const auto& [x, y] : epoch) {
        Rows rows;
        for (std::size_t i = 0; i < y.size(); ++i) {
            rows.push_back(static_cast<std::size_t>(x.data()[2 * i]) / 10);
            CHECK(x.data()[2 * i + 1] == x.data()[2 * i] + 1);
            CHECK(y[i] == static_cast<std::int64_t>(rows.back() % 3));
        }
        CHECK(x.shape() == Shape{y.size(), 2});
        batches.push_back(rows);
    }
    return batches;
}

Rows joined(const std::vector<Rows>& batches) {
    Rows rows;
    for (const Rows& batch : batches)
        rows.insert(rows.end(), batch.begin(), batch.end());
    return rows;
}

}  // namespace

TEST_CASE("Dataset keeps rows and labels, and its copies share them") {
    const auto dataset = counted<float>(4);
    CHECK(dataset.size() == 4);
    CHECK(dataset.classes() == 3);
    CHECK(dataset.y() == Labels{0, 1, 2, 0});
    auto copy = dataset;
    CHECK(copy.x().data() == dataset.x().data());
    const auto moved = std::move(copy);
    CHECK(copy.size() == moved.size());  // moving copies: no dataset is ever empty
}

TEST_CASE("Dataset refuses rows and labels that do not fit") {
    CHECK_THROWS_WITH_AS(
        Dataset<float>(xgrad::empty<float>({0, 2}), {}, 3),
        "Dataset: x has shape (0, 2); need (N, ...) with at least one row",
        ShapeError);
    CHECK_THROWS_WITH_AS(
        Dataset<float>(Array<float>(Shape{}, 1.0F), {0}, 3),
        "Dataset: x has shape (); need (N, ...) with at least one row",
        ShapeError);
    CHECK_THROWS_WITH_AS(
        Dataset<float>(Array<float>(Shape{2, 1}, 0.0F), {0}, 3),
        "Dataset: x has shape (2, 1), y has 1 labels; need a label for each row",
        ShapeError);
    CHECK_THROWS_WITH_AS(
        Dataset<float>(Array<float>(Shape{2, 1}, 0.0F), {0, 0}, 0),
        "Dataset: classes is 0; need at least 1",
        std::invalid_argument);
}

TEST_CASE("Dataset refuses a label outside its classes and names the row") {
    CHECK_THROWS_WITH_AS(
        Dataset<float>(Array<float>(Shape{2, 1}, 0.0F), {0, 3}, 3),
        "Dataset: the label of row 1 is 3; need 0 <= label < 3",
        IndexError);
    CHECK_THROWS_WITH_AS(
        Dataset<float>(Array<float>(Shape{2, 1}, 0.0F), {-1, 0}, 3),
        "Dataset: the label of row 0 is -1; need 0 <= label < 3",
        IndexError);
}

TEST_CASE_TEMPLATE("Dataset::subset copies rows in the given order", T, float, double) {
    const auto part = counted<T>(5).subset({4, 0, 4});
    CHECK(part.x() == Array<T>{{40, 41}, {0, 1}, {40, 41}});
    CHECK(part.y() == Labels{1, 0, 1});
    CHECK(part.classes() == 3);
}

TEST_CASE("Dataset::subset keeps the axes of a row") {
    const Dataset<float> images(Array<float>(Shape{3, 2, 4}, 1.0F), {0, 1, 0}, 2);
    CHECK(images.subset({2, 1}).x().shape() == Shape{2, 2, 4});
    const Dataset<float> bare(Array<float>{1.0F, 2.0F}, {0, 1}, 2);
    CHECK(bare.subset({1}).x() == Array<float>{2.0F});
}

TEST_CASE("Dataset::subset refuses no rows and rows that are not there") {
    const auto dataset = counted<float>(5);
    CHECK_THROWS_WITH_AS(
        static_cast<void>(dataset.subset({})),
        "Dataset::subset: no rows are given; need at least one",
        ShapeError);
    CHECK_THROWS_WITH_AS(
        static_cast<void>(dataset.subset({1, 5})),
        "Dataset::subset: entry 1 is row 5; need 0 <= row < 5",
        IndexError);
}

TEST_CASE("Dataset::slice copies rows that follow each other, and no others") {
    const auto dataset = counted<float>(5).as(Part::dev);
    CHECK(dataset.slice(1, 2).x() == dataset.subset({1, 2}).x());
    CHECK(dataset.slice(4, 1).y() == dataset.subset({4}).y());
    CHECK(dataset.slice(0, 5).part() == Part::dev);
    CHECK_THROWS_WITH_AS(
        static_cast<void>(dataset.slice(3, 3)),
        "Dataset::slice: 3 rows from 3 on; there are 5 in all",
        IndexError);
    CHECK_THROWS_AS(static_cast<void>(dataset.slice(6, 0)), IndexError);
    CHECK_THROWS_AS(static_cast<void>(dataset.slice(2, 0)), ShapeError);
}

TEST_CASE("split deals every row to exactly one part, in the sizes asked for") {
    for (const auto& [fractions, train, dev, test] :
         {std::tuple{Fractions{0.6, 0.2, 0.2}, 600, 200, 200},
          std::tuple{Fractions{0.7, 0.3}, 700, 300, 0},
          std::tuple{Fractions{1, 0, 0}, 1000, 0, 0},
          std::tuple{Fractions{0.995, 0.004, 0.001}, 995, 4, 1},
          std::tuple{Fractions{0.7, 0, 0.3}, 700, 0, 300}}) {
        const Split parts = split(1000, fractions, 1);
        CHECK(parts.train.size() == static_cast<std::size_t>(train));
        CHECK(parts.dev.size() == static_cast<std::size_t>(dev));
        CHECK(parts.test.size() == static_cast<std::size_t>(test));
        CHECK(all_of(parts) == up_to(1000));
    }
}

TEST_CASE("split rounds dev and test and gives train the rest") {
    const Split parts = split(7, {0.6, 0.2, 0.2}, 1);  // 1.4 and 1.4
    CHECK(parts.train.size() == 5);
    CHECK(parts.dev.size() == 1);
    CHECK(parts.test.size() == 1);
}

TEST_CASE("split shuffles by its seed") {
    const Fractions fractions = {0.6, 0.2, 0.2};
    const Split first = split(100, fractions, 1);
    CHECK(split(100, fractions, 1).train == first.train);
    CHECK(split(100, fractions, 1).test == first.test);
    CHECK(split(100, fractions, 2).train != first.train);
    CHECK(first.train != up_to(60));
}

TEST_CASE("split refuses fractions that are none") {
    CHECK_THROWS_WITH_AS(
        static_cast<void>(split(100, {0.5, 0.2, 0.2}, 1)),
        "split: the fractions of train, dev and test are 0.5, 0.2 and 0.2; need train > 0, none "
        "negative and a sum of 1",
        std::invalid_argument);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const Fractions& fractions :
         {Fractions{0, 0.5, 0.5},
          Fractions{1.2, -0.2, 0},
          Fractions{nan, 0.5, 0.5},
          Fractions{0.5, 0.5, nan}}) {
        CHECK_THROWS_AS(static_cast<void>(split(100, fractions, 1)), std::invalid_argument);
    }
}

TEST_CASE("split refuses too few rows for its parts") {
    CHECK_THROWS_WITH_AS(
        static_cast<void>(split(10, {0.98, 0.01, 0.01}, 1)),
        "split: 10 rows give train 10, dev 0 and test 0; need at least one row in each part with a "
        "fraction",
        std::invalid_argument);
    // Both halves of 3 round up to 2.
    CHECK_THROWS_WITH_AS(
        static_cast<void>(split(3, {1e-10, 0.5, 0.5}, 1)),
        "split: 3 rows give train 0, dev 2 and test 2; need at least one row in each part with a "
        "fraction",
        std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(split(0, {1, 0, 0}, 1)), std::invalid_argument);
    CHECK(split(1, {1, 0, 0}, 1).train == Rows{0});
}

TEST_CASE("split_stratified gives every part its fraction of each label") {
    // 700 of label 0, 250 of label 1, 50 of label 9.
    Labels labels(700, 0);
    labels.resize(950, 1);
    labels.resize(1000, 9);
    const Split parts = split_stratified(labels, {0.6, 0.3, 0.1}, 3);
    CHECK(parts.train.size() == 600);
    CHECK(parts.dev.size() == 300);
    CHECK(parts.test.size() == 100);
    CHECK(all_of(parts) == up_to(1000));
    const std::map<std::int64_t, double> counts = {{0, 700}, {1, 250}, {9, 50}};
    for (const auto& [rows, fraction] :
         {std::pair{parts.train, 0.6}, std::pair{parts.dev, 0.3}, std::pair{parts.test, 0.1}}) {
        std::map<std::int64_t, double> found;
        for (const std::size_t row : rows)
            ++found[labels[row]];
        for (const auto& [label, n] : counts) {
            CHECK(std::abs(found[label] - fraction * n) <= 2);
        }
        CHECK(!std::ranges::is_sorted(rows));
    }
    CHECK(split_stratified(labels, {0.6, 0.3, 0.1}, 3).dev == parts.dev);
    CHECK(split_stratified(labels, {0.6, 0.3, 0.1}, 4).dev != parts.dev);
}

TEST_CASE("split_stratified has exact sizes whatever the labels and fractions") {
    for (std::size_t rows = 20; rows < 60; ++rows) {
        for (const Fractions& fractions :
             {Fractions{0.6, 0.2, 0.2},
              Fractions{0.34, 0.33, 0.33},
              Fractions{0.9, 0.1, 0},
              Fractions{0.05, 0.05, 0.9},
              Fractions{0.5, 0, 0.5}}) {
            Labels labels(rows);
            for (std::size_t i = 0; i < rows; ++i) {
                labels[i] = static_cast<std::int64_t>(i * i % 7);
            }
            const Split parts = split_stratified(labels, fractions, rows);
            const Split plain = split(rows, fractions, rows);
            CHECK(parts.train.size() == plain.train.size());
            CHECK(parts.dev.size() == plain.dev.size());
            CHECK(all_of(parts) == up_to(rows));
        }
    }
}

TEST_CASE("split_dataset makes the parts, and none for a fraction of 0") {
    const auto dataset = counted<float>(30);
    const auto parts = split_dataset(dataset, {0.8, 0.2}, {.seed = 5});
    const Split rows = split(30, {0.8, 0.2}, 5);
    CHECK(parts.train.x() == dataset.subset(rows.train).x());
    REQUIRE(parts.dev.has_value());
    CHECK(parts.dev->y() == dataset.subset(rows.dev).y());
    CHECK_FALSE(parts.test.has_value());

    const auto stratified = split_dataset(dataset, {0.8, 0.2}, {.seed = 5, .stratify = true});
    CHECK(
        stratified.dev->y() ==
        dataset.subset(split_stratified(dataset.y(), {0.8, 0.2}, 5).dev).y());
}

TEST_CASE("suggest_split picks a preset by the number of rows and says which") {
    CHECK(suggest_split(1000).fractions.train == 0.6);
    CHECK(suggest_split(1000).reason == "60/20/20: 1000 rows, fewer than 100000");
    CHECK(suggest_split(1'000'000).fractions.train == 0.98);
    CHECK(suggest_split(1'000'000).reason == "98/1/1: 1000000 rows, 100000 to 2000000");
    CHECK(suggest_split(10'000'000).fractions.test == 0.0025);
    CHECK(suggest_split(10'000'000).reason == "99.5/0.25/0.25: 10000000 rows, more than 2000000");
    for (const std::size_t rows : {5'000, 99'999, 100'000, 2'000'000, 2'000'001}) {
        const Split parts = split(rows, suggest_split(rows).fractions, 1);
        CHECK(parts.dev.size() >= 1000);
        CHECK(parts.test.size() == parts.dev.size());
    }
}

TEST_CASE_TEMPLATE("DataLoader deals every row once, the last batch shorter", T, float, double) {
    const DataLoader<T> loader(counted<T>(10), {.batch_size = 4});
    CHECK(loader.batches() == 3);
    const auto batches = rows_of(loader.epoch(0));
    REQUIRE(batches.size() == 3);
    CHECK(batches[0].size() == 4);
    CHECK(batches[2].size() == 2);
    CHECK(sorted(joined(batches)) == up_to(10));
}

TEST_CASE("DataLoader: the order is a function of seed and epoch") {
    const auto dataset = counted<float>(50);
    const DataLoader<float> loader(dataset, {.batch_size = 8, .seed = 1});
    const auto zero = rows_of(loader.epoch(0));
    CHECK(rows_of(loader.epoch(1)) != zero);
    CHECK(rows_of(loader.epoch(0)) == zero);  // whatever was read before
    CHECK(rows_of(DataLoader<float>(dataset, {.batch_size = 8, .seed = 1}).epoch(0)) == zero);
    CHECK(rows_of(DataLoader<float>(dataset, {.batch_size = 8, .seed = 2}).epoch(0)) != zero);
    const auto halves = rows_of(DataLoader<float>(dataset, {.batch_size = 4, .seed = 1}).epoch(0));
    CHECK(joined(halves) == joined(zero));  // the batch size changes the cuts only
}

TEST_CASE("DataLoader keeps the order of the rows when it does not shuffle") {
    const DataLoader<float> loader(counted<float>(5), {.batch_size = 2, .shuffle = false});
    CHECK(rows_of(loader.epoch(3)) == std::vector<Rows>{{0, 1}, {2, 3}, {4}});
}

TEST_CASE("DataLoader drops a shorter last batch when asked") {
    const DataLoader<float> loader(
        counted<float>(5), {.batch_size = 2, .shuffle = false, .drop_last = true});
    CHECK(loader.batches() == 2);
    CHECK(rows_of(loader.epoch(0)) == std::vector<Rows>{{0, 1}, {2, 3}});
    const DataLoader<float> even(counted<float>(4), {.batch_size = 2, .drop_last = true});
    CHECK(even.batches() == 2);
}

TEST_CASE("DataLoader: a batch larger than the data is all of it") {
    const DataLoader<float> loader(counted<float>(5), {.batch_size = 100});
    CHECK(loader.batches() == 1);
    CHECK(sorted(joined(rows_of(loader.epoch(0)))) == up_to(5));
}

TEST_CASE("DataLoader reuses a batch's memory, and goes on when a batch is moved out") {
    const DataLoader<float> loader(counted<float>(6), {.batch_size = 2, .shuffle = false});
    std::vector<const float*> memory;
    for (const auto& batch : loader.epoch(0))
        memory.push_back(batch.x.data());
    CHECK(memory == std::vector<const float*>(3, memory[0]));

    std::vector<Batch<float>> kept;
    for (auto& batch : loader.epoch(0))
        kept.push_back(std::move(batch));
    REQUIRE(kept.size() == 3);
    CHECK(kept[0].x == Array<float>{{0, 1}, {10, 11}});
    CHECK(kept[2].x == Array<float>{{40, 41}, {50, 51}});
    CHECK(kept[2].y == Labels{1, 2});
}

TEST_CASE("DataLoader: an epoch starts afresh and outlives its loader") {
    std::optional<DataLoader<float>> loader;
    loader.emplace(counted<float>(6), LoaderOptions{.batch_size = 4, .shuffle = false});
    auto epoch = loader->epoch(0);
    loader.reset();
    CHECK(epoch.begin()->y == Labels{0, 1, 2, 0});
    CHECK(rows_of(epoch) == std::vector<Rows>{{0, 1, 2, 3}, {4, 5}});
    static_assert(std::input_iterator<Epoch<float>::Iterator>);
}

TEST_CASE("DataLoader shares the dataset and keeps the axes of a row") {
    const Dataset<float> images(Array<float>(Shape{3, 2, 4}, 1.0F), {0, 1, 0}, 2);
    const DataLoader<float> loader(images, {.batch_size = 2});
    CHECK(loader.dataset().x().data() == images.x().data());
    auto epoch = loader.epoch(0);
    CHECK(epoch.begin()->x.shape() == Shape{2, 2, 4});
}

TEST_CASE("DataLoader refuses batches that are none") {
    CHECK_THROWS_WITH_AS(
        DataLoader<float>(counted<float>(5), {.batch_size = 0}),
        "DataLoader: batch_size is 0; need at least 1",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        DataLoader<float>(counted<float>(5), {.batch_size = 6, .drop_last = true}),
        "DataLoader: batch_size is 6, drop_last is set and there are 5 rows; need enough for one "
        "batch",
        std::invalid_argument);
}

TEST_CASE("DataLoader: an epoch goes on at a batch as if the ones before had been dealt") {
    const DataLoader<float> loader(counted<float>(10), {.batch_size = 3, .seed = 4});
    auto whole = loader.epoch(2);
    const std::vector<Rows> all = rows_of(whole);
    for (std::size_t first = 0; first <= 4; ++first) {
        auto rest = loader.epoch(2, first);
        const auto from = all.begin() + static_cast<std::ptrdiff_t>(first);
        CHECK(rows_of(rest) == std::vector<Rows>(from, all.end()));
    }
    CHECK_THROWS_WITH_AS(
        static_cast<void>(loader.epoch(2, 5)),
        "DataLoader::epoch: the first batch is 5; need 0 <= batch <= 4",
        IndexError);
}
