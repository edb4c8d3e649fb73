// Internal: convolutions as matrix products, where those are faster than passes over planes.
#pragma once

#include <ops/convolve.hpp>

namespace xgrad::detail {

/// Kernels of one element read x in place. Small maps, whose rows fill no vector, are copied out
/// window by window, many images side by side.
[[nodiscard]] bool is_product(const ConvolutionShape& shape);

/// As the functions of ops/convolve.hpp, for shapes that are products.
template <class T>
void convolve_product(const ConvolutionShape& shape, const T* x, const T* w, const T* bias, T* y);
template <class T>
void convolve_transposed_product(
    const ConvolutionShape& shape, const T* y, const T* w, const T* bias, T* x);
template <class T>
void convolve_weight_product(const ConvolutionShape& shape, const T* x, const T* y, T* w);

}  // namespace xgrad::detail
