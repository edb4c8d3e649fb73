// Internal: kernels over the rows of a contiguous (rows, columns) array.
#pragma once

#include <autograd/isa.hpp>

#include <cstddef>
#include <cstdint>

namespace xgrad::detail {

template <class T>
struct RowKernels {
    /// The result goes past the caches where `past_caches`: drain() has to follow.
    using Rows =
        void (*)(T* y, const T* x, std::size_t rows, std::size_t columns, bool past_caches);
    using Shares = void (*)(
        T* dx, const T* g, const T* y, std::size_t rows, std::size_t columns, bool past_caches);
    Rows softmax;
    Rows log_softmax;
    Shares softmax_share;
    Shares log_softmax_share;
    /// y = the largest or least of y and the n elements of x; NaN wins.
    void (*extreme_of_row)(T* y, const T* x, std::size_t n, bool largest);
    /// The same element by element: of y[i] and x[i].
    void (*extreme_into)(T* y, const T* x, std::size_t n, bool largest);
    /// y[i] = keep(i) ? scale x[i] : 0, where keep(i) holds when word first + i of the Philox
    /// stream (key, counter) is below `threshold`. `first` is a multiple of 4.
    void (*dropout)(
        T* y,
        const T* x,
        std::size_t n,
        T scale,
        std::uint32_t threshold,
        std::uint64_t key,
        std::uint64_t stream,
        std::uint64_t first);
};

}  // namespace xgrad::detail
