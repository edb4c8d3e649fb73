// Folds and splits by group, size and time: their properties over many sizes, and scikit-learn's
// folds for the same rows.
#include <autograd/error.hpp>
#include <nn/folds.hpp>
#include <tests/nn/trajectory.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>

using namespace xgrad::data;
using xgrad::test::Json;
using xgrad::test::text_of_error;

namespace {

using Numbers = std::vector<std::int64_t>;

Rows all_rows(std::size_t rows) {
    Rows all(rows);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

Rows sorted(Rows rows) {
    std::ranges::sort(rows);
    return rows;
}

Rows joined(Rows a, const Rows& b) {
    a.insert(a.end(), b.begin(), b.end());
    return sorted(std::move(a));
}

// Each row in one dev part, and in train elsewhere; both ascending.
void check_partition(const std::vector<Fold>& folds, std::size_t rows) {
    Rows dev;
    for (const Fold& fold : folds) {
        REQUIRE(std::ranges::is_sorted(fold.train));
        REQUIRE(std::ranges::is_sorted(fold.dev));
        REQUIRE(joined(fold.train, fold.dev) == all_rows(rows));
        REQUIRE_FALSE(fold.train.empty());
        dev = joined(std::move(dev), fold.dev);
    }
    REQUIRE(dev == all_rows(rows));
}

// Of each number, the least and the most rows in a dev part.
std::map<std::int64_t, std::pair<std::size_t, std::size_t>> spread(
    const std::vector<Fold>& folds, const Numbers& numbers) {
    std::map<std::int64_t, std::pair<std::size_t, std::size_t>> result;
    for (const std::int64_t number : numbers)
        result[number] = {numbers.size(), 0};
    for (const Fold& fold : folds) {
        for (auto& [number, range] : result) {
            const auto count = static_cast<std::size_t>(std::ranges::count_if(
                fold.dev,
                [&, wanted = number](std::size_t row) { return numbers[row] == wanted; }));
            range = {std::min(range.first, count), std::max(range.second, count)};
        }
    }
    return result;
}

Numbers random_numbers(std::size_t rows, std::int64_t below, unsigned seed) {
    std::mt19937_64 engine(seed);
    Numbers numbers(rows);
    for (std::int64_t& number : numbers)
        number = static_cast<std::int64_t>(engine() % static_cast<std::uint64_t>(below)) - 3;
    return numbers;
}

std::set<std::int64_t> numbers_in(const Rows& rows, const Numbers& numbers) {
    std::set<std::int64_t> found;
    for (const std::size_t row : rows)
        found.insert(numbers[row]);
    return found;
}

bool apart(const Rows& a, const Rows& b, const Numbers& groups) {
    const auto of_a = numbers_in(a, groups);
    const auto of_b = numbers_in(b, groups);
    return std::ranges::none_of(of_a, [&](std::int64_t group) { return of_b.contains(group); });
}

template <class F>
std::string refusal(F f) {
    return text_of_error<std::invalid_argument>([&] { static_cast<void>(f()); });
}

std::vector<Json> calls_of(const std::string& function) {
    std::vector<Json> calls;
    for (const Json& call : xgrad::test::stored("data.json")) {
        if (call["of"] == function)
            calls.push_back(call);
    }
    REQUIRE_FALSE(calls.empty());
    return calls;
}

}  // namespace

TEST_CASE("kfold puts each row into one dev part, of equal sizes to within one") {
    for (std::size_t rows = 2; rows <= 60; ++rows) {
        for (std::size_t k = 2; k <= std::min<std::size_t>(rows, 12); ++k) {
            const auto folds = kfold(rows, k, rows);
            REQUIRE(folds.size() == k);
            check_partition(folds, rows);
            for (const Fold& fold : folds) {
                REQUIRE(fold.dev.size() >= rows / k);
                REQUIRE(fold.dev.size() <= (rows + k - 1) / k);
            }
        }
    }
}

TEST_CASE("kfold and stratified_kfold shuffle by their seed") {
    CHECK(kfold(100, 5, 1)[0].dev == kfold(100, 5, 1)[0].dev);
    CHECK(kfold(100, 5, 1)[0].dev != kfold(100, 5, 2)[0].dev);
    const Labels labels = random_numbers(100, 3, 1);
    CHECK(stratified_kfold(labels, 5, 1)[4].dev == stratified_kfold(labels, 5, 1)[4].dev);
    CHECK(stratified_kfold(labels, 5, 1)[4].dev != stratified_kfold(labels, 5, 2)[4].dev);
}

TEST_CASE("stratified_kfold gives the dev parts each label, to within one row") {
    for (std::size_t rows = 4; rows <= 80; rows += 3) {
        for (std::size_t k = 2; k <= std::min<std::size_t>(rows, 9); ++k) {
            const Labels labels = random_numbers(rows, 1 + static_cast<int>(rows % 6), 7);
            const auto folds = stratified_kfold(labels, k, rows);
            check_partition(folds, rows);
            for (const auto& [label, range] : spread(folds, labels))
                REQUIRE(range.second - range.first <= 1);
            const auto [small, large] =
                std::ranges::minmax(folds, {}, [](const Fold& fold) { return fold.dev.size(); });
            REQUIRE(large.dev.size() - small.dev.size() <= 1);
        }
    }
}

TEST_CASE("stratified_kfold spreads the labels as scikit-learn's StratifiedKFold does") {
    for (const Json& call : calls_of("stratified_kfold")) {
        const auto labels = call["labels"].get<Labels>();
        const auto folds = stratified_kfold(labels, call["k"].get<std::size_t>(), 1);
        for (const auto& [label, range] : spread(folds, labels)) {
            CHECK(range.first == call["least"][static_cast<std::size_t>(label)]);
            CHECK(range.second == call["most"][static_cast<std::size_t>(label)]);
        }
    }
}

TEST_CASE("group_kfold never cuts a group") {
    for (std::size_t rows = 10; rows <= 100; rows += 5) {
        const Groups groups = random_numbers(rows, 9, static_cast<unsigned>(rows));
        const auto count = numbers_in(all_rows(rows), groups).size();
        for (std::size_t k = 2; k <= count; ++k) {
            const auto folds = group_kfold(groups, k);
            check_partition(folds, rows);
            for (const Fold& fold : folds) {
                REQUIRE_FALSE(fold.dev.empty());
                REQUIRE(apart(fold.train, fold.dev, groups));
            }
        }
    }
}

TEST_CASE("group_kfold makes the folds of scikit-learn's GroupKFold") {
    for (const Json& call : calls_of("group_kfold")) {
        const auto folds = group_kfold(call["groups"].get<Groups>(), call["k"].get<std::size_t>());
        REQUIRE(folds.size() == call["dev"].size());
        for (std::size_t i = 0; i < folds.size(); ++i)
            CHECK(folds[i].dev == call["dev"][i].get<Rows>());
    }
}

TEST_CASE("time_series_split makes the folds of scikit-learn's TimeSeriesSplit") {
    std::size_t refused = 0;
    for (const Json& call : calls_of("time_series_split")) {
        CAPTURE(call.dump());
        const auto number = [&](const char* name) { return call[name].get<std::size_t>(); };
        const TimeSeriesOptions options{
            .dev_size = number("dev_size"), .gap = number("gap"), .max_train = number("max_train")};
        const auto folds = [&] { return time_series_split(number("rows"), number("k"), options); };
        if (call["folds"].is_null()) {
            ++refused;
            CHECK_THROWS_AS(static_cast<void>(folds()), std::invalid_argument);
            continue;
        }
        Json got = Json::array();
        for (const Fold& fold : folds()) {
            CHECK(fold.train.size() == fold.train.back() + 1 - fold.train.front());
            CHECK(fold.dev.size() == fold.dev.back() + 1 - fold.dev.front());
            got.push_back(
                {{fold.train.front(), fold.train.back() + 1},
                 {fold.dev.front(), fold.dev.back() + 1}});
        }
        CHECK(got == call["folds"]);
    }
    CHECK(refused > 10);
}

TEST_CASE("time_series_split never looks ahead, and leaves the gap") {
    for (std::size_t rows = 2; rows <= 70; ++rows) {
        for (std::size_t k = 1; k < rows; ++k) {
            for (std::size_t gap = 0; gap + k < rows && gap < 4; ++gap) {
                const auto folds = time_series_split(rows, k, {.dev_size = 1, .gap = gap});
                REQUIRE(folds.size() == k);
                REQUIRE(folds.back().dev.back() == rows - 1);
                for (const Fold& fold : folds)
                    REQUIRE(fold.train.back() + gap + 1 == fold.dev.front());
            }
        }
    }
}

TEST_CASE("folds refuse what cannot be divided, with the numbers") {
    CHECK(refusal([] {
              return kfold(10, 1, 0);
          }) == "kfold: k is 1 and there are 10 rows; need 2 <= k <= rows");
    CHECK(refusal([] {
              return kfold(4, 5, 0);
          }) == "kfold: k is 5 and there are 4 rows; need 2 <= k <= rows");
    CHECK(refusal([] {
              return stratified_kfold({0, 1}, 3, 0);
          }) == "stratified_kfold: k is 3 and there are 2 rows; need 2 <= k <= rows");
    CHECK(refusal([] {
              return group_kfold({5, 5, 5, 7}, 3);
          }) == "group_kfold: k is 3 and there are 2 groups; need 2 <= k <= groups");
    CHECK(refusal([] {
              return time_series_split(10, 0);
          }) == "time_series_split: k is 0; need at least 1");
    CHECK(
        refusal([] { return time_series_split(10, 3, {.dev_size = 3, .gap = 1}); }) ==
        "time_series_split: 10 rows, k = 3, 3 in each dev part and a gap of 1; need at least one "
        "row before the first gap");
    CHECK_THROWS_AS(
        static_cast<void>(time_series_split(10, SIZE_MAX, {.dev_size = 3})), std::invalid_argument);
}

TEST_CASE("parts_of makes the datasets of a fold") {
    const Dataset<double> dataset(
        xgrad::test::random_array<double>({6, 2}, 1), {0, 1, 0, 1, 0, 1}, 2);
    const auto parts = parts_of(dataset, kfold(6, 3, 1)[2]);
    CHECK(parts.train.size() == 4);
    CHECK(parts.train.part() == Part::train);
    REQUIRE(parts.dev.has_value());
    CHECK(parts.dev->part() == Part::dev);
    CHECK_FALSE(parts.test.has_value());
}

TEST_CASE("split_by_size takes the sizes asked for, and no row twice") {
    const Split parts = split_by_size(10, {5, 2, 1}, 3);
    CHECK(parts.train.size() == 5);
    CHECK(parts.dev.size() == 2);
    CHECK(parts.test.size() == 1);
    const Rows rows = joined(joined(parts.train, parts.dev), parts.test);
    CHECK(std::set(rows.begin(), rows.end()).size() == 8);
    CHECK(split_by_size(10, {6, 4}, 3).train == split(10, {0.6, 0.4}, 3).train);
    CHECK(
        refusal([] {
            return split_by_size(10, {8, 2, 1}, 0);
        }) ==
        "split_by_size: 10 rows do not give train 8, dev 2 and test 1; need train > 0 and a sum of "
        "at most 10");
    CHECK_THROWS_AS(
        static_cast<void>(split_by_size(10, {1, SIZE_MAX, 2}, 0)), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(split_by_size(10, {0, 5, 5}, 0)), std::invalid_argument);
}

TEST_CASE("split_grouped never cuts a group, and is off by less than the largest one") {
    for (std::size_t rows = 12; rows <= 300; rows += 12) {
        const Groups groups =
            random_numbers(rows, 6 + static_cast<int>(rows % 10), static_cast<unsigned>(rows));
        const Fractions fractions{0.6, 0.3, 0.1};
        const Split goal = split(rows, fractions, 1);
        const Split parts = split_grouped(groups, fractions, rows);
        REQUIRE(joined(joined(parts.train, parts.dev), parts.test) == all_rows(rows));
        REQUIRE(apart(parts.train, parts.dev, groups));
        REQUIRE(apart(parts.train, parts.test, groups));
        REQUIRE(apart(parts.dev, parts.test, groups));
        std::map<std::int64_t, std::ptrdiff_t> sizes;
        for (const std::int64_t group : groups)
            ++sizes[group];
        const std::ptrdiff_t largest = std::ranges::max_element(sizes, {}, [](const auto& entry) {
                                           return entry.second;
                                       })->second;
        for (const auto part : {&Split::train, &Split::dev, &Split::test}) {
            REQUIRE_FALSE((parts.*part).empty());
            REQUIRE(std::abs(std::ssize(parts.*part) - std::ssize(goal.*part)) < largest);
        }
    }
}

// The best of all 3^8 ways to deal out 8 groups.
TEST_CASE("split_grouped comes as near to the fractions as any dealing, or nearly") {
    const auto distance = [](const std::array<std::ptrdiff_t, 3>& a,
                             const std::array<std::ptrdiff_t, 3>& b) {
        return std::abs(a[0] - b[0]) + std::abs(a[1] - b[1]) + std::abs(a[2] - b[2]);
    };
    std::ptrdiff_t above_best = 0;
    int best_found = 0;
    for (unsigned seed = 0; seed < 40; ++seed) {
        const Groups groups = random_numbers(80, 8, seed);
        std::array<std::ptrdiff_t, 8> sizes{};
        for (const std::int64_t group : groups)
            ++sizes[static_cast<std::size_t>(group + 3)];
        const std::array<std::ptrdiff_t, 3> goal = {48, 24, 8};
        std::ptrdiff_t best = 80;
        for (unsigned code = 0; code < 6561; ++code) {
            std::array<std::ptrdiff_t, 3> of{};
            unsigned rest = code;
            for (const std::ptrdiff_t size : sizes) {
                of[rest % 3] += size;
                rest /= 3;
            }
            if (of[0] > 0 && of[1] > 0 && of[2] > 0)
                best = std::min(best, distance(of, goal));
        }
        const Split parts = split_grouped(groups, {0.6, 0.3, 0.1}, seed);
        const auto got = distance(
            {std::ssize(parts.train), std::ssize(parts.dev), std::ssize(parts.test)}, goal);
        CHECK(got >= best);
        above_best += got - best;
        best_found += got == best;
    }
    CHECK(above_best <= 80);  // 2 of 80 rows on average
    CHECK(best_found >= 20);
}

TEST_CASE("split_grouped finds the one way that fits, whatever the order of dealing") {
    Groups groups(100, 2);
    groups[7] = 0;
    groups[50] = 1;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const Split parts = split_grouped(groups, {0.98, 0.01, 0.01}, seed);
        CHECK(parts.train.size() == 98);
        CHECK(parts.dev.size() == 1);
        CHECK(parts.test.size() == 1);
    }
}

