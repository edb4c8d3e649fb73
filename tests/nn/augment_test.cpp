// What the steps of an Augmentation do to images, and what it refuses.
#include <autograd/error.hpp>
#include <nn/augment_image.hpp>
#include <nn/data.hpp>
#include <ops/loss.hpp>
#include <ops/softmax.hpp>
#include <tests/nn/trajectory.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

using namespace xgrad;
using namespace xgrad::data;
using namespace xgrad::test;

namespace {

constexpr std::size_t rows = 6, height = 5, width = 4;

// Images (N, C, H, W) or (N, H, W) of the reference's formula, each with other pixels.
template <class T>
Dataset<T> images(const Shape& shape = {rows, height, width}) {
    auto x = empty<T>(shape);
    for (std::size_t i = 0; i < x.size(); ++i)
        x.data()[i] = static_cast<T>((i * 37 + 5) % 64) / 64;
    Labels y(shape[0]);
    for (std::size_t i = 0; i < y.size(); ++i)
        y[i] = static_cast<std::int64_t>(i % 3);
    return Dataset<T>(std::move(x), std::move(y), 3);
}

Rows up_to(std::size_t n) {
    Rows all(n);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

// All rows in epoch 0.
template <class T>
Batch<T> applied(const Augmentation<T>& augmentation, const Dataset<T>& dataset) {
    return augmentation.apply(dataset, up_to(dataset.size()), 0);
}

template <class T>
Array<T> mirrored(const Array<T>& x) {
    auto y = x;
    const std::size_t columns = x.shape().back();
    for (std::size_t i = 0; i < x.size(); ++i)
        y.data()[i] = x.data()[i / columns * columns + columns - 1 - i % columns];
    return y;
}

// One step of each kind.
template <class T>
Augmentation<T> all_steps(std::uint64_t seed, const ImageOptions& options = {}) {
    Augmentation<T> chain(seed, options);
    chain.flip().crop(2).rotate(20).zoom(0.8, 1.2).shift(1.5).noise(0.1).cutout(2).mixup(0.4);
    return chain;
}

std::string error_of_step(const std::function<void(Augmentation<float>&)>& add) {
    return text_of_error<std::invalid_argument>([&] {
        Augmentation<float> chain(0);
        add(chain);
    });
}

}  // namespace

TEST_CASE_TEMPLATE("Augmentation turns, zooms and shifts as scipy does", T, float, double) {
    const Json reference = stored("augment.json");
    CHECK(reference.at("images").size() == 9);
    for (const Json& image : reference.at("images")) {
        const Shape shape = {1, image.at("height"), image.at("width")};
        Array<T> x = images<T>(shape).x();
        const auto number = [&](const char* name) { return image.at(name).get<double>(); };
        using namespace xgrad::data::detail;
        const Affine map = chained(
            chained(rotation(number("degrees")), scaling(number("zoom"))),
            translation(number("right"), number("down")));
        std::vector<T> scratch;
        const ImageView<T> view{x.data(), 1, shape[1], shape[2]};
        resample(view, map, static_cast<T>(number("border")), scratch);
        Array<T> expected = empty<T>(shape);
        for (std::size_t i = 0; i < expected.size(); ++i)
            expected.data()[i] = static_cast<T>(image.at("pixels")[i].get<double>());
        check_close(x, expected, sizeof(T) == 4 ? 2e-6 : 1e-12);
    }
}

TEST_CASE("Augmentation: a zoom of one factor gives scipy's pixels in every channel") {
    const Json reference = stored("augment.json").at("images")[3];
    REQUIRE(reference.at("zoom") == 1.3);
    Array<double> x = empty<double>({1, 2, 7, 4});
    const Array<double> one = images<double>({1, 7, 4}).x();
    std::copy_n(one.data(), 28, x.data());
    std::copy_n(one.data(), 28, x.data() + 28);
    Augmentation<double> zoomed(3, {.border = 0.5});
    zoomed.zoom(1.3, 1.3);
    const auto batch = zoomed.apply(Dataset<double>(x, {0}, 1), Rows{0}, 9);
    for (std::size_t i = 0; i < 56; ++i) {
        CHECK(is_close(batch.x.data()[i], reference.at("pixels")[i % 28].get<double>(), 1e-12));
    }
}

TEST_CASE_TEMPLATE("Augmentation: steps that change nothing are the identity", T, float, double) {
    const auto dataset = images<T>({rows, 2, height, width});
    Augmentation<T> none(1);
    check_same(applied(none, dataset).x, dataset.x());
    CHECK(none.text() == "nothing");
    none.flip(0).crop(0).zoom(1, 1).rotate(0).shift(0).noise(0);
    CHECK(none.text() == "flip(0), crop(0), zoom(1, 1), rotate(0), shift(0), noise(0)");
    const auto batch = applied(none, dataset);
    check_same(batch.x, dataset.x());
    CHECK(batch.y == dataset.y());
}

TEST_CASE("Augmentation: a flip mirrors each channel, and two are the identity") {
    const auto dataset = images<double>({rows, 3, height, width});
    Augmentation<double> once(1), twice(1), by_half(1);
    once.flip(1);
    check_same(applied(once, dataset).x, mirrored(dataset.x()));
    twice.flip(1).flip(1);
    check_same(applied(twice, dataset).x, dataset.x());
    // A row is itself or its mirror image.
    by_half.flip();
    const auto half = applied(by_half, dataset).x;
    const auto other = mirrored(dataset.x());
    std::size_t flipped = 0;
    const std::size_t size = 3 * height * width;
    for (std::size_t i = 0; i < rows; ++i) {
        const double* row = half.data() + i * size;
        const bool is_other = std::equal(row, row + size, other.data() + i * size);
        CHECK((is_other || std::equal(row, row + size, dataset.x().data() + i * size)));
        flipped += is_other;
    }
    CHECK(flipped > 0);
    CHECK(flipped < rows);
}

TEST_CASE("Augmentation: a crop is a window of the padded image") {
    const auto dataset = images<double>({60, height, width});
    Augmentation<double> chain(2, {.border = 7});
    chain.crop(3);
    const auto batch = applied(chain, dataset);
    for (std::size_t i = 0; i < 60; ++i) {
        const auto at = [&](const Array<double>& x, std::ptrdiff_t y, std::ptrdiff_t column) {
            const bool inside = y >= 0 && y < std::ptrdiff_t(height) && column >= 0 &&
                                column < std::ptrdiff_t(width);
            return inside ? x.data()[(i * height + std::size_t(y)) * width + std::size_t(column)]
                          : 7;
        };
        std::size_t windows = 0;
        for (std::ptrdiff_t down = -3; down <= 3; ++down) {
            for (std::ptrdiff_t right = -3; right <= 3; ++right) {
                bool same = true;
                for (std::ptrdiff_t k = 0; k < std::ptrdiff_t(height * width); ++k) {
                    const std::ptrdiff_t y = k / std::ptrdiff_t(width);
                    const std::ptrdiff_t x = k % std::ptrdiff_t(width);
                    same &= at(batch.x, y, x) == at(dataset.x(), y - down, x - right);
                }
                windows += same;
            }
        }
        CHECK(windows >= 1);
    }
}

TEST_CASE("Augmentation: a rotation by a half turn and back is the image") {
    using namespace xgrad::data::detail;
    const Array<double> x = images<double>({1, height, width}).x();
    Array<double> y = x;
    std::vector<double> scratch;
    const ImageView<double> view{y.data(), 1, height, width};
    resample(view, rotation(180), 0.0, scratch);
    auto reversed = x;
    std::reverse(reversed.data(), reversed.data() + reversed.size());
    check_close(y, reversed, 1e-12);
    y = x;
    resample(view, chained(rotation(33), rotation(-33)), 0.0, scratch);
    check_close(y, x, 1e-12);
}

TEST_CASE("Augmentation: a cutout leaves the rest, and covers a square of the border's value") {
    const auto dataset = images<double>({40, 2, 9, 8});
    Augmentation<double> chain(5, {.border = -1});
    chain.cutout(3);
    const auto batch = applied(chain, dataset);
    for (std::size_t image = 0; image < 80; ++image) {  // the channels one by one
        std::size_t cut = 0, left = 8, right = 0, top = 9, bottom = 0;
        for (std::size_t i = 0; i < 72; ++i) {
            if (batch.x.data()[image * 72 + i] != -1) {
                CHECK(batch.x.data()[image * 72 + i] == dataset.x().data()[image * 72 + i]);
                continue;
            }
            ++cut;
            left = std::min(left, i % 8);
            right = std::max(right, i % 8 + 1);
            top = std::min(top, i / 8);
            bottom = std::max(bottom, i / 8 + 1);
        }
        REQUIRE(cut > 0);
        CHECK(cut == (right - left) * (bottom - top));
        CHECK((right - left == 3 || left == 0 || right == 8));
        CHECK((bottom - top == 3 || top == 0 || bottom == 9));
    }
    Augmentation<double> whole(5);
    whole.cutout(std::numeric_limits<std::size_t>::max());
    check_same(applied(whole, dataset).x, Array<double>(Shape{40, 2, 9, 8}, 0.0));
}

TEST_CASE("Augmentation takes flattened rows as the images they are") {
    const auto shaped = images<float>({rows, 2, height, width});
    Array<float> flat = shaped.x();
    flat.reshape({rows, 2 * height * width});
    const Dataset<float> flattened(flat, shaped.y(), 3);
    const auto expected = applied(all_steps<float>(4), shaped);
    auto got = applied(all_steps<float>(4, {.height = height, .width = width}), flattened);
    CHECK(got.x.shape() == Shape{rows, 2 * height * width});
    got.x.reshape({rows, 2, height, width});
    check_same(got.x, expected.x);
    check_same(got.targets, expected.targets);
}

TEST_CASE_TEMPLATE(
    "Augmentation: a row depends on seed, epoch and its number alone", T, float, double) {
    const auto dataset = images<T>();
    const auto chain = all_steps<T>(11);
    const auto all = applied(chain, dataset);
    const std::size_t size = height * width;
    for (const Rows& some : {Rows{3}, Rows{5, 0, 3, 3}, Rows{4, 1}}) {
        const auto batch = chain.apply(dataset, some, 0);
        for (std::size_t i = 0; i < some.size(); ++i) {
            const T* got = batch.x.data() + i * size;
            CHECK(std::equal(got, got + size, all.x.data() + some[i] * size));
            CHECK(batch.y[i] == dataset.y()[some[i]]);
            for (std::size_t c = 0; c < 3; ++c)
                CHECK(batch.targets.data()[i * 3 + c] == all.targets.data()[some[i] * 3 + c]);
        }
    }
    CHECK(chain.apply(dataset, Rows{0}, 1).x != chain.apply(dataset, Rows{0}, 0).x);
    CHECK(applied(all_steps<T>(12), dataset).x != all.x);
}

TEST_CASE("Augmentation: a step draws the same whatever the other steps' arguments") {
    const auto dataset = images<double>();
    Augmentation<double> one(8), other(8);
    one.flip(0).noise(0.5);
    other.flip(1).noise(0.5);
    const auto noise_of = [&](const Augmentation<double>& chain, const Array<double>& before) {
        auto noise = applied(chain, dataset).x;
        for (std::size_t i = 0; i < noise.size(); ++i)
            noise.data()[i] -= before.data()[i];
        return noise;
    };
    check_close(noise_of(one, dataset.x()), noise_of(other, mirrored(dataset.x())), 1e-15);
}

TEST_CASE("Augmentation: mixup blends rows as the targets say") {
    // Row i is constantly i, its label its own, so that the mean of a row and of its target agree.
    Array<double> x(Shape{8, 2, 2}, 0.0);
    Labels y(8);
    for (std::size_t i = 0; i < 8; ++i) {
        std::fill_n(x.data() + 4 * i, 4, double(i));
        y[i] = std::int64_t(i);
    }
    const Dataset<double> dataset(x, y, 8);
    Augmentation<double> chain(3);
    CHECK_FALSE(chain.mixes());
    chain.mixup(1);
    CHECK(chain.mixes());
    const auto batch = applied(chain, dataset);
    CHECK(batch.y == y);
    REQUIRE(batch.targets.shape() == Shape{8, 8});
    for (std::size_t i = 0; i < 8; ++i) {
        double sum = 0, mean = 0;
        for (std::size_t c = 0; c < 8; ++c) {
            const double part = batch.targets.data()[8 * i + c];
            CHECK(part >= 0);
            sum += part;
            mean += part * double(c);
        }
        CHECK(is_close(sum, 1.0, 1e-15));
        CHECK(is_close(batch.x.data()[4 * i], mean, 1e-14));
    }
    // The loss for it: by the labels' shares.
    const Variable<double> logits(random_array<double>({8, 8}, 1));
    const double loss = cross_entropy(logits, Variable<double>(batch.targets)).item();
    const auto each = log_softmax(logits).value();
    double expected = 0;
    for (std::size_t i = 0; i < 64; ++i)
        expected -= batch.targets.data()[i] * each.data()[i] / 8;
    CHECK(is_close(loss, expected, 1e-14));
}

TEST_CASE("Augmentation: a batch used again keeps no targets of a mixup") {
    const auto dataset = images<double>();
    Augmentation<double> mixing(1), plain(1);
    mixing.mixup(1);
    plain.flip();
    Batch<double> batch;
    mixing.apply(dataset, up_to(rows), 0, batch);
    REQUIRE(batch.targets.shape() == Shape{rows, 3});
    plain.apply(dataset, up_to(rows), 0, batch);
    CHECK(batch.targets.shape() == applied(plain, dataset).targets.shape());
}

TEST_CASE("Augmentation: mixup takes the other row as it is in this epoch") {
    const auto dataset = images<double>();
    Augmentation<double> before(6), chain(6);
    before.flip().noise(0.3);
    chain.flip().noise(0.3).mixup(1);
    const auto plain = applied(before, dataset).x;
    const auto mixed = applied(chain, dataset);
    const std::size_t size = height * width;
    for (std::size_t i = 0; i < rows; ++i) {
        // Some row, in some share, explains all pixels.
        std::size_t explanations = 0;
        for (std::size_t other = 0; other < rows; ++other) {
            const double* a = plain.data() + i * size;
            const double* b = plain.data() + other * size;
            const double* m = mixed.x.data() + i * size;
            const double share = other == i ? 1 : (m[0] - b[0]) / (a[0] - b[0]);
            bool all = true;
            for (std::size_t k = 0; k < size; ++k)
                all &= is_close(m[k], share * a[k] + (1 - share) * b[k], 1e-9);
            explanations += all;
        }
        CHECK(explanations >= 1);
    }
}

TEST_CASE("Augmentation keeps the targets of a regression, and mixes them in mixup") {
    Array<double> x(Shape{4, 1, 1}, 0.0), targets(Shape{4, 2}, 0.0);
    for (std::size_t i = 0; i < 4; ++i) {
        x.data()[i] = double(i);
        targets.data()[2 * i] = double(i) * 10;
        targets.data()[2 * i + 1] = -double(i);
    }
    const Dataset<double> dataset(x, targets);
    Augmentation<double> noisy(1), mixing(1);
    noisy.noise(1);
    const auto batch = noisy.apply(dataset, Rows{2, 0}, 0);
    CHECK(batch.targets == Array<double>{{20, -2}, {0, 0}});
    CHECK(batch.y.empty());
    mixing.mixup(1);
    const auto mixed = applied(mixing, dataset);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(is_close(mixed.targets.data()[2 * i], 10 * mixed.x.data()[i], 1e-14));
        CHECK(is_close(mixed.targets.data()[2 * i + 1], -mixed.x.data()[i], 1e-14));
    }
}

