// Internal to the tape: gradients of one value add up.
#pragma once

#include <autograd/variable.hpp>

namespace xgrad::detail {

/// Adds `share` to `total`, in place where nobody else sees the array.
template <class T>
void accumulate(Variable<T>& total, Variable<T> share);

}  // namespace xgrad::detail
