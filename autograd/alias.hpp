// Internal: a value under a node of its own.
#pragma once

#include <autograd/variable.hpp>

namespace xgrad::detail {

/// x's value, shared, under a new node whose gradient goes on to x: a derivative with respect to it
/// stops there, and a hook on it sees what comes through here alone. x itself when it requires no
/// gradient; its value alone when nothing is recorded.
template <class T>
[[nodiscard]] Variable<T> alias(const Variable<T>& x, Where where = Where::current());

}  // namespace xgrad::detail
