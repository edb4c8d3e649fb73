// Internal to ops/fused.hpp: arrays read and written a batch at a time.
#pragma once

#include <ops/dual.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace xgrad::detail {

/// n numbers as a batch, fewer at the end of a piece; lanes past them are 0.
template <class B>
formula::Lane<B> load(const typename B::value_type* x, std::size_t n) {
    if (n == B::size)
        return formula::Lane<B>(B::load_unaligned(x));
    alignas(64) typename B::value_type buffer[B::size] = {};
    std::copy_n(x, n, buffer);
    return formula::Lane<B>(B::load_aligned(buffer));
}

template <class B>
void store(const formula::Lane<B>& value, typename B::value_type* y, std::size_t n) {
    if (n == B::size) {
        value.v.store_unaligned(y);
        return;
    }
    alignas(64) typename B::value_type buffer[B::size];
    value.v.store_aligned(buffer);
    std::copy_n(buffer, n, y);
}

/// Steps through the inputs of a piece a batch at a time. A constant one stays on a batch of
/// itself.
template <class B, std::size_t N>
class FusedCursor {
    using T = typename B::value_type;
    using Lane = formula::Lane<B>;

public:
    FusedCursor(const std::array<const T*, N>& x, const std::array<bool, N>& constant) {
        for (std::size_t k = 0; k < N; ++k) {
            x_[k] = x[k];
            step_[k] = B::size;
            if (constant[k]) {
                B(*x_[k]).store_aligned(same_[k]);
                x_[k] = same_[k];
                step_[k] = 0;
            }
        }
    }
    FusedCursor(const FusedCursor&) = delete;

    // The next n of input k. Lanes past them repeat the last: it is in f's domain.
    Lane get(std::size_t k, std::size_t n) const {
        if (n == B::size)
            return Lane(B::load_unaligned(x_[k]));
        alignas(64) T buffer[B::size];
        for (std::size_t j = 0; j < B::size; ++j)
            buffer[j] = x_[k][std::min(j, n - 1)];
        return Lane(B::load_aligned(buffer));
    }

    void next() {
        for (std::size_t k = 0; k < N; ++k)
            x_[k] += step_[k];
    }

private:
    const T* x_[N];
    std::size_t step_[N];
    alignas(64) T same_[N][B::size];
};

}  // namespace xgrad::detail
