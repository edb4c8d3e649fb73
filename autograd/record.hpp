// Recording an op by hand: record(op, value).wrt(input, rule)...
#pragma once

#include <autograd/grad.hpp>
#include <autograd/op.hpp>

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace xgrad {

/// A value a rule will need. `*kept` gives it back as it was, in the graph, and throws GraphError
/// when it has been overwritten since.
template <class T>
class Kept {
public:
    explicit Kept(const Variable<T>& x)
        : buffer_(x.state().buffer),
          node_(x.state().node),
          version_(buffer_->version) {}
    [[nodiscard]] Variable<T> operator*() const;

private:
    detail::Ref<detail::Buffer<T>> buffer_;
    detail::Ref<detail::Node<T>> node_;
    std::uint32_t version_;
};

/// x for a rule to capture; read it as `*kept`.
template <class T>
[[nodiscard]] Kept<T> keep(const Variable<T>& x) {
    return Kept<T>(x);
}

namespace detail {

/// A rule with its type erased: from the output's gradient and value to an input's share.
template <class T>
class Rule {
public:
    static void* operator new(std::size_t bytes) { return pool_allocate(bytes); }
    static void operator delete(void* at, std::size_t bytes) noexcept { pool_free(at, bytes); }
    virtual ~Rule() = default;
    virtual Variable<T> operator()(const Variable<T>& g, const Variable<T>& y) = 0;
};

// What a rule's form says. With y or without; on Variables, which can be recorded, or on arrays.
template <class F, class T>
concept RecordableRule = requires(F& f, const Variable<T>& g) {
    { f(g) } -> std::same_as<Variable<T>>;
};
template <class F, class T>
concept RecordableRuleOfOutput = requires(F& f, const Variable<T>& g) {
    { f(g, g) } -> std::same_as<Variable<T>>;
};
template <class F, class A>
concept CallableOn = requires(F& f, const A& a) {
    f(a);
};
template <class F, class T>
concept ArrayRule = CallableOn<F, Array<T>> && !CallableOn<F, Variable<T>>;

/// Throws GraphError: the rule in use is on arrays and cannot be recorded.
[[noreturn]] void fail_not_recordable();

template <class T, class F>
class RuleOf final : public Rule<T> {
public:
    explicit RuleOf(F f) : f_(std::move(f)) {}
    Variable<T> operator()(const Variable<T>& g, const Variable<T>& y) override {
        if constexpr (ArrayRule<F, T>) {
            static_assert(
                std::same_as<std::invoke_result_t<F&, const Array<T>&>, Array<T>>,
                "declare the rule '-> Array<T>': a lazy expression would outlive its locals");
            if (grad_enabled())
                fail_not_recordable();
            return Variable<T>(f_(g.value()));
        } else if constexpr (RecordableRule<F, T>) {
            return f_(g);
        } else {
            static_assert(
                RecordableRuleOfOutput<F, T>,
                "a rule takes the output's gradient g, or g and the output y, as const "
                "Variable<T>&, and returns Variable<T>; or it takes and returns Array<T>");
            return f_(g, y);
        }
    }

private:
    F f_;
};

}  // namespace detail

/// An op being recorded; converts to its result.
template <class T>
class Recording {
public:
    Recording(const Op& op, Array<T> value, Where where);

    /// How the output's gradient g becomes this input's share. The rule is one of
    ///     [](const Variable<T>& g) -> Variable<T>                       in public ops,
    ///     [](const Variable<T>& g, const Variable<T>& y) -> Variable<T>  with the output y,
    ///     [](const Array<T>& g) -> Array<T>                              on arrays.
    /// The first two can themselves be differentiated. The share may have the output's shape where
    /// the input was broadcast: the tape sums it. Values that a rule needs it captures as
    /// keep(x). Dropped at once when the input requires no gradient.
    template <class F>
    Recording&& wrt(const Variable<T>& input, F rule) && {
        if (input.requires_grad() && grad_enabled()) {
            constexpr bool wants_output = !detail::ArrayRule<F, T> && !detail::RecordableRule<F, T>;
            add(input, std::make_unique<detail::RuleOf<T, F>>(std::move(rule)), wants_output);
        }
        return std::move(*this);
    }

    [[nodiscard]] operator Variable<T>() &&;

private:
    struct Edge {
        detail::Ref<detail::Node<T>> node;
        std::unique_ptr<detail::Rule<T>> rule;
    };
    class RuleNode;

    void add(const Variable<T>& input, std::unique_ptr<detail::Rule<T>> rule, bool wants_output);

    const Op* op_;
    Where where_;
    detail::Ref<detail::Buffer<T>> value_;
    std::vector<Edge, PoolAllocator<Edge>> edges_;
    bool keeps_output_ = false;
};

/// Starts the record of an op whose value has been computed.
template <class T>
[[nodiscard]] Recording<T> record(const Op& op, Array<T> value, Where where = Where::current()) {
    return Recording<T>(op, std::move(value), where);
}

extern template class Kept<float>;
extern template class Kept<double>;
extern template class Recording<float>;
extern template class Recording<double>;

namespace detail {

/// Under AnomalyGuard: throws AnomalyError for the first element that is not finite. `what` is
/// "the result" or "the gradient of input 1".
template <class T>
void check_finite(const Op* op, const Where& where, const char* what, const Array<T>& value);

/// Throws GraphError: a rule needs its op's result, which was overwritten.
[[noreturn]] void fail_result_overwritten(const Op* op, const Where& where, const Shape& shape);

/// "mul (model.cpp:12)", for messages.
[[nodiscard]] std::string call_string(const Op* op, const Where& where);

}  // namespace detail
}  // namespace xgrad
