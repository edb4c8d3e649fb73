#include <autograd/fail.hpp>
#include <tools/report.hpp>

#include <zlib.h>

namespace xgrad::report {
namespace {

void put_big_endian(std::string& to, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
        to += static_cast<char>(value >> shift & 0xFF);
}

const Bytef* bytes_of(const std::string& text) {
    return reinterpret_cast<const Bytef*>(text.data());
}

// Length, type, data, and the checksum of the last two.
void put_chunk(std::string& to, const char* type, const std::string& data) {
    const std::string checked = type + data;
    put_big_endian(to, static_cast<std::uint32_t>(data.size()));
    to += checked;
    const auto sum =
        crc32(crc32(0, nullptr, 0), bytes_of(checked), static_cast<uInt>(checked.size()));
    put_big_endian(to, static_cast<std::uint32_t>(sum));
}

}  // namespace

std::string png(const Image& image) {
    if (image.pixels.empty() || image.pixels.size() != image.width * image.height) {
        fail<std::invalid_argument>(
            "png: {} pixels for an image of {} x {}; need one for each, and at least one",
            image.pixels.size(),
            image.width,
            image.height);
    }
    std::string rows;  // each starts with its filter: none
    for (std::size_t y = 0; y < image.height; ++y) {
        rows += '\0';
        const auto* row = reinterpret_cast<const char*>(image.pixels.data() + y * image.width);
        rows.append(row, image.width);
    }
    uLongf size = compressBound(rows.size());
    std::string packed(size, '\0');
    if (compress2(reinterpret_cast<Bytef*>(packed.data()), &size, bytes_of(rows), rows.size(), 9) !=
        Z_OK) {
        fail<std::runtime_error>("png: zlib could not compress {} bytes", rows.size());
    }
    packed.resize(size);

    std::string header;
    put_big_endian(header, static_cast<std::uint32_t>(image.width));
    put_big_endian(header, static_cast<std::uint32_t>(image.height));
    header += std::string("\x08\0\0\0\0", 5);  // 8 bits, grey, deflate, no filter, not interlaced
    std::string file = "\x89PNG\r\n\x1a\n";
    put_chunk(file, "IHDR", header);
    put_chunk(file, "IDAT", packed);
    put_chunk(file, "IEND", "");
    return file;
}

std::string base64(std::string_view bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            group <<= 8;
            if (i + k < bytes.size())
                group |= static_cast<unsigned char>(bytes[i + k]);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            const bool padding = i + k > bytes.size();
            text += padding ? '=' : digits[group >> (18 - 6 * k) & 63];
        }
    }
    return text;
}

}  // namespace xgrad::report
