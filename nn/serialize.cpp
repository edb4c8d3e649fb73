#include <autograd/fail.hpp>
#include <nn/atomic_file.hpp>
#include <nn/serialize.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace xgrad::nn {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");

using Json = nlohmann::json;

constexpr std::uint64_t max_header = std::uint64_t{100} << 20;  // the format's own limit

template <class T>
constexpr const char* dtype_of = sizeof(T) == 4 ? "F32" : "F64";

template <class... Args>
[[noreturn]] void fail_save(
    const std::filesystem::path& path, fmt::format_string<Args...> fault, Args&&... args) {
    fail<IoError>(
        "save: \"{}\": {}", path.string(), fmt::format(fault, std::forward<Args>(args)...));
}

template <class... Args>
[[noreturn]] void fail_load(
    const std::filesystem::path& path, fmt::format_string<Args...> fault, Args&&... args) {
    fail<IoError>(
        "load: \"{}\": {}", path.string(), fmt::format(fault, std::forward<Args>(args)...));
}

template <class T>
std::string header_of(
    const std::filesystem::path& path,
    const StateDict<T>& state,
    const std::map<std::string, std::string>& metadata) {
    Json header = Json::object();
    if (!metadata.empty())
        header["__metadata__"] = metadata;
    std::uint64_t at = 0;
    for (const auto& [name, value] : state) {
        if (name == "__metadata__")
            fail_save(path, "an array is named \"__metadata__\"; need another name");
        const std::uint64_t end = at + value.size() * sizeof(T);
        header[name] = {
            {"dtype", dtype_of<T>},
            {"shape", std::vector<std::size_t>(value.shape().begin(), value.shape().end())},
            {"data_offsets", {at, end}}};
        at = end;
    }
    std::string text;
    try {
        text = header.dump();
    } catch (const Json::type_error&) {
        fail_save(path, "a name or the metadata is not UTF-8; need valid UTF-8");
    }
    text.resize((text.size() + 7) / 8 * 8, ' ');  // the data starts aligned
    return text;
}

}  // namespace

template <class T>
void save(
    const std::filesystem::path& path,
    const StateDict<T>& state,
    const std::map<std::string, std::string>& metadata) {
    const std::string header = header_of(path, state, metadata);
    const std::uint64_t length = header.size();
    AtomicFile file("save", path);
    file.write(&length, sizeof length);
    file.write(header.data(), header.size());
    for (const auto& [name, value] : state)
        file.write(value.data(), value.size() * sizeof(T));
    file.commit();
}

template void save(
    const std::filesystem::path&,
    const StateDict<float>&,
    const std::map<std::string, std::string>&);
template void save(
    const std::filesystem::path&,
    const StateDict<double>&,
    const std::map<std::string, std::string>&);

namespace {

struct Entry {
    std::string name;
    Shape shape;
    bool is_double;
    std::uint64_t begin, end;
};

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
Entry parse_entry(const std::filesystem::path& path, const std::string& name, const Json& json) {
    if (!is_entry(json)) {
        fail_load(path, "the entry \"{}\" is not valid; need dtype, shape and data_offsets", name);
    }
    const auto dtype = json.at("dtype").get<std::string>();
    if (dtype != "F32" && dtype != "F64")
        fail_load(path, "\"{}\" has dtype {}; need F32 or F64", name, dtype);
    const auto offsets = json.at("data_offsets").get<std::array<std::uint64_t, 2>>();
    Entry entry{name, {}, dtype == "F64", offsets[0], offsets[1]};
    std::uint64_t bytes = entry.is_double ? 8 : 4;
    for (const Json& extent : json.at("shape")) {
        entry.shape.push_back(extent.get<std::uint64_t>());
        if (__builtin_mul_overflow(bytes, entry.shape.back(), &bytes)) {
            fail_load(
                path, "\"{}\" has a shape whose size overflows; need one that fits 64 bits", name);
        }
    }
    if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
        fail_load(
            path,
            "\"{}\" has offsets {} to {}; need {} bytes for its shape",
            name,
            entry.begin,
            entry.end,
            bytes);
    }
    return entry;
}

