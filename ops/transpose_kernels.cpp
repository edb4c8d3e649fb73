// Compiled once for each instruction set.
#include <autograd/batches.hpp>
#include <ops/transpose.hpp>

#include <cstdint>
#include <cstring>

namespace xgrad::detail::XGRAD_ISA {
namespace {

// A batch as the compiler's own vector, which shuffles by any constant indices.
template <class B>
struct VectorOf {
    typedef typename B::value_type Type __attribute__((vector_size(sizeof(B))));
};

// The lanes of `low` whose index has `bit`, and those of `high` that lack it, change places.
template <std::size_t bit, class V, std::size_t... lane>
[[gnu::always_inline]] inline void exchange(V& low, V& high, std::index_sequence<lane...>) {
    constexpr std::size_t n = sizeof...(lane);
    const V first = __builtin_shufflevector(low, high, (lane & bit ? n + (lane ^ bit) : lane)...);
    high = __builtin_shufflevector(low, high, (lane & bit ? n + lane : lane ^ bit)...);
    low = first;
}

// Blocks off the diagonal change places: of one element, then of 2 x 2, of 4 x 4.
template <std::size_t size, class V, std::size_t n>
[[gnu::always_inline]] inline void exchange_blocks(V (&row)[n]) {
    if constexpr (size < n) {
        unroll<n>([&](auto i) __attribute__((always_inline)) {
            if constexpr ((i & size) == 0)
                exchange<size>(row[i], row[i + size], std::make_index_sequence<n>{});
        });
        exchange_blocks<2 * size>(row);
    }
}

// n squares of a batch a side, one below the other in x and side by side in y, or only their first
// `columns`. Row by row of y: n are to fill its cache lines, which the core may then pass on.
template <class B, std::size_t n, bool past_caches, class T = typename B::value_type>
[[gnu::always_inline]] inline void transpose_squares(
    T* y, std::size_t step_y, const T* x, std::size_t step_x, std::size_t columns) {
    typename VectorOf<B>::Type row[n][B::size];
    unroll<n>([&](auto square) __attribute__((always_inline)) {
        unroll<B::size>([&](auto r) __attribute__((always_inline)) {
            const B loaded = load_some<B>(x + (square * B::size + r) * step_x, columns, T(0));
            std::memcpy(&row[square][r], &loaded, sizeof(B));
        });
        exchange_blocks<1>(row[square]);
    });
    unroll<B::size>([&](auto c) __attribute__((always_inline)) {
        if (c >= columns)
            return;
        unroll<n>([&](auto square) __attribute__((always_inline)) {
            B value;
            std::memcpy(&value, &row[square][c], sizeof(B));
            T* to = y + c * step_y + square * B::size;
            if constexpr (past_caches)
                store_past_caches(value, to);
            else
                value.store_unaligned(to);
        });
    });
}

template <class B, bool past_caches, class T = typename B::value_type>
void transpose_tile(
    T* y,
    std::size_t step_y,
    const T* x,
    std::size_t step_x,
    std::size_t rows,
    std::size_t columns) {
    constexpr std::size_t line = 64 / sizeof(T);
    const auto one_by_one = [&](std::size_t first_row, std::size_t first, std::size_t last)
        __attribute__((always_inline)) {
        for (std::size_t c = first; c < last; ++c) {
            for (std::size_t r = first_row; r < rows; ++r)
                y[c * step_y + r] = x[r * step_x + c];
        }
    };
    // Few columns do not pay for a square, nor do any where a batch is not loaded by a mask.
    const std::size_t left = columns % B::size;
    const bool is_few = sizeof(B) == 16 || 4 * left <= B::size;
    const std::size_t last = is_few ? columns - left : columns;
    std::size_t r = 0;
    for (; r + line <= rows; r += line) {
        for (std::size_t c = 0; c < last; c += B::size) {
            transpose_squares<B, line / B::size, past_caches>(
                y + c * step_y + r, step_y, x + r * step_x + c, step_x, columns - c);
        }
    }
    for (; r + B::size <= rows; r += B::size) {
        for (std::size_t c = 0; c < last; c += B::size) {
            transpose_squares<B, 1, false>(
                y + c * step_y + r, step_y, x + r * step_x + c, step_x, columns - c);
        }
    }
    one_by_one(r, 0, last);
    one_by_one(0, last, columns);
}

// In tiles whose pages stay at hand.
template <class B, class T = typename B::value_type>
void transpose(
    T* y,
    std::size_t step_y,
    const T* x,
    std::size_t step_x,
    std::size_t rows,
    std::size_t columns,
    bool past_caches) {
    constexpr std::size_t tile_rows = 32, tile_columns = 128;
    const auto least = [](std::size_t a, std::size_t b) { return a < b ? a : b; };
    const std::size_t at = reinterpret_cast<std::uintptr_t>(y);
    const bool whole_lines = (at | step_y * sizeof(T) | rows * sizeof(T)) % 64 == 0;
    const auto tile =
        past_caches && whole_lines ? transpose_tile<B, true> : transpose_tile<B, false>;
    for (std::size_t r = 0; r < rows; r += tile_rows) {
        for (std::size_t c = 0; c < columns; c += tile_columns) {
            tile(
                y + c * step_y + r,
                step_y,
                x + r * step_x + c,
                step_x,
                least(tile_rows, rows - r),
                least(tile_columns, columns - c));
        }
    }
}

template <class B>
constexpr TransposeKernels<typename B::value_type> table = {transpose<B>};

[[maybe_unused]] const bool offered[] = {
    offer_kernels(kernel_slot<TransposeKernels<float>>, Isa::XGRAD_ISA, &table<Batch<float>>),
    offer_kernels(kernel_slot<TransposeKernels<double>>, Isa::XGRAD_ISA, &table<Batch<double>>)};

}  // namespace
}  // namespace xgrad::detail::XGRAD_ISA