TEST_CASE("split_grouped shuffles by its seed and is legal without a test set") {
    const Groups groups = random_numbers(200, 50, 1);
    const Split parts = split_grouped(groups, presets::by_70_30, 5);
    CHECK(parts.test.empty());
    CHECK(parts.train.size() == 140);
    CHECK(parts.dev == split_grouped(groups, presets::by_70_30, 5).dev);
    CHECK(parts.dev != split_grouped(groups, presets::by_70_30, 6).dev);
    CHECK(
        refusal([] {
            return split_grouped({1, 1, 1, 1, 2, 2, 2, 2, 2, 2}, {0.6, 0.2, 0.2}, 0);
        }) ==
        "split_grouped: there are 2 groups for 3 parts; need at least one group in each part with "
        "a fraction");
}

TEST_CASE("split_dataset splits by group when groups are given, and refuses what does not go") {
    const Dataset<float> dataset(
        xgrad::test::random_array<float>({6, 2}, 1), {0, 1, 0, 1, 0, 1}, 2);
    const Groups groups = {1, 1, 2, 2, 3, 3};
    const auto parts = split_dataset(dataset, {2.0 / 3, 1.0 / 3}, {.groups = groups});
    CHECK(parts.train.size() == 4);
    CHECK(parts.dev->size() == 2);
    CHECK(parts.dev->part() == Part::dev);
    CHECK(refusal([&] {
              return split_dataset(dataset, {0.5, 0.5}, {.stratify = true, .groups = groups});
          }) == "split_dataset: stratify is set and there are 6 groups; need one of the two");
    CHECK(text_of_error<xgrad::ShapeError>([&] {
              static_cast<void>(split_dataset(dataset, {0.5, 0.5}, {.groups = {1, 2}}));
          }) == "split_dataset: there are 2 groups for 6 rows; need a group for each row");
    const Dataset<float> numbers(dataset.x(), dataset.x());
    CHECK(refusal([&] {
              return split_dataset(numbers, {0.5, 0.5}, {.stratify = true});
          }) == "split_dataset: stratify is set and the 6 rows have targets; need labels");
}
