#include <autograd/alias.hpp>
#include <autograd/broadcast.hpp>
#include <autograd/grad.hpp>
#include <autograd/parallel.hpp>
#include <autograd/record.hpp>
#include <ops/gemm.hpp>
#include <ops/recurrent_kernels.hpp>
#include <ops/recurrent_node.hpp>

#include <algorithm>
#include <optional>
#include <tuple>

namespace xgrad::detail {
namespace {

constexpr std::size_t input_count = std::tuple_size_v<RecurrentInputs<float>>;

// The extents, and where the pieces of a step are.
struct Extents {
    std::size_t gates, steps, rows, in, hidden;
    bool reverse;

    template <class T>
    Extents(const RecurrentCall<T>& call, const RecurrentInputs<T>& inputs)
        : gates(call.gates),
          steps(inputs[at_x].shape()[0]),
          rows(inputs[at_x].shape()[1]),
          in(inputs[at_x].shape()[2]),
          hidden(inputs[at_h].shape()[1]),
          reverse(call.reverse) {}

    [[nodiscard]] bool is_lstm() const { return gates == 4; }
    [[nodiscard]] std::size_t wide() const { return gates * hidden; }  // a row of gates
    [[nodiscard]] std::size_t total() const { return steps * rows; }
    /// The place of step k, counted in the order of the steps.
    [[nodiscard]] std::size_t place(std::size_t k) const { return reverse ? steps - 1 - k : k; }

    /// Calls f(first, count) for blocks of rows. A row's steps need no other row, so a thread takes
    /// a block through all of them; a block has as many rows as a product wants.
    template <class F>
    void for_each_block(F f) const {
        const std::size_t blocks = std::max<std::size_t>(1, rows / 32);
        parallel_tasks(blocks, [&](std::size_t block) {
            const std::size_t first = block * rows / blocks;
            f(first, (block + 1) * rows / blocks - first);
        });
    }
};

template <class T>
const T* data_of(const Variable<T>& x) {
    return x.defined() ? x.value().data() : nullptr;
}

// What backward needs of the forward pass, by place.
template <class T>
struct RecurrentTrace {
    Array<T> gates;  // (steps, N, gates hidden), after their sigmoids and tanhs
    Array<T> inner;  // (steps, N, hidden), see RecurrentKernels
};

// W_ih x + b_ih of all steps at once.
template <class T>
Array<T> products_with_x(const Extents& e, const RecurrentInputs<T>& in) {
    Array<T> y = empty<T>({e.steps, e.rows, e.wide()});
    const T* bias = data_of(in[at_bias_ih]);
    for (std::size_t r = 0; bias && r < e.total(); ++r)
        std::copy_n(bias, e.wide(), y.data() + r * e.wide());
    gemm(
        {e.total(), e.wide(), e.in, false, true},
        data_of(in[at_x]),
        data_of(in[at_ih]),
        T(bias ? 1 : 0),
        y.data());
    return y;
}

template <class T>
Array<T> all_steps(const Extents& e, const RecurrentInputs<T>& in, RecurrentTrace<T>& trace) {
    const auto& kernels = detail::kernels<RecurrentKernels<T>>();
    const auto step = e.is_lstm() ? kernels.lstm : kernels.gru;
    trace.gates = products_with_x(e, in);
    trace.inner = empty<T>({e.steps, e.rows, e.hidden});
    Array<T> y = empty<T>({e.steps + e.is_lstm(), e.rows, e.hidden});
    e.for_each_block([&](std::size_t first, std::size_t count) {
        Array<T> from_h = empty<T>({count, e.wide()});
        const T* h = data_of(in[at_h]) + first * e.hidden;
        const T* c = e.is_lstm() ? data_of(in[at_c]) + first * e.hidden : nullptr;
        for (std::size_t k = 0; k < e.steps; ++k) {
            gemm(
                {count, e.wide(), e.hidden, false, true},
                h,
                data_of(in[at_hh]),
                T(0),
                from_h.data());
            const std::size_t row = e.place(k) * e.rows + first;
            T* inner = trace.inner.data() + row * e.hidden;
            T* next = y.data() + row * e.hidden;
            step(
                trace.gates.data() + row * e.wide(),
                inner,
                next,
                from_h.data(),
                data_of(in[at_bias_hh]),
                e.is_lstm() ? c : h,
                count,
                e.hidden);
            h = next;
            c = inner;
        }
        if (e.is_lstm())
            std::copy_n(c, count * e.hidden, y.data() + (e.total() + first) * e.hidden);
    });
    return y;
}

// The first-order shares, from g, the gradient of all_steps().
template <class T>
class RecurrentBackward {
public:
    RecurrentBackward(
        const Extents& e,
        const RecurrentInputs<T>& in,
        const RecurrentTrace<T>& trace,
        const Array<T>& y,
        const Array<T>& g)
        : e_(e),
          in_(in),
          from_x_(empty<T>(trace.gates.shape())),
          from_h_(empty<T>(e.is_lstm() ? Shape{0} : trace.gates.shape())),
          dh_(Shape{e.rows, e.hidden}, T(0)),
          dc_(empty<T>(e.is_lstm() ? dh_.shape() : Shape{0})),
          y_(y) {
        if (e.is_lstm())
            std::copy_n(g.data() + e.total() * e.hidden, dc_.size(), dc_.data());
        e.for_each_block([&](std::size_t first, std::size_t count) {
            for (std::size_t k = e.steps; k-- > 0;)
                step(trace, g, k, first, count);
        });
    }

