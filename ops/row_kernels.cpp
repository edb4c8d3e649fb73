// Compiled once for each instruction set.
#include <autograd/simd.hpp>
#include <ops/philox.hpp>
#include <ops/row_kernels.hpp>

#include <limits>

namespace xgrad::detail::XGRAD_ISA {
namespace {

// Loads n < size elements; the rest are `fill`.
template <class B, class T = typename B::value_type>
B load_part(const T* x, std::size_t n, T fill) {
    alignas(64) T buffer[B::size];
    for (std::size_t i = 0; i < B::size; ++i)
        buffer[i] = i < n ? x[i] : fill;
    return B::load_aligned(buffer);
}

template <class B, class T = typename B::value_type>
void store_part(B value, T* y, std::size_t n) {
    alignas(64) T buffer[B::size];
    value.store_aligned(buffer);
    for (std::size_t i = 0; i < n; ++i)
        y[i] = buffer[i];
}

// NaN in a row must reach the result: max drops it here, the exponentials bring it back.
template <class B, class T = typename B::value_type>
T row_max(const T* x, std::size_t n) {
    const T lowest = -std::numeric_limits<T>::infinity();
    B best(lowest);
    std::size_t i = 0;
    for (; i + B::size <= n; i += B::size)
        best = xsimd::max(best, B::load_unaligned(x + i));
    if (i < n)
        best = xsimd::max(best, load_part<B>(x + i, n - i, lowest));
    alignas(64) T parts[B::size];
    best.store_aligned(parts);
    T top = parts[0];
    for (const T part : parts)
        top = part > top ? part : top;
    return top - top == T(0) ? top : T(0);  // a shift by infinity would make NaN of it
}

// y = exp(x - shift); returns the sum.
template <class B, class T = typename B::value_type>
T exp_row(T* y, const T* x, std::size_t n, T shift, bool store) {
    B total(T(0));
    std::size_t i = 0;
    for (; i + B::size <= n; i += B::size) {
        const B e = xsimd::exp(B::load_unaligned(x + i) - B(shift));
        if (store)
            e.store_unaligned(y + i);
        total += e;
    }
    if (i < n) {
        const B e =
            xsimd::exp(load_part<B>(x + i, n - i, -std::numeric_limits<T>::infinity()) - B(shift));
        if (store)
            store_part(e, y + i, n - i);
        total += e;
    }
    return xsimd::hadd(total);
}

template <class B, class T = typename B::value_type>
void softmax(T* y, const T* x, std::size_t rows, std::size_t columns) {
    for (std::size_t r = 0; r < rows; ++r, x += columns, y += columns) {
        const T total = exp_row<B>(y, x, columns, row_max<B>(x, columns), true);
        for (std::size_t i = 0; i < columns; ++i)
            y[i] /= total;
    }
}

template <class B, class T = typename B::value_type>
void log_softmax(T* y, const T* x, std::size_t rows, std::size_t columns) {
    for (std::size_t r = 0; r < rows; ++r, x += columns, y += columns) {
        const T shift = row_max<B>(x, columns);
        alignas(64) T total[B::size];
        xsimd::log(B(exp_row<B>(y, x, columns, shift, false))).store_aligned(total);
        for (std::size_t i = 0; i < columns; ++i)
            y[i] = (x[i] - shift) - total[0];
    }
}

// dx = y (g - sum(g y))
template <class B, class T = typename B::value_type>
void softmax_share(T* dx, const T* g, const T* y, std::size_t rows, std::size_t columns) {
    for (std::size_t r = 0; r < rows; ++r, dx += columns, g += columns, y += columns) {
        T inner(0);
        for (std::size_t i = 0; i < columns; ++i)
            inner += g[i] * y[i];
        for (std::size_t i = 0; i < columns; ++i)
            dx[i] = y[i] * (g[i] - inner);
    }
}

// dx = g - exp(y) sum(g)
template <class B, class T = typename B::value_type>
void log_softmax_share(T* dx, const T* g, const T* y, std::size_t rows, std::size_t columns) {
    for (std::size_t r = 0; r < rows; ++r, dx += columns, g += columns, y += columns) {
        T total(0);
        for (std::size_t i = 0; i < columns; ++i)
            total += g[i];
        std::size_t i = 0;
        for (; i + B::size <= columns; i += B::size) {
            const B e = xsimd::exp(B::load_unaligned(y + i));
            (B::load_unaligned(g + i) - e * B(total)).store_unaligned(dx + i);
        }
        if (i < columns) {
            const B e = xsimd::exp(load_part<B>(y + i, columns - i, T(0)));
            store_part(load_part<B>(g + i, columns - i, T(0)) - e * B(total), dx + i, columns - i);
        }
    }
}

// Philox::block for `blocks` counters from `first` on, word by word, which the compiler turns into
// vector code. Not a call of it: an inline function here must not be shared with other files.
template <class B, std::size_t blocks>
void philox_blocks(
    std::uint32_t* random, std::uint64_t key, std::uint64_t stream, std::uint64_t first) {
    constexpr std::uint32_t m0 = Philox::multiplier[0], m1 = Philox::multiplier[1];
    constexpr std::uint32_t w0 = Philox::weyl[0], w1 = Philox::weyl[1];
    std::uint32_t c0[blocks], c1[blocks], c2[blocks], c3[blocks];
    for (std::size_t i = 0; i < blocks; ++i) {
        c0[i] = static_cast<std::uint32_t>(first + i);
        c1[i] = static_cast<std::uint32_t>((first + i) >> 32);
        c2[i] = static_cast<std::uint32_t>(stream);
        c3[i] = static_cast<std::uint32_t>(stream >> 32);
    }
    auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
    for (int round = 0; round < Philox::rounds; ++round) {
        for (std::size_t i = 0; i < blocks; ++i) {
            const std::uint64_t p = std::uint64_t{m0} * c0[i];
            const std::uint64_t q = std::uint64_t{m1} * c2[i];
            c0[i] = static_cast<std::uint32_t>(q >> 32) ^ c1[i] ^ k0;
            c1[i] = static_cast<std::uint32_t>(q);
            c2[i] = static_cast<std::uint32_t>(p >> 32) ^ c3[i] ^ k1;
            c3[i] = static_cast<std::uint32_t>(p);
        }
        k0 += w0;
        k1 += w1;
    }
    for (std::size_t i = 0; i < blocks; ++i) {
        random[4 * i] = c0[i];
        random[4 * i + 1] = c1[i];
        random[4 * i + 2] = c2[i];
        random[4 * i + 3] = c3[i];
    }
}

template <class B, class T = typename B::value_type>
void dropout(
    T* y,
    const T* x,
    std::size_t n,
    T scale,
    std::uint32_t threshold,
    std::uint64_t key,
    std::uint64_t stream,
    std::uint64_t first) {
    constexpr std::size_t blocks = 64, words = 4 * blocks;
    alignas(64) std::uint32_t random[words];
    alignas(64) T factor[words];
    for (std::size_t i = 0; i < n; i += words) {
        philox_blocks<B, blocks>(random, key, stream, (first + i) / 4);
        for (std::size_t j = 0; j < words; ++j)
            factor[j] = random[j] < threshold ? scale : T(0);
        // A selection, not the product alone: an infinity that is dropped becomes 0.
        const std::size_t m = n - i < words ? n - i : words;
        std::size_t j = 0;
        for (; j + B::size <= m; j += B::size) {
            const B f = B::load_aligned(factor + j);
            xsimd::select(f == B(T(0)), f, f * B::load_unaligned(x + i + j))
                .store_unaligned(y + i + j);
        }
        for (; j < m; ++j)
            y[i + j] = factor[j] == 0 ? T(0) : factor[j] * x[i + j];
    }
}

template <class B>
constexpr RowKernels<typename B::value_type> table = {
    softmax<B>, log_softmax<B>, softmax_share<B>, log_softmax_share<B>, dropout<B>};

[[maybe_unused]] const bool offered[] = {
    offer_kernels(kernel_slot<RowKernels<float>>, Isa::XGRAD_ISA, &table<Batch<float>>),
    offer_kernels(kernel_slot<RowKernels<double>>, Isa::XGRAD_ISA, &table<Batch<double>>)};

}  // namespace
}  // namespace xgrad::detail::XGRAD_ISA
