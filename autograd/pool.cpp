#include <autograd/pool.hpp>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace xgrad {
namespace {

// Up to small_limit every multiple of 64 is a class of its own, cut from slabs; above, eight
// classes an octave, so that at most an eighth of a block is unused.
constexpr std::size_t line = 64;
constexpr std::size_t small_limit = 1024;
constexpr std::size_t slab_bytes = std::size_t{64} << 10;
constexpr std::size_t classes = small_limit / line + 8 * 54;
constexpr std::size_t thread_cache_limit = std::size_t{1} << 30;
constexpr std::ptrdiff_t flush_bytes = 64 << 10;

struct SizeClass {
    std::size_t index;
    std::size_t bytes;
};

SizeClass size_class(std::size_t bytes) {
    if (bytes <= small_limit) {
        const std::size_t lines = std::max<std::size_t>(1, (bytes + line - 1) / line);
        return {lines - 1, lines * line};
    }
    const auto octave = static_cast<std::size_t>(std::bit_width(bytes - 1) - 1);  // 2^o < bytes
    const std::size_t step = std::size_t{1} << (octave - 3);
    const std::size_t eighths = (bytes - (std::size_t{1} << octave) + step - 1) / step;  // 1..8
    return {
        small_limit / line + (octave - 10) * 8 + eighths - 1,
        (std::size_t{1} << octave) + eighths * step};
}

bool plain_malloc() {
#ifdef XGRAD_PLAIN_MALLOC
    return true;
#else
    static const bool plain = [] {
        const char* value = std::getenv("XGRAD_PLAIN_MALLOC");
        return value && *value && *value != '0';
    }();
    return plain;
#endif
}

struct Block {
    Block* next;
};

void* system_allocate(std::size_t bytes) {
    if (void* block = std::aligned_alloc(line, bytes))
        return block;
    throw std::bad_alloc();
}

// What the threads share. Never destroyed: static Variables may outlive any static of ours.
struct Central {
    std::mutex mutex;
    Block* bins[classes] = {};
    std::vector<void*> slabs;
    std::atomic<std::ptrdiff_t> live{0};
    std::atomic<std::ptrdiff_t> peak{0};
    std::atomic<std::ptrdiff_t> cached{0};
    std::atomic<std::size_t> allocations{0};

    void note_peak(std::ptrdiff_t candidate) {
        std::ptrdiff_t seen = peak.load(std::memory_order_relaxed);
        while (candidate > seen && !peak.compare_exchange_weak(seen, candidate)) {}
    }
};

Central& central() {
    static Central* shared = new Central;
    return *shared;
}

// One thread's lists. `pending` is the change of live bytes not yet told to the others, and
// `high` its highest point, so that the peak is exact for one thread.
struct Cache {
    Block* bins[classes] = {};
    std::size_t kept = 0;
    std::byte* slab = nullptr;
    std::byte* slab_end = nullptr;
    std::ptrdiff_t pending = 0;
    std::ptrdiff_t high = 0;
    std::size_t calls = 0;

    void count(std::ptrdiff_t bytes) {
        pending += bytes;
        high = std::max(high, pending);
        if (pending > flush_bytes || pending < -flush_bytes)
            flush_counters();
    }

    void flush_counters() {
        Central& all = central();
        const std::ptrdiff_t before = all.live.fetch_add(pending);
        all.note_peak(before + high);
        all.allocations.fetch_add(calls, std::memory_order_relaxed);
        pending = high = 0;
        calls = 0;
    }

    void* refill(SizeClass size) {
        Central& all = central();
        {
            const std::lock_guard lock(all.mutex);
            if (Block* block = all.bins[size.index]) {
                all.bins[size.index] = block->next;
                all.cached -= static_cast<std::ptrdiff_t>(size.bytes);
                return block;
            }
        }
        if (size.bytes > small_limit)
            return system_allocate(size.bytes);
        if (slab_end - slab < static_cast<std::ptrdiff_t>(size.bytes)) {
            slab = static_cast<std::byte*>(system_allocate(slab_bytes));
            slab_end = slab + slab_bytes;
            const std::lock_guard lock(all.mutex);
            all.slabs.push_back(slab);
        }
        void* block = slab;
        slab += size.bytes;
        return block;
    }

