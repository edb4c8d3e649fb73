// Internal to the sources: what the steps of an Augmentation do to the pixels of one image.
#pragma once

#include <nn/augment.hpp>

#include <cstddef>
#include <vector>

namespace xgrad::data::detail {

/// Where in the old image a pixel of the new one comes from, both seen from the centre, x to the
/// right and y down: (xx x + xy y + x0, yx x + yy y + y0).
struct Affine {
    double xx = 1, xy = 0, x0 = 0;
    double yx = 0, yy = 1, y0 = 0;
};

/// Turns what is seen counterclockwise.
[[nodiscard]] Affine rotation(double degrees);
/// Enlarges it, by less than 1 reduces it.
[[nodiscard]] Affine scaling(double factor);
/// Moves it to the right and down.
[[nodiscard]] Affine translation(double right, double down);
/// The one that does `first`, then `second`.
[[nodiscard]] Affine chained(const Affine& first, const Affine& second);

/// Left becomes right.
template <class T>
void mirror(const ImageView<T>& image);

/// Moves the image by whole pixels; what comes in is `border`. `scratch` has any size.
template <class T>
void move_pixels(
    const ImageView<T>& image,
    std::ptrdiff_t right,
    std::ptrdiff_t down,
    T border,
    std::vector<T>& scratch);

/// Bilinear interpolation between the four pixels around where one comes from; pixels outside the
/// image are `border`.
template <class T>
void resample(const ImageView<T>& image, const Affine& from, T border, std::vector<T>& scratch);

/// `border` in a square of `size`, its upper left corner at (left, top); only what lies inside.
template <class T>
void cut_square(
    const ImageView<T>& image, std::ptrdiff_t left, std::ptrdiff_t top, std::size_t size, T border);

}  // namespace xgrad::data::detail
