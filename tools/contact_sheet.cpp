#include <autograd/fail.hpp>
#include <tools/contact_sheet.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace xgrad::report {
namespace {

constexpr std::uint8_t gap_grey = 128;

void check_options(const ContactSheetOptions& o) {
    if (o.images == 0)
        fail<std::invalid_argument>("contact_sheet: the number of images is 0; need at least 1");
    if (o.scale == 0)
        fail<std::invalid_argument>("contact_sheet: the scale is 0; need at least 1");
    if (!std::isfinite(1 / (o.white - o.black))) {
        fail<std::invalid_argument>(
            "contact_sheet: black is {} and white {}; need two finite values", o.black, o.white);
    }
}

// A pixel of NaN is drawn black.
std::uint8_t grey(double value, const ContactSheetOptions& o) {
    const double share = (value - o.black) / (o.white - o.black);
    return share > 0 ? static_cast<std::uint8_t>(std::lround(255 * std::min(share, 1.0))) : 0;
}

// Draws an image with its upper left corner at (left, top).
template <class T>
void draw(
    const data::ImageView<const T>& image,
    std::size_t left,
    std::size_t top,
    const ContactSheetOptions& o,
    Image& sheet) {
    const std::size_t plane = image.height * image.width;
    for (std::size_t y = 0; y < image.height * o.scale; ++y) {
        for (std::size_t x = 0; x < image.width * o.scale; ++x) {
            const std::size_t at = y / o.scale * image.width + x / o.scale;
            double sum = 0;
            for (std::size_t c = 0; c < image.channels; ++c)
                sum += static_cast<double>(image.data[c * plane + at]);
            sheet.pixels[(top + y) * sheet.width + left + x] =
                grey(sum / static_cast<double>(image.channels), o);
        }
    }
}

}  // namespace

template <class T>
Image contact_sheet(
    const data::Dataset<T>& dataset,
    const data::Augmentation<T>& augmentation,
    const ContactSheetOptions& options) {
    check_options(options);
    augmentation.check(dataset);
    const auto extents = augmentation.image_of(dataset);
    data::Rows rows(std::min(options.images, dataset.size()));
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    const std::size_t step_x = extents.width * options.scale + options.gap;
    const std::size_t step_y = extents.height * options.scale + options.gap;
    Image sheet{
        .width = (options.draws + 1) * step_x + options.gap,
        .height = rows.size() * step_y + options.gap,
        .pixels = {},
        .caption = augmentation.text(),
        .detail = fmt::format("first column: the images; beside them {} draws", options.draws)};
    sheet.pixels.assign(sheet.width * sheet.height, gap_grey);
    const auto draw_column = [&](const Array<T>& x, std::size_t column) {
        for (const std::size_t row : rows) {
            const data::ImageView<const T> image{
                x.data() + row * extents.size(), extents.channels, extents.height, extents.width};
            const std::size_t left = options.gap + column * step_x;
            draw(image, left, options.gap + row * step_y, options, sheet);
        }
    };
    draw_column(dataset.x(), 0);
    for (std::size_t epoch = 0; epoch < options.draws; ++epoch)
        draw_column(augmentation.apply(dataset, rows, epoch).x, epoch + 1);
    return sheet;
}

template Image contact_sheet(
    const data::Dataset<float>&, const data::Augmentation<float>&, const ContactSheetOptions&);
template Image contact_sheet(
    const data::Dataset<double>&, const data::Augmentation<double>&, const ContactSheetOptions&);

}  // namespace xgrad::report
