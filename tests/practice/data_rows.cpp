#include <nn/augment.hpp>
#include <nn/compare.hpp>
#include <nn/guards.hpp>
#include <nn/nn.hpp>
#include <nn/test_set.hpp>
#include <nn/warning.hpp>
#include <tests/practice/row.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace xgrad::practice {
namespace {

std::string percent(const data::Fractions& f) {
    return fmt::format("{:g}/{:g}/{:g}", 100 * f.train, 100 * f.dev, 100 * f.test);
}

data::Dataset<double> table(std::size_t rows, std::uint64_t seed) {
    Rng rng(seed);
    data::Labels y(rows);
    for (std::size_t i = 0; i < rows; ++i)
        y[i] = static_cast<std::int64_t>(i % 4);
    return {init::normal<double>({rows, 3}, rng), y, 4};
}

bool refuses_dev(const data::Dataset<double>& dev) {
    try {
        data::Normalizer<double> normalizer;
        normalizer.fit(dev);
        return false;
    } catch (const std::invalid_argument&) {
        return true;
    }
}

void splitting(Figures& figures) {
    const std::string small = percent(data::suggest_split(10'000).fractions);
    const std::string million = percent(data::suggest_split(1'000'000).fractions);
    const std::string above = percent(data::suggest_split(5'000'000).fractions);
    figures.say("{}, {}, {} by the rows", small, million, above);
    figures.need(
        small == "60/20/20" && million == "98/1/1" && above == "99.5/0.25/0.25",
        "60/20/20, 98/1/1, 99.5/0.25/0.25");

    const auto set = table(1000, 1);
    auto parts = data::split_dataset(set, {0.6, 0.2, 0.2}, {.seed = 2, .stratify = true});
    const auto again = data::split_dataset(set, {0.6, 0.2, 0.2}, {.seed = 2, .stratify = true});
    figures.need(parts.train.x() == again.train.x(), "the same seed, the same split");
    figures.need(
        std::ranges::count(parts.dev->y(), 0) == 50 && std::ranges::count(parts.test->y(), 3) == 50,
        "each part has its share of each label");

    // The three guards, each without and with its leak.
    const bool silent = !data::find_duplicates(parts).found();
    Array<double> x = parts.train.x();
    std::copy_n(parts.test->x().data(), 3, x.data());
    parts.train = data::Dataset<double>(x, parts.train.y(), 4).as(data::Part::train);
    figures.need(silent && data::find_duplicates(parts).groups.size() == 1, "one leaked row found");
    figures.need(
        refuses_dev(*parts.dev) && !refuses_dev(parts.train), "a normaliser takes train rows only");
    std::size_t warnings = 0;
    const auto before = set_warning_handler([&](const std::string&) { ++warnings; });
    data::TestSet<double> test(*parts.test);
    static_cast<void>(test.look("the score"));
    const std::size_t after_one = warnings;
    static_cast<void>(test.look("another score"));
    set_warning_handler(before);
    figures.need(after_one == 0 && warnings == 1, "the second look reported, and not the first");
    figures.say("3 guards silent on clean parts, each fires on its leak");

    const auto same = data::compare_distributions(table(400, 5), table(400, 6));
    const auto moved = table(400, 7);
    const auto other = data::compare_distributions(
        table(400, 5), data::Dataset<double>(moved.x() + 1, moved.y(), 4));
    figures.need(!same.differ() && other.differ(), "a moved distribution told from a like one");
}

void normalising(Figures& figures) {
    constexpr std::size_t m = 50;
    Rng rng(9);
    Array<double> x = init::normal<double>({m, 3}, rng, 4) + 7;
    for (std::size_t i = 0; i < m; ++i)
        x(i, 2) = 5;  // constant
    data::Normalizer<double> normalizer;
    normalizer.fit(x);
    double gap = 0;
    for (std::size_t k = 0; k < 2; ++k) {
        double mean = 0, squares = 0;
        for (std::size_t i = 0; i < m; ++i)
            mean += x(i, k) / m;
        for (std::size_t i = 0; i < m; ++i)
            squares += (x(i, k) - mean) * (x(i, k) - mean) / m;
        gap = std::max(
            {gap,
             std::abs(normalizer.mean()(k) - mean),
             std::abs(normalizer.scale()(k) - std::sqrt(squares))});
    }
    figures.say("mean and deviation within {:.0e} of the formula", gap);
    figures.need(gap < 1e-13, "mu = 1/m sum x, sigma^2 = 1/m sum (x - mu)^2");
    figures.need(normalizer.scale()(2) == 1, "a constant feature keeps scale 1");
    figures.say("a constant feature keeps scale {}", normalizer.scale()(2));
    data::Normalizer<double> loaded;
    loaded.load_state(normalizer.state());
    const Array<double> other = init::normal<double>({10, 3}, rng);
    figures.need(
        loaded.transform(other) == normalizer.transform(other), "the saved figures do the same");
}

// All batches of an epoch, one after another.
std::vector<double> dealt(
    const data::Dataset<double>& set,
    const data::Augmentation<double>& augmentation,
    std::size_t workers,
    std::uint64_t epoch) {
    std::vector<double> all;
    const data::DataLoader<double> loader(set, {.batch_size = 4, .workers = workers}, augmentation);
    for (const data::Batch<double>& batch : loader.epoch(epoch)) {
        all.insert(all.end(), batch.x.begin(), batch.x.end());
        all.insert(all.end(), batch.y.begin(), batch.y.end());
    }
    return all;
}

void augmenting(Figures& figures) {
    Rng rng(6);
    const auto images = init::uniform<double>({10, 12, 12}, rng);
    const data::Dataset<double> set(images, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 10);
    data::Augmentation<double> augmentation(1);
    augmentation.flip().crop(2).zoom(0.9, 1.1).rotate(10).shift(1).noise(0.1);
    const auto train = set.as(data::Part::train);
    const auto once = dealt(train, augmentation, 0, 1);
    figures.need(once == dealt(train, augmentation, 2, 1), "the same bits from two workers");
    figures.need(once != dealt(train, augmentation, 0, 2), "new images in every epoch");

    data::Rows rows(10);
    std::iota(rows.begin(), rows.end(), 0);
    data::Augmentation<double> mirror(1);
    mirror.flip(1);
    const auto flipped = mirror.apply(train, rows, 1);
    bool right = flipped.y == set.y();
    for (std::size_t y = 0; y < 12; ++y) {
        for (std::size_t x = 0; x < 12; ++x)
            right = right && flipped.x(3, y, x) == images(3, y, 11 - x);
    }
    figures.need(right, "flip: left is right, the labels stay");

    std::size_t refused = 0;
    for (const data::Part part : {data::Part::dev, data::Part::train_dev, data::Part::test}) {
        try {
            augmentation.check(set.as(part));
        } catch (const std::invalid_argument&) {
            ++refused;
        }
    }
    figures.say(
        "{}: same bits for 0 and 2 workers, refused on {} of dev, train-dev and test",
        augmentation.text(),
        refused);
    figures.need(refused == 3, "refused but on training rows");
}

}  // namespace

std::vector<Row> data_rows() {
    return {
        {"P1",
         "train / dev / test",
         {"nn/folds_test.cpp",
          "nn/train_dev_test.cpp",
          "nn/compare_test.cpp",
          "nn/guards_test.cpp",
          "nn/test_set_test.cpp"},
         "12_split_and_mismatch",
         splitting},
        {"P8",
         "augmentation",
         {"nn/augment_test.cpp", "nn/loader_test.cpp"},
         "16_augmentation",
         augmenting},
        {"P10",
         "normalising inputs",
         {"nn/normalizer_test.cpp", "nn/normalizers_test.cpp"},
         "18_normalisation",
         normalising},
    };
}

}  // namespace xgrad::practice
