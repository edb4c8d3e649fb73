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

/// Under AnomalyGuard: throws AnomalyError when the share of a node's input is not finite, or the
/// sum of the shares that arrived at a node.
template <class T>
void check_gradient(const Node<T>& node, std::size_t edge, const Array<T>& value);
template <class T>
void check_total(const Node<T>& node, const Array<T>& value);

/// The op whose rule is running on this thread, for messages: "mul (model.cpp:12)".
[[nodiscard]] std::string running_call();
[[nodiscard]] bool rule_is_running() noexcept;

/// Propagates `seeds` from `roots` and adds the result to the leaves' gradients, all or nothing.
template <class T>
void run_backward(const Variable<T>& root, const Variable<T>& seed, bool retain_graph);

/// The gradients of `output` from each of several seeds, stacked along a first axis, as one pass
/// over the graph, which stays: for input i a stack of its gradients, undefined where it is not
/// reached. Nothing is recorded.
template <class T>
[[nodiscard]] std::vector<Variable<T>> stacked_gradients(
    const Variable<T>& output, const Variable<T>& seeds, const std::vector<Variable<T>>& inputs);

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

/// The whole gradients at nodes, of which one may lead to another. What the rules keep stays.
template <class T>
[[nodiscard]] std::vector<Variable<T>> gradients_along(
    const Variable<T>& output, const Variable<T>& seed, const std::vector<Node<T>*>& nodes);

}  // namespace xgrad::detail