    Array<T> share(std::size_t input) {
        const GemmShape to_weight = {e_.wide(), e_.in, e_.total(), true, false};
        switch (input) {
            case at_x: return product({e_.total(), e_.in, e_.wide()}, from_x_, in_[at_ih]);
            case at_h: return dh_;
            case at_ih: return product(to_weight, from_x_, in_[at_x]);
            case at_hh: return share_of_hh();
            case at_bias_ih: return sum_of_rows(from_x_);
            case at_bias_hh: return sum_of_rows(from_h());
            default: return dc_;
        }
    }

private:
    [[nodiscard]] const Array<T>& from_h() const { return e_.is_lstm() ? from_x_ : from_h_; }

    // From the gradients after step k to those before it.
    void step(
        const RecurrentTrace<T>& trace,
        const Array<T>& g,
        std::size_t k,
        std::size_t first,
        std::size_t count) {
        const std::size_t row = e_.place(k) * e_.rows + first;
        const std::size_t last = k == 0 ? first : e_.place(k - 1) * e_.rows + first;
        const Variable<T>& start = in_[e_.is_lstm() ? at_c : at_h];
        const Array<T>& states = e_.is_lstm() ? trace.inner : y_;
        const T* before = (k == 0 ? start.value() : states).data() + last * e_.hidden;
        T* dh = dh_.data() + first * e_.hidden;
        const auto& kernels = detail::kernels<RecurrentKernels<T>>();
        (e_.is_lstm() ? kernels.lstm_share : kernels.gru_share)(
            {.from_x = from_x_.data() + row * e_.wide(),
             .from_h = e_.is_lstm() ? nullptr : from_h_.data() + row * e_.wide(),
             .dh = dh,
             .dc = e_.is_lstm() ? dc_.data() + first * e_.hidden : nullptr,
             .g = g.data() + row * e_.hidden,
             .gates = trace.gates.data() + row * e_.wide(),
             .before = before,
             .inner = trace.inner.data() + row * e_.hidden},
            count,
            e_.hidden);
        gemm(
            {count, e_.hidden, e_.wide()},
            from_h().data() + row * e_.wide(),
            data_of(in_[at_hh]),
            T(e_.is_lstm() ? 0 : 1),
            dh);
    }

    static Array<T> product(const GemmShape& shape, const Array<T>& a, const Variable<T>& b) {
        Array<T> c = empty<T>({shape.m, shape.n});
        gemm(shape, a.data(), b.value().data(), T(0), c.data());
        return c;
    }

    // The first step comes from h, the others from the step before: two products in all.
    Array<T> share_of_hh() const {
        const T* g = from_h().data();
        const std::size_t wide = e_.rows * e_.wide(), narrow = e_.rows * e_.hidden;
        Array<T> dw = empty<T>({e_.wide(), e_.hidden});
        GemmShape shape = {e_.wide(), e_.hidden, e_.rows, true, false};
        gemm(shape, g + e_.place(0) * wide, data_of(in_[at_h]), T(0), dw.data());
        shape.k = (e_.steps - 1) * e_.rows;
        const T* y = y_.data();
        e_.reverse ? gemm(shape, g, y + narrow, T(1), dw.data())
                   : gemm(shape, g + wide, y, T(1), dw.data());
        return dw;
    }

