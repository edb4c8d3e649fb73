// Internal to ops/fused.hpp: a fused formula's place in the graph, and what of it is traced.
#pragma once

#include <autograd/alias.hpp>
#include <autograd/call_trace.hpp>
#include <autograd/record.hpp>
#include <ops/fused_call.hpp>
#include <ops/ops.hpp>
#include <ops/traced_lane.hpp>

#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace xgrad::detail {

/// The token of every fused formula.
[[nodiscard]] const Op& elementwise_op();

/// Throws GraphError: an input of a fused formula was overwritten.
[[noreturn]] void fail_fused_overwritten(const Where& where, std::size_t input, const Shape& shape);

/// The partial derivatives by the inputs that want a gradient, from the forward pass.
template <class T, std::size_t N>
struct Partials {
    std::array<Ref<Buffer<T>>, N> buffers;

    /// Null where there is none.
    [[nodiscard]] std::array<T*, N> pointers() const {
        std::array<T*, N> to{};
        for (std::size_t k = 0; k < N; ++k) {
            if (buffers[k])
                to[k] = buffers[k]->array.data();
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

    [[nodiscard]] bool takes_one_number() const noexcept override { return true; }

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
        if (auto kept = std::exchange(partials_, std::nullopt)) {  // another time they are computed
            for (std::size_t k = 0; k < N; ++k) {
                if (!wanted[k])
                    kept->buffers[k] = {};
            }
            const bool is_one = g.shape() != this->shape && g.item() == T(1);
            if (!is_one)
                FusedCall<Batch<T>, N>(this->shape, inputs).scale(g.value(), kept->pointers());
            for (std::size_t k = 0; k < N; ++k) {
                if (wanted[k])
                    shares[k] = Variable<T>(std::move(kept->buffers[k]), {});
            }
            return;
        }
        const FusedCall<Batch<T>, N> call(this->shape, inputs);
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
            call.backward(f_, g.value(), dx);
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

}  // namespace xgrad::detail
