// Internal to ops/fused.hpp: arrays read and written a batch at a time.
#pragma once

#include <autograd/batches.hpp>
#include <ops/dual.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace xgrad::detail {

/// n numbers as a batch, fewer at the end of a piece; lanes past them are 0.
template <class B>
formula::Lane<B> load(const typename B::value_type* x, std::size_t n) {
    return formula::Lane<B>(load_some<B>(x, n, typename B::value_type(0)));
}

/// Where a row of a result goes.
template <class B>
class RowOut {
    using T = typename B::value_type;

public:
    /// With `past_caches`, drain_stores() has to follow. y may be null.
    RowOut(T* y, bool past_caches)
        : y_(y),
          streams_(past_caches && reinterpret_cast<std::uintptr_t>(y) % sizeof(B) == 0) {}

    [[nodiscard]] explicit operator bool() const noexcept { return y_ != nullptr; }
    /// The first n of `value`, at column i.
    void store(const formula::Lane<B>& value, std::size_t i, std::size_t n) const {
        if (n < B::size)
            store_some(value.v, y_ + i, n);
        else if (streams_)
            store_past_caches(value.v, y_ + i);
        else
            value.v.store_unaligned(y_ + i);
    }
    void add(const formula::Lane<B>& value, std::size_t i, std::size_t n) const {
        store_some((load<B>(y_ + i, n) + value).v, y_ + i, n);
    }

private:
    T* y_;
    bool streams_;
};

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