TEST_CASE("Augmentation: a custom step sees image and generator") {
    const auto dataset = images<float>({rows, 2, height, width});
    Augmentation<float> chain(4);
    chain.flip(1).custom("dim", [](const ImageView<float>& image, Rng& rng) {
        CHECK(image.channels == 2);
        CHECK(image.height == height);
        CHECK(image.width == width);
        const auto factor = static_cast<float>(rng.below(2));
        for (std::size_t i = 0; i < image.size(); ++i)
            image.data[i] *= factor;
    });
    CHECK(chain.text() == "flip(1), dim");
    const auto batch = applied(chain, dataset);
    const auto expected = mirrored(dataset.x());
    const std::size_t size = 2 * height * width;
    std::size_t dark = 0;
    for (std::size_t i = 0; i < rows; ++i) {
        const float* row = batch.x.data() + i * size;
        const bool is_dark = std::all_of(row, row + size, [](float v) { return v == 0; });
        CHECK((is_dark || std::equal(row, row + size, expected.data() + i * size)));
        dark += is_dark;
    }
    CHECK(dark > 0);
    CHECK(dark < rows);
}

TEST_CASE("Augmentation takes training rows only") {
    const auto dataset = images<float>();
    Augmentation<float> chain(0);
    chain.flip();
    CHECK_NOTHROW(chain.check(dataset));
    CHECK_NOTHROW(chain.check(dataset.as(Part::train)));
    for (const auto& [part, name] :
         {std::pair{Part::train_dev, "train-dev"},
          std::pair{Part::dev, "dev"},
          std::pair{Part::test, "test"}}) {
        const std::string expected =
            std::string("Augmentation: the dataset is the ") + name +
            " part, 6 rows; need training rows, as others are judged as they are";
        const auto held_out = dataset.as(part);
        CHECK(text_of_error<std::invalid_argument>([&] {
                  (void)applied(chain, held_out);
              }) == expected);
        CHECK(text_of_error<std::invalid_argument>([&] {
                  DataLoader<float>(held_out, {}, chain);
              }) == expected);
        CHECK_NOTHROW(DataLoader<float>(held_out, {}));
    }
}

