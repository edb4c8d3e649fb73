// Duplicate rows across parts: planted ones are found, clean splits have none.
#include <autograd/error.hpp>
#include <nn/guards.hpp>
#include <nn/warning.hpp>
#include <tests/support.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>

using namespace xgrad;
using namespace xgrad::data;
using namespace xgrad::test;

namespace {

template <class T>
Dataset<T> rows_of(Array<T> x, Part part) {
    const std::size_t rows = x.shape()[0];
    return Dataset<T>(std::move(x), Labels(rows, 0), 1).as(part);
}

template <class T>
void copy_row(Array<T>& to, std::size_t at, const Array<T>& from, std::size_t row) {
    const std::size_t width = to.size() / to.shape()[0];
    std::copy_n(from.data() + row * width, width, to.data() + at * width);
}

}  // namespace

TEST_CASE_TEMPLATE("find_duplicates finds planted rows and says where they are", T, float, double) {
    const auto train = random_array<T>({40, 3, 5}, 1);
    auto dev = random_array<T>({10, 3, 5}, 2);
    auto test = random_array<T>({12, 3, 5}, 3);
    copy_row(dev, 4, train, 17);
    copy_row(test, 0, train, 17);
    copy_row(test, 11, dev, 9);
    std::vector<std::string> warnings;
    const auto before =
        set_warning_handler([&](const std::string& text) { warnings.push_back(text); });
    const auto report = find_duplicates_among<T>(
        {rows_of(train, Part::train), rows_of(dev, Part::dev), rows_of(test, Part::test)});
    set_warning_handler(before);
    CHECK(warnings == std::vector<std::string>{report.text()});
    CHECK(report.found());
    REQUIRE(report.groups.size() == 2);
    CHECK(
        report.groups[0] ==
        std::vector<PlacedRow>{{Part::train, 17}, {Part::dev, 4}, {Part::test, 0}});
    CHECK(report.groups[1] == std::vector<PlacedRow>{{Part::dev, 9}, {Part::test, 11}});
    CHECK(report.parts[0].shared == 1);
    CHECK(report.parts[1].shared == 2);
    CHECK(report.parts[2].shared == 2);
    CHECK(
        report.text() ==
        "duplicate rows across parts: 1 of 40 in train, 2 of 10 in dev, 2 of 12 in test; a model "
        "may know them by heart: keep each in one part, or split by group\n"
        "  train 17 = dev 4 = test 0\n"
        "  dev 9 = test 11");
}

TEST_CASE_TEMPLATE("find_duplicates is silent on 100 clean random splits", T, float, double) {
    // Features of few values: rows that differ in one place only. Within a part they may be equal.
    auto x = random_array<T>({200, 7}, 5);
    for (std::size_t i = 0; i < 200; ++i) {
        for (std::size_t j = 0; j < 7; ++j)
            x.data()[7 * i + j] = static_cast<T>((i >> j) & 1);
    }
    for (std::size_t i = 128; i < 200; ++i)
        x.data()[7 * i] = static_cast<T>(i);
    const auto dataset = rows_of(x, Part::unsplit);
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        auto parts = split_dataset(dataset, {0.6, 0.2, 0.2}, {.seed = seed});
        parts = carve_train_dev(parts, 0.1, {.seed = seed});
        const auto clean = find_duplicates(parts);
        REQUIRE_FALSE(clean.found());
        // One row of train in test: found, and only that.
        auto leaky = parts.test->x();
        copy_row(leaky, seed % 40, parts.train.x(), seed);
        parts.test = rows_of(leaky, Part::test);
        const auto report = find_duplicates(parts);
        REQUIRE(report.groups.size() == 1);
        REQUIRE(
            report.groups[0] ==
            std::vector<PlacedRow>{{Part::train, seed}, {Part::test, seed % 40}});
    }
    CHECK(
        find_duplicates(split_dataset(dataset, {0.6, 0.2, 0.2})).text() ==
        "no row is in two parts: 120 in train, 40 in dev, 40 in test");
}

TEST_CASE_TEMPLATE(
    "find_duplicates_among: zeros are equal whatever their sign, and so are NaNs",
    T,
    float,
    double) {
    const T nan = std::numeric_limits<T>::quiet_NaN();
    const auto a = rows_of(array<T>({3, 2}, {0, 1, nan, 2, 3, 3}), Part::train);
    const auto b = rows_of(array<T>({3, 2}, {-T{0}, 1, -nan, 2, nan, 3}), Part::dev);
    const auto report = find_duplicates_among<T>({a, b});
    REQUIRE(report.groups.size() == 2);
    CHECK(report.groups[0] == std::vector<PlacedRow>{{Part::train, 0}, {Part::dev, 0}});
    CHECK(report.groups[1] == std::vector<PlacedRow>{{Part::train, 1}, {Part::dev, 1}});
}

TEST_CASE("find_duplicates leaves rows alone that repeat within one part, and sees every width") {
    for (std::size_t width = 0; width <= 9; ++width) {
        const auto same = Array<float>(Shape{3, width}, 2.0F);
        auto other = Array<float>(Shape{2, width}, 2.0F);
        CHECK(find_duplicates_among<float>({rows_of(same, Part::train)}).groups.empty());
        const auto equal =
            find_duplicates_among<float>({rows_of(same, Part::train), rows_of(other, Part::dev)});
        REQUIRE(equal.groups.size() == 1);
        CHECK(equal.groups[0].size() == 5);
        for (std::size_t j = 0; j < width; ++j) {
            other.data()[j] = 3;
            const auto one = find_duplicates_among<float>(
                {rows_of(same, Part::train), rows_of(other, Part::dev)});
            REQUIRE(one.groups.size() == 1);
            CHECK(one.groups[0].size() == 4);
            CHECK(one.parts[1].shared == 1);
            other.data()[j] = 2;
        }
    }
}

TEST_CASE("find_duplicates lists the first ten groups and counts the rest") {
    const auto x = random_array<float>({12, 2}, 1);
    auto many = empty<float>({8, 2});
    for (std::size_t i = 0; i < 8; ++i)
        copy_row(many, i, x, 0);
    const std::string text =
        find_duplicates_among<float>({rows_of(x, Part::train), rows_of(x, Part::dev)}).text();
    CHECK(std::ranges::count(text, '\n') == 11);
    CHECK(text.ends_with("  train 9 = dev 9\n  and 2 more"));
    CHECK(find_duplicates_among<float>({rows_of(x, Part::train), rows_of(many, Part::dev)})
              .text()
              .ends_with("\n  train 0 = dev 0 = dev 1 = dev 2 = dev 3 = dev 4 = 3 more"));
}

TEST_CASE("find_duplicates_among refuses features of other shapes and one part twice") {
    const auto a = rows_of(random_array<float>({4, 2}, 1), Part::train);
    CHECK(
        text_of_error<ShapeError>([&] {
            static_cast<void>(find_duplicates_among<float>(
                {a, rows_of(random_array<float>({4, 3}, 1), Part::test)}));
        }) ==
        "find_duplicates_among: x of train has shape (4, 2), of test (4, 3); need the same "
        "features");
    CHECK(
        text_of_error<std::invalid_argument>([&] {
            static_cast<void>(find_duplicates_among<float>({a, a.as(Part::dev), a}));
        }) ==
        "find_duplicates_among: datasets 0 and 2 are both train; need a part of its own for each, "
        "see "
        "Dataset::as");
}
