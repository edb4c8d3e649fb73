// The memory every array and tape node lives in: a caching pool.
//
// Freed blocks stay in per-thread lists, one for each size class, and are handed out again last
// in first out. A tape allocates and frees the same sizes over and over; through malloc each large
// block is returned to the system and its pages fault again, which costs ten times the arithmetic.
#pragma once

#include <cstddef>
#include <new>

namespace xgrad {

/// What the pool has handed out, over all threads. Another thread's last 64 KiB may be missing.
struct MemoryStats {
    std::size_t live_bytes;    ///< in use now, rounded up to size classes
    std::size_t peak_bytes;    ///< the most that was in use since the last reset_peak_memory()
    std::size_t cached_bytes;  ///< freed, kept for reuse
    std::size_t allocations;   ///< calls so far
};

/// The counters as they are now.
[[nodiscard]] MemoryStats memory_stats();

/// Sets peak_bytes to live_bytes.
void reset_peak_memory();

/// Returns the cached blocks above 1 KiB of this thread, and those no thread owns, to the system.
void empty_cache();

namespace detail {

/// At least `bytes`, aligned to 64. Throws std::bad_alloc. The environment variable
/// XGRAD_PLAIN_MALLOC=1, or the build option plain_malloc, sends every call to malloc, so that
/// sanitizers and valgrind see each block.
[[nodiscard]] void* pool_allocate(std::size_t bytes);
void pool_free(void* block, std::size_t bytes) noexcept;

}  // namespace detail

/// The standard allocator over the pool; stateless, 64-byte aligned.
template <class T>
class PoolAllocator {
public:
    using value_type = T;
    using pointer = T*;
    using const_pointer = const T*;
    using reference = T&;
    using const_reference = const T&;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    template <class U>
    struct rebind {
        using other = PoolAllocator<U>;
    };

    PoolAllocator() noexcept = default;
    template <class U>
    PoolAllocator(const PoolAllocator<U>&) noexcept {}

    [[nodiscard]] T* allocate(std::size_t n, const void* = nullptr) {
        if (n > static_cast<std::size_t>(-1) / 2 / sizeof(T))
            throw std::bad_array_new_length();
        return static_cast<T*>(detail::pool_allocate(n * sizeof(T)));
    }
    void deallocate(T* block, std::size_t n) noexcept {
        if (block)
            detail::pool_free(block, n * sizeof(T));
    }
    template <class U, class... Args>
    void construct(U* at, Args&&... args) {
        ::new (static_cast<void*>(at)) U(static_cast<Args&&>(args)...);
    }
    template <class U>
    void destroy(U* at) {
        at->~U();
    }

    friend bool operator==(PoolAllocator, PoolAllocator) noexcept { return true; }
    friend bool operator!=(PoolAllocator, PoolAllocator) noexcept { return false; }
};

}  // namespace xgrad
