// Weights in files: the safetensors format, data only.
#pragma once

#include <nn/module.hpp>

#include <filesystem>
#include <map>
#include <string>

namespace xgrad::nn {

/// Writes the arrays as a safetensors file that other frameworks read: an 8-byte little-endian
/// header length, a JSON header with dtype, shape and offsets, then the elements row-major. The
/// file appears whole or not at all: written beside, synced, renamed. Where `path` is a symbolic
/// link, the file it points to is replaced and the link stays. Throws IoError that names the file
/// and the fault: a path that cannot be written to or is no regular file, a full disk, a name or
/// metadata that is not UTF-8; then the old file is as it was and nothing is left beside it. A save
/// that is killed may leave what it has written, "NAME.part" and 16 hex digits, which can be
/// removed.
template <class T>
void save(
    const std::filesystem::path& path,
    const StateDict<T>& state,
    const std::map<std::string, std::string>& metadata = {});

/// Reads a safetensors file, its arrays converted to the nearest T: F16, BF16, F32, F64, integers
/// (of 2^53 and more a double, of 2^24 and more a float, keeps the leading digits only), BOOL as 0
/// or 1. Nothing is trusted before it is checked: the header's length and form, names that come
/// twice, dtypes, shapes whose product may overflow, offsets that overlap or leave gaps, the file's
/// exact size. `metadata`, where given, becomes the file's. Throws IoError that names the file and
/// the fault; then `metadata` is as it was.
template <class T>
[[nodiscard]] StateDict<T> load(
    const std::filesystem::path& path, std::map<std::string, std::string>* metadata = nullptr);

}  // namespace xgrad::nn
