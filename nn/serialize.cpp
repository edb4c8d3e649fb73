#include <autograd/fail.hpp>
#include <nn/atomic_file.hpp>
#include <nn/safetensors_header.hpp>
#include <nn/serialize.hpp>

#include <nlohmann/json.hpp>

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

namespace xgrad::nn {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");

using Json = nlohmann::json;

template <class T>
constexpr const char* dtype_of = sizeof(T) == 4 ? "F32" : "F64";

template <class... Args>
[[noreturn]] void fail_save(
    const std::filesystem::path& path, fmt::format_string<Args...> fault, Args&&... args) {
    fail<IoError>(
        "save: \"{}\": {}", path.string(), fmt::format(fault, std::forward<Args>(args)...));
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
void save_safetensors(
    const std::filesystem::path& path,
    const StateDict<T>& state,
    const std::map<std::string, std::string>& metadata,
    const std::function<void()>& before_rename) {
    const std::string header = header_of(path, state, metadata);
    const std::uint64_t length = header.size();
    AtomicFile file("save", path);
    file.write(&length, sizeof length);
    file.write(header.data(), header.size());
    for (const auto& [name, value] : state)
        file.write(value.data(), value.size() * sizeof(T));
    file.commit(before_rename);
}

template <class T>
void save(
    const std::filesystem::path& path,
    const StateDict<T>& state,
    const std::map<std::string, std::string>& metadata) {
    save_safetensors(path, state, metadata, {});
}

template void save_safetensors(
    const std::filesystem::path&,
    const StateDict<float>&,
    const std::map<std::string, std::string>&,
    const std::function<void()>&);
template void save_safetensors(
    const std::filesystem::path&,
    const StateDict<double>&,
    const std::map<std::string, std::string>&,
    const std::function<void()>&);

template void save(
    const std::filesystem::path&,
    const StateDict<float>&,
    const std::map<std::string, std::string>&);
template void save(
    const std::filesystem::path&,
    const StateDict<double>&,
    const std::map<std::string, std::string>&);

template <class T>
StateDict<T> load(const std::filesystem::path& path, std::map<std::string, std::string>* metadata) {
    FileSource file("load", path, "a safetensors file");
    SafetensorsHeader header = read_safetensors_header(file);
    StateDict<T> state;
    for (const SafetensorsEntry& entry : header.entries) {
        Array<T> array = empty<T>(entry.shape);
        read_elements(file, entry.type, false, array);
        state.emplace(entry.name, std::move(array));
    }
    if (metadata)
        *metadata = std::move(header.metadata);
    return state;
}

template StateDict<float> load(const std::filesystem::path&, std::map<std::string, std::string>*);
template StateDict<double> load(const std::filesystem::path&, std::map<std::string, std::string>*);

}  // namespace xgrad::nn
