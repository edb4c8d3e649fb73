// Internal: matrices transposed, and arrays with their axes in another order.
#pragma once

#include <autograd/array.hpp>
#include <autograd/isa.hpp>

#include <cstddef>
#include <vector>

namespace xgrad::detail {

template <class T>
struct TransposeKernels {
    /// y, (columns, rows), is x, (rows, columns), transposed; their rows lie step_y and step_x
    /// apart. `past_caches`: y may go past them, and drain() has to follow.
    void (*transpose)(
        T* y,
        std::size_t step_y,
        const T* x,
        std::size_t step_x,
        std::size_t rows,
        std::size_t columns,
        bool past_caches);
};

/// y, row-major and of that shape, takes from x the elements that lie `strides` apart in it: x with
/// its axes in another order.
template <class T>
void permute_into(T* y, const T* x, const Shape& shape, const std::vector<std::size_t>& strides);

}  // namespace xgrad::detail