    void hand_over() {
        Central& all = central();
        const std::lock_guard lock(all.mutex);
        for (std::size_t i = 0; i < classes; ++i) {
            while (Block* block = bins[i]) {
                bins[i] = block->next;
                block->next = all.bins[i];
                all.bins[i] = block;
            }
        }
        all.cached += static_cast<std::ptrdiff_t>(kept);
        kept = 0;
    }

    ~Cache();
};

// A thread's destructors may free arrays after its cache is gone; they go to the shared lists.
enum class State : std::uint8_t { unborn, alive, dead };
thread_local constinit Cache* current = nullptr;
thread_local constinit State state = State::unborn;

Cache::~Cache() {
    current = nullptr;
    state = State::dead;
    flush_counters();
    hand_over();
}

Cache* birth() {
    if (state == State::dead)
        return nullptr;
    static thread_local Cache cache;
    state = State::alive;
    return current = &cache;
}

void count_without_cache(std::ptrdiff_t bytes) {
    Central& all = central();
    all.note_peak(all.live.fetch_add(bytes) + bytes);
    if (bytes > 0)
        all.allocations.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

void* detail::pool_allocate(std::size_t bytes) {
    const SizeClass size = size_class(bytes);
    Cache* cache = current ? current : birth();
    if (!cache) {
        void* block = system_allocate(size.bytes);
        count_without_cache(static_cast<std::ptrdiff_t>(size.bytes));
        return block;
    }
    void* block;
    if (Block* cached = cache->bins[size.index]) {
        cache->bins[size.index] = cached->next;
        cache->kept -= size.bytes;
        block = cached;
    } else {
        block = plain_malloc() ? system_allocate(size.bytes) : cache->refill(size);
    }
    ++cache->calls;
    cache->count(static_cast<std::ptrdiff_t>(size.bytes));
    return block;
}

void detail::pool_free(void* block, std::size_t bytes) noexcept {
    const SizeClass size = size_class(bytes);
    Cache* cache = current ? current : birth();
    if (!cache) {
        count_without_cache(-static_cast<std::ptrdiff_t>(size.bytes));
    } else {
        cache->count(-static_cast<std::ptrdiff_t>(size.bytes));
    }
    if (plain_malloc()) {
        std::free(block);
        return;
    }
    auto* freed = static_cast<Block*>(block);
    if (!cache) {
        Central& all = central();
        const std::lock_guard lock(all.mutex);
        freed->next = all.bins[size.index];
        all.bins[size.index] = freed;
        all.cached += static_cast<std::ptrdiff_t>(size.bytes);
        return;
    }
    freed->next = cache->bins[size.index];
    cache->bins[size.index] = freed;
    cache->kept += size.bytes;
    if (cache->kept > thread_cache_limit)
        cache->hand_over();
}

MemoryStats memory_stats() {
    Cache* cache = current ? current : birth();
    if (cache)
        cache->flush_counters();
    const Central& all = central();
    return {
        static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, all.live)),
        static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, all.peak)),
        static_cast<std::size_t>(all.cached) + (cache ? cache->kept : 0),
        all.allocations};
}

void reset_peak_memory() {
    if (Cache* cache = current ? current : birth())
        cache->flush_counters();
    central().peak = central().live.load();
}

void empty_cache() {
    if (Cache* cache = current ? current : birth())
        cache->hand_over();
    Central& all = central();
    const std::lock_guard lock(all.mutex);
    // Blocks up to small_limit are parts of slabs, which stay.
    for (std::size_t i = small_limit / line; i < classes; ++i) {
        const std::size_t octave = (i - small_limit / line) / 8 + 10;
        const std::size_t eighths = (i - small_limit / line) % 8 + 1;
        const std::size_t bytes = (std::size_t{1} << octave) + (eighths << (octave - 3));
        while (Block* block = all.bins[i]) {
            all.bins[i] = block->next;
            all.cached -= static_cast<std::ptrdiff_t>(bytes);
            std::free(block);
        }
    }
}

}  // namespace xgrad