struct Header {
    std::vector<Entry> entries;  // by offset
    std::map<std::string, std::string> metadata;
};

Header parse_header(const std::filesystem::path& path, const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object())
        fail_load(path, "the header is not a JSON object; need a safetensors file");
    Header result;
    for (const auto& [name, entry] : json.items()) {
        if (name != "__metadata__") {
            result.entries.push_back(parse_entry(path, name, entry));
            continue;
        }
        for (const auto& [key, value] : entry.items()) {
            if (entry.is_object() && value.is_string())
                result.metadata[key] = value.get<std::string>();
        }
    }
    std::ranges::sort(result.entries, {}, [](const Entry& entry) {
        return std::pair(entry.begin, entry.end);  // an empty array stands where the next begins
    });
    return result;
}

// The arrays fill `bytes` without a gap or an overlap.
void check_offsets(
    const std::filesystem::path& path, const std::vector<Entry>& entries, std::uint64_t bytes) {
    std::uint64_t at = 0;
    for (const Entry& entry : entries) {
        if (entry.begin != at) {
            fail_load(
                path,
                "\"{}\" begins at {}, the array before it ends at {}; need no gap and no overlap",
                entry.name,
                entry.begin,
                at);
        }
        at = entry.end;
    }
    if (at != bytes) {
        fail_load(
            path,
            "the file is {}: {} bytes follow the header; need {}",
            bytes < at ? "cut short" : "too long",
            bytes,
            at);
    }
}

std::ifstream open_file(const std::filesystem::path& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        fail_load(path, "not a regular file; need a safetensors file");
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file)
        fail_load(path, "{}; need a safetensors file", std::strerror(errno));
    return file;
}

// Reads a file that stands at its end, up to the first array.
Header read_header(std::ifstream& file, const std::filesystem::path& path) {
    const auto size = static_cast<std::uint64_t>(file.tellg());
    std::uint64_t length = 0;
    file.seekg(0);
    if (size < 8 || !file.read(reinterpret_cast<char*>(&length), 8))
        fail_load(path, "the file has {} bytes; need at least 8", size);
    if (length > max_header || length > size - 8) {
        fail_load(
            path,
            "the header claims {} bytes, {} follow its length; need a whole file with a header of "
            "at most {}",
            length,
            size - 8,
            max_header);
    }
    std::string text(length, '\0');
    if (!file.read(text.data(), static_cast<std::streamsize>(length)))
        fail_load(path, "the header could not be read; need a file that stays as it is");
    Header header = parse_header(path, text);
    check_offsets(path, header.entries, size - 8 - length);
    return header;
}

template <class From, class T>
Array<T> convert(const char* bytes, const Shape& shape) {
    Array<T> value = empty<T>(shape);
    for (std::size_t i = 0; i < value.size(); ++i) {
        From element;
        std::memcpy(&element, bytes + i * sizeof(From), sizeof(From));
        value.data()[i] = static_cast<T>(element);
    }
    return value;
}

}  // namespace

template <class T>
StateDict<T> load(const std::filesystem::path& path, std::map<std::string, std::string>* metadata) {
    std::ifstream file = open_file(path);
    Header header = read_header(file, path);
    StateDict<T> state;
    std::string bytes;
    for (const Entry& entry : header.entries) {
        bytes.resize(entry.end - entry.begin);
        if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
            fail_load(
                path, "\"{}\" could not be read; need a file that stays as it is", entry.name);
        }
        state[entry.name] = entry.is_double ? convert<double, T>(bytes.data(), entry.shape)
                                            : convert<float, T>(bytes.data(), entry.shape);
    }
    if (metadata)
        *metadata = std::move(header.metadata);
    return state;
}

template StateDict<float> load(const std::filesystem::path&, std::map<std::string, std::string>*);
template StateDict<double> load(const std::filesystem::path&, std::map<std::string, std::string>*);

}  // namespace xgrad::nn
