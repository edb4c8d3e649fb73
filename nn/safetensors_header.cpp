#include <nn/safetensors_header.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace xgrad::nn {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t max_header = std::uint64_t{100} << 20;  // the format's own limit
constexpr int max_depth = 3;  // of the header's objects and lists: all, an array's, its shape

std::optional<ElementType> type_of(std::string_view dtype) {
    constexpr std::array<std::pair<std::string_view, ElementType>, 13> types{{
        {"BOOL", ElementType::boolean},
        {"I8", ElementType::int8},
        {"U8", ElementType::uint8},
        {"I16", ElementType::int16},
        {"U16", ElementType::uint16},
        {"I32", ElementType::int32},
        {"U32", ElementType::uint32},
        {"I64", ElementType::int64},
        {"U64", ElementType::uint64},
        {"F16", ElementType::float16},
        {"BF16", ElementType::bfloat16},
        {"F32", ElementType::float32},
        {"F64", ElementType::float64},
    }};
    const auto* const found =
        std::ranges::find(types, dtype, &std::pair<std::string_view, ElementType>::first);
    return found == types.end() ? std::nullopt : std::optional(found->second);
}

// An object with a dtype, a shape and two data_offsets of the right kinds.
bool is_entry(const Json& json) {
    const auto is_list = [&](const char* key) {
        const auto list = json.find(key);
        return list != json.end() && list->is_array() &&
               std::all_of(list->begin(), list->end(), [](const Json& number) {
                   return number.is_number_unsigned();
               });
    };
    const auto dtype = json.find("dtype");
    return json.is_object() && dtype != json.end() && dtype->is_string() && is_list("shape") &&
           is_list("data_offsets") && json.at("data_offsets").size() == 2;
}

// One array's header entry, checked for itself.
SafetensorsEntry parse_entry(const ByteSource& file, const std::string& name, const Json& json) {
    if (!is_entry(json))
        file.fail("the entry \"{}\" is not valid; need dtype, shape and data_offsets", name);
    const auto dtype = json.at("dtype").get<std::string>();
    const std::optional<ElementType> type = type_of(dtype);
    if (!type) {
        file.fail(
            "\"{}\" has dtype {}; need BOOL, I8 to I64, U8 to U64, F16, BF16, F32 or F64",
            name,
            dtype);
    }
    const auto offsets = json.at("data_offsets").get<std::array<std::uint64_t, 2>>();
    SafetensorsEntry entry{name, {}, *type, offsets[0], offsets[1]};
    for (const Json& extent : json.at("shape"))
        entry.shape.push_back(extent.get<std::uint64_t>());
    const auto bytes = bytes_of(entry.shape, *type);
    if (!bytes || !bytes_of(entry.shape, ElementType::float64))
        file.fail("\"{}\" has a shape whose size overflows; need one below 2^63", name);
    if (entry.end < entry.begin || entry.end - entry.begin != *bytes) {
        file.fail(
            "\"{}\" has offsets {} to {}; need {} bytes for its shape",
            name,
            entry.begin,
            entry.end,
            *bytes);
    }
    return entry;
}

// The header as JSON, no key twice in an object; nested no deeper than needed, as each level takes
// more memory than the byte that opens it.
Json parse_json(const ByteSource& file, const std::string& text) {
    std::vector<std::set<std::string>> keys;
    const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
        using Event = Json::parse_event_t;
        if ((event == Event::object_start || event == Event::array_start) && depth >= max_depth)
            file.fail("the header is nested deeper than {}; need a safetensors file", max_depth);
        if (event == Event::object_start)
            keys.emplace_back();
        else if (event == Event::object_end)
            keys.pop_back();
        else if (event == Event::key && !keys.back().insert(value.get<std::string>()).second)
            file.fail("the header has {} twice; need each name once", value.dump());
        return true;
    };
    try {
        Json json = Json::parse(text, check);
        if (json.is_object())
            return json;
    } catch (const Json::parse_error& error) {
        file.fail(
            "the header is not JSON at byte {} of the file; need a safetensors file",
            8 + error.byte - std::min<std::size_t>(error.byte, 1));
    } catch (const Json::out_of_range&) {
        file.fail("a number in the header is too large; need a safetensors file");
    }
    file.fail("the header is not a JSON object; need a safetensors file");
}

std::map<std::string, std::string> parse_metadata(const ByteSource& file, const Json& json) {
    std::map<std::string, std::string> metadata;
    const bool is_valid = json.is_object() && std::all_of(json.begin(), json.end(), [](auto& text) {
                              return text.is_string();
                          });
    if (!is_valid)
        file.fail("the metadata is not valid; need an object of texts");
    for (const auto& [key, value] : json.items())
        metadata[key] = value.get<std::string>();
    return metadata;
}

// The arrays fill `bytes` without a gap or an overlap.
void check_offsets(
    const ByteSource& file, const std::vector<SafetensorsEntry>& entries, std::uint64_t bytes) {
    std::uint64_t at = 0;
    for (const SafetensorsEntry& entry : entries) {
        if (entry.begin != at) {
            file.fail(
                "\"{}\" begins at {}, the array before it ends at {}; need no gap and no overlap",
                entry.name,
                entry.begin,
                at);
        }
        at = entry.end;
    }
    if (at != bytes) {
        file.fail(
            "the file is {}: {} bytes follow the header; need {}",
            bytes < at ? "cut short" : "too long",
            bytes,
            at);
    }
}

std::string read_text(ByteSource& file) {
    if (file.size() < 8)
        file.fail("the file has {} bytes; need at least 8", file.size());
    std::uint64_t length = 0;
    file.read(&length, 8);
    if (length > max_header || length > file.left()) {
        const bool is_zip = (length & 0xFFFFFFFF) == 0x04034B50;  // "PK\3\4"
        if (is_zip) {
            file.fail(
                "a zip archive, as torch.save and numpy.savez write; need a safetensors file "
                "(load_npz reads npz)");
        }
        file.fail(
            "the header claims {} bytes, {} follow its length; need a whole file with a header of "
            "at most {}",
            length,
            file.left(),
            max_header);
    }
    std::string text(length, '\0');
    file.read(text.data(), text.size());
    return text;
}

}  // namespace

SafetensorsHeader read_safetensors_header(ByteSource& file) {
    const Json json = parse_json(file, read_text(file));
    SafetensorsHeader header;
    for (const auto& [name, entry] : json.items()) {
        if (name == "__metadata__")
            header.metadata = parse_metadata(file, entry);
        else
            header.entries.push_back(parse_entry(file, name, entry));
    }
    std::ranges::sort(header.entries, {}, [](const SafetensorsEntry& entry) {
        return std::pair(entry.begin, entry.end);  // an empty array stands where the next begins
    });
    check_offsets(file, header.entries, file.left());
    return header;
}

}  // namespace xgrad::nn
