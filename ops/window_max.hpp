// Internal to the sources: the largest elements of windows, and where they lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace xgrad::detail {

/// Where an element lies in its plane: as wide as T, so that one mask of lanes selects both.
template <class T>
using Position = std::conditional_t<std::is_same_v<T, float>, std::int32_t, std::int64_t>;

/// Windows side by side in a plane: element (r, c) of window i lies at
/// first + i stride + r row_step + c column_step. None is empty.
struct WindowRun {
    std::size_t first, windows, stride;
    std::size_t rows, row_step;
    std::size_t columns, column_step;
};

/// y[i] is the largest element of window i of x, the first of equals, or NaN if there is one, of
/// several the last. at[i] is where it lies; not wanted if `at` is null.
template <class T>
void max_of_windows(T* y, Position<T>* at, const T* x, const WindowRun& run);

}  // namespace xgrad::detail
