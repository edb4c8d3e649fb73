#include <autograd/pool.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

using namespace xgrad;
using detail::pool_allocate;
using detail::pool_free;

namespace {

// Under plain malloc nothing is reused and nothing cached.
bool plain_malloc() {
#ifdef XGRAD_PLAIN_MALLOC
    return true;
#else
    const char* value = std::getenv("XGRAD_PLAIN_MALLOC");
    return value && *value && *value != '0';
#endif
}

}  // namespace

TEST_CASE("pool: every block is aligned to 64 bytes and writable to its end") {
    std::vector<std::pair<void*, std::size_t>> blocks;
    for (const std::size_t bytes : {1, 63, 64, 65, 100, 1000, 1024, 1025, 1153, 5000, 1 << 20}) {
        void* block = pool_allocate(bytes);
        CHECK(reinterpret_cast<std::uintptr_t>(block) % 64 == 0);
        std::memset(block, 0xAB, bytes);
        blocks.emplace_back(block, bytes);
    }
    for (const auto& [block, bytes] : blocks)
        pool_free(block, bytes);
}

TEST_CASE("pool: a request for nothing gives a block") {
    const std::size_t before = memory_stats().live_bytes;
    void* a = pool_allocate(0);
    void* b = pool_allocate(0);
    CHECK(a != nullptr);
    CHECK(a != b);
    pool_free(a, 0);
    pool_free(b, 0);
    CHECK(memory_stats().live_bytes == before);
}

TEST_CASE("pool: a freed block is handed out again, last in first out") {
    if (plain_malloc())
        return;
    for (const std::size_t bytes : {64, 1000, 5000}) {
        void* a = pool_allocate(bytes);
        void* b = pool_allocate(bytes);
        pool_free(a, bytes);
        pool_free(b, bytes);
        CHECK(pool_allocate(bytes - 1) == b);  // of the same class
        CHECK(pool_allocate(bytes) == a);
        pool_free(a, bytes);
        pool_free(b, bytes - 1);
    }
}

TEST_CASE("pool: the counters of one thread are exact") {
    const MemoryStats before = memory_stats();
    reset_peak_memory();
    CHECK(memory_stats().peak_bytes == before.live_bytes);
    void* a = pool_allocate(100);   // 128
    void* b = pool_allocate(1025);  // 1024 + 128
    MemoryStats now = memory_stats();
    CHECK(now.live_bytes == before.live_bytes + 128 + 1152);
    CHECK(now.allocations == before.allocations + 2);
    pool_free(b, 1025);
    void* c = pool_allocate(64);
    now = memory_stats();
    CHECK(now.live_bytes == before.live_bytes + 128 + 64);
    CHECK(now.peak_bytes == before.live_bytes + 128 + 1152);
    CHECK(now.allocations == before.allocations + 3);
    pool_free(a, 100);
    pool_free(c, 64);
    CHECK(memory_stats().live_bytes == before.live_bytes);
    CHECK(memory_stats().peak_bytes == before.live_bytes + 128 + 1152);
}

TEST_CASE("pool: at most an eighth of a block above 1 KiB is unused") {
    const std::size_t before = memory_stats().live_bytes;
    for (std::size_t bytes = 1025; bytes < 100000; bytes += 997) {
        void* block = pool_allocate(bytes);
        const std::size_t used = memory_stats().live_bytes - before;
        CHECK(used >= bytes);
        CHECK(used <= bytes + bytes / 8 + 64);
        pool_free(block, bytes);
    }
    CHECK(memory_stats().live_bytes == before);
}

TEST_CASE("pool: empty_cache gives the large blocks back") {
    if (plain_malloc())
        return;
    pool_free(pool_allocate(1 << 20), 1 << 20);
    const std::size_t cached = memory_stats().cached_bytes;
    CHECK(cached >= 1 << 20);
    const std::size_t live = memory_stats().live_bytes;
    empty_cache();
    CHECK(memory_stats().cached_bytes <= cached - (1 << 20));
    CHECK(memory_stats().live_bytes == live);
    void* block = pool_allocate(1 << 20);
    std::memset(block, 1, 1 << 20);
    pool_free(block, 1 << 20);
}

TEST_CASE("pool: a block freed by another thread is counted and reused") {
    const std::size_t before = memory_stats().live_bytes;
    void* block = pool_allocate(4096);
    std::thread([&] { pool_free(block, 4096); }).join();
    CHECK(memory_stats().live_bytes == before);
    void* made = nullptr;
    std::thread([&] { made = pool_allocate(4096); }).join();
    CHECK(memory_stats().live_bytes == before + 4096);
    std::memset(made, 1, 4096);
    pool_free(made, 4096);
    CHECK(memory_stats().live_bytes == before);
}

TEST_CASE("pool: an array made on one thread dies on another") {
    const std::size_t before = memory_stats().live_bytes;
    auto x = std::make_unique<Variable<double>>(Array<double>(Shape{100}, 1.0), true);
    auto y = std::make_unique<Variable<double>>(sum(*x * *x));
    std::thread([&] {
        y->backward();
        y.reset();
        x.reset();
    }).join();
    CHECK(memory_stats().live_bytes == before);
}

TEST_CASE("PoolAllocator: a size that overflows is refused") {
    PoolAllocator<double> allocator;
    CHECK_THROWS_AS(
        static_cast<void>(allocator.allocate(static_cast<std::size_t>(-1) / 4)),
        std::bad_array_new_length);
}

TEST_CASE("PoolAllocator: all are equal, for any type") {
    CHECK(PoolAllocator<int>() == PoolAllocator<int>(PoolAllocator<double>()));
    std::vector<int, PoolAllocator<int>> numbers(1000, 7);
    CHECK(reinterpret_cast<std::uintptr_t>(numbers.data()) % 64 == 0);
    numbers.resize(100000, 8);
    CHECK(numbers[999] == 7);
    CHECK(numbers[99999] == 8);
}
