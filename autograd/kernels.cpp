// Compiled once for each instruction set.
#include <autograd/kernels.hpp>
#include <autograd/simd.hpp>

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

// Four accumulators hide the latency of the addition; the order depends on n alone.
template <class B, class T = typename B::value_type>
T sum_block(const T* x, std::size_t n) {
    B a(T(0)), b(T(0)), c(T(0)), d(T(0));
    std::size_t i = 0;
    for (; i + 4 * B::size <= n; i += 4 * B::size) {
        a += B::load_unaligned(x + i);
        b += B::load_unaligned(x + i + B::size);
        c += B::load_unaligned(x + i + 2 * B::size);
        d += B::load_unaligned(x + i + 3 * B::size);
    }
    for (; i + B::size <= n; i += B::size)
        a += B::load_unaligned(x + i);
    T total = n >= B::size ? xsimd::hadd((a + b) + (c + d)) : T(0);
    for (; i < n; ++i)
        total += x[i];
    return total;
}

// Pairwise over blocks: the error grows with log n, not n [Higham 1993, "The accuracy of floating
// point summation", 3].
template <class B, class T = typename B::value_type>
T sum(const T* x, std::size_t n) {
    constexpr std::size_t block = 4096;
    if (n <= block)
        return sum_block<B>(x, n);
    const std::size_t half = (n / 2 + block - 1) / block * block;
    return sum<B>(x, half) + sum<B>(x + half, n - half);
}

template <class B, class T = typename B::value_type>
void sum_rows(T* y, const T* x, std::size_t rows, std::size_t columns) {
    for (std::size_t r = 0; r < rows; ++r)
        y[r] = sum<B>(x + r * columns, columns);
}

// Walks down in strips of columns that stay in registers; every 64 rows a strip's partial sum is
// added to y, which keeps the error of long columns down.
template <class B, class T = typename B::value_type>
void sum_columns(T* y, const T* x, std::size_t rows, std::size_t columns) {
    constexpr std::size_t run = 64;
    for (std::size_t c = 0; c < columns; ++c)
        y[c] = T(0);
    for (std::size_t first = 0; first < rows; first += run) {
        const std::size_t last = first + run < rows ? first + run : rows;
        std::size_t c = 0;
        for (; c + 4 * B::size <= columns; c += 4 * B::size) {
            B s0(T(0)), s1(T(0)), s2(T(0)), s3(T(0));
            for (std::size_t r = first; r < last; ++r) {
                const T* row = x + r * columns + c;
                s0 += B::load_unaligned(row);
                s1 += B::load_unaligned(row + B::size);
                s2 += B::load_unaligned(row + 2 * B::size);
                s3 += B::load_unaligned(row + 3 * B::size);
            }
            T* to = y + c;
            (B::load_unaligned(to) + s0).store_unaligned(to);
            (B::load_unaligned(to + B::size) + s1).store_unaligned(to + B::size);
            (B::load_unaligned(to + 2 * B::size) + s2).store_unaligned(to + 2 * B::size);
            (B::load_unaligned(to + 3 * B::size) + s3).store_unaligned(to + 3 * B::size);
        }
        for (; c < columns; ++c) {
            T s(0);
            for (std::size_t r = first; r < last; ++r)
                s += x[r * columns + c];
            y[c] += s;
        }
    }
}

template <class T>
constexpr TapeKernels<T> table = {add_into<Batch<T>>, sum_rows<Batch<T>>, sum_columns<Batch<T>>};

[[maybe_unused]] const bool offered[] = {
    offer_kernels(kernel_slot<TapeKernels<float>>, Isa::XGRAD_ISA, &table<float>),
    offer_kernels(kernel_slot<TapeKernels<double>>, Isa::XGRAD_ISA, &table<double>)};

}  // namespace
}  // namespace xgrad::detail::XGRAD_ISA
