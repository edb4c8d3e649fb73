// Internal to the tape: rules on a stack of gradients, which has an axis of its own in front.
#pragma once

#include <autograd/node.hpp>
#include <autograd/variable.hpp>

namespace xgrad::detail {

/// A shape with an axis of extent n in front.
[[nodiscard]] Shape stacked_shape(std::size_t n, const Shape& shape);

/// Slice r of a stack, an array of its own.
template <class T>
[[nodiscard]] Variable<T> slice_of(const Variable<T>& stack, std::size_t r, const Shape& shape);

/// A share as its input's gradient: checked, and summed over the axes it was broadcast along.
template <class T>
using FitShare = Variable<T> (*)(Node<T>& node, std::size_t i, Variable<T> share);

/// The share of each input i with wanted[i], fitted to its shape and stacked as g is. An op that
/// cannot take the stack gets it slice by slice.
template <class T>
void stacked_shares(
    Node<T>& node, const Variable<T>& g, const bool* wanted, Variable<T>* shares, FitShare<T> fit);

/// The stack after the node's hooks, which get it slice by slice.
template <class T>
[[nodiscard]] Variable<T> stacked_hooks(const Node<T>& node, const Variable<T>& g);

}  // namespace xgrad::detail
