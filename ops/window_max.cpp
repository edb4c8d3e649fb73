#include <autograd/simd.hpp>
#include <ops/window_max.hpp>

#include <algorithm>
#include <utility>

namespace xgrad::detail {
namespace {

// One comparison for an element that loses, unless a NaN has been found.
template <class T>
std::size_t max_of_window(const T* x, std::size_t first, const WindowRun& run) {
    std::size_t where = first;
    T best = x[first];
    for (std::size_t r = 0; r < run.rows; ++r) {
        std::size_t here = first + r * run.row_step;
        for (std::size_t c = 0; c < run.columns; ++c, here += run.column_step) {
            const T value = x[here];
            if (!(value <= best) && (value > best || value != value)) {
                best = value;
                where = here;
            }
        }
    }
    return where;
}

// Every other element of a, then of b from its second on.
template <class B, std::size_t... i>
B every_other(B a, B b, std::index_sequence<i...>) {
    using Register = typename B::register_type;
    constexpr std::size_t n = B::size;
    return B(__builtin_shufflevector(Register(a), Register(b), (i < n / 2 ? 2 * i : 2 * i + 1)...));
}

// x[0], x[stride], ...: reads nothing beyond the last of them.
template <std::size_t stride, class T>
Batch<T> load_strided(const T* x) {
    constexpr std::size_t n = Batch<T>::size;
    const auto a = Batch<T>::load_unaligned(x);
    if constexpr (stride == 1)
        return a;
    else
        return every_other(a, Batch<T>::load_unaligned(x + n - 1), std::make_index_sequence<n>());
}

// A batch of windows from `first`. Positions travel as bits of T.
template <std::size_t stride, bool with_positions, class T>
void max_of_batch(T* y, Position<T>* at, const T* x, std::size_t first, const WindowRun& run) {
    using B = Batch<T>;
    using P = xsimd::batch<Position<T>>;
    alignas(64) Position<T> offsets[B::size];
    for (std::size_t i = 0; i < B::size; ++i)
        offsets[i] = static_cast<Position<T>>(i * stride);
    const P steps = P::load_aligned(offsets);
    const auto positions = [&](std::size_t here) {
        return xsimd::bitwise_cast<B>(P(static_cast<Position<T>>(here)) + steps);
    };
    B best = load_strided<stride>(x + first), where = positions(first);
    for (std::size_t r = 0; r < run.rows; ++r) {
        for (std::size_t c = 0; c < run.columns; ++c) {
            const std::size_t here = first + r * run.row_step + c * run.column_step;
            const B value = load_strided<stride>(x + here);
            // xsimd's != is false for NaN where a source is compiled for AVX.
            const auto wins = value > best || !(value == value);
            best = xsimd::select(wins, value, best);
            if constexpr (with_positions)
                where = xsimd::select(wins, positions(here), where);
        }
    }
    best.store_unaligned(y);
    if constexpr (with_positions)
        xsimd::bitwise_cast<P>(where).store_unaligned(at);
}

// The last batch reaches back to windows already done.
template <std::size_t stride, bool with_positions, class T>
void max_of_batches(T* y, Position<T>* at, const T* x, const WindowRun& run) {
    constexpr std::size_t n = Batch<T>::size;
    for (std::size_t i = 0; i < run.windows; i += n) {
        const std::size_t from = std::min(i, run.windows - n);
        max_of_batch<stride, with_positions>(
            y + from, with_positions ? at + from : at, x, run.first + from * stride, run);
    }
}

}  // namespace

template <class T>
void max_of_windows(T* y, Position<T>* at, const T* x, const WindowRun& run) {
    if (run.windows >= Batch<T>::size && (run.stride == 1 || run.stride == 2)) {
        const auto batches = run.stride == 1
                                 ? (at ? max_of_batches<1, true, T> : max_of_batches<1, false, T>)
                                 : (at ? max_of_batches<2, true, T> : max_of_batches<2, false, T>);
        batches(y, at, x, run);
        return;
    }
    for (std::size_t i = 0; i < run.windows; ++i) {
        const std::size_t where = max_of_window(x, run.first + i * run.stride, run);
        y[i] = x[where];
        if (at)
            at[i] = static_cast<Position<T>>(where);
    }
}
template void max_of_windows(float*, std::int32_t*, const float*, const WindowRun&);
template void max_of_windows(double*, std::int64_t*, const double*, const WindowRun&);

}  // namespace xgrad::detail
