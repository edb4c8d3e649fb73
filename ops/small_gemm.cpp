// Compiled once for each instruction set.
#include <autograd/batches.hpp>
#include <ops/small_gemm.hpp>

#include <array>
#include <utility>

namespace xgrad::detail::XGRAD_ISA {
namespace {

// c = a b + beta c by strides: vectors run along the rows of b, which are contiguous; one number of
// a at a time meets them. Elements are added up in the order of k.
template <class T>
struct Product {
    std::size_t m, n, k;
    const T* a;
    std::size_t row_a, step_a;  // from row to row, and along k
    const T* b;
    std::size_t row_b, size_b;  // from row to row, and how many elements may be read
    T beta;
    T* c;
    std::size_t row_c, column_c;
};

// A batch of c at (i, j), to which beta c has been added where c's rows are contiguous.
template <class B, class T = typename B::value_type>
[[gnu::always_inline]] inline void put(const Product<T>& p, B value, std::size_t i, std::size_t j) {
    T* to = p.c + i * p.row_c + j * p.column_c;
    const std::size_t left = p.n - j;
    if (p.column_c == 1) [[likely]] {
        store_some(value, to, left);
        return;
    }
    alignas(64) T buffer[B::size];
    value.store_aligned(buffer);
    for (std::size_t q = 0; q < B::size && q < left; ++q, to += p.column_c)
        *to = p.beta == T(0) ? buffer[q] : buffer[q] + p.beta * *to;
}

// R rows from i on, C batches from column j on.
template <class B, std::size_t R, std::size_t C, class T = typename B::value_type>
void tile(const Product<T>& product, std::size_t i, std::size_t j) {
    const Product<T> p = product;  // a copy, which storing to c cannot change
    B sum[R][C];
    unroll<R>([&](auto r) { unroll<C>([&](auto v) { sum[r][v] = B(T(0)); }); });
    B x[C];
    std::size_t from_a = i * p.row_a, from_b = j;
    const auto add = [&]() __attribute__((always_inline)) {
        unroll<R>([&](auto r) {
            const B value(p.a[from_a + r * p.row_a]);
            unroll<C>([&](auto v) { sum[r][v] = multiply_add(value, x[v], sum[r][v]); });
        });
        from_a += p.step_a;
        from_b += p.row_b;
    };
    // What a whole batch reads of the next row is not stored. Only the last rows have no next one.
    std::size_t q = 0;
    for (; q < p.k && from_b + C * B::size <= p.size_b; ++q) {
        unroll<C>([&](auto v) { x[v] = B::load_unaligned(p.b + from_b + v * B::size); });
        add();
    }
    for (; q < p.k; ++q) {
        unroll<C>([&](auto v) {
            const std::size_t wanted = from_b + v * B::size;
            const std::size_t from = wanted < p.size_b ? wanted : p.size_b;
            x[v] = load_some<B>(p.b + from, p.size_b - from, T(0));
        });
        add();
    }
    // Read before any row is stored: a load waits for a store of fewer lanes next to it.
    if (p.beta != T(0) && p.column_c == 1) {
        unroll<R>([&](auto r) {
            unroll<C>([&](auto v) {
                const std::size_t column = j + v * B::size;
                const T* from = p.c + (i + r) * p.row_c + column;
                const B old = load_some<B>(from, p.n - column, T(0));
                sum[r][v] = multiply_add(B(p.beta), old, sum[r][v]);
            });
        });
    }
    unroll<R>(
        [&](auto r) { unroll<C>([&](auto v) { put(p, sum[r][v], i + r, j + v * B::size); }); });
}

// Sums stay in registers: as many as leave room for the operands of one step.
template <class B>
constexpr std::size_t tile_rows = sizeof(B) == 64 ? 8 : 4;
constexpr std::size_t tile_batches = 3;

template <class B>
using Tile = void (*)(const Product<typename B::value_type>&, std::size_t, std::size_t);

// The tile of r + 1 rows and v + 1 batches at [r * tile_batches + v].
template <class B, std::size_t... i>
constexpr std::array<Tile<B>, sizeof...(i)> tiles_of(std::index_sequence<i...>) {
    return {tile<B, i / tile_batches + 1, i % tile_batches + 1>...};
}

template <class B, class T = typename B::value_type>
void multiply(const Product<T>& p) {
    static constexpr auto tiles =
        tiles_of<B>(std::make_index_sequence<tile_rows<B> * tile_batches>{});
    for (std::size_t i = 0; i < p.m; i += tile_rows<B>) {
        const std::size_t rows = p.m - i < tile_rows<B> ? p.m - i : tile_rows<B>;
        for (std::size_t j = 0; j < p.n; j += tile_batches * B::size) {
            const std::size_t left = (p.n - j + B::size - 1) / B::size;
            const std::size_t batches = left < tile_batches ? left : tile_batches;
            tiles.data()[(rows - 1) * tile_batches + batches - 1](p, i, j);
        }
    }
}

// The most elements of a transposed b: they are copied.
constexpr std::size_t packed_size = 1024;

// OpenBLAS packs its operands, which takes longer than a product with few terms a sum; of small
// products as such only its AVX-512 has kernels. Measured over 1600 shapes.
template <class B>
bool fits(const GemmShape& s) {
    constexpr std::size_t tiny = 512, small = 16384;
    const std::size_t work = s.m * s.n * s.k;
    if (work <= tiny || work > small)
        return work <= tiny;
    if (s.transpose_b)
        return !s.transpose_a && s.k <= 20 && s.n * s.k <= packed_size;
    return sizeof(B) == 64 ? s.transpose_a && s.k >= 64 : s.transpose_a || s.m <= 64;
}

template <class B, class T = typename B::value_type>
void run(const GemmShape& s, const T* a, const T* b, T beta, T* c) {
    Product<T> p{s.m, s.n, s.k, a, s.k, 1, b, s.n, s.k * s.n, beta, c, s.n, 1};
    if (s.transpose_a) {
        p.row_a = 1;
        p.step_a = s.m;
    }
    alignas(64) T packed[packed_size];
    if (s.transpose_b) {
        for (std::size_t j = 0; j < s.n; ++j) {
            for (std::size_t q = 0; q < s.k; ++q)
                packed[q * s.n + j] = b[j * s.k + q];
        }
        p.b = packed;
    } else if (s.transpose_a && s.n < B::size && s.n < s.m) {
        // The transposes' product: its rows are longer.
        p = {s.n, s.m, s.k, b, 1, s.n, a, s.m, s.k * s.m, beta, c, 1, s.n};
    }
    multiply<B>(p);
}

template <class B>
constexpr SmallGemm<typename B::value_type> table = {fits<B>, run<B>};

[[maybe_unused]] const bool offered[] = {
    offer_kernels(kernel_slot<SmallGemm<float>>, Isa::XGRAD_ISA, &table<Batch<float>>),
    offer_kernels(kernel_slot<SmallGemm<double>>, Isa::XGRAD_ISA, &table<Batch<double>>)};

}  // namespace
}  // namespace xgrad::detail::XGRAD_ISA
