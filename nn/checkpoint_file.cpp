#include <autograd/fail.hpp>
#include <nn/checkpoint_file.hpp>
#include <nn/safetensors_header.hpp>
#include <nn/serialize.hpp>

#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace xgrad::train::detail {
namespace {

constexpr std::uint64_t newest_version = 1;
constexpr const char* version_key = "xgrad.version";
constexpr const char* scalar_key = "xgrad.scalar";
constexpr const char* checksum_key = "xgrad.crc32";

template <class T>
constexpr const char* scalar_name = sizeof(T) == 4 ? "float" : "double";

// Of every name, text, shape and element: safetensors itself would not notice a flipped bit.
template <class T>
std::string checksum_of(const nn::StateDict<T>& arrays, const Texts& metadata) {
    uLong sum = 0;
    const auto add = [&sum](const void* data, std::size_t bytes) {
        sum = ::crc32_z(sum, static_cast<const Bytef*>(data), bytes);
    };
    const auto add_text = [&add](const std::string& text) { add(text.c_str(), text.size() + 1); };
    for (const auto& [key, text] : metadata) {
        if (key == checksum_key)
            continue;
        add_text(key);
        add_text(text);
    }
    for (const auto& [name, array] : arrays) {
        add_text(name);
        add_text(to_string(array.shape()));
        if (array.size() > 0)
            add(array.data(), array.size() * sizeof(T));
    }
    return fmt::format("{:08x}", sum);
}

template <class... Args>
[[noreturn]] void refuse(
    const std::filesystem::path& path, fmt::format_string<Args...> fault, Args&&... args) {
    fail<std::invalid_argument>(
        "Checkpoint::load: \"{}\" {}",
        path.string(),
        fmt::format(fault, std::forward<Args>(args)...));
}

template <class T>
void check_metadata(
    const std::filesystem::path& path, const nn::StateDict<T>& arrays, const Texts& metadata) {
    const auto text_of = [&metadata](const char* key) {
        const auto found = metadata.find(key);
        return found == metadata.end() ? std::string() : found->second;
    };
    const std::string version = text_of(version_key);
    if (version.empty()) {
        refuse(
            path,
            "has arrays but is no checkpoint; need a file of Checkpoint::save (nn::load reads "
            "weights)");
    }
    if (version != to_text(newest_version))
        refuse(path, "has version {}; need version {}", version, newest_version);
    if (text_of(scalar_key) != scalar_name<T>)
        refuse(path, "is of {}; need a checkpoint of {}", text_of(scalar_key), scalar_name<T>);
    if (text_of(checksum_key) != checksum_of(arrays, metadata)) {
        fail<IoError>(
            "load: \"{}\": the contents do not match their checksum; need a file without damage",
            path.string());
    }
}

}  // namespace

template <class T>
void write_contents(
    const std::filesystem::path& path,
    Contents<T> contents,
    const std::function<void()>& before_rename) {
    Texts metadata{{version_key, to_text(newest_version)}, {scalar_key, scalar_name<T>}};
    nn::StateDict<T> arrays;
    for (auto& [part, content] : contents) {
        metadata[part] = std::move(content.kind);
        for (auto& [key, text] : content.texts)
            metadata[part + "." + key] = std::move(text);
        for (auto& [name, array] : content.arrays)
            arrays[part + "." + name] = std::move(array);
    }
    metadata[checksum_key] = checksum_of(arrays, metadata);
    nn::save_safetensors(path, arrays, metadata, before_rename);
}

template <class T>
Contents<T> read_contents(const std::filesystem::path& path) {
    Texts metadata;
    nn::StateDict<T> arrays = nn::load<T>(path, &metadata);
    check_metadata(path, arrays, metadata);
    Contents<T> contents;
    for (auto& [key, text] : metadata) {
        const std::size_t dot = key.find('.');
        const std::string part = key.substr(0, dot);
        if (dot == std::string::npos)
            contents[part].kind = std::move(text);
        else if (part != "xgrad")
            contents[part].texts[key.substr(dot + 1)] = std::move(text);
    }
    for (auto& [name, array] : arrays) {
        const std::size_t dot = name.find('.');
        const std::string rest = dot == std::string::npos ? "" : name.substr(dot + 1);
        contents[name.substr(0, dot)].arrays[rest] = std::move(array);
    }
    return contents;
}

void check_whole(const std::filesystem::path& path) {
    Texts metadata;
    static_cast<void>(nn::load<float>(path, &metadata));
    const auto scalar = metadata.find(scalar_key);
    if (scalar != metadata.end() && scalar->second == scalar_name<double>)
        static_cast<void>(read_contents<double>(path));
    else
        static_cast<void>(read_contents<float>(path));
}

template <class Number>
std::string to_text(Number number) {
    char text[32];  // the longest double has 24 characters
    const auto end = std::to_chars(text, text + sizeof text, number).ptr;
    return {text, end};
}

template <class Number>
Number from_text(const std::string& name, const std::string& text) {
    Number number{};
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, number);
    if (result.ec != std::errc() || result.ptr != end)
        fail<std::invalid_argument>("\"{}\" is \"{}\"; need a number in its range", name, text);
    return number;
}

template <class Number>
std::string line_of(std::initializer_list<Number> numbers) {
    std::string line;
    for (const Number number : numbers)
        line += (line.empty() ? "" : " ") + to_text(number);
    return line;
}

template <class Number>
std::vector<Number> read_line(const std::string& name, const std::string& line, std::size_t count) {
    std::vector<Number> numbers;
    for (std::size_t at = 0; at <= line.size();) {
        const std::size_t end = std::min(line.find(' ', at), line.size());
        numbers.push_back(from_text<Number>(name, line.substr(at, end - at)));
        at = end + 1;
    }
    if (numbers.size() != count) {
        fail<std::invalid_argument>("\"{}\" has {} numbers; need {}", name, numbers.size(), count);
    }
    return numbers;
}

Texts texts_of(const std::map<std::string, double>& numbers) {
    Texts texts;
    for (const auto& [name, number] : numbers)
        texts.emplace(name, to_text(number));
    return texts;
}

std::map<std::string, double> numbers_of(const Texts& texts) {
    std::map<std::string, double> numbers;
    for (const auto& [name, text] : texts)
        numbers.emplace(name, from_text<double>(name, text));
    return numbers;
}

template void write_contents(
    const std::filesystem::path&, Contents<float>, const std::function<void()>&);
template void write_contents(
    const std::filesystem::path&, Contents<double>, const std::function<void()>&);
template Contents<float> read_contents(const std::filesystem::path&);
template Contents<double> read_contents(const std::filesystem::path&);
template std::string to_text(int);
template std::string to_text(std::int64_t);
template std::string to_text(std::uint64_t);
template std::string to_text(double);
template int from_text(const std::string&, const std::string&);
template std::int64_t from_text(const std::string&, const std::string&);
template std::uint64_t from_text(const std::string&, const std::string&);
template double from_text(const std::string&, const std::string&);
template std::string line_of(std::initializer_list<std::uint64_t>);
template std::string line_of(std::initializer_list<double>);
template std::vector<std::uint64_t> read_line(const std::string&, const std::string&, std::size_t);
template std::vector<double> read_line(const std::string&, const std::string&, std::size_t);

}  // namespace xgrad::train::detail
