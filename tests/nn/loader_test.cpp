// A DataLoader with workers and with an Augmentation: the same batches, whoever makes them.
#include <autograd/pool.hpp>
#include <nn/data.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace xgrad;
using namespace xgrad::data;
using namespace xgrad::test;

namespace {

Dataset<float> images(std::size_t rows) {
    Labels y(rows);
    for (std::size_t i = 0; i < rows; ++i)
        y[i] = static_cast<std::int64_t>(i % 4);
    return Dataset<float>(random_array<float>({rows, 6, 5}, 1), std::move(y), 4);
}

Augmentation<float> some_steps() {
    Augmentation<float> chain(5);
    chain.flip().crop(1).rotate(15).zoom(0.9, 1.1).noise(0.1).cutout(2).mixup(0.3);
    return chain;
}

std::vector<Batch<float>> batches_of(Epoch<float> epoch) {
    std::vector<Batch<float>> all;
    for (auto& batch : epoch)
        all.push_back(std::move(batch));
    return all;
}

void check_same_batches(
    const std::vector<Batch<float>>& got, const std::vector<Batch<float>>& expected) {
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
        REQUIRE(got[i].x.shape() == expected[i].x.shape());
        CHECK(std::memcmp(got[i].x.data(), expected[i].x.data(), 4 * got[i].x.size()) == 0);
        CHECK(got[i].y == expected[i].y);
        CHECK(got[i].targets.shape() == expected[i].targets.shape());
        if (expected[i].targets.dimension() == 2)
            check_same(got[i].targets, expected[i].targets);
    }
}

// Throws at every row of these labels, and else changes nothing.
Augmentation<float> failing_at(float first_pixel) {
    Augmentation<float> chain(0);
    chain.custom("fail", [first_pixel](const ImageView<float>& image, Rng&) {
        if (image.data[0] == first_pixel)
            throw std::runtime_error("the pixel " + std::to_string(int(first_pixel)));
    });
    return chain;
}

// Row i is an image of one pixel, i.
Dataset<float> counted(std::size_t rows) {
    Array<float> x(Shape{rows, 1, 1}, 0.0F);
    for (std::size_t i = 0; i < rows; ++i)
        x.data()[i] = static_cast<float>(i);
    return Dataset<float>(std::move(x), Labels(rows, 0), 1);
}

}  // namespace

TEST_CASE("DataLoader: workers deal the same bits in the same order") {
    const auto dataset = images(53);
    const std::optional<Augmentation<float>> none, steps = some_steps();
    for (const auto& augmentation : {none, steps}) {
        const auto loader = [&](std::size_t workers) {
            return DataLoader<float>(
                dataset, {.batch_size = 4, .seed = 3, .workers = workers}, augmentation);
        };
        for (const std::uint64_t epoch : {0, 1}) {
            const auto expected = batches_of(loader(0).epoch(epoch));
            CHECK(expected.size() == 14);
            for (const std::size_t workers : {1, 2, 3, 30}) {
                check_same_batches(batches_of(loader(workers).epoch(epoch)), expected);
                const auto rest = batches_of(loader(workers).epoch(epoch, 9));
                check_same_batches(rest, {expected.begin() + 9, expected.end()});
            }
        }
    }
}

TEST_CASE("DataLoader: a row is augmented alike in batches of any size") {
    const auto dataset = images(20);
    const auto rows_in = [&](std::size_t batch_size) {
        std::vector<float> all;
        const DataLoader<float> loader(
            dataset, {.batch_size = batch_size, .seed = 1, .workers = 2}, some_steps());
        for (const auto& batch : loader.epoch(7))
            all.insert(all.end(), batch.x.data(), batch.x.data() + batch.x.size());
        return all;
    };
    CHECK(rows_in(3) == rows_in(20));
    CHECK(rows_in(1) == rows_in(20));
}

TEST_CASE("DataLoader with an augmentation deals other images in another epoch") {
    const DataLoader<float> loader(images(8), {.shuffle = false}, some_steps());
    REQUIRE(loader.augmentation().has_value());
    CHECK(loader.augmentation()->text() == some_steps().text());
    const auto first = batches_of(loader.epoch(0)), second = batches_of(loader.epoch(1));
    CHECK(first[0].x != second[0].x);
    CHECK(first[0].y == second[0].y);
    CHECK(first[0].targets.shape() == Shape{8, 4});
    CHECK_FALSE(DataLoader<float>(images(8)).augmentation().has_value());
}

