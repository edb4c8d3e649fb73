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
    /// y[c] = sum of column c of x, (rows, columns)
    void (*sum_columns)(T* y, const T* x, std::size_t rows, std::size_t columns);
};

}  // namespace xgrad::detail
