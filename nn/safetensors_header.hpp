// Internal: what a safetensors file says that it holds.
#pragma once

#include <nn/byte_source.hpp>
#include <nn/elements.hpp>

#include <map>
#include <string>
#include <vector>

namespace xgrad::nn {

struct SafetensorsEntry {
    std::string name;
    Shape shape;
    ElementType type;
    std::uint64_t begin, end;  ///< from the header's end
};

struct SafetensorsHeader {
    std::vector<SafetensorsEntry> entries;  ///< by offset; they fill the rest of the file
    std::map<std::string, std::string> metadata;
};

/// Reads up to the first array. Throws IoError for a header that is not valid or does not fit the
/// file's size.
[[nodiscard]] SafetensorsHeader read_safetensors_header(ByteSource& file);

}  // namespace xgrad::nn
