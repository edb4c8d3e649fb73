// Internal to the tape: the one walk behind Variable::backward() and grad().
#pragma once

#include <autograd/grad.hpp>
#include <autograd/node.hpp>

#include <string>
#include <vector>

namespace xgrad::detail {

/// A leaf: where backward() leaves the gradient.
template <class T>
class LeafNode final : public Node<T> {
public:
    explicit LeafNode(const Shape& shape) : Node<T>(nullptr, shape, Where()) {}
    Variable<T> gradient;
};

/// The op whose rule is running on this thread, for messages: "mul (model.cpp:12)".
[[nodiscard]] std::string running_call();

/// Propagates `seeds` from `roots` and adds the result to the leaves' gradients, all or nothing.
template <class T>
void run_backward(const Variable<T>& root, const Variable<T>& seed, bool retain_graph);

/// The shares that `output` with the gradient `seed` gives to nodes, at which the walk ends: where
/// one of them depends on another, the other's share is without what comes through the first, and
/// no hook of theirs runs. Undefined where a node is not reached. Without create_graph what the
/// rules keep is released.
template <class T>
[[nodiscard]] std::vector<Variable<T>> gradients_at(
    const Variable<T>& output,
    const Variable<T>& seed,
    const std::vector<Node<T>*>& nodes,
    bool create_graph);

}  // namespace xgrad::detail
