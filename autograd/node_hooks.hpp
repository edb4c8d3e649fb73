// Internal to the tape: what some nodes have and most do not, hooks and a gradient to keep.
#pragma once

#include <autograd/hook.hpp>
#include <autograd/node.hpp>
#include <autograd/variable.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace xgrad::detail {

/// Beside the node, in a table of its own, so that a node without hooks pays a flag.
template <class T>
struct NodeHooks {
    using Hook = std::function<Variable<T>(const Variable<T>&)>;

    std::mutex mutex;  // of the hooks; gradients belong to one backward() at a time
    std::map<std::uint64_t, Hook> hooks;
    std::uint64_t next = 0;
    bool retains = false;
    Variable<T> gradient;
};

/// The node's entry; null when it has none, or made.
template <class T>
[[nodiscard]] std::shared_ptr<NodeHooks<T>> hooks_of(const Node<T>& node);
template <class T>
[[nodiscard]] std::shared_ptr<NodeHooks<T>> make_hooks(Node<T>& node);
template <class T>
void forget_hooks(const Node<T>& node) noexcept;

template <class T>
[[nodiscard]] HookHandle add_hook(Node<T>& node, typename NodeHooks<T>::Hook hook);

/// The gradient after the node's hooks, in order of registration. Throws ShapeError when one
/// returns another shape.
template <class T>
[[nodiscard]] Variable<T> through_hooks(const Node<T>& node, Variable<T> gradient);

}  // namespace xgrad::detail