TEST_CASE("Augmentation refuses arguments out of range") {
    using A = Augmentation<float>;
    CHECK(error_of_step([](A& a) {
              a.flip(1.5);
          }) == "Augmentation::flip: the probability is 1.5; need 0 <= probability <= 1");
    CHECK(error_of_step([](A& a) {
              a.zoom(0, 1);
          }) == "Augmentation::zoom: the factors are 0 to 1; need 0 < low <= high < infinity");
    CHECK(error_of_step([](A& a) {
              a.zoom(1.2, 1.1);
          }) == "Augmentation::zoom: the factors are 1.2 to 1.1; need 0 < low <= high < infinity");
    CHECK(error_of_step([](A& a) {
              a.rotate(-1);
          }) == "Augmentation::rotate: the angle is -1; need 0 <= degrees <= 180");
    CHECK(error_of_step([](A& a) {
              a.shift(std::nan(""));
          }) == "Augmentation::shift: the distance is nan; need 0 <= pixels < infinity");
    CHECK(error_of_step([](A& a) {
              a.noise(HUGE_VAL);
          }) == "Augmentation::noise: the deviation is inf; need 0 <= deviation < infinity");
    CHECK(error_of_step([](A& a) {
              a.cutout(0);
          }) == "Augmentation::cutout: the size is 0; need at least 1");
    CHECK(error_of_step([](A& a) {
              a.mixup(0);
          }) == "Augmentation::mixup: alpha is 0; need 0 < alpha < infinity");
    CHECK(error_of_step([](A& a) {
              a.mixup(1).mixup(1);
          }) == "Augmentation::mixup: the chain has one; need at most one");
    CHECK(error_of_step([](A& a) {
              a.custom("mine", {});
          }) == "Augmentation::custom: step \"mine\" is an empty function; need one to call");
    CHECK(text_of_error<std::invalid_argument>([] {
              A(0, {.height = 28});
          }) == "Augmentation: the height is 28 and the width 0; need both, or neither");
    CHECK(text_of_error<std::invalid_argument>([] {
              A(0, {.border = HUGE_VAL});
          }) == "Augmentation: the border is inf; need a finite value");
}

