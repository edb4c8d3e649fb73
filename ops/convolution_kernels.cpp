// Compiled once for each instruction set.
#include <autograd/batches.hpp>
#include <ops/convolution_kernels.hpp>

#include <array>
#include <utility>

namespace xgrad::detail::XGRAD_ISA {
namespace {

// Sums stay in registers: as many as leave room for the operands of one step.
template <class B>
constexpr std::size_t panel_height = sizeof(B) == 64 ? 8 : 4;
constexpr std::size_t panel_vectors = 3;
constexpr std::size_t weight_taps = 6;
template <class B>
constexpr std::size_t weight_vectors = sizeof(B) == 64 ? 4 : 2;

// `height` rows and `vectors` vectors of the result.
template <class B, std::size_t height, std::size_t vectors, class T = typename B::value_type>
void correlate_tile(
    T* c,
    std::size_t leading,
    const T* a,
    const T* b,
    const std::size_t* offsets,
    std::size_t depth,
    bool add) {
    B sums[height][vectors];
    unroll<height>([&](auto i) {
        unroll<vectors>([&](auto v) {
            sums[i][v] = add ? B::load_unaligned(c + i * leading + v * B::size) : B(T(0));
        });
    });
    for (std::size_t k = 0; k < depth; ++k, a += height) {
        const T* row = b + offsets[k];
        B x[vectors];
        unroll<vectors>([&](auto v) { x[v] = B::load_unaligned(row + v * B::size); });
        unroll<height>([&](auto i) {
            const B weight(a[i]);
            unroll<vectors>([&](auto v) { sums[i][v] = multiply_add(weight, x[v], sums[i][v]); });
        });
    }
    unroll<height>([&](auto i) {
        unroll<vectors>([&](auto v) { sums[i][v].store_unaligned(c + i * leading + v * B::size); });
    });
}

template <class B>
using Tile = decltype(&correlate_tile<B, 1, 1>);

// The tile of h + 1 rows and v + 1 vectors at [h * panel_vectors + v].
template <class B, std::size_t... i>
constexpr std::array<Tile<B>, sizeof...(i)> correlate_tiles(std::index_sequence<i...>) {
    return {correlate_tile<B, i / panel_vectors + 1, i % panel_vectors + 1>...};
}

// Columns outside: their part of b stays in the first cache while all weights pass by.
template <class B, class T = typename B::value_type>
void correlate(
    T* c,
    std::size_t leading,
    std::size_t rows,
    std::size_t columns,
    const T* a,
    const T* b,
    const std::size_t* offsets,
    std::size_t depth,
    bool add) {
    static constexpr auto tiles =
        correlate_tiles<B>(std::make_index_sequence<panel_height<B> * panel_vectors>{});
    for (std::size_t j = 0; j < columns; j += panel_vectors * B::size) {
        const std::size_t left = (columns - j) / B::size;
        const std::size_t vectors = left < panel_vectors ? left : panel_vectors;
        for (std::size_t i = 0; i < rows; i += panel_height<B>) {
            const std::size_t height = rows - i < panel_height<B> ? rows - i : panel_height<B>;
            tiles[(height - 1) * panel_vectors + vectors - 1](
                c + i * leading + j, leading, a + i * depth, b + j, offsets, depth, add);
        }
    }
}

template <class B, std::size_t vectors, class T = typename B::value_type>
void weights_tile(
    T* c,
    std::size_t width,
    const T* x,
    const std::size_t* offsets,
    std::size_t pitch,
    const T* g,
    std::size_t rows,
    std::size_t columns) {
    B sums[weight_taps][vectors];
    const T* from[weight_taps];
    unroll<weight_taps>([&](auto t) {
        from[t] = x + offsets[t];
        unroll<vectors>(
            [&](auto v) { sums[t][v] = B::load_unaligned(c + t * width + v * B::size); });
    });
    for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t q = 0; q < columns; ++q, g += width) {
            B share[vectors];
            unroll<vectors>([&](auto v) { share[v] = B::load_unaligned(g + v * B::size); });
            unroll<weight_taps>([&](auto t) {
                const B value(from[t][r * pitch + q]);
                unroll<vectors>(
                    [&](auto v) { sums[t][v] = multiply_add(value, share[v], sums[t][v]); });
            });
        }
    }
    unroll<weight_taps>([&](auto t) {
        unroll<vectors>([&](auto v) { sums[t][v].store_unaligned(c + t * width + v * B::size); });
    });
}

template <class B>
using WeightsTile = decltype(&weights_tile<B, 1>);

template <class B, std::size_t... i>
constexpr std::array<WeightsTile<B>, sizeof...(i)> weights_tiles(std::index_sequence<i...>) {
    return {weights_tile<B, i + 1>...};
}

template <class B, class T = typename B::value_type>
void gather_weights(
    T* c,
    std::size_t width,
    const T* x,
    const std::size_t* offsets,
    std::size_t pitch,
    const T* g,
    std::size_t rows,
    std::size_t columns) {
    static constexpr auto tiles = weights_tiles<B>(std::make_index_sequence<weight_vectors<B>>{});
    for (std::size_t j = 0; j < width; j += weight_vectors<B> * B::size) {
        const std::size_t left = (width - j) / B::size;
        const std::size_t vectors = left < weight_vectors<B> ? left : weight_vectors<B>;
        tiles[vectors - 1](c + j, width, x, offsets, pitch, g + j, rows, columns);
    }
}

template <class B, class T = typename B::value_type>
void dot_rows(
    T* c,
    std::size_t width,
    const T* x,
    const std::size_t* offsets,
    std::size_t pitch,
    const T* g,
    std::size_t rows,
    std::size_t columns) {
    const std::size_t left = columns % B::size, whole = columns - left;
    alignas(64) T end[B::size];
    for (std::size_t i = 0; i < B::size; ++i)
        end[i] = i < left ? T(1) : T(0);
    const auto inside = B::load_aligned(end) != B(T(0));
    B sums[weight_taps];
    unroll<weight_taps>([&](auto t) { sums[t] = B(T(0)); });
    for (std::size_t r = 0; r < rows; ++r, x += pitch, g += columns) {
        for (std::size_t q = 0; q < whole; q += B::size) {
            const B share = B::load_unaligned(g + q);
            unroll<weight_taps>([&](auto t) {
                sums[t] = multiply_add(share, B::load_unaligned(x + offsets[t] + q), sums[t]);
            });
        }
        if (left == 0)
            continue;
        for (std::size_t i = 0; i < left; ++i)
            end[i] = g[whole + i];
        const B share = B::load_aligned(end);
        unroll<weight_taps>([&](auto t) {
            // What stands behind the row may be infinite: a product with 0 would not do.
            const B value = B::load_unaligned(x + offsets[t] + whole);
            sums[t] = multiply_add(share, xsimd::select(inside, value, B(T(0))), sums[t]);
        });
    }
    unroll<weight_taps>([&](auto t) { c[t * width] += xsimd::hadd(sums[t]); });
}

template <class B>
constexpr ConvolutionKernels<typename B::value_type> table = {
    B::size, panel_height<B>, weight_taps, correlate<B>, gather_weights<B>, dot_rows<B>};

[[maybe_unused]] const bool offered[] = {
    offer_kernels(kernel_slot<ConvolutionKernels<float>>, Isa::XGRAD_ISA, &table<Batch<float>>),
    offer_kernels(kernel_slot<ConvolutionKernels<double>>, Isa::XGRAD_ISA, &table<Batch<double>>)};

}  // namespace
}  // namespace xgrad::detail::XGRAD_ISA
