// Internal to kernel sources: memory in batches, the last of which may be incomplete.
#pragma once

#include <autograd/simd.hpp>

#include <cstddef>

namespace xgrad::detail {

/// Loads n elements, at most a batch of them; the rest are `fill`.
template <class B, class T = typename B::value_type>
B load_some(const T* x, std::size_t n, T fill) {
    if (n >= B::size) [[likely]]
        return B::load_unaligned(x);
    alignas(64) T buffer[B::size];
    for (std::size_t i = 0; i < B::size; ++i)
        buffer[i] = i < n ? x[i] : fill;
    return B::load_aligned(buffer);
}

/// Stores the first n elements, at most a batch of them.
template <class B, class T = typename B::value_type>
void store_some(B value, T* y, std::size_t n) {
    if (n >= B::size) [[likely]] {
        value.store_unaligned(y);
        return;
    }
    alignas(64) T buffer[B::size];
    value.store_aligned(buffer);
    for (std::size_t i = 0; i < n; ++i)
        y[i] = buffer[i];
}

/// Stores a batch past the caches, which an array that does not fit them would only flush. y is
/// aligned to the batch; drain_stores() has to follow before another thread reads it.
template <class B>
void store_past_caches(B value, float* y) {
#if defined(__AVX512F__)
    _mm512_stream_ps(y, value);
#elif defined(__AVX__)
    _mm256_stream_ps(y, value);
#else
    _mm_stream_ps(y, value);
#endif
}
template <class B>
void store_past_caches(B value, double* y) {
#if defined(__AVX512F__)
    _mm512_stream_pd(y, value);
#elif defined(__AVX__)
    _mm256_stream_pd(y, value);
#else
    _mm_stream_pd(y, value);
#endif
}
template <class B>
void drain_stores() {
    _mm_sfence();
}

/// The sum over i in [0, n) in steps of a batch of f(i, how many are left), a batch that is 0
/// beyond what is left. It runs in registers over 4096 elements, then in double: its error does not
/// grow with n.
template <class B, class F>
double sum_batches(std::size_t n, F f) {
    using T = typename B::value_type;
    constexpr std::size_t block = 4096;
    double total = 0;
    for (std::size_t first = 0; first < n; first += block) {
        const std::size_t last = n - first < block ? n : first + block;
        B a(T(0)), b(T(0));
        std::size_t i = first;
        for (; i + 2 * B::size <= last; i += 2 * B::size) {
            a += f(i, last - i);
            b += f(i + B::size, last - i - B::size);
        }
        for (; i < last; i += B::size)
            a += f(i, last - i);
        total += static_cast<double>(xsimd::hadd(a + b));
    }
    return total;
}

}  // namespace xgrad::detail
