#include <tools/tensorboard_event.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace xgrad::report::detail {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
        table[byte] = crc;
    }
    return table;
}

// TFRecord stores a checksum rotated and shifted, so that one of data with checksums in them works.
std::uint32_t masked(std::uint32_t crc) noexcept { return std::rotr(crc, 15) + 0xA282EAD8U; }

template <class Word>
void put_word(std::string& to, Word word) {
    for (std::size_t i = 0; i < sizeof(Word); ++i)
        to += static_cast<char>(word >> (8 * i) & 0xFF);
}

// A message of protocol buffers, field by field, in the wire format.
class Message {
public:
    Message& integer(std::uint32_t field, std::uint64_t value) {
        key(field, 0);
        varint(value);
        return *this;
    }
    Message& number(std::uint32_t field, double value) {
        key(field, 1);
        put_word(bytes_, std::bit_cast<std::uint64_t>(value));
        return *this;
    }
    Message& single(std::uint32_t field, float value) {
        key(field, 5);
        put_word(bytes_, std::bit_cast<std::uint32_t>(value));
        return *this;
    }
    Message& text(std::uint32_t field, std::string_view value) {
        key(field, 2);
        varint(value.size());
        bytes_ += value;
        return *this;
    }
    Message& message(std::uint32_t field, const Message& value) {
        return text(field, value.bytes_);
    }
    Message& numbers(std::uint32_t field, const std::vector<double>& values) {
        std::string packed;
        for (const double value : values)
            put_word(packed, std::bit_cast<std::uint64_t>(value));
        return text(field, packed);
    }

    [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

private:
    void key(std::uint32_t field, std::uint32_t wire) { varint(field << 3 | wire); }
    void varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7)
            bytes_ += static_cast<char>((value & 0x7F) | 0x80);
        bytes_ += static_cast<char>(value);
    }

    std::string bytes_;
};

// Event: 1 wall_time, 2 step, 3 file_version, 5 summary. Summary: 1 value. Value: 1 tag, and one of
// 2 simple_value, 4 image, 5 histo.
std::string event(double time, std::uint64_t step, const Message& value) {
    Message summary, event;
    summary.message(1, value);
    return event.number(1, time).integer(2, step).message(5, summary).bytes();
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) noexcept {
    static constexpr auto table = crc_table();
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char c : bytes)
        crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xFF] ^ (crc >> 8);
    return ~crc;
}

std::string record(std::string_view data) {
    std::string bytes;
    put_word(bytes, static_cast<std::uint64_t>(data.size()));
    put_word(bytes, masked(crc32c(bytes)));
    bytes += data;
    put_word(bytes, masked(crc32c(data)));
    return bytes;
}

Histogram histogram_of(std::span<const double> values, std::size_t intervals) {
    Histogram found;
    found.min = std::numeric_limits<double>::infinity();
    found.max = -found.min;
    for (const double value : values) {
        if (!std::isfinite(value))
            continue;
        found.min = std::min(found.min, value);
        found.max = std::max(found.max, value);
        ++found.count;
        found.sum += value;
        found.sum_of_squares += value * value;
    }
    if (found.count == 0)
        return {};
    // In halves, so that the width of all doubles is still a number; that of two denormals is 0.
    const double half_width = found.max / 2 - found.min / 2;
    if (!(half_width > 0)) {
        found.limits = {found.max};
        found.counts = {found.count};
        return found;
    }
    const auto n = static_cast<double>(intervals);
    found.counts.assign(intervals, 0);
    for (const double value : values) {
        if (!std::isfinite(value))
            continue;
        const double share = (value / 2 - found.min / 2) / half_width;
        ++found.counts[std::min(intervals - 1, static_cast<std::size_t>(share * n))];
    }
    for (std::size_t i = 1; i < intervals; ++i)
        found.limits.push_back(found.min + 2 * (half_width * (static_cast<double>(i) / n)));
    found.limits.push_back(found.max);
    return found;
}

std::string version_event(double time) {
    return Message().number(1, time).text(3, "brain.Event:2").bytes();
}

std::string scalar_event(double time, std::uint64_t step, std::string_view tag, double value) {
    return event(time, step, Message().text(1, tag).single(2, static_cast<float>(value)));
}

// HistogramProto: 1 min, 2 max, 3 num, 4 sum, 5 sum_squares, 6 bucket_limit, 7 bucket.
std::string histogram_event(
    double time, std::uint64_t step, std::string_view tag, const Histogram& h) {
    Message histogram;
    histogram.number(1, h.min).number(2, h.max).number(3, h.count).number(4, h.sum);
    histogram.number(5, h.sum_of_squares).numbers(6, h.limits).numbers(7, h.counts);
    return event(time, step, Message().text(1, tag).message(5, histogram));
}

// Image: 1 height, 2 width, 3 colorspace (1: grey), 4 encoded_image_string.
std::string image_event(double time, std::uint64_t step, std::string_view tag, const Image& image) {
    Message picture;
    picture.integer(1, image.height).integer(2, image.width).integer(3, 1).text(4, png(image));
    return event(time, step, Message().text(1, tag).message(4, picture));
}

}  // namespace xgrad::report::detail
