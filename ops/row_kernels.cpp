// Compiled once for each instruction set.
#include <autograd/batches.hpp>
#include <autograd/simd.hpp>
#include <ops/exponential.hpp>
#include <ops/philox.hpp>
#include <ops/row_kernels.hpp>

#include <limits>

namespace xgrad::detail::XGRAD_ISA {
namespace {

// Of exponentials that wait beside their result.
template <class T>
constexpr std::size_t longest_row = 16384 / sizeof(T);

template <class T>
constexpr T lowest = -std::numeric_limits<T>::infinity();

// NaN in a row must reach the result: max drops it here, the exponentials bring it back.
template <class B, class T = typename B::value_type>
T row_max(const T* x, std::size_t n) {
    B a(lowest<T>), b(lowest<T>);
    std::size_t i = 0;
    for (; i + 2 * B::size <= n; i += 2 * B::size) {
        a = xsimd::max(a, B::load_unaligned(x + i));
        b = xsimd::max(b, B::load_unaligned(x + i + B::size));
    }
    for (; i < n; i += B::size)
        a = xsimd::max(a, load_some<B>(x + i, n - i, lowest<T>));
    alignas(64) T parts[B::size];
    xsimd::max(a, b).store_aligned(parts);
    T top = parts[0];
    for (const T part : parts)
        top = part > top ? part : top;
    return top - top == T(0) ? top : T(0);  // a shift by infinity would make NaN of it
}

template <class B, bool largest>
B better(B a, B b) {
    return largest ? xsimd::max(a, b) : xsimd::min(a, b);
}

template <class B, bool largest, class T = typename B::value_type>
T extreme_of(const T* x, std::size_t n, T start) {
    B a(start), b(start);
    auto is_number = a == a;
    std::size_t i = 0;
    for (; i + 2 * B::size <= n; i += 2 * B::size) {
        const B v = B::load_unaligned(x + i), w = B::load_unaligned(x + i + B::size);
        is_number = is_number & (v == v) & (w == w);
        a = better<B, largest>(a, v);
        b = better<B, largest>(b, w);
    }
    for (; i < n; i += B::size) {
        const B v = load_some<B>(x + i, n - i, start);
        is_number = is_number & (v == v);
        a = better<B, largest>(a, v);
    }
    if (!xsimd::all(is_number))
        return std::numeric_limits<T>::quiet_NaN();
    alignas(64) T parts[B::size];
    better<B, largest>(a, b).store_aligned(parts);
    T best = parts[0];
    for (const T part : parts)
        best = (largest ? part > best : part < best) ? part : best;
    return best;
}

template <class B, class T = typename B::value_type>
void extreme_of_row(T* y, const T* x, std::size_t n, bool largest) {
    *y = largest ? extreme_of<B, true>(x, n, *y) : extreme_of<B, false>(x, n, *y);
}

template <class B, bool largest, class T = typename B::value_type>
void take_extreme(T* y, const T* x, std::size_t n) {
    for (std::size_t i = 0; i < n; i += B::size) {
        const B v = load_some<B>(x + i, n - i, T(0)), old = load_some<B>(y + i, n - i, T(0));
        const B best = xsimd::select(v == v, better<B, largest>(old, v), v);
        store_some(xsimd::select(old == old, best, old), y + i, n - i);
    }
}

template <class B, class T = typename B::value_type>
void extreme_into(T* y, const T* x, std::size_t n, bool largest) {
    (largest ? take_extreme<B, true> : take_extreme<B, false>)(y, x, n);
}

// A row's exponentials wait for their sum in y, or where y's stores go past the caches in a row of
// their own.
template <class B, bool past_caches, class T = typename B::value_type>
void softmax_rows(T* y, const T* x, std::size_t rows, std::size_t columns) {
    alignas(64) T row[past_caches ? longest_row<T> : B::size];
    for (std::size_t r = 0; r < rows; ++r, x += columns, y += columns) {
        T* const e = past_caches ? row : y;
        const B shift(row_max<B>(x, columns));
        const double total = sum_batches<B>(columns, [&](std::size_t i, std::size_t left) {
            const B ei = exponential(load_some<B>(x + i, left, lowest<T>) - shift);
            store_some(ei, e + i, left);
            return ei;
        });
        const B scale(static_cast<T>(1 / total));
        write_run<B, past_caches>(y, columns, [=](std::size_t i, std::size_t left) {
            return load_some<B>(e + i, left, T(0)) * scale;
        });
    }
}

template <class B, class T = typename B::value_type>
void softmax(T* y, const T* x, std::size_t rows, std::size_t columns, bool past_caches) {
    (past_caches && columns <= longest_row<T> ? softmax_rows<B, true>
                                              : softmax_rows<B, false>)(y, x, rows, columns);
}

template <class B, bool past_caches, class T = typename B::value_type>
void log_softmax_rows(T* y, const T* x, std::size_t rows, std::size_t columns) {
    for (std::size_t r = 0; r < rows; ++r, x += columns, y += columns) {
        const B shift(row_max<B>(x, columns));
        const double total = sum_batches<B>(columns, [&](std::size_t i, std::size_t left) {
            return exponential(load_some<B>(x + i, left, lowest<T>) - shift);
        });
        const B log_total = xsimd::log(B(static_cast<T>(total)));
        write_run<B, past_caches>(y, columns, [=](std::size_t i, std::size_t left) {
            return (load_some<B>(x + i, left, T(0)) - shift) - log_total;
        });
    }
}

template <class B, class T = typename B::value_type>
void log_softmax(T* y, const T* x, std::size_t rows, std::size_t columns, bool past_caches) {
    (past_caches ? log_softmax_rows<B, true> : log_softmax_rows<B, false>)(y, x, rows, columns);
}

// dx = y (g - sum(g y))
template <class B, bool past_caches, class T = typename B::value_type>
void softmax_shares(T* dx, const T* g, const T* y, std::size_t rows, std::size_t columns) {
    for (std::size_t r = 0; r < rows; ++r, dx += columns, g += columns, y += columns) {
        const double total = sum_batches<B>(columns, [&](std::size_t i, std::size_t left) {
            return load_some<B>(g + i, left, T(0)) * load_some<B>(y + i, left, T(0));
        });
        const B inner(static_cast<T>(total));
        write_run<B, past_caches>(dx, columns, [=](std::size_t i, std::size_t left) {
            const B gi = load_some<B>(g + i, left, T(0)), yi = load_some<B>(y + i, left, T(0));
            return yi * (gi - inner);
        });
    }
}

template <class B, class T = typename B::value_type>
void softmax_share(
    T* dx, const T* g, const T* y, std::size_t rows, std::size_t columns, bool past_caches) {
    (past_caches ? softmax_shares<B, true> : softmax_shares<B, false>)(dx, g, y, rows, columns);
}

// dx = g - exp(y) sum(g)
template <class B, bool past_caches, class T = typename B::value_type>
void log_softmax_shares(T* dx, const T* g, const T* y, std::size_t rows, std::size_t columns) {
    for (std::size_t r = 0; r < rows; ++r, dx += columns, g += columns, y += columns) {
        const double total = sum_batches<B>(columns, [&](std::size_t i, std::size_t left) {
            return load_some<B>(g + i, left, T(0));
        });
        const B sum(static_cast<T>(total));
        write_run<B, past_caches>(dx, columns, [=](std::size_t i, std::size_t left) {
            const B gi = load_some<B>(g + i, left, T(0)), yi = load_some<B>(y + i, left, T(0));
            return gi - exponential(yi) * sum;
        });
    }
}

template <class B, class T = typename B::value_type>
void log_softmax_share(
    T* dx, const T* g, const T* y, std::size_t rows, std::size_t columns, bool past_caches) {
    (past_caches ? log_softmax_shares<B, true>
                 : log_softmax_shares<B, false>)(dx, g, y, rows, columns);
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
    softmax<B>,
    log_softmax<B>,
    softmax_share<B>,
    log_softmax_share<B>,
    extreme_of_row<B>,
    extreme_into<B>,
    dropout<B>};

[[maybe_unused]] const bool offered[] = {
    offer_kernels(kernel_slot<RowKernels<float>>, Isa::XGRAD_ISA, &table<Batch<float>>),
    offer_kernels(kernel_slot<RowKernels<double>>, Isa::XGRAD_ISA, &table<Batch<double>>)};

}  // namespace
}  // namespace xgrad::detail::XGRAD_ISA
