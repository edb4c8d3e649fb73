// Internal to the tape: gradients of one value add up.
#pragma once

#include <autograd/variable.hpp>

namespace xgrad::detail {

/// g, or where it is one number, of rank 0, that stands for equal elements: those, as a constant.
template <class T>
[[nodiscard]] Variable<T> spread(Variable<T> g, const Shape& shape);

/// Adds `share` to `total`, in place where nobody else sees the array. One of them may be one
/// number that stands for all elements.
template <class T>
void accumulate(Variable<T>& total, Variable<T> share);

}  // namespace xgrad::detail
