#include <autograd/fail.hpp>
#include <nn/serialize.hpp>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace xgrad::nn {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");

using Json = nlohmann::json;

constexpr std::uint64_t max_header = std::uint64_t{100} << 20;  // the format's own limit

template <class T>
constexpr const char* dtype_of = sizeof(T) == 4 ? "F32" : "F64";

[[noreturn]] void fail_save(const std::filesystem::path& path, const std::string& fault) {
    fail<IoError>("save: \"{}\": {}", path.string(), fault);
}

[[noreturn]] void fail_load(const std::filesystem::path& path, const std::string& fault) {
    fail<IoError>("load: \"{}\": {}", path.string(), fault);
}

// A file descriptor that closes itself.
class File {
public:
    File(const std::filesystem::path& path, int flags) : path_(path) {
        descriptor_ = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
        if (descriptor_ < 0) {
            fail_save(
                path, fmt::format("{}; need a path that can be written to", std::strerror(errno)));
        }
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() { ::close(descriptor_); }

    void write(const void* data, std::size_t bytes) {
        const auto* from = static_cast<const char*>(data);
        while (bytes > 0) {
            const ssize_t n = ::write(descriptor_, from, bytes);
            if (n < 0 && errno == EINTR)
                continue;
            if (n <= 0)
                fail_save(
                    path_,
                    fmt::format(
                        "writing failed: {}; need room for the whole file", std::strerror(errno)));
            from += n;
            bytes -= static_cast<std::size_t>(n);
        }
    }
    void sync() {
        if (::fsync(descriptor_) != 0) {
            fail_save(
                path_,
                fmt::format(
                    "syncing failed: {}; need a disk that takes the file", std::strerror(errno)));
        }
    }

private:
    std::filesystem::path path_;
    int descriptor_;
};

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
    std::filesystem::path beside = path;
    beside += fmt::format(".part{}", ::getpid());
    try {
        File file(beside, O_WRONLY | O_CREAT | O_TRUNC);
        file.write(&length, sizeof length);
        file.write(header.data(), header.size());
        for (const auto& [name, value] : state)
            file.write(value.data(), value.size() * sizeof(T));
        file.sync();
        std::error_code error;
        std::filesystem::rename(beside, path, error);
        if (error) {
            fail_save(path, fmt::format("{}; need the path of a file", error.message()));
        }
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(beside, ignored);
        throw;
    }
    const std::filesystem::path folder = path.parent_path();
    File(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY).sync();
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

// One array's header entry, checked for itself.
Entry parse_entry(const std::filesystem::path& path, const std::string& name, const Json& json) {
    Entry entry{name, {}, false, 0, 0};
    try {
        const std::string dtype = json.at("dtype").get<std::string>();
        if (dtype != "F32" && dtype != "F64") {
            fail_load(path, fmt::format("\"{}\" has dtype {}; need F32 or F64", name, dtype));
        }
        entry.is_double = dtype == "F64";
        std::uint64_t bytes = entry.is_double ? 8 : 4;
        if (!json.at("shape").is_array())
            throw std::invalid_argument("shape");
        for (const Json& extent : json.at("shape")) {
            if (!extent.is_number_unsigned())
                throw std::invalid_argument("shape");
            const auto n = extent.get<std::uint64_t>();
            if (__builtin_mul_overflow(bytes, n, &bytes)) {
                fail_load(
                    path,
                    fmt::format(
                        "\"{}\" has a shape whose size overflows; need one that fits 64 bits",
                        name));
            }
            entry.shape.push_back(n);
        }
        const Json& offsets = json.at("data_offsets");
        if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
            !offsets[1].is_number_unsigned()) {
            throw std::invalid_argument("data_offsets");
        }
        entry.begin = offsets[0].get<std::uint64_t>();
        entry.end = offsets[1].get<std::uint64_t>();
        if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
            fail_load(
                path,
                fmt::format(
                    "\"{}\" has offsets {} to {}; its shape needs {} bytes",
                    name,
                    entry.begin,
                    entry.end,
                    bytes));
        }
    } catch (const IoError&) {
        throw;
    } catch (const std::exception&) {
        fail_load(
            path,
            fmt::format("the entry \"{}\" is not valid; need dtype, shape and data_offsets", name));
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
    std::ranges::sort(result.entries, {}, &Entry::begin);
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
                fmt::format(
                    "\"{}\" begins at {}, the array before it ends at {}; need no gap and no "
                    "overlap",
                    entry.name,
                    entry.begin,
                    at));
        }
        at = entry.end;
    }
    if (at != bytes) {
        fail_load(
            path,
            fmt::format(
                "the arrays need {} bytes, {} follow the header; the file is {}",
                at,
                bytes,
                at > bytes ? "cut short" : "too long"));
    }
}

std::ifstream open_file(const std::filesystem::path& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        fail_load(path, "is not a regular file; need a safetensors file");
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file)
        fail_load(path, fmt::format("{}; need a safetensors file", std::strerror(errno)));
    return file;
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
    const auto size = static_cast<std::uint64_t>(file.tellg());
    std::uint64_t length = 0;
    file.seekg(0);
    if (size < 8 || !file.read(reinterpret_cast<char*>(&length), 8)) {
        fail_load(path, fmt::format("has {} bytes; a safetensors file has at least 8", size));
    }
    if (length > max_header || length > size - 8) {
        fail_load(
            path,
            fmt::format(
                "the header claims {} bytes, the file has {} after its length; need a whole file",
                length,
                size - 8));
    }
    std::string text(length, '\0');
    if (!file.read(text.data(), static_cast<std::streamsize>(length)))
        fail_load(path, "the header could not be read; need a file that stays as it is");
    Header header = parse_header(path, text);
    check_offsets(path, header.entries, size - 8 - length);
    StateDict<T> state;
    std::string bytes;
    for (const Entry& entry : header.entries) {
        bytes.resize(entry.end - entry.begin);
        if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
            fail_load(
                path,
                fmt::format(
                    "\"{}\" could not be read; need a file that stays as it is", entry.name));
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