TEST_CASE("Augmentation refuses what are no images, and rows that are not there") {
    const auto error_for = [](const ImageOptions& options, const Shape& shape) {
        Augmentation<float> chain(0, options);
        chain.crop(2);
        const Dataset<float> dataset(empty<float>(shape), Labels(shape[0], 0), 1);
        return text_of_error<ShapeError>([&] { chain.check(dataset); });
    };
    CHECK(
        error_for({}, {3, 20}) ==
        "Augmentation: x has shape (3, 20); need images (N, H, W) or (N, C, H, W), or the height "
        "and width of flattened ones");
    CHECK(
        error_for({.height = 5, .width = 3}, {3, 20}) ==
        "Augmentation: x has shape (3, 20), an image 5 x 3 pixels; need whole images in a row, at "
        "least one");
    CHECK(
        error_for({.height = 5, .width = 4}, {3, 5, 5}) ==
        "Augmentation: x has shape (3, 5, 5), the images are said to have 5 x 4 pixels; need one "
        "size");
    CHECK(
        error_for({}, {3, 0, 5, 5}) ==
        "Augmentation: x has shape (3, 0, 5, 5); need at least one pixel");
    CHECK(
        error_for({}, {3, 5, 2}) ==
        "Augmentation: an image has 5 x 2 pixels, a crop's padding 2; need more than the padding");

    const auto dataset = images<float>();
    const Augmentation<float> chain(0);
    CHECK(text_of_error<IndexError>([&] {
              (void)chain.apply(dataset, Rows{0, 6}, 0);
          }) == "Augmentation::apply: entry 1 is row 6; need 0 <= row < 6");
    CHECK(text_of_error<ShapeError>([&] {
              (void)chain.apply(dataset, Rows{}, 0);
          }) == "Augmentation::apply: no rows are given; need at least one");
}
