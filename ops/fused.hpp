// elementwise(f): a scalar formula as one op.
//
// Compile the file that uses it for the machine (-march=native, or at least -mavx2 -mfma): the
// formula runs on the SIMD lanes of that compilation, unlike the library's own ops, which choose
// theirs at run time.
#pragma once

#include <autograd/broadcast.hpp>
#include <autograd/record.hpp>
#include <ops/formulas/activation.hpp>
#include <ops/formulas/arithmetic.hpp>
#include <ops/formulas/elementwise.hpp>
#include <ops/ops.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace xgrad {
namespace detail {

/// The token of every fused formula.
[[nodiscard]] const Op& elementwise_op();

/// Throws GraphError: an input of a fused formula was overwritten.
[[noreturn]] void fail_fused_overwritten(const Where& where, std::size_t input, const Shape& shape);

/// A value under a new node, so that a derivative with respect to it stops there.
template <class T>
class AliasNode final : public Node<T> {
public:
    explicit AliasNode(const Variable<T>& x)
        : Node<T>(&elementwise_op(), x.shape(), Where()),
          input_(x.state().node) {}
    [[nodiscard]] std::size_t edges() const noexcept override { return 1; }
    [[nodiscard]] Node<T>* edge(std::size_t) const noexcept override { return input_.get(); }
    Variable<T> share(std::size_t, const Variable<T>& g) override { return g; }

private:
    Ref<Node<T>> input_;
};

/// The arrays of one fused call, row by row.
template <class T, std::size_t N>
class FusedCall {
public:
    using B = Batch<T>;
    using Lane = formula::Lane<B>;
    template <std::size_t K>
    using Input = formula::Dual<B, 1u << K>;

    FusedCall(const Shape& shape, const std::array<const Array<T>*, N>& inputs)
        : loops_(shape, shapes_of(inputs)),
          inputs_(inputs) {}

    /// y = f(x...)
    template <class F>
    void forward(const F& f, T* y) const {
        each_row([&](std::size_t at, const T* const* x) {
            along_row([&](std::size_t i, std::size_t n) {
                store(call(f, x, i, n, std::make_index_sequence<N>()), y + at + i, n);
            });
        });
    }

    /// dx[k] += g df/dx_k, summed over what x_k was broadcast along; dx[k] may be null. Arrays of
    /// the full shape are overwritten instead.
    template <class F>
    void backward(const F& f, const T* g, const std::array<T*, N>& dx) const {
        each_row([&](std::size_t at, const T* const* x, const auto& offset) {
            std::array<Lane, N> sums;
            sums.fill(Lane(0));
            along_row([&](std::size_t i, std::size_t n) {
                const Lane seed = load(g + at + i, n, T(0));
                const auto y = call_dual(f, x, i, n, std::make_index_sequence<N>());
                add_shares(y, seed, dx, offset, sums, i, n, std::make_index_sequence<N>());
            });
            for (std::size_t k = 0; k < N; ++k) {
                if (dx[k] && loops_.column_stride(k) == 0) {
                    dx[k][offset[k]] += xsimd::hadd(sums[k].v);
                }
            }
        });
    }

private:
    static std::vector<const Shape*> shapes_of(const std::array<const Array<T>*, N>& inputs) {
        std::vector<const Shape*> shapes;
        for (const Array<T>* input : inputs)
            shapes.push_back(&input->shape());
        return shapes;
    }

    // body(position in the output, each input's row[, each input's offset])
    template <class Body>
    void each_row(Body body) const {
        std::size_t at = 0;
        for (std::size_t step = 0; step < loops_.outer(); ++step) {
            for (std::size_t row = 0; row < loops_.rows(); ++row, at += loops_.columns()) {
                std::array<const T*, N> x;
                std::array<std::size_t, N> offset;
                for (std::size_t k = 0; k < N; ++k) {
                    offset[k] = loops_.offset(k, step) + row * loops_.row_stride(k);
                    x[k] = inputs_[k]->data() + offset[k];
                }
                if constexpr (requires { body(at, x.data(), offset); }) {
                    body(at, x.data(), offset);
                } else {
                    body(at, x.data());
                }
            }
        }
    }

    // body(column, how many columns), a batch at a time
    template <class Body>
    void along_row(Body body) const {
        const std::size_t n = loops_.columns();
        std::size_t i = 0;
        for (; i + B::size <= n; i += B::size)
            body(i, std::size_t{B::size});
        if (i < n)
            body(i, n - i);
    }

