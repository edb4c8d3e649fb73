// Internal: copies of an array, larger ones among them. Their transpose, sum_axes(), is declared in
// broadcast.hpp.
#pragma once

#include <autograd/array.hpp>

namespace xgrad::detail {

/// x repeated along new and unit axes; it broadcasts to `shape`.
template <class T>
[[nodiscard]] Array<T> repeat_to(const Array<T>& x, const Shape& shape);

/// An array of its own with the same values.
template <class T>
[[nodiscard]] Array<T> copy_of(const Array<T>& x);

}  // namespace xgrad::detail
