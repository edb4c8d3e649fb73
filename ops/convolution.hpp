// Convolutions of rows (batch, channels, length) and images (batch, channels, rows, columns), and
// their transposes, with PyTorch's conventions: the kernel is not flipped, padding is zeros on both
// sides (pad() knows other borders), channels fall into `groups` that do not mix. As many groups as
// channels make a depthwise convolution. A batch may be empty.
//
// A convolution, its transpose and its gradient by the weight are the three shares of one trilinear
// form, so each is the gradient of the others and they can be differentiated without end [Dumoulin
// and Visin 2016, "A guide to convolution arithmetic for deep learning", 4]. All throw ShapeError
// for ranks, channels, groups, kernels and biases that do not fit, and for a stride or dilation of
// 0. g is the gradient of the result.
#pragma once

#include <autograd/variable.hpp>
#include <ops/rows_columns.hpp>

#include <cstddef>
#include <type_traits>

namespace xgrad {

struct Conv1dOptions {
    std::size_t stride = 1;    ///< between windows
    std::size_t padding = 0;   ///< zeros on both sides
    std::size_t dilation = 1;  ///< between the elements of a window
    std::size_t groups = 1;
};

/// As Conv1dOptions: `{.stride = 2, .padding = {1, 0}}`.
struct Conv2dOptions {
    RowsColumns stride = 1;
    RowsColumns padding = 0;
    RowsColumns dilation = 1;
    std::size_t groups = 1;
};

struct ConvTranspose1dOptions {
    std::size_t stride = 1;          ///< of the convolution transposed, as are the others
    std::size_t padding = 0;         ///< elements that are left out on both sides
    std::size_t output_padding = 0;  ///< elements more at the end, below stride or dilation
    std::size_t dilation = 1;
    std::size_t groups = 1;
};

/// As ConvTranspose1dOptions.
struct ConvTranspose2dOptions {
    RowsColumns stride = 1;
    RowsColumns padding = 0;
    RowsColumns output_padding = 0;
    RowsColumns dilation = 1;
    std::size_t groups = 1;
};

/// x (batch, channels, length) and weight (out, channels / groups, kernel): (batch, out, L) with
/// L = floor((length + 2 padding - dilation (kernel - 1) - 1) / stride) + 1 and
///     y_noi = sum over c, t of x_nc[i stride + t dilation - padding] weight_oct,
/// c in o's group. Gradients: for x the transpose of g with the weight, for the weight
/// conv1d_weight_grad of x and g. Throws ShapeError for a kernel that spans more than x with its
/// padding.
template <class T>
[[nodiscard]] Variable<T> conv1d(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const Conv1dOptions& options = {},
    Where where = Where::current());
/// Plus bias (out,), unless that is not defined. Its gradient: g summed over batch and length.
template <class T>
[[nodiscard]] Variable<T> conv1d(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const std::type_identity_t<Variable<T>>& bias,
    const Conv1dOptions& options = {},
    Where where = Where::current());

/// As conv1d, along rows and columns: x (batch, channels, rows, columns), weight (out, channels /
/// groups, kernel rows, kernel columns).
///
///     conv2d(x, weight, {.stride = 2, .padding = 1})
template <class T>
[[nodiscard]] Variable<T> conv2d(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const Conv2dOptions& options = {},
    Where where = Where::current());
template <class T>
[[nodiscard]] Variable<T> conv2d(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const std::type_identity_t<Variable<T>>& bias,
    const Conv2dOptions& options = {},
    Where where = Where::current());

/// The gradient of conv1d by x, as a function of g (here x) and the weight: x (batch, channels,
/// length), weight (channels, out / groups, kernel) give (batch, out, L) with
/// L = (length - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1. Gradients: for
/// x the convolution of g with the weight, for the weight conv1d_weight_grad of g and x. Throws
/// ShapeError where L would not be positive.
template <class T>
[[nodiscard]] Variable<T> conv_transpose1d(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const ConvTranspose1dOptions& options = {},
    Where where = Where::current());
/// Plus bias (out,), unless that is not defined. Its gradient: g summed over batch and length.
template <class T>
[[nodiscard]] Variable<T> conv_transpose1d(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const std::type_identity_t<Variable<T>>& bias,
    const ConvTranspose1dOptions& options = {},
    Where where = Where::current());

/// As conv_transpose1d, along rows and columns.
template <class T>
[[nodiscard]] Variable<T> conv_transpose2d(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const ConvTranspose2dOptions& options = {},
    Where where = Where::current());
template <class T>
[[nodiscard]] Variable<T> conv_transpose2d(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const std::type_identity_t<Variable<T>>& bias,
    const ConvTranspose2dOptions& options = {},
    Where where = Where::current());

/// The gradient of conv1d by a weight of this kernel size, as a function of x and g, which has the
/// convolution's shape (torch.nn.grad's conv1d_weight). With h the gradient of the result, those of
/// x and g: g's transposed convolution with h as the weight, and x's convolution with it.
template <class T>
[[nodiscard]] Variable<T> conv1d_weight_grad(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& g,
    std::size_t kernel,
    const Conv1dOptions& options = {},
    Where where = Where::current());
/// The same of conv2d.
template <class T>
[[nodiscard]] Variable<T> conv2d_weight_grad(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& g,
    RowsColumns kernel,
    const Conv2dOptions& options = {},
    Where where = Where::current());

}  // namespace xgrad
