// elementwise(f): a scalar formula as one op.
//
// Compile the file that uses it for the machine (-march=native, or at least -mavx2 -mfma): the
// formula runs on the SIMD lanes of that compilation, unlike the library's own ops, which choose
// theirs at run time.
#pragma once

#include <autograd/alias.hpp>
#include <autograd/call_trace.hpp>
#include <autograd/record.hpp>
#include <ops/formulas/activation.hpp>
#include <ops/formulas/arithmetic.hpp>
#include <ops/formulas/elementwise.hpp>
#include <ops/formulas/selection.hpp>
#include <ops/fused_call.hpp>
#include <ops/ops.hpp>
#include <ops/traced_lane.hpp>

#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace xgrad {
namespace detail {

/// The token of every fused formula.
[[nodiscard]] const Op& elementwise_op();

/// Throws GraphError: an input of a fused formula was overwritten.
[[noreturn]] void fail_fused_overwritten(const Where& where, std::size_t input, const Shape& shape);

/// The partial derivatives by the inputs that want a gradient, from the forward pass.
template <class T, std::size_t N>
struct Partials {
    std::array<std::optional<Array<T>>, N> arrays;

    /// Null where there is none.
    [[nodiscard]] std::array<T*, N> pointers() {
        std::array<T*, N> to{};
        for (std::size_t k = 0; k < N; ++k) {
            if (arrays[k])
                to[k] = arrays[k]->data();
        }
        return to;
    }
};

/// Of how many functions that take long a formula of N inputs is made.
template <std::size_t N, class F>
std::size_t costly_functions_of(const F& f) {
    const std::size_t before = formula::costly_functions;
    [&]<std::size_t... K>(std::index_sequence<K...>) {
        static_cast<void>(f(formula::Lane<formula::Traced>((static_cast<void>(K), 0.5))...));
    }
    (std::make_index_sequence<N>());
    return formula::costly_functions - before;
}

template <class T, class F, std::size_t N>
class FusedNode final : public Node<T> {
public:
    FusedNode(
        const F& f,
        const Shape& shape,
        const std::array<const Variable<T>*, N>& x,
        std::optional<Partials<T, N>> partials,
        Where where)
        : Node<T>(&elementwise_op(), shape, where),
          f_(f),
          partials_(std::move(partials)) {
        for (std::size_t k = 0; k < N; ++k) {
            active_[k] = x[k]->requires_grad();
            x_[k] = x[k]->state().buffer;
            node_[k] = x[k]->state().node;
            version_[k] = x_[k]->version;
        }
    }

    [[nodiscard]] std::size_t edges() const noexcept override { return N; }
    [[nodiscard]] Node<T>* edge(std::size_t i) const noexcept override {
        return active_[i] ? node_[i].get() : nullptr;
    }

    void shares(const Variable<T>& g, const bool* wanted, Variable<T>* shares) override {
        for (std::size_t k = 0; k < N; ++k) {
            if (x_[k]->version != version_[k]) {
                fail_fused_overwritten(this->where, k, x_[k]->array.shape());
            }
        }
        if (grad_enabled()) {
            record_shares(g, wanted, shares, std::make_index_sequence<N>());
            return;
        }
        std::array<const Array<T>*, N> inputs;
        for (std::size_t k = 0; k < N; ++k)
            inputs[k] = &x_[k]->array;
        const FusedCall<Batch<T>, N> call(this->shape, inputs);
        if (auto kept = std::exchange(partials_, std::nullopt)) {  // another time they are computed
            for (std::size_t k = 0; k < N; ++k) {
                if (!wanted[k])
                    kept->arrays[k].reset();
            }
            call.scale(g.value().data(), kept->pointers());
            for (std::size_t k = 0; k < N; ++k) {
                if (wanted[k])
                    shares[k] = Variable<T>(std::move(*kept->arrays[k]));
            }
            return;
        }
        std::array<T*, N> dx{};
        std::array<Array<T>, N> arrays;
        for (std::size_t k = 0; k < N; ++k) {
            if (!wanted[k])
                continue;
            const Shape& shape = inputs[k]->shape();
            arrays[k] = call.template overwrites<F>(k) ? empty<T>(shape) : Array<T>(shape, T(0));
            dx[k] = arrays[k].data();
        }
        if (count(this->shape) > 0)
            call.backward(f_, g.value().data(), dx);
        for (std::size_t k = 0; k < N; ++k) {
            if (wanted[k])
                shares[k] = Variable<T>(std::move(arrays[k]));
        }
    }

