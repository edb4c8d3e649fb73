#include <autograd/isa.hpp>
#include <autograd/parallel.hpp>
#include <ops/gemm.hpp>
#include <tools/run_environment.hpp>

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <fstream>
#include <string_view>
#include <system_error>
#include <thread>

// <cblas.h> cannot share a program's sources with xtensor-blas's own declarations.
extern "C" char* openblas_get_config();

namespace xgrad::report {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::string trimmed(std::string text) {
    const auto is_space = [](unsigned char c) { return std::isspace(c) != 0; };
    text.erase(text.begin(), std::ranges::find_if_not(text, is_space));
    while (!text.empty() && is_space(static_cast<unsigned char>(text.back())))
        text.pop_back();
    return text;
}

// What follows `key` and `separator` in the first line of a file that starts with the key.
std::string value_in(const fs::path& path, std::string_view key, char separator) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        const std::size_t at = line.find(separator);
        if (line.starts_with(key) && at != std::string::npos) {
            std::string value = trimmed(line.substr(at + 1));
            std::erase(value, '"');
            return value;
        }
    }
    return "";
}

bool is_commit(std::string_view text) {
    return (text.size() == 40 || text.size() == 64) &&
           std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

// The repository's own folder, for a file ".git" too: "gitdir: ../.git/worktrees/a".
std::optional<fs::path> git_folder(const fs::path& around) {
    std::error_code ignored;
    for (fs::path at = fs::absolute(around, ignored).lexically_normal();; at = at.parent_path()) {
        const fs::path git = at / ".git";
        if (fs::is_directory(git, ignored))
            return git;
        constexpr std::string_view key = "gitdir:";
        const std::string line = fs::is_regular_file(git, ignored) ? first_line(git) : "";
        if (line.starts_with(key))
            return (at / trimmed(line.substr(key.size()))).lexically_normal();
        if (at == at.parent_path())
            return std::nullopt;
    }
}

std::string packed_commit(const fs::path& file, const std::string& reference) {
    std::ifstream packed(file);
    for (std::string line; std::getline(packed, line);) {
        const std::size_t space = line.find(' ');
        if (space != std::string::npos && trimmed(line.substr(space + 1)) == reference)
            return line.substr(0, space);
    }
    return "";
}

}  // namespace

std::optional<std::string> git_commit(const fs::path& folder) {
    const std::optional<fs::path> git = git_folder(folder);
    if (!git)
        return std::nullopt;
    constexpr std::string_view key = "ref:";
    const std::string head = trimmed(first_line(*git / "HEAD"));
    std::string commit = head;
    if (head.starts_with(key)) {
        const std::string reference = trimmed(head.substr(key.size()));
        // A worktree has its own head; the branches lie in the repository that it belongs to.
        const std::string common = trimmed(first_line(*git / "commondir"));
        const fs::path shared = common.empty() ? *git : *git / common;
        commit = trimmed(first_line(shared / reference));
        if (commit.empty())
            commit = packed_commit(shared / "packed-refs", reference);
    }
    return is_commit(commit) ? std::optional(commit) : std::nullopt;
}

std::string utc_date() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text.data(), size};
}

Settings environment(const fs::path& source) {
    utsname system{};
    uname(&system);
    Settings found = {
        {"xgrad", XGRAD_VERSION},
        {"compiler",
#ifdef __clang__
         fmt::format("clang {}", __clang_version__)
#else
         fmt::format("gcc {}", __VERSION__)
#endif
        },
        {"blas", trimmed(openblas_get_config())},
        {"products", detail::blas_name()},
        {"isa", name_of(active_isa())},
        {"threads", num_threads()},
        {"cores", std::thread::hardware_concurrency()},
        {"cpu", value_in("/proc/cpuinfo", "model name", ':')},
        {"os", value_in("/etc/os-release", "PRETTY_NAME", '=')},
        {"kernel", fmt::format("{} {} {}", system.sysname, system.release, system.machine)},
        {"date", utc_date()}};
    if (const std::optional<std::string> commit = git_commit(source))
        found["commit"] = *commit;
    return found;
}

}  // namespace xgrad::report
