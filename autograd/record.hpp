// Recording an op by hand: record(op, value).wrt(input, rule)...
#pragma once

#include <autograd/op.hpp>
#include <autograd/rule.hpp>

#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace xgrad {

/// A value a rule will need. `*kept` gives it back as it was, in the graph, and throws GraphError
/// when it has been overwritten since, or was moved from.
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

/// An op being recorded; converts to its result.
template <class T>
class Recording {
public:
    Recording(const Op& op, Array<T>&& value, Where where);

    /// How the output's gradient g becomes this input's share. The rule is one of
    ///     [](const Variable<T>& g) -> Variable<T>                       in public ops,
    ///     [](const Variable<T>& g, const Variable<T>& y) -> Variable<T>  with the output y,
    ///     [](const Array<T>& g) -> Array<T>                              on arrays.
    /// The first two can themselves be differentiated. The share may have the output's shape where
    /// the input was broadcast: the tape sums it. Values that a rule needs it captures as
    /// keep(x). Dropped at once when the input requires no gradient.
    template <class F>
    Recording&& wrt(const Variable<T>& input, F rule) && {
        connect(input, rule, {});
        return std::move(*this);
    }
    template <class F>
    Recording&& wrt(const Variable<T>& input, Batched<F> rule) && {
        connect(input, rule.rule, {.batched = true});
        return std::move(*this);
    }
    template <class F>
    Recording&& wrt(const Variable<T>& input, OneNumber<F> rule) && {
        connect(input, rule.rule, {.one_number = true});
        return std::move(*this);
    }
    template <class F>
    Recording&& wrt(const Variable<T>& input, Batched<OneNumber<F>> rule) && {
        connect(input, rule.rule.rule, {.batched = true, .one_number = true});
        return std::move(*this);
    }
    template <class F>
    Recording&& wrt(const Variable<T>& input, OneNumber<Batched<F>> rule) && {
        connect(input, rule.rule.rule, {.batched = true, .one_number = true});
        return std::move(*this);
    }
    /// An input without a rule, so that messages name its shape and count it.
    Recording&& of(const Variable<T>& input) && {
        if (input_shapes_)
            note_shape(input);
        ++inputs_;
        return std::move(*this);
    }

    [[nodiscard]] operator Variable<T>() &&;

private:
    struct Marks {
        bool batched = false;
        bool one_number = false;
    };
    struct Edge {
        detail::Ref<detail::Node<T>> node;
        std::unique_ptr<detail::Rule<T>> rule;
        std::uint32_t input;
        Marks marks;
    };
    class RuleNode;

    // Takes the rule's contents.
    template <class F>
    void connect(const Variable<T>& input, F& rule, Marks marks) {
        if (input_shapes_)
            note_shape(input);
        if (input.requires_grad() && grad_enabled()) {
            constexpr bool wants_output = !detail::ArrayRule<F, T> && !detail::RecordableRule<F, T>;
            add(input,
                std::make_unique<detail::RuleOf<T, F>>(std::move(rule)),
                wants_output,
                marks);
        }
        ++inputs_;
    }
    void add(
        const Variable<T>& input,
        std::unique_ptr<detail::Rule<T>> rule,
        bool wants_output,
        Marks marks);
    void note_shape(const Variable<T>& input);

    const Op* op_;
    Where where_;
    detail::Ref<detail::Buffer<T>> value_;
    std::vector<Edge, PoolAllocator<Edge>> edges_;
    std::unique_ptr<std::vector<Shape>> input_shapes_;  // under AnomalyGuard
    std::uint32_t inputs_ = 0;
    bool keeps_output_ = false;
};

/// Starts the record of an op whose value has been computed.
template <class T>
[[nodiscard]] Recording<T> record(const Op& op, Array<T> value, Where where = Where::current()) {
    return Recording<T>(op, std::move(value), where);
}

namespace detail {

/// What a message says of an op's inputs: null stands for a constant whose shape is not known.
using InputShapes = std::span<const Shape* const>;

/// Under AnomalyGuard: throws AnomalyError for the first element of an op's result that is not
/// finite.
template <class T>
void check_result(const Op* op, const Where& where, const Array<T>& value, InputShapes inputs);

/// What record() does with a value, for an op that makes its own node: shows it to traces, which
/// may change it, and profiles, and checks it under AnomalyGuard.
template <class T>
void note_value(
    const Op* op, const Where& where, Array<T>& value, std::span<const Array<T>* const> inputs);

/// Throws GraphError: a rule needs its op's result, which was overwritten.
[[noreturn]] void fail_result_overwritten(const Op* op, const Where& where, const Shape& shape);

/// "mul (model.cpp:12)", for messages.
[[nodiscard]] std::string call_string(const Op* op, const Where& where);

}  // namespace detail
}  // namespace xgrad
