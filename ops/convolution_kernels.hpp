// Internal: the inner loops of convolutions. An operand of shifted rows is read in place, row k
// from b + offsets[k], so that no matrix of windows is ever written down.
#pragma once

#include <autograd/isa.hpp>

#include <cstddef>

namespace xgrad::detail {

/// Weights in panels of `height` rows, the last one lower: element (row i, term k) of a panel of
/// h rows is at [k * h + i].
template <class T>
struct ConvolutionKernels {
    std::size_t lanes;   ///< columns are computed in multiples of this
    std::size_t height;  ///< rows of a panel of weights
    std::size_t taps;    ///< offsets that the two below take at a time

    /// c(i, j) = sum over k of a(i, k) b[offsets[k] + j], added to c when `add`, for `rows` rows of
    /// c, `leading` apart, and `columns` of them, a multiple of lanes.
    void (*correlate)(
        T* c,
        std::size_t leading,
        std::size_t rows,
        std::size_t columns,
        const T* a,
        const T* b,
        const std::size_t* offsets,
        std::size_t depth,
        bool add);

    /// c(t, j) += sum over r, q of x[offsets[t] + r pitch + q] g(r, q, j) for `taps` taps t and
    /// `width` channels j, a multiple of lanes. c and g are contiguous in j, `width` apart.
    void (*gather_weights)(
        T* c,
        std::size_t width,
        const T* x,
        const std::size_t* offsets,
        std::size_t pitch,
        const T* g,
        std::size_t rows,
        std::size_t columns);

    /// The same for one channel, g(r, q) contiguous, and c(t) `width` apart. Reads up to `lanes`
    /// elements behind each row of x.
    void (*dot_rows)(
        T* c,
        std::size_t width,
        const T* x,
        const std::size_t* offsets,
        std::size_t pitch,
        const T* g,
        std::size_t rows,
        std::size_t columns);
};

}  // namespace xgrad::detail
