// Internal: what a safetensors file says that it holds, and how it is written.
#pragma once

#include <nn/byte_source.hpp>
#include <nn/elements.hpp>

#include <filesystem>
#include <functional>
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

/// save() with a moment when the file is safe but not yet in its place: AtomicFile::commit().
template <class T>
void save_safetensors(
    const std::filesystem::path& path,
    const std::map<std::string, Array<T>>& state,
    const std::map<std::string, std::string>& metadata,
    const std::function<void()>& before_rename);

}  // namespace xgrad::nn
