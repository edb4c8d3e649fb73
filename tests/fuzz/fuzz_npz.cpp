#include <nn/npz.hpp>
#include <tests/fuzz/fuzz.hpp>

#include <zlib.h>

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

namespace {

using Bytes = std::vector<std::uint8_t>;

void add(Bytes& bytes, std::initializer_list<std::pair<std::size_t, int>> numbers) {
    for (const auto& [number, width] : numbers) {
        for (int i = 0; i < width; ++i)
            bytes.push_back(static_cast<std::uint8_t>(number >> 8 * i));
    }
}

Bytes deflated(const std::uint8_t* data, std::size_t size) {
    Bytes packed(compressBound(size));
    uLongf length = packed.size();
    compress2(packed.data(), &length, data, size, 1);
    // Without zlib's header and checksum.
    return {packed.begin() + 2, packed.begin() + static_cast<std::ptrdiff_t>(length) - 4};
}

// An archive of one member, its checksum right, which no mutation of bytes would find: byte 0 says
// how it is packed and what is wrong, byte 1 how long its name is, byte 2 by how much its size is
// wrong; then the name and the content.
Bytes archive_of(const std::uint8_t* data, std::size_t size) {
    const std::size_t name = std::min<std::size_t>(data[1] % 32, size - 3);
    const std::uint8_t* const content = data + 3 + name;
    const std::size_t length = size - 3 - name;
    const bool deflates = (data[0] & 2) != 0;
    const Bytes packed = deflates ? deflated(content, length) : Bytes(content, content + length);
    const std::size_t claimed = length + ((data[0] & 4) != 0 ? data[2] : 0);
    Bytes common;
    add(common,
        {{20, 2},
         {(data[0] & 8) != 0 ? data[2] : 0U, 2},
         {deflates ? 8U : 0U, 2},
         {0, 4},
         {crc32(0, content, static_cast<uInt>(length)), 4},
         {packed.size(), 4},
         {claimed, 4},
         {name, 2},
         {0, 2}});
    Bytes zip;
    add(zip, {{0x04034B50, 4}});
    zip.insert(zip.end(), common.begin(), common.end());
    zip.insert(zip.end(), data + 3, content);
    zip.insert(zip.end(), packed.begin(), packed.end());
    const std::size_t directory = zip.size();
    add(zip, {{0x02014B50, 4}, {20, 2}});
    zip.insert(zip.end(), common.begin(), common.end());
    add(zip, {{0, 8}, {0, 6}});
    zip.insert(zip.end(), data + 3, content);
    add(zip, {{0x06054B50, 4}, {0, 4}, {1, 2}, {1, 2}, {46 + name, 4}, {directory, 4}, {0, 2}});
    return zip;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = [](const std::filesystem::path& path) {
        static_cast<void>(xgrad::nn::load_npz<float>(path));
    };
    constexpr std::size_t bytes_per_byte = 1032 * 16;
    xgrad::test::read_as_file(data, size, bytes_per_byte, read);
    if (size > 3) {
        const Bytes zip = archive_of(data, size);
        xgrad::test::read_as_file(zip.data(), zip.size(), bytes_per_byte, read);
    }
    return 0;
}
