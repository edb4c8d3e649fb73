// Internal: arrays too large for the processor's caches.
#pragma once

#include <cstddef>

namespace xgrad::detail {

/// Whether an array of n elements is written past the caches, which it would only flush.
template <class T>
[[nodiscard]] constexpr bool past_caches(std::size_t n) noexcept {
    constexpr std::size_t bytes = std::size_t{12} << 20;
    return n * sizeof(T) > bytes;
}

}  // namespace xgrad::detail
