// The plain data: Array<T>, Shape, Axes, and how they print.
#pragma once

#include <autograd/pool.hpp>
#include <autograd/xtensor.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace xgrad {

/// An owned, contiguous, row-major xtensor container over the library's pool: any xtensor function
/// takes it. The allocator is named here, so the type does not depend on xtensor's macros.
template <class T>
using Array = xt::xarray_container<
    xt::uvector<T, PoolAllocator<T>>,
    xt::layout_type::row_major,
    xt::dynamic_shape<std::size_t>>;

using Shape = xt::dynamic_shape<std::size_t>;

/// Axes of an array, in any order; negative ones count from the last.
using Axes = std::vector<std::ptrdiff_t>;

/// Number of elements: the product of the extents, 1 for rank 0.
[[nodiscard]] std::size_t count(const Shape& shape) noexcept;

/// "(3, 4)", "(5,)", "()".
[[nodiscard]] std::string to_string(const Shape& shape);

/// An array with that shape, its elements uninitialised.
template <class T>
[[nodiscard]] Array<T> empty(const Shape& shape) {
    return Array<T>(shape);
}

/// Row and column in one look: "(1, 0, 2)" of element `flat` in an array of that shape.
[[nodiscard]] std::string index_string(std::size_t flat, const Shape& shape);

}  // namespace xgrad