TEST_CASE("DataLoader deals the targets of a regression, with workers and without") {
    Array<float> x(Shape{5, 2}, 1.0F), targets(Shape{5, 1}, 0.0F);
    for (std::size_t i = 0; i < 5; ++i)
        targets.data()[i] = static_cast<float>(i);
    const Dataset<float> dataset(x, targets);
    for (const std::size_t workers : {0, 2}) {
        const DataLoader<float> loader(
            dataset, {.batch_size = 2, .shuffle = false, .workers = workers});
        const auto batches = batches_of(loader.epoch(0));
        REQUIRE(batches.size() == 3);
        CHECK(batches[1].targets.shape() == Shape{2, 1});
        CHECK(batches[1].targets.data()[1] == 3);
        CHECK(batches[2].targets.shape() == Shape{1, 1});
        CHECK(batches[2].targets.data()[0] == 4);
        CHECK(batches[2].y.empty());
    }
}

TEST_CASE("DataLoader: what a step throws comes at the batch it belongs to") {
    for (const std::size_t workers : {0, 1, 3}) {
        const DataLoader<float> loader(
            counted(20), {.batch_size = 2, .shuffle = false, .workers = workers}, failing_at(7));
        auto epoch = loader.epoch(0);
        auto batch = epoch.begin();
        std::vector<float> firsts;
        const std::string error = text_of_error<std::runtime_error>([&] {
            for (; batch != epoch.end(); ++batch)
                firsts.push_back(batch->x.data()[0]);
        });
        CHECK(error == "the pixel 7");
        CHECK(firsts == std::vector<float>{0, 2, 4});
        // It goes on behind.
        for (++batch; batch != epoch.end(); ++batch)
            firsts.push_back(batch->x.data()[0]);
        CHECK(firsts == std::vector<float>{0, 2, 4, 8, 10, 12, 14, 16, 18});

        const DataLoader<float> at_once(
            counted(4), {.shuffle = false, .workers = workers}, failing_at(0));
        auto none = at_once.epoch(0);
        CHECK(text_of_error<std::runtime_error>([&] { (void)none.begin(); }) == "the pixel 0");
    }
}

TEST_CASE("DataLoader: an epoch with workers may be left, started afresh, copied and moved") {
    std::optional<DataLoader<float>> loader;
    loader.emplace(images(40), LoaderOptions{.batch_size = 2, .workers = 3}, some_steps());
    const auto expected = batches_of(loader->epoch(4));
    for (std::size_t seen = 0; seen < 6; ++seen) {
        std::size_t n = 0;
        for (const auto& batch : loader->epoch(4)) {
            check_same(batch.x, expected[n].x);
            if (n++ == seen)
                break;
        }
    }
    auto epoch = loader->epoch(4);
    loader.reset();
    auto at = epoch.begin();
    ++ ++at;
    check_same(at->x, expected[2].x);
    check_same_batches(batches_of(epoch), expected);  // a copy starts on its own
    ++at;
    check_same(at->x, expected[3].x);
    check_same(epoch.begin()->x, expected[0].x);
    auto moved = std::move(epoch);
    check_same_batches(batches_of(moved), expected);
    epoch = moved;
    check_same_batches(batches_of(std::move(epoch)), expected);
}

TEST_CASE("DataLoader: there may be more workers than batches, and no batch at all") {
    const DataLoader<float> loader(images(3), {.batch_size = 2, .workers = 9});
    CHECK(batches_of(loader.epoch(0)).size() == 2);
    CHECK(batches_of(loader.epoch(0, 1)).size() == 1);
    CHECK(batches_of(loader.epoch(0, 2)).empty());
}

TEST_CASE("DataLoader: workers are at most two batches each ahead") {
    std::atomic<std::size_t> made = 0;
    Augmentation<float> counting(0);
    counting.custom("count", [&](const ImageView<float>&, Rng&) { ++made; });
    const DataLoader<float> loader(
        counted(100), {.batch_size = 1, .shuffle = false, .workers = 2}, counting);
    std::size_t taken = 0;
    for (const auto& batch : loader.epoch(0)) {
        CHECK(batch.x.data()[0] == static_cast<float>(taken));
        CHECK(made <= ++taken + 4);
    }
    CHECK(made == 100);
}

TEST_CASE("DataLoader: batches from workers leave no memory behind") {
    const auto live = [] { return memory_stats().live_bytes; };
    const DataLoader<float> loader(images(200), {.batch_size = 2, .workers = 2}, some_steps());
    const auto pass = [&] {
        for (auto& batch : loader.epoch(0))
            const Array<float> taken = std::move(batch.x);
    };
    pass();
    const auto before = memory_stats();
    for (int i = 0; i < 20; ++i)
        pass();
    const auto after = memory_stats();
    CHECK(live() <= before.live_bytes);
    // 2000 arrays of 256 bytes came and went.
    CHECK(after.cached_bytes <= before.cached_bytes + 100'000);
}
