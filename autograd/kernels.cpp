// Compiled once for each instruction set.
#include <autograd/batches.hpp>
#include <autograd/kernels.hpp>

#include <cstring>

namespace xgrad::detail::XGRAD_ISA {
namespace {

template <class B, class T = typename B::value_type>
void add_into(T* y, const T* x, std::size_t n) {
    std::size_t i = 0;
    for (; i + B::size <= n; i += B::size) {
        (B::load_unaligned(y + i) + B::load_unaligned(x + i)).store_unaligned(y + i);
    }
    for (; i < n; ++i)
        y[i] += x[i];
}

template <class B, class T = typename B::value_type>
void multiply_into(T* y, const T* x, std::size_t n, bool one) {
    const B number(*x);
    for (std::size_t i = 0; i < n; i += B::size) {
        const B factor = one ? number : load_some<B>(x + i, n - i, T(0));
        store_some(factor * load_some<B>(y + i, n - i, T(0)), y + i, n - i);
    }
}

template <class B, class T = typename B::value_type>
void clear(T* y, std::size_t n) {
    for (std::size_t i = 0; i < n; i += B::size)
        store_some(B(T(0)), y + i, n - i);
}

template <class B>
constexpr std::size_t sum_unit = 4 * B::size;

// The sum of x and y, n elements each, a multiple of the unit, in units that are `step` units
// apart. Pairwise over blocks: the error
// grows with log n, not n [Higham 1993, "The accuracy of floating point summation", 3]. Four
// accumulators for each hide the latency of the addition.
template <class B, class T = typename B::value_type>
T sum_both(const T* x, const T* y, std::size_t n, std::size_t step) {
    constexpr std::size_t block = 4096;
    if (n > block) {
        const std::size_t half = (n / 2 + block - 1) / block * block;
        return sum_both<B>(x, y, half, step) +
               sum_both<B>(x + half * step, y + half * step, n - half, step);
    }
    B a(T(0)), b(T(0)), c(T(0)), d(T(0)), e(T(0)), f(T(0)), g(T(0)), h(T(0));
    for (std::size_t i = 0; i < n;
         i += sum_unit<B>, x += step * sum_unit<B>, y += step * sum_unit<B>) {
        a += B::load_unaligned(x);
        b += B::load_unaligned(x + B::size);
        c += B::load_unaligned(x + 2 * B::size);
        d += B::load_unaligned(x + 3 * B::size);
        e += B::load_unaligned(y);
        f += B::load_unaligned(y + B::size);
        g += B::load_unaligned(y + 2 * B::size);
        h += B::load_unaligned(y + 3 * B::size);
    }
    return xsimd::hadd(((a + b) + (c + d)) + ((e + f) + (g + h)));
}

// Both halves at once: memory delivers two streams faster than one, if they are long; else every
// other unit. The order depends on n alone.
template <class B, class T = typename B::value_type>
T sum(const T* x, std::size_t n) {
    const std::size_t half = n / 2 / sum_unit<B> * sum_unit<B>;
    B rest(T(0));
    for (std::size_t i = 2 * half; i < n; i += B::size)
        rest += load_some<B>(x + i, n - i, T(0));
    const T total = xsimd::hadd(rest);
    if (half == 0)
        return total;
    constexpr std::size_t long_stream = 32768;
    return total + (half < long_stream ? sum_both<B>(x, x + sum_unit<B>, half, 2)
                                       : sum_both<B>(x, x + half, half, 1));
}

template <class B, class T = typename B::value_type>
void sum_rows(T* y, const T* x, std::size_t rows, std::size_t columns) {
    for (std::size_t r = 0; r < rows; ++r)
        y[r] = sum<B>(x + r * columns, columns);
}

// y += the sum of eight rows that are `step` apart.
template <class B, class T = typename B::value_type>
void add_eight_rows(T* y, const T* x, std::size_t columns, std::size_t step) {
    for (std::size_t i = 0; i < columns; i += B::size) {
        const auto row = [=](std::size_t r) {
            return load_some<B>(x + r * step + i, columns - i, T(0));
        };
        const B low = (row(0) + row(1)) + (row(2) + row(3));
        const B high = (row(4) + row(5)) + (row(6) + row(7));
        store_some(load_some<B>(y + i, columns - i, T(0)) + (low + high), y + i, columns - i);
    }
}

// In strips that stay in the first cache, eight rows at a time, since memory delivers several
// streams faster than one. Every 64 rows a strip's partial sum is added to y, which keeps the error
// of long columns down.
template <class B, class T = typename B::value_type>
void sum_columns(T* y, const T* x, std::size_t rows, std::size_t columns, std::size_t step) {
    constexpr std::size_t strip = 1024, run = 64;
    alignas(64) T part[strip];
    for (std::size_t c = 0; c < columns; c += strip) {
        const std::size_t width = columns - c < strip ? columns - c : strip;
        clear<B>(y + c, width);
        for (std::size_t first = 0; first < rows; first += run) {
            const std::size_t last = first + run < rows ? first + run : rows;
            clear<B>(part, width);
            std::size_t r = first;
            for (; r + 8 <= last; r += 8)
                add_eight_rows<B>(part, x + r * step + c, width, step);
            for (; r < last; ++r)
                add_into<B>(part, x + r * step + c, width);
            add_into<B>(y + c, part, width);
        }
    }
}

// The rows of y after the first, which is there: short ones, many at a time, from the first level
// of the caches. B tells compilations apart.
template <class B, class T = typename B::value_type>
void copy_first_row(T* y, std::size_t rows, std::size_t columns) {
    constexpr std::size_t bytes = 8192;
    const std::size_t most = bytes / sizeof(T) / columns * columns;
    for (std::size_t done = columns; done < rows * columns;) {
        std::size_t n = done < most ? done : most;
        n = n < rows * columns - done ? n : rows * columns - done;
        std::memcpy(y + done, y, n * sizeof(T));
        done += n;
    }
}

template <class B, bool past_caches, class T = typename B::value_type>
void repeat_rows(
    T* y, const T* x, std::size_t rows, std::size_t columns, std::size_t step, bool fill) {
    for (std::size_t r = 0; r < rows; ++r, x += step, y += columns) {
        if (fill) {
            const B value(*x);
            write_run<B, past_caches>(y, columns, [=](std::size_t, std::size_t) { return value; });
        } else {
            write_run<B, past_caches>(y, columns, [=](std::size_t i, std::size_t left) {
                return load_some<B>(x + i, left, T(0));
            });
        }
    }
}

template <class B, class T = typename B::value_type>
void repeat(
    T* y,
    const T* x,
    std::size_t rows,
    std::size_t columns,
    std::size_t step,
    bool fill,
    bool past_caches) {
    if (past_caches) {
        repeat_rows<B, true>(y, x, rows, columns, step, fill);
    } else if (step == 0 && rows > 1 && columns > 0 && columns <= 4 * B::size) {
        repeat_rows<B, false>(y, x, 1, columns, step, fill);
        copy_first_row<B>(y, rows, columns);
    } else {
        repeat_rows<B, false>(y, x, rows, columns, step, fill);
    }
}

template <class T>
constexpr TapeKernels<T> table = {
    add_into<Batch<T>>,
    sum_rows<Batch<T>>,
    sum_columns<Batch<T>>,
    repeat<Batch<T>>,
    multiply_into<Batch<T>>,
    drain_stores<Batch<T>>};

[[maybe_unused]] const bool offered[] = {
    offer_kernels(kernel_slot<TapeKernels<float>>, Isa::XGRAD_ISA, &table<float>),
    offer_kernels(kernel_slot<TapeKernels<double>>, Isa::XGRAD_ISA, &table<double>)};

}  // namespace
}  // namespace xgrad::detail::XGRAD_ISA
