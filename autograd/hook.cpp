#include <autograd/fail.hpp>
#include <autograd/node_hooks.hpp>
#include <autograd/record.hpp>

#include <unordered_map>
#include <vector>

namespace xgrad::detail {
namespace {

template <class T>
struct Table {
    std::mutex mutex;
    std::unordered_map<const Node<T>*, std::shared_ptr<NodeHooks<T>>> entries;
};

// Never destroyed: nodes of static variables may outlive any static object.
template <class T>
Table<T>& table() {
    static auto& only = *new Table<T>;
    return only;
}

}  // namespace

template <class T>
std::shared_ptr<NodeHooks<T>> hooks_of(const Node<T>& node) {
    if (!node.hooked.load(std::memory_order_acquire))
        return nullptr;
    const std::lock_guard lock(table<T>().mutex);
    return table<T>().entries.at(&node);
}

template <class T>
std::shared_ptr<NodeHooks<T>> make_hooks(Node<T>& node) {
    const std::lock_guard lock(table<T>().mutex);
    auto& entry = table<T>().entries[&node];
    if (!entry)
        entry = std::make_shared<NodeHooks<T>>();
    node.hooked.store(true, std::memory_order_release);
    return entry;
}

template <class T>
void forget_hooks(const Node<T>& node) noexcept {
    // Dies after the lock: a hook may hold the last handle to another hooked node.
    std::shared_ptr<NodeHooks<T>> entry;
    const std::lock_guard lock(table<T>().mutex);
    const auto found = table<T>().entries.find(&node);
    if (found != table<T>().entries.end()) {
        entry = std::move(found->second);
        table<T>().entries.erase(found);
    }
}

template <class T>
HookHandle add_hook(Node<T>& node, typename NodeHooks<T>::Hook hook) {
    const std::shared_ptr<NodeHooks<T>> entry = make_hooks(node);
    const std::lock_guard lock(entry->mutex);
    const std::uint64_t id = entry->next++;
    entry->hooks.emplace(id, std::move(hook));
    return HookHandle([id, owner = std::weak_ptr(entry)] {
        if (const auto alive = owner.lock()) {
            const std::lock_guard guard(alive->mutex);
            alive->hooks.erase(id);
        }
    });
}

template <class T>
Variable<T> through_hooks(const Node<T>& node, Variable<T> gradient) {
    const std::shared_ptr<NodeHooks<T>> entry = hooks_of(node);
    std::vector<typename NodeHooks<T>::Hook> hooks;  // copies: a hook may remove itself
    {
        const std::lock_guard lock(entry->mutex);
        for (const auto& [id, hook] : entry->hooks)
            hooks.push_back(hook);
    }
    for (const auto& hook : hooks) {
        Variable<T> instead = hook(gradient);
        if (!instead.defined())
            continue;
        if (instead.shape() != node.shape) {
            fail<ShapeError>(
                "backward: a hook of {} returned shape {}; the gradient has {}",
                call_string(node.op, node.where),
                instead.shape(),
                node.shape);
        }
        gradient = std::move(instead);
    }
    return gradient;
}

template std::shared_ptr<NodeHooks<float>> hooks_of(const Node<float>&);
template std::shared_ptr<NodeHooks<double>> hooks_of(const Node<double>&);
template std::shared_ptr<NodeHooks<float>> make_hooks(Node<float>&);
template std::shared_ptr<NodeHooks<double>> make_hooks(Node<double>&);
template void forget_hooks(const Node<float>&) noexcept;
template void forget_hooks(const Node<double>&) noexcept;
template HookHandle add_hook(Node<float>&, NodeHooks<float>::Hook);
template HookHandle add_hook(Node<double>&, NodeHooks<double>::Hook);
template Variable<float> through_hooks(const Node<float>&, Variable<float>);
template Variable<double> through_hooks(const Node<double>&, Variable<double>);

}  // namespace xgrad::detail
