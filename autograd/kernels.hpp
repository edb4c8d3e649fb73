// Internal: the raw kernels the tape itself needs, on contiguous memory.
#pragma once

#include <autograd/isa.hpp>

#include <cstddef>

namespace xgrad::detail {

template <class T>
struct TapeKernels {
    /// y += x
    void (*add_into)(T* y, const T* x, std::size_t n);
    /// y[r] = sum of row r of x, (rows, columns)
    void (*sum_rows)(T* y, const T* x, std::size_t rows, std::size_t columns);
    /// y[c] = sum of column c of x, whose rows are `step` apart. A column's bits do not depend on
    /// the others.
    void (*sum_columns)(T* y, const T* x, std::size_t rows, std::size_t columns, std::size_t step);
    /// Row r of y, (rows, columns), is a copy of the columns from x + r step on, or with `fill`
    /// holds x[r step] throughout. `past_caches`: y is too large for them to be of use;
    /// drain_stores() has to follow before another thread reads it.
    void (*repeat)(
        T* y,
        const T* x,
        std::size_t rows,
        std::size_t columns,
        std::size_t step,
        bool fill,
        bool past_caches);
    /// y *= x, or with `one` the number x[0].
    void (*multiply_into)(T* y, const T* x, std::size_t n, bool one);
    void (*drain_stores)();
};

/// After the last store of a thread's work, if they went past the caches: lets the others read it.
template <class T>
void drain(bool past_caches) {
    if (past_caches)
        kernels<TapeKernels<T>>().drain_stores();
}

}  // namespace xgrad::detail