    static Lane load(const T* x, std::size_t n, T fill) {
        if (n == B::size)
            return Lane(B::load_unaligned(x));
        alignas(64) T buffer[B::size];
        for (std::size_t j = 0; j < B::size; ++j)
            buffer[j] = j < n ? x[j] : fill;
        return Lane(B::load_aligned(buffer));
    }

    static void store(const Lane& value, T* y, std::size_t n) {
        if (n == B::size) {
            value.v.store_unaligned(y);
            return;
        }
        alignas(64) T buffer[B::size];
        value.v.store_aligned(buffer);
        std::copy_n(buffer, n, y);
    }

    // Lanes past the end repeat the last element, which is in f's domain.
    Lane fetch(const T* const* x, std::size_t k, std::size_t i, std::size_t n) const {
        if (loops_.column_stride(k) == 0)
            return Lane(B(*x[k]));
        return load(x[k] + i, n, x[k][i + n - 1]);
    }

    template <class F, std::size_t... K>
    Lane call(
        const F& f, const T* const* x, std::size_t i, std::size_t n, std::index_sequence<K...>)
        const {
        return Lane(f(fetch(x, K, i, n)...));
    }

    template <class F, std::size_t... K>
    auto call_dual(
        const F& f, const T* const* x, std::size_t i, std::size_t n, std::index_sequence<K...>)
        const {
        return f(Input<K>{fetch(x, K, i, n), {Lane(1)}}...);
    }

    template <class Y, std::size_t... K>
    void add_shares(
        const Y& y,
        const Lane& g,
        const std::array<T*, N>& dx,
        const std::array<std::size_t, N>& offset,
        std::array<Lane, N>& sums,
        std::size_t i,
        std::size_t n,
        std::index_sequence<K...>) const {
        const auto one = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
            if constexpr (formula::has_partial<Y>(I)) {
                if (!dx[I])
                    return;
                const Lane share = g * y.d[Y::slot(I)];
                T* to = dx[I] + offset[I] + i;
                if (loops_.column_stride(I) == 0) {
                    // g is 0 past the end, but 0 times an infinite partial is not.
                    sums[I] = sums[I] + (n == B::size ? share : load_stored(share, n));
                } else if (repeats(I)) {
                    store(load(to, n, T(0)) + share, to, n);
                } else {
                    store(share, to, n);
                }
            }
        };
        (one(std::integral_constant<std::size_t, K>()), ...);
    }

    static Lane load_stored(const Lane& value, std::size_t n) {
        alignas(64) T buffer[B::size];
        value.v.store_aligned(buffer);
        return load(buffer, n, T(0));
    }

    // Whether the rows of input k are visited more than once.
    bool repeats(std::size_t k) const {
        return inputs_[k]->size() != loops_.outer() * loops_.rows() * loops_.columns();
    }

    Loops loops_;
    std::array<const Array<T>*, N> inputs_;
};

template <class T, class F, std::size_t N>
class FusedNode final : public Node<T> {
public:
    FusedNode(
        const F& f, const Shape& shape, const std::array<const Variable<T>*, N>& x, Where where)
        : Node<T>(&elementwise_op(), shape, where),
          f_(f) {
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
        std::array<T*, N> dx{};
        std::array<Array<T>, N> arrays;
        for (std::size_t k = 0; k < N; ++k) {
            inputs[k] = &x_[k]->array;
            if (!wanted[k])
                continue;
            arrays[k] = Array<T>(inputs[k]->shape(), T(0));
            dx[k] = arrays[k].data();
        }
        if (count(this->shape) > 0) {
            FusedCall<T, N>(this->shape, inputs).backward(f_, g.value().data(), dx);
        }
        for (std::size_t k = 0; k < N; ++k) {
            if (wanted[k])
                shares[k] = Variable<T>(std::move(arrays[k]));
        }
    }

    void drop_kept() noexcept override {
        for (auto& buffer : x_)
            buffer = {};
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
            x[k] = Variable<T>(x_[k], Ref<Node<T>>::adopt(new AliasNode<T>(x[k])));
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
};

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
        Array<T> y = empty<T>(shape);
        if (y.size() > 0)
            detail::FusedCall<T, n>(shape, arrays).forward(f_, y.data());
        const Variable<T> result = Recording<T>(detail::elementwise_op(), std::move(y), where_);
        if (!wants_grad || !grad_enabled())
            return result;
        using Node = detail::Node<T>;
        return Variable<T>(
            result.state().buffer,
            detail::Ref<Node>::adopt(new detail::FusedNode<T, F, n>(f_, shape, x, where_)));
    }

private:
    F f_;
    Where where_;
};

/// Makes an op from a scalar formula: one node, one pass forward, one pass backward for all
/// inputs, nothing kept but the inputs. The formula is a generic lambda over values that take
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
