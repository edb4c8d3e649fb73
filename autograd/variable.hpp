// Variable<T>: a handle to a value, its gradient and its place in the graph.
#pragma once

#include <autograd/array.hpp>
#include <autograd/error.hpp>
#include <autograd/hook.hpp>
#include <autograd/node.hpp>
#include <autograd/ref.hpp>
#include <autograd/where.hpp>

#include <concepts>
#include <functional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace xgrad {

namespace detail {

/// A value, shared by every handle, detached ones too. `version` counts the overwrites.
template <class T>
struct Buffer final : Counted {
    explicit Buffer(Array<T>&& a) : array(std::move(a)) {}
    explicit Buffer(const Shape& shape) : array(shape) {}  // uninitialised
    static void* operator new(std::size_t bytes) { return pool_allocate(bytes); }
    static void operator delete(void* at, std::size_t bytes) noexcept { pool_free(at, bytes); }
    void destroy() noexcept;

    Array<T> array;
    std::uint32_t version = 0;
};

template <class T>
struct State final : Counted {
    State(Ref<Buffer<T>> b, Ref<Node<T>> n) : buffer(std::move(b)), node(std::move(n)) {}
    static void* operator new(std::size_t bytes) { return pool_allocate(bytes); }
    static void operator delete(void* at, std::size_t bytes) noexcept { pool_free(at, bytes); }
    void destroy() noexcept;

    Ref<Buffer<T>> buffer;
    Ref<Node<T>> node;  // a leaf's, a recorded op's, or null
};

}  // namespace detail

template <class S>
concept Scalar = std::is_arithmetic_v<S>;

struct BackwardOptions {
    bool retain_graph = false;  ///< keep what the rules need, for another backward
};

/// A differentiable value: an Array<T>, T float or double, with its gradient and its place in the
/// graph. Copies of a handle share all three. Ops on Variables compute at once; where an input
/// requires a gradient they also record how to compute it.
///
///     Variable<double> x(Array<double>{{1, 2}, {3, 4}}, true);
///     sum(x * x).backward();
///     x.grad();  // {{2, 4}, {6, 8}}
///
/// Graphs on different threads are independent; several threads may read a parameter and call
/// xgrad::grad() on graphs that share it. backward(), assign() and update() write to the leaves
/// they reach: one thread at a time for each leaf.
template <class T>
class Variable {
    static_assert(std::same_as<T, float> || std::same_as<T, double>, "T is float or double");

public:
    using value_type = T;

    /// Empty: defined() is false and every other member throws GraphError. A moved-from handle
    /// is empty too.
    Variable() noexcept = default;

    /// A constant of rank 0.
    template <Scalar S>
    Variable(S scalar) : Variable(Array<T>(Shape{}, static_cast<T>(scalar))) {}

    /// A leaf that owns `value`, or a copy of it.
    Variable(Array<T>&& value, bool requires_grad = false);
    Variable(const Array<T>& value, bool requires_grad = false);

    /// A leaf that owns the expression's value; evaluated here, once.
    template <class E>
    Variable(const xt::xexpression<E>& expression, bool requires_grad = false)
        : Variable(Array<T>(expression), requires_grad) {}

    [[nodiscard]] bool defined() const noexcept { return static_cast<bool>(state_); }

    /// The value, contiguous and row-major. The reference lives as long as a handle does.
    [[nodiscard]] const Array<T>& value() const { return state().buffer->array; }
    [[nodiscard]] const Shape& shape() const { return value().shape(); }
    [[nodiscard]] std::size_t rank() const { return shape().size(); }
    [[nodiscard]] std::size_t size() const { return value().size(); }
    /// The only element. Throws ShapeError when there is not exactly one.
    [[nodiscard]] T item() const;

    /// True when backward() passes through here: a leaf that asked, or an op on one.
    [[nodiscard]] bool requires_grad() const noexcept {
        return state_ && state_->node && !state_->node->frozen;
    }
    /// Of a leaf: ask for a gradient, or (false) stop asking; all handles see it. A gradient
    /// already there stays. Throws GraphError for the result of a recorded op.
    Variable& requires_grad(bool on);
    [[nodiscard]] bool is_leaf() const { return !state().node || state().node->is_leaf(); }

    /// What backward() has summed up for this leaf, or result that retains it. Throws GraphError
    /// when there is none yet.
    [[nodiscard]] const Array<T>& grad() const;
    [[nodiscard]] bool has_grad() const noexcept;
    /// Forgets the gradient.
    void zero_grad() const;

    /// Of a result: keep its gradient too, for grad() after backward(). Throws GraphError when this
    /// does not require a gradient.
    void retain_grad() const;
    /// Calls hook(g) in every pass of backward() or grad() that comes through here, when the
    /// gradient g of this value is complete, before it goes on. A Variable that it returns, of g's
    /// shape, takes g's place; a hook that returns nothing observes. Several run in the order of
    /// registration. Throws GraphError when this does not require a gradient.
    template <class F>
    HookHandle register_hook(F hook) const {
        if constexpr (std::is_void_v<std::invoke_result_t<F&, const Variable&>>) {
            return add_hook([hook = std::move(hook)](const Variable& g) mutable {
                hook(g);
                return Variable();
            });
        } else {
            return add_hook(std::move(hook));
        }
    }

    /// Gradients of this scalar with respect to every leaf that asks for one, added to theirs.
    /// Frees what the rules kept, unless retain_graph. Throws GraphError when this does not
    /// require a gradient, is not a scalar, or was released by an earlier backward; on any
    /// error no gradient has changed. (An error half way leaves part of the graph released.)
    void backward(BackwardOptions options = {}) const;
    /// The same for any shape, from the gradient `seed` of this value, which has its shape.
    void backward(const Variable& seed, BackwardOptions options = {}) const;

    /// The same value, shared, outside the graph.
    [[nodiscard]] Variable detach() const;

    /// Overwrites the value of a leaf, for every handle; the shape stays. A backward that needs
    /// the old value throws GraphError. Throws GraphError on the result of a recorded op,
    /// ShapeError on another shape.
    void assign(const Array<T>& value) const;
    /// The same in place: `change` gets the elements, in row-major order. When it throws, what it
    /// wrote stays and counts as an overwrite.
    void update(const std::function<void(std::span<T>)>& change) const;

    /// How many times the value has been overwritten.
    [[nodiscard]] std::uint32_t version() const { return state().buffer->version; }

    // For the tape and for ops.
    Variable(detail::Ref<detail::Buffer<T>> buffer, detail::Ref<detail::Node<T>> node);
    [[nodiscard]] const detail::State<T>& state() const {
        if (!state_)
            empty_handle();
        return *state_;
    }
    /// True when no other handle, graph or rule sees the value.
    [[nodiscard]] bool unshared() const noexcept {
        return state_ && state_.get()->unique() && state_->buffer->unique();
    }

private:
    [[noreturn]] static void empty_handle();
    void change_leaf(const char* function) const;
    void check_hookable(const char* function) const;
    HookHandle add_hook(std::function<Variable(const Variable&)> hook) const;

    detail::Ref<detail::State<T>> state_;
};

template <class V>
inline constexpr bool is_variable = false;
template <class T>
inline constexpr bool is_variable<Variable<T>> = true;

}  // namespace xgrad
