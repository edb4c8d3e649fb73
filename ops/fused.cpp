#include <autograd/call_trace.hpp>
#include <autograd/grad.hpp>
#include <autograd/repeat.hpp>
#include <ops/fused.hpp>
#include <ops/fused_node.hpp>

#include <optional>
#include <utility>
#include <vector>

namespace xgrad::detail {

const Op& elementwise_op() {
    static const Op op(
        "elementwise",
        {on({{3, 4}, {3, 4}, {3, 4}},
            [](const auto& in) {
                return elementwise([](auto x, auto w, auto b) { return tanh(w * x + b) * x; })(
                    in[0], in[1], in[2]);
            }),
         on({{3, 4}, {4}, {3, 1}},
            [](const auto& in) {
                return elementwise([](auto x, auto w, auto b) { return exp(-x * x) * w + b * b; })(
                    in[0], in[1], in[2]);
            }),
         on({{3, 4}, {}},
            [](const auto& in) {
                return elementwise([](auto x, auto s) { return where(x > 0, x * s, sigmoid(x)); })(
                    in[0], in[1]);
            })
             .avoiding({0}),
         on({{2, 3}}, [](const auto& in) {
             return elementwise([](auto x) { return log1p(x * x) / (2 + cos(x)); })(in[0]);
         })});
    return op;
}

namespace {

[[maybe_unused]] const Op& registered = elementwise_op();

// Room for the partials where that is better than to compute the formula again: for formulas of a
// function that takes long for each. A tape of large ones must not take the memory for itself.
template <class T>
std::optional<typename FusedNode<T>::Partials> room_for_partials(
    const FusedFormula<T>& formula,
    const FusedCall<T>& call,
    std::size_t size,
    std::span<const Variable<T>* const> x) {
    constexpr std::size_t most = std::size_t{128} << 20;  // bytes
    std::size_t wanted = 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
        if (!x[k]->requires_grad())
            continue;
        if (!call.overwrites(k))
            return {};
        ++wanted;
    }
    if (wanted * size * sizeof(T) > most || formula.costly < wanted)
        return {};
    typename FusedNode<T>::Partials room;
    for (std::size_t k = 0; k < x.size(); ++k) {
        if (x[k]->requires_grad())
            room[k] = Ref<Buffer<T>>::adopt(new Buffer<T>(x[k]->shape()));
    }
    return room;
}

// Notes what each element decides.
template <class T>
void trace_fused(
    const FusedFormula<T>& formula,
    const void* f,
    const Shape& shape,
    std::span<const Array<T>* const> inputs,
    Where where) {
    std::vector<Array<T>> wide;
    for (const Array<T>* input : inputs)
        wide.push_back(repeat_to(*input, shape));
    std::vector<std::uint64_t> sides(count(shape));
    for (std::size_t i = 0; i < sides.size(); ++i) {
        double x[most_fused_inputs];
        for (std::size_t k = 0; k < inputs.size(); ++k)
            x[k] = static_cast<double>(wide[k].data()[i]);
        decisions = 0;
        formula.trace(f, x);
        sides[i] = decisions;
    }
    note_branches(elementwise_op().name(), where, shape, std::move(sides));
}

}  // namespace

template <class T>
Variable<T> call_fused(
    const FusedFormula<T>& formula,
    const std::shared_ptr<const void>& f,
    std::span<const Variable<T>* const> x,
    Where where) {
    std::array<const Array<T>*, most_fused_inputs> of;
    const std::span<const Array<T>*> arrays(of.data(), x.size());
    Shape shape;
    bool wants_grad = false;
    for (std::size_t k = 0; k < x.size(); ++k) {
        arrays[k] = &x[k]->value();
        shape = broadcast_shape("elementwise", shape, arrays[k]->shape());
        wants_grad = wants_grad || x[k]->requires_grad();
    }
    wants_grad = wants_grad && grad_enabled();
    auto y = Ref<Buffer<T>>::adopt(new Buffer<T>(shape));
    std::optional<typename FusedNode<T>::Partials> partials;
    if (const std::size_t size = y->array.size(); size > 0) {
        const FusedCall<T> call(formula, f.get(), shape, arrays);
        if (wants_grad)
            partials = room_for_partials(formula, call, size, x);
        if (partials) {
            typename FusedCall<T>::Outputs to{};
            for (std::size_t k = 0; k < x.size(); ++k)
                to[k] = (*partials)[k] ? (*partials)[k]->array.data() : nullptr;
            call.forward(y->array.data(), to);
        } else {
            call.forward(y->array.data());
        }
    }
    if (tracing_branches)
        trace_fused<T>(formula, f.get(), shape, arrays, where);
    note_value<T>(&elementwise_op(), where, y->array, arrays);
    Ref<Node<T>> node;
    if (wants_grad) {
        node =
            Ref<Node<T>>::adopt(new FusedNode<T>(formula, f, shape, x, std::move(partials), where));
        note_node(node.get());
    }
    return Variable<T>(std::move(y), std::move(node));
}
template Variable<float> call_fused(
    const FusedFormula<float>&,
    const std::shared_ptr<const void>&,
    std::span<const Variable<float>* const>,
    Where);
template Variable<double> call_fused(
    const FusedFormula<double>&,
    const std::shared_ptr<const void>&,
    std::span<const Variable<double>* const>,
    Where);

}  // namespace xgrad::detail