    void drop_kept() noexcept override {
        for (auto& buffer : x_)
            buffer = {};
        partials_.reset();
    }

private:
    // The formula again, op by op, so that its derivative is a graph. Each input stands under a
    // node of its own: where one input depends on another, the partial derivative must not follow.
    template <std::size_t... K>
    void record_shares(
        const Variable<T>& g, const bool* wanted, Variable<T>* shares, std::index_sequence<K...>) {
        std::array<Variable<T>, N> x;
        std::vector<Variable<T>> inputs;
        for (std::size_t k = 0; k < N; ++k) {
            x[k] = Variable<T>(x_[k], node_[k]);
            if (!wanted[k])
                continue;
            x[k] = alias(x[k]);
            inputs.push_back(x[k]);
        }
        const Variable<T> y = broadcast_to(Variable<T>(f_(x[K]...)), this->shape);
        std::vector<Variable<T>> gradients(inputs.size());
        if (y.requires_grad()) {
            gradients =
                grad<T>({y}, inputs, {.seeds = {g}, .create_graph = true, .allow_unused = true});
        }
        for (std::size_t k = 0, i = 0; k < N; ++k) {
            if (!wanted[k])
                continue;
            shares[k] = std::move(gradients[i++]);
            if (!shares[k].defined())
                shares[k] = Variable<T>(Array<T>(x[k].shape(), T(0)));
        }
    }

    F f_;
    std::array<Ref<Buffer<T>>, N> x_;
    std::array<Ref<Node<T>>, N> node_;
    std::array<std::uint32_t, N> version_;
    std::array<bool, N> active_;
    std::optional<Partials<T, N>> partials_;
};

/// The elements of an array that broadcasts to that shape.
template <class T>
[[nodiscard]] std::vector<double> spread_elements(const Array<T>& x, const Shape& shape);

// Notes what each element decides.
template <class F, class T, std::size_t N>
void trace_fused(
    const F& f, const Shape& shape, const std::array<const Array<T>*, N>& inputs, Where where) {
    const auto decide = [&f]<std::size_t... K>(const double* x, std::index_sequence<K...>) {
        static_cast<void>(f(formula::Lane<formula::Traced>(x[K])...));
    };
    std::vector<std::vector<double>> wide;
    for (const Array<T>* input : inputs)
        wide.push_back(spread_elements(*input, shape));
    std::vector<std::uint64_t> sides(count(shape));
    for (std::size_t i = 0; i < sides.size(); ++i) {
        double x[N];
        for (std::size_t k = 0; k < N; ++k)
            x[k] = wide[k][i];
        decisions = 0;
        decide(x, std::make_index_sequence<N>());
        sides[i] = decisions;
    }
    note_branches(elementwise_op().name(), where, shape, std::move(sides));
}

}  // namespace detail

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
        Array<T> y = empty<T>(shape);
        std::optional<detail::Partials<T, n>> partials;
        if (y.size() > 0) {
            const detail::FusedCall<detail::Batch<T>, n> call(shape, arrays);
            if (wants_grad)
                partials = partials_for(call, y.size(), x);
            if (partials)
                call.forward(f_, y.data(), partials->pointers());
            else
                call.forward(f_, y.data());
        }
        if (detail::tracing_branches)
            detail::trace_fused(f_, shape, arrays, where_);
        Recording<T> recording(detail::elementwise_op(), std::move(y), where_);
        for (const Variable<T>* input : x)
            std::move(recording).of(*input);
        const Variable<T> result = std::move(recording);
        if (!wants_grad)
            return result;
        using Node = detail::Node<T>;
        const auto node = detail::Ref<Node>::adopt(
            new detail::FusedNode<T, F, n>(f_, shape, x, std::move(partials), where_));
        detail::note_node(node.get());
        return Variable<T>(result.state().buffer, node);
    }

private:
    // Room for the partials where that is better than to compute the formula again: for arrays that
    // stay in a cache, and formulas of a function that takes long for each.
    template <class T, std::size_t N>
    [[nodiscard]] std::optional<detail::Partials<T, N>> partials_for(
        const detail::FusedCall<detail::Batch<T>, N>& call,
        std::size_t size,
        const std::array<const Variable<T>*, N>& x) const {
        constexpr std::size_t most = std::size_t{4} << 20;  // bytes
        static const std::size_t costly = detail::costly_functions_of<N>(f_);
        std::size_t wanted = 0;
        for (std::size_t k = 0; k < N; ++k) {
            if (!x[k]->requires_grad())
                continue;
            if (!call.template overwrites<F>(k))
                return {};
            ++wanted;
        }
        if (size * sizeof(T) > most || costly < wanted)
            return {};
        detail::Partials<T, N> room;
        for (std::size_t k = 0; k < N; ++k) {
            if (x[k]->requires_grad())
                room.arrays[k] = empty<T>(x[k]->shape());
        }
        return room;
    }

    F f_;
    Where where_;
};

/// Makes an op from a scalar formula: one node, one pass forward, one pass backward for all
/// inputs. Kept are the inputs, and of costly formulas on arrays of up to 4 MiB the partial
/// derivatives. The formula is a generic lambda over values that take
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
