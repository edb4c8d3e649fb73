#include <nn/augment_image.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>

namespace xgrad::data::detail {

// The old place of a point that turns counterclockwise lies clockwise of it; y points down.
Affine rotation(double degrees) {
    const double angle = degrees * std::numbers::pi / 180;
    const double c = std::cos(angle), s = std::sin(angle);
    return {.xx = c, .xy = -s, .yx = s, .yy = c};
}

Affine scaling(double factor) { return {.xx = 1 / factor, .yy = 1 / factor}; }

Affine translation(double right, double down) { return {.x0 = -right, .y0 = -down}; }

// A pixel's place after `second` says where it was after `first`, and that where it came from.
Affine chained(const Affine& first, const Affine& second) {
    const auto& [xx, xy, x0, yx, yy, y0] = second;
    return {
        .xx = first.xx * xx + first.xy * yx,
        .xy = first.xx * xy + first.xy * yy,
        .x0 = first.xx * x0 + first.xy * y0 + first.x0,
        .yx = first.yx * xx + first.yy * yx,
        .yy = first.yx * xy + first.yy * yy,
        .y0 = first.yx * x0 + first.yy * y0 + first.y0};
}

template <class T>
void mirror(const ImageView<T>& image) {
    for (std::size_t row = 0; row < image.channels * image.height; ++row) {
        T* const begin = image.data + row * image.width;
        std::reverse(begin, begin + image.width);
    }
}

template <class T>
void move_pixels(
    const ImageView<T>& image,
    std::ptrdiff_t right,
    std::ptrdiff_t down,
    T border,
    std::vector<T>& scratch) {
    const auto height = static_cast<std::ptrdiff_t>(image.height);
    const auto width = static_cast<std::ptrdiff_t>(image.width);
    const std::ptrdiff_t begin = std::clamp<std::ptrdiff_t>(right, 0, width);
    const std::ptrdiff_t end = std::clamp<std::ptrdiff_t>(width + right, 0, width);
    scratch.assign(image.data, image.data + image.size());
    std::fill_n(image.data, image.size(), border);
    for (std::size_t c = 0; c < image.channels; ++c) {
        const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(c) * height * width;
        for (std::ptrdiff_t y = std::max<std::ptrdiff_t>(0, down);
             y < std::min(height, height + down);
             ++y) {
            const T* const from = scratch.data() + plane + (y - down) * width;
            for (std::ptrdiff_t x = begin; x < end; ++x)
                image.data[plane + y * width + x] = from[x - right];
        }
    }
}

namespace {

// The image with a frame of one pixel around every channel, so that all four neighbours of a place
// less than a pixel outside are there.
template <class T>
void copy_framed(const ImageView<T>& image, T border, std::vector<T>& to) {
    const std::size_t stride = image.width + 2;
    to.assign(image.channels * (image.height + 2) * stride, border);
    for (std::size_t c = 0; c < image.channels; ++c) {
        for (std::size_t y = 0; y < image.height; ++y) {
            std::copy_n(
                image.data + (c * image.height + y) * image.width,
                image.width,
                to.data() + (c * (image.height + 2) + y + 1) * stride + 1);
        }
    }
}

// Pixel i of each channel, from the place (x, y) of the framed image, where its first pixel is
// (1, 1).
template <class T>
void sample(
    const ImageView<T>& image, std::size_t i, double x, double y, T border, const T* framed) {
    const std::size_t plane = image.height * image.width, stride = image.width + 2;
    const bool inside = x > 0 && x < static_cast<double>(image.width + 1) && y > 0 &&
                        y < static_cast<double>(image.height + 1);
    if (!inside) {  // or NaN, of an overflow
        for (std::size_t c = 0; c < image.channels; ++c)
            image.data[c * plane + i] = border;
        return;
    }
    const auto left = static_cast<std::int64_t>(x), top = static_cast<std::int64_t>(y);
    const T u = static_cast<T>(x - static_cast<double>(left));
    const T v = static_cast<T>(y - static_cast<double>(top));
    const T* corner = framed + static_cast<std::size_t>(top) * stride + left;
    for (std::size_t c = 0; c < image.channels; ++c) {
        const T upper = corner[0] + u * (corner[1] - corner[0]);
        const T lower = corner[stride] + u * (corner[stride + 1] - corner[stride]);
        image.data[c * plane + i] = upper + v * (lower - upper);
        corner += (image.height + 2) * stride;
    }
}

}  // namespace

template <class T>
void resample(const ImageView<T>& image, const Affine& from, T border, std::vector<T>& scratch) {
    copy_framed(image, border, scratch);
    const double center_x = 0.5 * static_cast<double>(image.width - 1);
    const double center_y = 0.5 * static_cast<double>(image.height - 1);
    for (std::size_t row = 0; row < image.height; ++row) {
        const double y = static_cast<double>(row) - center_y;
        for (std::size_t column = 0; column < image.width; ++column) {
            const double x = static_cast<double>(column) - center_x;
            const double from_x = from.xx * x + from.xy * y + from.x0 + center_x + 1;
            const double from_y = from.yx * x + from.yy * y + from.y0 + center_y + 1;
            sample(image, row * image.width + column, from_x, from_y, border, scratch.data());
        }
    }
}

template <class T>
void cut_square(
    const ImageView<T>& image,
    std::ptrdiff_t left,
    std::ptrdiff_t top,
    std::size_t size,
    T border) {
    const auto clipped = [size](std::ptrdiff_t first, std::size_t extent) {
        const auto end = first + static_cast<std::ptrdiff_t>(size);
        const auto last = static_cast<std::ptrdiff_t>(extent);
        return std::pair(
            static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(first, 0, last)),
            static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(end, 0, last)));
    };
    const auto [x_begin, x_end] = clipped(left, image.width);
    const auto [y_begin, y_end] = clipped(top, image.height);
    for (std::size_t c = 0; c < image.channels; ++c) {
        for (std::size_t y = y_begin; y < y_end; ++y) {
            T* const row = image.data + (c * image.height + y) * image.width;
            std::fill(row + x_begin, row + x_end, border);
        }
    }
}

template void mirror(const ImageView<float>&);
template void mirror(const ImageView<double>&);
template void move_pixels(
    const ImageView<float>&, std::ptrdiff_t, std::ptrdiff_t, float, std::vector<float>&);
template void move_pixels(
    const ImageView<double>&, std::ptrdiff_t, std::ptrdiff_t, double, std::vector<double>&);
template void resample(const ImageView<float>&, const Affine&, float, std::vector<float>&);
template void resample(const ImageView<double>&, const Affine&, double, std::vector<double>&);
template void cut_square(
    const ImageView<float>&, std::ptrdiff_t, std::ptrdiff_t, std::size_t, float);
template void cut_square(
    const ImageView<double>&, std::ptrdiff_t, std::ptrdiff_t, std::size_t, double);

}  // namespace xgrad::data::detail
