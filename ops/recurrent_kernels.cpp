// Compiled once for each instruction set.
#include <autograd/simd.hpp>
#include <ops/exponential.hpp>
#include <ops/recurrent_kernels.hpp>

namespace xgrad::detail::XGRAD_ISA {
namespace {

// A batch of a row, or its last n elements.
template <class B>
struct Piece {
    using T = typename B::value_type;

    std::size_t first, n;

    B load(const T* row) const {
        if (n == B::size)
            return B::load_unaligned(row + first);
        alignas(64) T buffer[B::size] = {};
        for (std::size_t i = 0; i < n; ++i)
            buffer[i] = row[first + i];
        return B::load_aligned(buffer);
    }
    void store(B value, T* row) const {
        if (n == B::size) {
            value.store_unaligned(row + first);
            return;
        }
        alignas(64) T buffer[B::size];
        value.store_aligned(buffer);
        for (std::size_t i = 0; i < n; ++i)
            row[first + i] = buffer[i];
    }
};

template <class B, class F>
void for_each_piece(std::size_t n, F f) {
    std::size_t i = 0;
    for (; i + B::size <= n; i += B::size)
        f(Piece<B>{i, B::size});
    if (i < n)
        f(Piece<B>{i, n - i});
}

template <class B>
B sigmoid(B x) {
    using T = typename B::value_type;
    return B(T(1)) / (B(T(1)) + exponential(-x));
}

// c' = f c + i g, h' = o tanh(c'), the gates i, f, g, o one after another.
template <class B, class T = typename B::value_type>
void lstm(
    T* gates,
    T* inner,
    T* h,
    const T* from_h,
    const T* bias,
    const T* before,
    std::size_t rows,
    std::size_t hidden) {
    for (std::size_t r = 0; r < rows; ++r) {
        for_each_piece<B>(hidden, [&](Piece<B> at) {
            const auto sum = [&](std::size_t gate) {
                const std::size_t k = gate * hidden;
                const B z = at.load(gates + k) + at.load(from_h + k);
                return bias ? z + at.load(bias + k) : z;
            };
            const B i = sigmoid(sum(0)), f = sigmoid(sum(1));
            const B g = hyperbolic_tangent(sum(2)), o = sigmoid(sum(3));
            const B c = f * at.load(before) + i * g;
            at.store(i, gates);
            at.store(f, gates + hidden);
            at.store(g, gates + 2 * hidden);
            at.store(o, gates + 3 * hidden);
            at.store(c, inner);
            at.store(o * hyperbolic_tangent(c), h);
        });
        gates += 4 * hidden, from_h += 4 * hidden;
        before += hidden, inner += hidden, h += hidden;
    }
}

template <class B, class T = typename B::value_type>
void lstm_share(
    const typename RecurrentKernels<T>::Shares& s, std::size_t rows, std::size_t hidden) {
    const B one(T(1));
    for (std::size_t r = 0; r < rows; ++r) {
        const T* gates = s.gates + 4 * r * hidden;
        T* to = s.from_x + 4 * r * hidden;
        const std::size_t row = r * hidden;
        for_each_piece<B>(hidden, [&](Piece<B> at) {
            const B i = at.load(gates), f = at.load(gates + hidden);
            const B g = at.load(gates + 2 * hidden), o = at.load(gates + 3 * hidden);
            const B bent = hyperbolic_tangent(at.load(s.inner + row));
            const B dh = at.load(s.g + row) + at.load(s.dh + row);
            const B dc = at.load(s.dc + row) + dh * o * (one - bent * bent);
            at.store(dc * g * (i * (one - i)), to);
            at.store(dc * at.load(s.before + row) * (f * (one - f)), to + hidden);
            at.store(dc * i * (one - g * g), to + 2 * hidden);
            at.store(dh * bent * (o * (one - o)), to + 3 * hidden);
            at.store(dc * f, s.dc + row);
        });
    }
}

// n = tanh(x_n + r inner), h' = n + z (h - n), the gates r, z, n one after another.
template <class B, class T = typename B::value_type>
void gru(
    T* gates,
    T* inner,
    T* h,
    const T* from_h,
    const T* bias,
    const T* before,
    std::size_t rows,
    std::size_t hidden) {
    for (std::size_t row = 0; row < rows; ++row) {
        for_each_piece<B>(hidden, [&](Piece<B> at) {
            const auto product = [&](std::size_t gate) {
                const B z = at.load(from_h + gate * hidden);
                return bias ? z + at.load(bias + gate * hidden) : z;
            };
            const B r = sigmoid(at.load(gates) + product(0));
            const B z = sigmoid(at.load(gates + hidden) + product(1));
            const B last = product(2);
            const B n = hyperbolic_tangent(at.load(gates + 2 * hidden) + r * last);
            at.store(r, gates);
            at.store(z, gates + hidden);
            at.store(n, gates + 2 * hidden);
            at.store(last, inner);
            at.store(n + z * (at.load(before) - n), h);
        });
        gates += 3 * hidden, from_h += 3 * hidden;
        before += hidden, inner += hidden, h += hidden;
    }
}

template <class B, class T = typename B::value_type>
void gru_share(
    const typename RecurrentKernels<T>::Shares& s, std::size_t rows, std::size_t hidden) {
    const B one(T(1));
    for (std::size_t k = 0; k < rows; ++k) {
        const T* gates = s.gates + 3 * k * hidden;
        T *to_x = s.from_x + 3 * k * hidden, *to_h = s.from_h + 3 * k * hidden;
        const std::size_t row = k * hidden;
        for_each_piece<B>(hidden, [&](Piece<B> at) {
            const B r = at.load(gates), z = at.load(gates + hidden);
            const B n = at.load(gates + 2 * hidden);
            const B dh = at.load(s.g + row) + at.load(s.dh + row);
            const B dn = dh * (one - z) * (one - n * n);
            const B dr = dn * at.load(s.inner + row) * (r * (one - r));
            const B dz = dh * (at.load(s.before + row) - n) * (z * (one - z));
            at.store(dr, to_x), at.store(dr, to_h);
            at.store(dz, to_x + hidden), at.store(dz, to_h + hidden);
            at.store(dn, to_x + 2 * hidden), at.store(dn * r, to_h + 2 * hidden);
            at.store(dh * z, s.dh + row);
        });
    }
}

template <class B>
constexpr RecurrentKernels<typename B::value_type> table = {
    lstm<B>, gru<B>, lstm_share<B>, gru_share<B>};

[[maybe_unused]] const bool offered[] = {
    offer_kernels(kernel_slot<RecurrentKernels<float>>, Isa::XGRAD_ISA, &table<Batch<float>>),
    offer_kernels(kernel_slot<RecurrentKernels<double>>, Isa::XGRAD_ISA, &table<Batch<double>>)};

}  // namespace
}  // namespace xgrad::detail::XGRAD_ISA
