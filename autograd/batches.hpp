// Internal to kernel sources and fused formulas: loops over batches, the last of which may be
// incomplete.
#pragma once

#include <autograd/simd.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

// AddressSanitizer does not watch a load by mask.
#if defined(__SANITIZE_ADDRESS__)
#define XGRAD_WATCHED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define XGRAD_WATCHED
#endif
#endif

namespace xgrad::detail {

template <class F, std::size_t... i>
[[gnu::always_inline]] inline void unroll(F f, std::index_sequence<i...>) {
    (f(std::integral_constant<std::size_t, i>{}), ...);
}
/// f(0), ..., f(n - 1), unrolled whatever the optimiser thinks, with constant indices.
template <std::size_t n, class F>
[[gnu::always_inline]] inline void unroll(F f) {
    unroll(f, std::make_index_sequence<n>{});
}

/// a b + c. xsimd 8.1 knows no fused instruction of AVX-512, and takes two.
template <class B>
[[gnu::always_inline]] inline B multiply_add(B a, B b, B c) {
#ifdef __AVX512F__
    if constexpr (std::is_same_v<typename B::value_type, float>)
        return _mm512_fmadd_ps(a, b, c);
    else
        return _mm512_fmadd_pd(a, b, c);
#else
    return xsimd::fma(a, b, c);
#endif
}

/// Loads n elements, at most a batch of them; the rest are `fill`.
template <class B, class T = typename B::value_type>
B load_some(const T* x, std::size_t n, T fill) {
    if (n >= B::size) [[likely]]
        return B::load_unaligned(x);
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
        return _mm512_mask_loadu_ps(B(fill), static_cast<__mmask16>((1U << n) - 1), x);
    else
        return _mm512_mask_loadu_pd(B(fill), static_cast<__mmask8>((1U << n) - 1), x);
#elif defined(__AVX2__) && !defined(XGRAD_WATCHED)
    // Through memory, number by number, the batch would wait for the stores to end.
    if constexpr (sizeof(T) == 4) {
        const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lane);
        const __m256 some = _mm256_maskload_ps(x, mask);
        return _mm256_blendv_ps(B(fill), some, _mm256_castsi256_ps(mask));
    } else {
        const __m256i lane = _mm256_setr_epi64x(0, 1, 2, 3);
        const __m256i mask =
            _mm256_cmpgt_epi64(_mm256_set1_epi64x(static_cast<long long>(n)), lane);
        const __m256d some = _mm256_maskload_pd(x, mask);
        return _mm256_blendv_pd(B(fill), some, _mm256_castsi256_pd(mask));
    }
#else
    alignas(64) T buffer[B::size];
    for (std::size_t i = 0; i < B::size; ++i)
        buffer[i] = i < n ? x[i] : fill;
    return B::load_aligned(buffer);
#endif
}

/// Stores the first n elements, at most a batch of them.
template <class B, class T = typename B::value_type>
void store_some(B value, T* y, std::size_t n) {
    if (n >= B::size) [[likely]] {
        value.store_unaligned(y);
        return;
    }
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
        _mm512_mask_storeu_ps(y, static_cast<__mmask16>((1U << n) - 1), value);
    else
        _mm512_mask_storeu_pd(y, static_cast<__mmask8>((1U << n) - 1), value);
#else
    alignas(64) T buffer[B::size];
    value.store_aligned(buffer);
    for (std::size_t i = 0; i < n; ++i)
        y[i] = buffer[i];
#endif
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

/// y[i] = f(i, how many are left) for i in steps of a batch.
template <class B, bool past_caches, class T, class F>
void write_run(T* y, std::size_t n, F f) {
    std::size_t i = 0;
    if constexpr (past_caches) {
        // Up to the next boundary of a batch, then in whole ones.
        const std::size_t past = reinterpret_cast<std::size_t>(y) / sizeof(T) % B::size;
        if (past != 0) {
            i = n < B::size - past ? n : B::size - past;
            store_some(f(0, i), y, i);
        }
        for (; i + B::size <= n; i += B::size)
            store_past_caches(f(i, n - i), y + i);
    }
    for (; i < n; i += B::size)
        store_some(f(i, n - i), y + i, n - i);
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

#undef XGRAD_WATCHED
