#include <nn/elements.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

namespace xgrad::nn {

std::size_t size_of(ElementType type) noexcept {
    switch (type) {
        case ElementType::boolean:
        case ElementType::int8:
        case ElementType::uint8: return 1;
        case ElementType::int16:
        case ElementType::uint16:
        case ElementType::float16:
        case ElementType::bfloat16: return 2;
        case ElementType::int32:
        case ElementType::uint32:
        case ElementType::float32: return 4;
        default: return 8;
    }
}

bool is_float(ElementType type) noexcept {
    return type == ElementType::float16 || type == ElementType::bfloat16 ||
           type == ElementType::float32 || type == ElementType::float64;
}

std::optional<std::uint64_t> bytes_of(const Shape& shape, ElementType type) noexcept {
    bool is_empty = false;
    std::ptrdiff_t bytes = static_cast<std::ptrdiff_t>(size_of(type));
    for (const std::size_t extent : shape) {
        is_empty |= extent == 0;
        // Of an empty array, too: its strides are products of the other extents.
        if (extent != 0 && __builtin_mul_overflow(bytes, extent, &bytes))
            return std::nullopt;
    }
    return is_empty ? 0 : static_cast<std::uint64_t>(bytes);
}

namespace {

template <class Bits>
Bits load_bits(const char* bytes, bool swapped) {
    Bits bits;
    std::memcpy(&bits, bytes, sizeof bits);
    if (!swapped)
        return bits;
    Bits reversed = 0;
    for (std::size_t i = 0; i < sizeof bits; ++i)
        reversed = static_cast<Bits>(reversed << 8 % (8 * sizeof bits) | (bits >> 8 * i & 0xFF));
    return reversed;
}

template <class From, class Bits, class T>
bool convert_bits(bool swapped, const char* bytes, std::size_t n, T* to) {
    bool fits = true;
    for (std::size_t i = 0; i < n; ++i) {
        const auto value = std::bit_cast<From>(load_bits<Bits>(bytes + i * sizeof(Bits), swapped));
        if constexpr (std::is_integral_v<T>)
            fits &= std::in_range<T>(value);
        to[i] = static_cast<T>(value);
    }
    return fits;
}

// IEEE 754 binary16: 1 bit sign, 5 bits exponent, 10 bits fraction.
float half_value(std::uint16_t bits) {
    const std::uint32_t sign = std::uint32_t{bits} >> 15 << 31;
    const std::uint32_t exponent = bits >> 10 & 0x1F;
    const std::uint32_t fraction = bits & 0x3FF;
    if (exponent == 0) {  // zero or subnormal: the fraction times 2^-24, exact in float
        const float size = static_cast<float>(fraction) * 0x1p-24F;
        return sign != 0 ? -size : size;
    }
    const std::uint32_t wide = exponent == 0x1F ? 0xFF : exponent + (127 - 15);
    return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

float bfloat_value(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

template <class T>
void convert_short(
    float (*value)(std::uint16_t), bool swapped, const char* bytes, std::size_t n, T* to) {
    for (std::size_t i = 0; i < n; ++i)
        to[i] = static_cast<T>(value(load_bits<std::uint16_t>(bytes + 2 * i, swapped)));
}

template <class T>
bool convert_float(ElementType type, bool swapped, const char* bytes, std::size_t n, T* to) {
    switch (type) {
        case ElementType::float16: convert_short(half_value, swapped, bytes, n, to); return true;
        case ElementType::bfloat16: convert_short(bfloat_value, swapped, bytes, n, to); return true;
        case ElementType::float32: return convert_bits<float, std::uint32_t>(swapped, bytes, n, to);
        default: return convert_bits<double, std::uint64_t>(swapped, bytes, n, to);
    }
}

template <class T>
bool convert_integer(ElementType type, bool swapped, const char* bytes, std::size_t n, T* to) {
    using std::uint16_t, std::uint32_t, std::uint64_t, std::uint8_t;
    switch (type) {
        case ElementType::int8: return convert_bits<std::int8_t, uint8_t>(swapped, bytes, n, to);
        case ElementType::uint8: return convert_bits<uint8_t, uint8_t>(swapped, bytes, n, to);
        case ElementType::int16: return convert_bits<std::int16_t, uint16_t>(swapped, bytes, n, to);
        case ElementType::uint16: return convert_bits<uint16_t, uint16_t>(swapped, bytes, n, to);
        case ElementType::int32: return convert_bits<std::int32_t, uint32_t>(swapped, bytes, n, to);
        case ElementType::uint32: return convert_bits<uint32_t, uint32_t>(swapped, bytes, n, to);
        case ElementType::int64: return convert_bits<std::int64_t, uint64_t>(swapped, bytes, n, to);
        case ElementType::uint64: return convert_bits<uint64_t, uint64_t>(swapped, bytes, n, to);
        default:
            for (std::size_t i = 0; i < n; ++i)
                to[i] = static_cast<T>(bytes[i] != 0);
            return true;
    }
}

template <class T>
bool convert(ElementType type, bool swapped, const char* bytes, std::size_t n, T* to) {
    if constexpr (std::is_floating_point_v<T>) {
        if (is_float(type))
            return convert_float(type, swapped, bytes, n, to);
    }
    return convert_integer(type, swapped, bytes, n, to);
}

constexpr std::size_t chunk_elements = std::size_t{1} << 15;  // stay in the cache

}  // namespace

template <class T>
bool read_elements(ByteSource& source, ElementType type, bool swapped, Array<T>& to) {
    const std::size_t width = size_of(type);
    std::vector<char> bytes(std::min(to.size(), chunk_elements) * width);
    bool fits = true;
    for (std::size_t i = 0; i < to.size(); i += chunk_elements) {
        const std::size_t n = std::min(to.size() - i, chunk_elements);
        source.read(bytes.data(), n * width);
        fits &= convert(type, swapped, bytes.data(), n, to.data() + i);
    }
    return fits;
}

template bool read_elements(ByteSource&, ElementType, bool, Array<float>&);
template bool read_elements(ByteSource&, ElementType, bool, Array<double>&);
template bool read_elements(ByteSource&, ElementType, bool, Array<std::int64_t>&);

}  // namespace xgrad::nn
