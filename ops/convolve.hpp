// Internal: the products of a convolution on plain memory. They are the three faces of one
// trilinear form, the sum over all windows of x w y: each is the form's gradient by the operand
// that it returns.
#pragma once

#include <cstddef>

namespace xgrad::detail {

/// A spatial axis: element i of the result meets elements i stride + t dilation - padding of x, t
/// along the kernel; those outside x are 0.
struct ConvolutionAxis {
    std::size_t extent, kernel, result;
    std::size_t stride, padding, dilation;
};

/// x is (batch, groups channels, rows.extent, columns.extent), w (groups results, channels,
/// rows.kernel, columns.kernel), y (batch, groups results, rows.result, columns.result).
struct ConvolutionShape {
    std::size_t batch, groups;
    std::size_t channels, results;  ///< in a group
    ConvolutionAxis rows, columns;
};

/// y from x and w, plus bias[channel] unless null. As the others below, it is cut into tasks by
/// sizes alone, so the result has the same bits for any number of threads.
template <class T>
void convolve(const ConvolutionShape& shape, const T* x, const T* w, const T* bias, T* y);

/// x from y and w, plus bias[channel] unless null.
template <class T>
void convolve_transposed(
    const ConvolutionShape& shape, const T* y, const T* w, const T* bias, T* x);

/// w from x and y.
template <class T>
void convolve_weight(const ConvolutionShape& shape, const T* x, const T* y, T* w);

}  // namespace xgrad::detail
