// What a rule given to record() may be: the forms it takes, and its type erased.
#pragma once

#include <autograd/grad.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace xgrad {

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
class [[gnu::visibility("hidden")]] RuleOf final : public Rule<T> {
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

/// A rule that also takes a stack of gradients; see batched().
template <class F>
struct Batched {
    F rule;
};

/// Marks a rule that, given a g with one more axis in front, returns the share of each of its
/// slices, stacked in the same way. jacobian() and hessian() call such a rule once for many rows;
/// others they call row by row.
template <class F>
[[nodiscard]] Batched<F> batched(F rule) {
    return {std::move(rule)};
}

/// A rule whose share may be one number; see one_number().
template <class F>
struct OneNumber {
    F rule;
};

/// Marks a rule that, unless grad_enabled(), may return a share of rank 0 that stands for equal
/// elements of the input's gradient. Where all rules of the op are marked, they may also be given
/// such a g. A rule may also be batched().
template <class F>
[[nodiscard]] OneNumber<F> one_number(F rule) {
    return {std::move(rule)};
}

}  // namespace xgrad
