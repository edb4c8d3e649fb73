#include <autograd/backward.hpp>
#include <autograd/fail.hpp>
#include <autograd/node_hooks.hpp>
#include <autograd/record.hpp>
#include <autograd/repeat.hpp>
#include <autograd/variable.hpp>

#include <algorithm>
#include <atomic>
#include <limits>
#include <string_view>

namespace xgrad {
namespace detail {
namespace {

std::uint64_t next_sequence() {
    static std::atomic<std::uint64_t> counter{0};
    return counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

template <class T>
Node<T>::Node(const Op* o, const Shape& s, Where w)
    : op(o),
      where(w),
      sequence(next_sequence()),
      shape(s) {}

template <class T>
Variable<T> Node<T>::share(std::size_t, const Variable<T>&) {
    throw std::logic_error("backward: a leaf has no rule");
}

template <class T>
void Node<T>::shares(const Variable<T>& g, const bool* wanted, Variable<T>* shares) {
    for (std::size_t i = 0; i < edges(); ++i) {
        if (wanted[i])
            shares[i] = share(i, g);
    }
}

template <class T>
bool Node<T>::stacked_share(std::size_t, const Variable<T>&, Variable<T>&) {
    return false;
}

template <class T>
void Node<T>::destroy() noexcept {
    // Freeing a node frees its edges, which may be the last to hold their nodes: those queue up
    // here instead of recursing.
    thread_local Node* dead = nullptr;
    thread_local bool draining = false;
    next_dead_ = dead;
    dead = this;
    if (draining)
        return;
    draining = true;
    while (Node* node = dead) {
        dead = node->next_dead_;
        if (node->hooked.load(std::memory_order_relaxed))
            forget_hooks(*node);
        delete node;
    }
    draining = false;
}

template class Node<float>;
template class Node<double>;

template <class T>
void Buffer<T>::destroy() noexcept {
    delete this;
}

template struct Buffer<float>;
template struct Buffer<double>;

template <class T>
void State<T>::destroy() noexcept {
    delete this;
}

template struct State<float>;
template struct State<double>;

}  // namespace detail

template <class T>
Variable<T>::Variable(const Array<T>& value, bool wants_grad)
    : Variable(detail::copy_of(value), wants_grad) {}

template <class T>
Variable<T>::Variable(Array<T>&& value, bool wants_grad) {
    using detail::Ref;
    Ref<detail::Node<T>> leaf;
    if (wants_grad)
        leaf = Ref<detail::Node<T>>::adopt(new detail::LeafNode<T>(value.shape()));
    *this = Variable(
        Ref<detail::Buffer<T>>::adopt(new detail::Buffer<T>(std::move(value))), std::move(leaf));
}

template <class T>
Variable<T>::Variable(detail::Ref<detail::Buffer<T>> buffer, detail::Ref<detail::Node<T>> node)
    : state_(detail::Ref<detail::State<T>>::adopt(
          new detail::State<T>(std::move(buffer), std::move(node)))) {}

template <class T>
void Variable<T>::empty_handle() {
    throw GraphError(
        "Variable: the handle is empty (default-constructed or moved from); give it "
        "a value first");
}

template <class T>
T Variable<T>::item() const {
    if (size() != 1) {
        fail<ShapeError>("item: the value has shape {}; item() needs exactly one element", shape());
    }
    return value().data()[0];
}

template <class T>
Variable<T>& Variable<T>::requires_grad(bool on) {
    if (!is_leaf()) {
        fail<GraphError>(
            "requires_grad: the variable is the result of {}; only a leaf can be switched, use "
            "detach() to get one",
            detail::call_string(state_->node->op, state_->node->where));
    }
    auto& node = state_->node;
    if (node) {
        node->frozen = !on;
    } else if (on) {
        node = detail::Ref<detail::Node<T>>::adopt(new detail::LeafNode<T>(shape()));
    }
    return *this;
}

namespace {

// Where a leaf, or a result that retains it, has its gradient; null for others.
template <class T>
Variable<T>* gradient_of(const detail::State<T>& state) {
    detail::Node<T>* node = state.node.get();
    if (!node)
        return nullptr;
    if (node->is_leaf())
        return &static_cast<detail::LeafNode<T>*>(node)->gradient;
    const auto hooks = detail::hooks_of(*node);
    return hooks && hooks->retains ? &hooks->gradient : nullptr;
}

}  // namespace

template <class T>
bool Variable<T>::has_grad() const noexcept {
    const Variable* gradient = state_ ? gradient_of(*state_) : nullptr;
    return gradient && gradient->defined();
}

template <class T>
const Array<T>& Variable<T>::grad() const {
    const Variable* gradient = gradient_of(state());
    if (!gradient) {
        fail<GraphError>(
            "grad: the variable, shape {}, is {}; only a leaf with requires_grad has a gradient, "
            "use retain_grad() or xgrad::grad(output, input) for others",
            shape(),
            is_leaf() ? "a leaf without requires_grad" : "the result of an op");
    }
    if (!gradient->defined()) {
        fail<GraphError>(
            "grad: the {}, shape {}, has no gradient yet; call backward() on what depends on it",
            is_leaf() ? "leaf" : "result",
            shape());
    }
    return gradient->value();
}

template <class T>
void Variable<T>::zero_grad() const {
    if (Variable* gradient = gradient_of(state()))
        *gradient = {};
}

template <class T>
void Variable<T>::check_hookable(const char* function) const {
    if (!requires_grad()) {
        fail<GraphError>(
            "{}: the variable, shape {}, does not require a gradient; there is none to {}",
            function,
            shape(),
            function == std::string_view("retain_grad") ? "retain" : "hook");
    }
}

template <class T>
void Variable<T>::retain_grad() const {
    check_hookable("retain_grad");
    if (!is_leaf())
        detail::make_hooks(*state().node)->retains = true;
}

template <class T>
HookHandle Variable<T>::add_hook(std::function<Variable(const Variable&)> hook) const {
    check_hookable("register_hook");
    return detail::add_hook(*state().node, std::move(hook));
}

template <class T>
void Variable<T>::backward(BackwardOptions options) const {
    if (size() != 1) {
        fail<GraphError>(
            "backward: the output has shape {}; pass a seed of that shape or reduce to a scalar",
            shape());
    }
    backward(Variable(Array<T>(shape(), T(1))), options);
}

template <class T>
void Variable<T>::backward(const Variable& seed, BackwardOptions options) const {
    detail::run_backward(*this, seed, options.retain_graph);
}

template <class T>
Variable<T> Variable<T>::detach() const {
    return Variable(state().buffer, {});
}

template <class T>
void Variable<T>::assign(const Array<T>& value) const {
    if (value.shape() != shape()) {
        fail<ShapeError>(
            "assign: the variable has shape {}, the new value {}; the shape is fixed",
            shape(),
            value.shape());
    }
    change_leaf("assign");
    std::copy_n(value.data(), value.size(), state().buffer->array.data());
}

template <class T>
void Variable<T>::update(const std::function<void(std::span<T>)>& change) const {
    change_leaf("update");
    Array<T>& array = state().buffer->array;
    change(std::span<T>(array.data(), array.size()));
}

template <class T>
void Variable<T>::change_leaf(const char* function) const {
    if (!is_leaf()) {
        fail<GraphError>(
            "{}: the variable is the result of {}; only a leaf can be overwritten, use "
            "detach() to get one",
            function,
            detail::call_string(state_->node->op, state_->node->where));
    }
    ++state().buffer->version;
}

template class Variable<float>;
template class Variable<double>;

}  // namespace xgrad
