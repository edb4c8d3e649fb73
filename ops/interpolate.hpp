// Resampling of the last axis or the last two to another size.
#pragma once

#include <autograd/variable.hpp>

#include <cstddef>
#include <vector>

namespace xgrad {

enum class Interpolation { nearest, linear, bilinear };

/// `size` or `scale`, not both: a number for the last axis, or one for each of the last two.
struct InterpolateOptions {
    std::vector<std::size_t> size = {};
    std::vector<double> scale = {};  ///< the new size is floor(extent scale)
    Interpolation mode = Interpolation::nearest;
    bool align_corners = false;  ///< first on first, last on last element; else edge on edge
};

/// x resampled along its last axis (nearest, linear) or two (nearest, bilinear), as PyTorch does:
/// with step = extent / size, or 1 / scale where that is given, element i of the result is
/// - nearest: element floor(i step), without the rounding of PyTorch's step to float;
/// - linear: at s = max(0, (i + 0.5) step - 0.5), or i (extent - 1) / (size - 1) with
/// align_corners,
///   the elements at floor(s) and after it, joined linearly; beyond the last, the last. An element
///   of weight 0 has no say, NaN included.
/// An axis whose extent stays is copied. Bilinear is linear along both axes. Gradient: g spread
/// with the same weights.
///
///     interpolate(x, {.size = {56, 56}})
///     interpolate(x, {.scale = {2, 2}, .mode = Interpolation::bilinear})
///
/// Throws ShapeError for too few axes, an empty one or an empty result; std::invalid_argument
/// unless there is one of size and scale, with the numbers that the mode needs, for a scale that is
/// not positive and finite, and for align_corners with nearest.
template <class T>
[[nodiscard]] Variable<T> interpolate(
    const Variable<T>& x, const InterpolateOptions& options, Where where = Where::current());

}  // namespace xgrad
