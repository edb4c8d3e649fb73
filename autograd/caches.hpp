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

/// The same for rows of n elements in all that are read more than once before they are written:
/// on Intel's processors alone, since others gain nothing, or lose (DESIGN.md, 45).
template <class T>
[[nodiscard]] bool rows_past_caches(std::size_t n) noexcept {
    return past_caches<T>(n) && __builtin_cpu_is("intel");
}

}  // namespace xgrad::detail
