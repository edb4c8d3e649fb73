// What the fuzz targets share: libFuzzer's bytes as a file, and what must hold whatever they are.
#pragma once

#include <autograd/error.hpp>
#include <autograd/pool.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace xgrad::test {

/// Reads a file of these bytes by `read(path)`, which may throw IoError and nothing else, and may
/// take `bytes_per_byte` bytes of memory for each byte of the file, and 1 MiB.
template <class Read>
void read_as_file(
    const std::uint8_t* data, std::size_t size, std::size_t bytes_per_byte, Read read) {
    static const int file = ::memfd_create("fuzz", 0);
    static const std::filesystem::path path = "/proc/self/fd/" + std::to_string(file);
    if (::ftruncate(file, 0) != 0 || ::pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) {
        std::perror("fuzz: the file could not be written");
        std::abort();
    }
    const std::size_t live = memory_stats().live_bytes;
    reset_peak_memory();
    try {
        read(path);
    } catch (const IoError&) {}
    const MemoryStats stats = memory_stats();
    const std::size_t taken = stats.peak_bytes - live;
    if (taken > size * bytes_per_byte + (1 << 20) || stats.live_bytes != live) {
        std::fprintf(
            stderr,
            "fuzz: a file of %zu bytes took %zu and left %zu\n",
            size,
            taken,
            stats.live_bytes - live);
        std::abort();
    }
}

}  // namespace xgrad::test
