#include <tools/op_docs.hpp>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <string_view>
#include <vector>

namespace xgrad {
namespace {

constexpr std::string_view letters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

// "relu" in "[[nodiscard]] Variable<T> relu(const Variable<T>& x);", else nothing. A declaration
// begins in the first column, where the house's layout puts no call.
std::string declared_name(std::string_view line) {
    const std::size_t open = line.find('(');
    if (open == line.npos || line.front() == ' ')
        return {};
    const std::size_t before = line.find_last_not_of(letters, open - 1);
    return before != line.npos && line[before] == ' '
               ? std::string(line.substr(before + 1, open - before - 1))
               : std::string();
}

void read_header(
    const std::filesystem::path& path,
    const std::string& name,
    std::map<std::string, FunctionDoc>& docs) {
    std::ifstream file(path);
    std::string first;
    std::getline(file, first);
    if (first.starts_with("// Internal"))
        return;
    std::string block;
    bool in_block = false;
    bool is_template = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("///")) {
            if (!in_block)
                block.clear();
            in_block = true;
            block += line.substr(std::min<std::size_t>(line.size(), block.empty() ? 4 : 3));
            continue;
        }
        in_block = false;
        if (line.empty()) {
            block.clear();
        } else if (line.starts_with("template ")) {
            is_template = true;
        } else if (line.starts_with("    requires")) {
            continue;
        } else {
            const std::string function = is_template ? declared_name(line) : std::string();
            if (!block.empty() && !function.empty())
                docs.try_emplace(function, FunctionDoc{name, block});
            is_template = false;
        }
    }
}

}  // namespace

std::string FunctionDoc::family() const { return std::filesystem::path(header).stem().string(); }

std::string FunctionDoc::first_sentence() const {
    // A letter follows: not the year after "et al."
    for (std::size_t at = text.find(". "); at != text.npos; at = text.find(". ", at + 1)) {
        const std::size_t next = text.find_first_not_of(' ', at + 1);
        if (next == text.npos || std::isalpha(static_cast<unsigned char>(text[next])))
            return text.substr(0, at + 1);
    }
    return text;
}

std::map<std::string, FunctionDoc> read_docs(const std::filesystem::path& folder) {
    std::map<std::string, FunctionDoc> docs;
    for (const std::string part : {"autograd", "ops", "nn"}) {
        if (!std::filesystem::is_directory(folder / part))
            continue;
        std::vector<std::filesystem::path> headers;
        for (const auto& entry : std::filesystem::directory_iterator(folder / part)) {
            if (entry.path().extension() == ".hpp")
                headers.push_back(entry.path());
        }
        std::ranges::sort(headers);
        for (const auto& header : headers)
            read_header(header, part + "/" + header.filename().string(), docs);
    }
    return docs;
}

}  // namespace xgrad
