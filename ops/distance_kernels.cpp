// Compiled once for each instruction set.
#include <autograd/batches.hpp>
#include <ops/distance.hpp>

namespace xgrad::detail::XGRAD_ISA {
namespace {

// Beyond this many elements sums go on in double, as in sum_batches(), by which cdist would
// take 1.3 times as long: it asks of each load how much is left.
constexpr std::size_t block = 4096;

template <class B, class T = typename B::value_type>
void squares(T* y, const T* a, const T* b, std::size_t n, std::size_t k) {
    for (std::size_t j = 0; j < n; ++j, b += k) {
        double total = 0;
        for (std::size_t first = 0; first < k; first += block) {
            const std::size_t last = k - first < block ? k : first + block;
            B one(T(0)), other(T(0));
            std::size_t i = first;
            for (; i + 2 * B::size <= last; i += 2 * B::size) {
                const B d = B::load_unaligned(a + i) - B::load_unaligned(b + i);
                const B e = B::load_unaligned(a + i + B::size) - B::load_unaligned(b + i + B::size);
                one = multiply_add(d, d, one);
                other = multiply_add(e, e, other);
            }
            for (; i < last; i += B::size) {
                const B d =
                    load_some<B>(a + i, last - i, T(0)) - load_some<B>(b + i, last - i, T(0));
                one = multiply_add(d, d, one);
            }
            total += static_cast<double>(xsimd::hadd(one + other));
        }
        y[j] = static_cast<T>(total);
    }
}

// Four batches of y at a time stay in registers.
template <class B, class T = typename B::value_type>
void pulls(T* y, const T* weights, const T* a, const T* b, std::size_t n, std::size_t k) {
    constexpr std::size_t width = 4;
    std::size_t i = 0;
    for (; i + width * B::size <= k; i += width * B::size) {
        B sum[width], x[width];
        unroll<width>([&](auto v) {
            sum[v] = B(T(0));
            x[v] = B::load_unaligned(a + i + v * B::size);
        });
        for (std::size_t j = 0; j < n; ++j) {
            const B weight(weights[j]);
            const T* row = b + j * k + i;
            unroll<width>([&](auto v) {
                sum[v] = multiply_add(weight, x[v] - B::load_unaligned(row + v * B::size), sum[v]);
            });
        }
        unroll<width>([&](auto v) { sum[v].store_unaligned(y + i + v * B::size); });
    }
    for (; i < k; i += B::size) {
        B sum(T(0));
        const B x = load_some<B>(a + i, k - i, T(0));
        for (std::size_t j = 0; j < n; ++j)
            sum = multiply_add(B(weights[j]), x - load_some<B>(b + j * k + i, k - i, T(0)), sum);
        store_some(sum, y + i, k - i);
    }
}

template <class B>
constexpr DistanceKernels<typename B::value_type> table = {squares<B>, pulls<B>};

[[maybe_unused]] const bool offered[] = {
    offer_kernels(kernel_slot<DistanceKernels<float>>, Isa::XGRAD_ISA, &table<Batch<float>>),
    offer_kernels(kernel_slot<DistanceKernels<double>>, Isa::XGRAD_ISA, &table<Batch<double>>)};

}  // namespace
}  // namespace xgrad::detail::XGRAD_ISA
