// Internal: convolutions recorded, as shares of one trilinear form.
#pragma once

#include <autograd/op.hpp>
#include <autograd/variable.hpp>
#include <ops/convolve.hpp>

namespace xgrad::detail {

/// The three primitives of `spatial` axes, 1 or 2. Rules hold references to it.
struct ConvolutionForm {
    const Op& convolution;
    const Op& transpose;
    const Op& weight_grad;
    std::size_t spatial;
};

/// The operands have the shapes that `shape` says; the bias may be undefined.
template <class T>
[[nodiscard]] Variable<T> convolution(
    const ConvolutionForm& form,
    const ConvolutionShape& shape,
    const Variable<T>& x,
    const Variable<T>& w,
    const Variable<T>& bias,
    Where where);
template <class T>
[[nodiscard]] Variable<T> transposed(
    const ConvolutionForm& form,
    const ConvolutionShape& shape,
    const Variable<T>& y,
    const Variable<T>& w,
    const Variable<T>& bias,
    Where where);
template <class T>
[[nodiscard]] Variable<T> weight_grad(
    const ConvolutionForm& form,
    const ConvolutionShape& shape,
    const Variable<T>& x,
    const Variable<T>& y,
    Where where);

}  // namespace xgrad::detail
