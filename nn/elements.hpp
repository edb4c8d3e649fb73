// Internal: numbers as files hold them.
#pragma once

#include <autograd/array.hpp>
#include <nn/byte_source.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace xgrad::nn {

enum class ElementType {
    boolean,
    int8,
    uint8,
    int16,
    uint16,
    int32,
    uint32,
    int64,
    uint64,
    float16,
    bfloat16,
    float32,
    float64,
};

[[nodiscard]] std::size_t size_of(ElementType type) noexcept;
[[nodiscard]] bool is_float(ElementType type) noexcept;

/// What an array of that shape takes, 0 where an extent is 0; nothing where the other extents'
/// product does not fit ptrdiff_t.
[[nodiscard]] std::optional<std::uint64_t> bytes_of(const Shape& shape, ElementType type) noexcept;

/// Fills `to` from the source's next bytes, each element, its bytes the other way round where
/// `swapped`, converted to the nearest T; true is 1. T may be std::int64_t for types that are not
/// floats; false then says that a value is too large for it.
template <class T>
bool read_elements(ByteSource& source, ElementType type, bool swapped, Array<T>& to);

}  // namespace xgrad::nn
