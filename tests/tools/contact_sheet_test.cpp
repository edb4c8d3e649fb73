#include <tests/support.hpp>
#include <tools/contact_sheet.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

using namespace xgrad;
using namespace xgrad::report;
using xgrad::test::text_of_error;

namespace {

// Two images of two channels, 1 x 2 pixels; the channels' means are 0 and 0.5, 1 and 0.25.
data::Dataset<double> two_images() {
    auto x = empty<double>({2, 2, 1, 2});
    const std::vector<double> pixels = {-0.5, 0.5, 0.5, 0.5, 2, 0, 2, 0.5};
    std::copy(pixels.begin(), pixels.end(), x.data());
    return data::Dataset<double>(std::move(x), {0, 1}, 2);
}

data::Augmentation<double> mirror() {
    data::Augmentation<double> chain(1);
    chain.flip(1);
    return chain;
}

}  // namespace

TEST_CASE("contact_sheet draws the images, and beside them what becomes of them") {
    const Image sheet = contact_sheet(two_images(), mirror(), {.draws = 2, .gap = 1, .scale = 1});
    CHECK(sheet.width == 10);
    CHECK(sheet.height == 5);
    const std::uint8_t g = 128;
    CHECK(sheet.pixels == std::vector<std::uint8_t>{g, g,   g,   g, g,   g,   g, g,   g,   g,
                                                    g, 0,   128, g, 128, 0,   g, 128, 0,   g,
                                                    g, g,   g,   g, g,   g,   g, g,   g,   g,
                                                    g, 255, 64,  g, 64,  255, g, 64,  255, g,
                                                    g, g,   g,   g, g,   g,   g, g,   g,   g});
    CHECK(sheet.caption == "flip(1)");
    CHECK(sheet.detail == "first column: the images; beside them 2 draws");
    CHECK(png(sheet).size() > 50);
}

TEST_CASE("contact_sheet enlarges pixels, takes the first images and stretches the greys") {
    const Image sheet = contact_sheet(
        two_images(),
        mirror(),
        {.images = 1, .draws = 0, .gap = 0, .scale = 2, .black = 1, .white = 0});
    CHECK(sheet.width == 4);
    CHECK(sheet.pixels == std::vector<std::uint8_t>{255, 255, 128, 128, 255, 255, 128, 128});
}

TEST_CASE("contact_sheet refuses an empty sheet, and rows that are not for training") {
    const auto error_with = [](const ContactSheetOptions& options, data::Part part) {
        return text_of_error<std::invalid_argument>(
            [&] { (void)contact_sheet(two_images().as(part), mirror(), options); });
    };
    using data::Part;
    CHECK(
        error_with({.images = 0}, Part::train) ==
        "contact_sheet: the number of images is 0; need at least 1");
    CHECK(
        error_with({.scale = 0}, Part::train) == "contact_sheet: the scale is 0; need at least 1");
    CHECK(
        error_with({.white = 0}, Part::train) ==
        "contact_sheet: black is 0 and white 0; need two finite values");
    CHECK(
        error_with({}, Part::test) ==
        "Augmentation: the dataset is the test part, 2 rows; need training rows, as others are "
        "judged as they are");
}