    Array<T> sum_of_rows(const Array<T>& x) const {
        Array<T> sum = sum_axes(x, {0, 1});
        sum.reshape({e_.wide()});
        return sum;
    }

    const Extents& e_;
    const RecurrentInputs<T>& in_;
    Array<T> from_x_, from_h_, dh_, dc_;
    const Array<T>& y_;
};

template <class T>
class RecurrentNode final : public Node<T> {
public:
    RecurrentNode(
        const RecurrentCall<T>& call,
        const RecurrentInputs<T>& in,
        RecurrentTrace<T> trace,
        const Variable<T>& y,
        Where where)
        : Node<T>(call.op, y.shape(), where),
          call_(call),
          trace_(std::move(trace)),
          y_(keep(y)) {
        for (std::size_t i = 0; i < input_count; ++i) {
            if (in[i].defined())
                in_[i] = keep(in[i]);
            if (in[i].requires_grad())
                node_[i] = in[i].state().node;
        }
    }

    [[nodiscard]] std::size_t edges() const noexcept override { return input_count; }
    [[nodiscard]] Node<T>* edge(std::size_t i) const noexcept override { return node_[i].get(); }

    void shares(const Variable<T>& g, const bool* wanted, Variable<T>* shares) override {
        RecurrentInputs<T> in;
        for (std::size_t i = 0; i < input_count; ++i) {
            if (in_[i])
                in[i] = **in_[i];
        }
        if (grad_enabled()) {
            record_shares(g, std::move(in), wanted, shares);
            return;
        }
        const Extents extents(call_, in);
        const Variable<T> y = **y_;
        RecurrentBackward<T> backward(extents, in, trace_, y.value(), g.value());
        for (std::size_t i = 0; i < input_count; ++i) {
            if (!wanted[i])
                continue;
            Array<T> share = backward.share(i);
            share.reshape(in[i].shape());
            shares[i] = Variable<T>(std::move(share));
        }
    }

    void drop_kept() noexcept override {
        for (auto& kept : in_)
            kept.reset();
        y_.reset();
        trace_ = {};
    }

private:
    // Step by step in public ops. Each input stands under a node of its own: where one depends on
    // another, the partial derivative must not follow.
    void record_shares(
        const Variable<T>& g, RecurrentInputs<T> in, const bool* wanted, Variable<T>* shares) {
        std::vector<Variable<T>> inputs;
        for (std::size_t i = 0; i < input_count; ++i) {
            if (wanted[i])
                inputs.push_back(in[i] = alias(in[i]));
        }
        const Variable<T> y = call_.by_ops(in, call_.reverse);
        auto gradients = grad<T>({y}, inputs, {.seeds = {g}, .create_graph = true});
        for (std::size_t i = 0, k = 0; i < input_count; ++i) {
            if (wanted[i])
                shares[i] = std::move(gradients[k++]);
        }
    }

    RecurrentCall<T> call_;
    std::array<Ref<Node<T>>, input_count> node_;
    std::array<std::optional<Kept<T>>, input_count> in_;
    RecurrentTrace<T> trace_;
    std::optional<Kept<T>> y_;
};

}  // namespace

template <class T>
Variable<T> run_recurrence(
    const RecurrentCall<T>& call, const RecurrentInputs<T>& in, Where where) {
    RecurrentTrace<T> trace;
    const Variable<T> y = record(*call.op, all_steps(Extents(call, in), in, trace), where);
    const bool wants_grad =
        std::ranges::any_of(in, [](const Variable<T>& x) { return x.requires_grad(); });
    if (!wants_grad || !grad_enabled())
        return y;
    auto node = Ref<Node<T>>::adopt(new RecurrentNode<T>(call, in, std::move(trace), y, where));
    return Variable<T>(y.state().buffer, std::move(node));
}
template Variable<float> run_recurrence(
    const RecurrentCall<float>&, const RecurrentInputs<float>&, Where);
template Variable<double> run_recurrence(
    const RecurrentCall<double>&, const RecurrentInputs<double>&, Where);

}  // namespace xgrad::detail
