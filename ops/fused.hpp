// elementwise(f): a scalar formula as one op.
//
// Compile the file that uses it for the machine (-march=native, or at least -mavx2 -mfma): the
// formula runs on the SIMD lanes of that compilation, unlike the library's own ops, which choose
// theirs at run time.
#pragma once

#include <ops/formulas/activation.hpp>
#include <ops/formulas/arithmetic.hpp>
#include <ops/formulas/elementwise.hpp>
#include <ops/formulas/selection.hpp>
#include <ops/fused_node.hpp>

#include <array>
#include <optional>
#include <utility>

namespace xgrad {
/// A fused formula; call it with up to eight Variables of one scalar type, which broadcast.
template <class F>
class Elementwise {
public:
    Elementwise(F f, Where where) : f_(std::move(f)), where_(where) {}

    template <class T, std::same_as<Variable<T>>... Rest>
        requires(sizeof...(Rest) < 8)
    [[nodiscard]] Variable<T> operator()(const Variable<T>& first, const Rest&... rest) const {
        constexpr std::size_t n = 1 + sizeof...(Rest);
        const std::array<const Variable<T>*, n> x = {&first, &rest...};
        std::array<const Array<T>*, n> arrays;
        Shape shape;
        bool wants_grad = false;
        for (std::size_t k = 0; k < n; ++k) {
            arrays[k] = &x[k]->value();
            shape = broadcast_shape("elementwise", shape, arrays[k]->shape());
            wants_grad = wants_grad || x[k]->requires_grad();
        }
        wants_grad = wants_grad && grad_enabled();
        auto y = detail::Ref<detail::Buffer<T>>::adopt(new detail::Buffer<T>(shape));
        std::optional<detail::Partials<T, n>> partials;
        if (const std::size_t size = y->array.size(); size > 0) {
            const detail::FusedCall<detail::Batch<T>, n> call(shape, arrays);
            if (wants_grad)
                partials = partials_for(call, size, x);
            if (partials)
                call.forward(f_, y->array.data(), partials->pointers());
            else
                call.forward(f_, y->array.data());
        }
        if (detail::tracing_branches)
            detail::trace_fused(f_, shape, arrays, where_);
        detail::note_value<T>(&detail::elementwise_op(), where_, y->array, arrays);
        detail::Ref<detail::Node<T>> node;
        if (wants_grad) {
            node = detail::Ref<detail::Node<T>>::adopt(
                new detail::FusedNode<T, F, n>(f_, shape, x, std::move(partials), where_));
            detail::note_node(node.get());
        }
        return Variable<T>(std::move(y), std::move(node));
    }

private:
    // Room for the partials where that is better than to compute the formula again: for formulas of
    // a function that takes long for each. A tape of large ones must not take the memory for
    // itself.
    template <class T, std::size_t N>
    [[nodiscard]] std::optional<detail::Partials<T, N>> partials_for(
        const detail::FusedCall<detail::Batch<T>, N>& call,
        std::size_t size,
        const std::array<const Variable<T>*, N>& x) const {
        constexpr std::size_t most = std::size_t{128} << 20;  // bytes
        static const std::size_t costly = detail::costly_functions_of<N>(f_);
        std::size_t wanted = 0;
        for (std::size_t k = 0; k < N; ++k) {
            if (!x[k]->requires_grad())
                continue;
            if (!call.template overwrites<F>(k))
                return {};
            ++wanted;
        }
        if (wanted * size * sizeof(T) > most || costly < wanted)
            return {};
        detail::Partials<T, N> room;
        for (std::size_t k = 0; k < N; ++k) {
            if (x[k]->requires_grad())
                room.buffers[k] =
                    detail::Ref<detail::Buffer<T>>::adopt(new detail::Buffer<T>(x[k]->shape()));
        }
        return room;
    }

    F f_;
    Where where_;
};

/// Makes an op from a scalar formula: one node, one pass forward, one pass backward for all
/// inputs. Kept are the inputs, and of costly formulas the partial derivatives, up to 128 MiB of
/// them. The formula is a generic lambda over values that take
/// + - * /, comparisons, where() and the elementwise functions:
///
///     const auto gate = elementwise([](auto x, auto w, auto b) { return tanh(w * x + b) * x; });
///     Variable<float> y = gate(x, w, b);
///
/// Its derivative is exact, from the ops' own rules, by dual numbers [Griewank and Walther 2008,
/// 3.1]; it can be differentiated again (then the formula runs op by op). The formula has no side
/// effects and captures constants only. Errors name the line of the formula. Throws ShapeError when
/// the inputs do not broadcast.
template <class F>
[[nodiscard]] Elementwise<F> elementwise(F f, Where where = Where::current()) {
    return Elementwise<F>(std::move(f), where);
}

}  // namespace xgrad
