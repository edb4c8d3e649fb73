// Pooling: a number for each window of the last axis (1d), or of the last two (2d); the axes before
// them are a batch of any rank, which may be empty. Window i begins at i stride - padding; without
// ceil_mode there are floor((extent + 2 padding - dilation (kernel - 1) - 1) / stride) + 1 of them,
// with it the quotient is rounded up, as long as the last one begins inside (PyTorch's
// conventions). Adaptive pools cut an axis into `size` windows, from floor(i extent / size) to
// ceil((i + 1) extent / size). All throw ShapeError for too few axes, an empty one, a window larger
// than the padded axis, a kernel, stride or dilation of 0, or a padding above half the kernel. g is
// the gradient of the result.
//
// Maxima: of equals the first in row-major order counts, as PyTorch has it, and gets all of g: a
// window is a choice, and recording it frees the input. (max of ops/reduce.hpp shares g between
// ties.) NaN wins, of several the last. Padding never wins.
#pragma once

#include <autograd/variable.hpp>
#include <ops/rows_columns.hpp>

#include <cstddef>
#include <limits>

namespace xgrad {

/// A stride that is the kernel's size: windows side by side. (No number that a call could compute
/// by mistake, as -1.)
inline constexpr std::size_t same_as_kernel = std::numeric_limits<std::size_t>::max() / 2;

struct MaxPool1dOptions {
    std::size_t stride = same_as_kernel;
    std::size_t padding = 0;   ///< on both ends
    std::size_t dilation = 1;  ///< from an element of a window to the next
    bool ceil_mode = false;
};

struct MaxPool2dOptions {
    RowsColumns stride = same_as_kernel;
    RowsColumns padding = 0;   ///< on both ends
    RowsColumns dilation = 1;  ///< from an element of a window to the next
    bool ceil_mode = false;
};

struct AvgPool1dOptions {
    std::size_t stride = same_as_kernel;
    std::size_t padding = 0;  ///< zeros on both ends
    bool ceil_mode = false;
    bool count_include_pad = true;  ///< divide by all elements of a window, not by x's alone
};

struct AvgPool2dOptions {
    RowsColumns stride = same_as_kernel;
    RowsColumns padding = 0;  ///< zeros on both ends
    bool ceil_mode = false;
    bool count_include_pad = true;  ///< divide by all elements of a window, not by x's alone
};

/// The largest element of each window of `kernel`. Gradient: g to where it came from, summed where
/// windows overlap.
template <class T>
[[nodiscard]] Variable<T> max_pool1d(
    const Variable<T>& x,
    std::size_t kernel,
    MaxPool1dOptions options = {},
    Where where = Where::current());
/// x (..., H, W).
///
///     max_pool2d(x, 2)
///     max_pool2d(x, {3, 2}, {.stride = 2, .padding = {1, 0}})
template <class T>
[[nodiscard]] Variable<T> max_pool2d(
    const Variable<T>& x,
    RowsColumns kernel,
    MaxPool2dOptions options = {},
    Where where = Where::current());

/// The mean of each window of `kernel`. What ceil_mode adds beyond the padding does not count.
/// Gradient: g / count to each element.
template <class T>
[[nodiscard]] Variable<T> avg_pool1d(
    const Variable<T>& x,
    std::size_t kernel,
    AvgPool1dOptions options = {},
    Where where = Where::current());
/// x (..., H, W).
template <class T>
[[nodiscard]] Variable<T> avg_pool2d(
    const Variable<T>& x,
    RowsColumns kernel,
    AvgPool2dOptions options = {},
    Where where = Where::current());

/// The means of `size` windows that cover the axis. Gradient: as avg_pool1d.
template <class T>
[[nodiscard]] Variable<T> adaptive_avg_pool1d(
    const Variable<T>& x, std::size_t size, Where where = Where::current());
/// The same along rows and columns.
template <class T>
[[nodiscard]] Variable<T> adaptive_avg_pool2d(
    const Variable<T>& x, RowsColumns size, Where where = Where::current());

/// The largest elements of `size` windows that cover the axis. Gradient: as max_pool1d.
template <class T>
[[nodiscard]] Variable<T> adaptive_max_pool1d(
    const Variable<T>& x, std::size_t size, Where where = Where::current());
/// The same along rows and columns.
template <class T>
[[nodiscard]] Variable<T> adaptive_max_pool2d(
    const Variable<T>& x, RowsColumns size, Where where = Where::current());

}  // namespace xgrad
