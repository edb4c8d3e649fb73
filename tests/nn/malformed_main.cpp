// fuzz_corpus [--text]: reads every malformed file and writes to every malformed path, and fails
// unless each is refused with an IoError of the right text, changes nothing and takes little
// memory. --text prints each row and what was said.
#include <autograd/error.hpp>
#include <autograd/pool.hpp>
#include <tests/nn/malformed.hpp>
#include <tests/temp_folder.hpp>

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace xgrad;
using test::everyone_looks;
using test::Malformed;
using test::Target;

namespace fs = std::filesystem;

namespace {

constexpr std::size_t pool_limit = std::size_t{1} << 20;  // bytes that a row may take of the pool
constexpr long resident_limit = 32 << 10;                 // KiB that all rows may add

// All that a reader could have changed.
std::string contents(const Target& target) {
    std::string all;
    for (const auto& [name, value] : target.net.state_dict())
        all.append(reinterpret_cast<const char*>(value.data()), value.size() * sizeof(double));
    for (const auto& [key, value] : target.metadata)
        all += key + value;
    all.append(
        reinterpret_cast<const char*>(target.array.data()), target.array.size() * sizeof(double));
    all.append(target.idx.bytes.begin(), target.idx.bytes.end());
    return all + to_string(target.idx.shape) + std::to_string(target.epoch);
}

// Names, kinds and bytes of what is in the folder.
std::set<std::string> files_in(const fs::path& folder) {
    std::set<std::string> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
        std::string text = entry.path().filename();
        text += entry.is_symlink() ? " a link" : "";
        if (fs::is_regular_file(entry.symlink_status()) && entry.file_size() < 1 << 20) {
            std::ifstream file(entry.path(), std::ios::binary);
            text.append(std::istreambuf_iterator<char>(file), {});
        }
        files.insert(text);
    }
    return files;
}

// What is said of it, or what is wrong beyond that.
std::string said(const Malformed& row, const fs::path& path) {
    Target target;
    const std::string before = contents(target);
    const auto files = files_in(path.parent_path());
    const std::size_t live = memory_stats().live_bytes;
    reset_peak_memory();
    std::string text = "no error";
    try {
        row.use(path, target);
    } catch (const IoError& error) {
        text = error.what();
    } catch (const std::exception& error) {
        text = fmt::format("not an IoError: {}", error.what());
    }
    if (contents(target) != before)
        return "the target has changed; " + text;
    if (files_in(path.parent_path()) != files)
        return "the folder has changed; " + text;
    const std::size_t taken = memory_stats().peak_bytes - live;
    if (taken > pool_limit)
        return fmt::format("{} bytes of memory were taken; {}", taken, text);
    return text;
}

constexpr uid_t nobody = 65534;

// said() in a process that rights stop, as they do not stop root.
std::string said_without_rights(const Malformed& row, const fs::path& path) {
    int ends[2];
    if (::pipe(ends) != 0)
        return "pipe failed";
    const pid_t child = ::fork();
    if (child == 0) {
        std::string text = "the test failed";
        try {
            if (::geteuid() != 0 || ::setuid(nobody) == 0)
                text = said(row, path);
        } catch (const std::exception& error) {
            text = error.what();
        }
        ::_exit(::write(ends[1], text.data(), text.size()) > 0 ? 0 : 1);
    }
    ::close(ends[1]);
    std::string text(1 << 12, '\0');
    const ssize_t n = ::read(ends[0], text.data(), text.size());
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    return text;
}

std::string with_path(std::string text, const fs::path& path) {
    const std::size_t at = text.find("{}");
    return at == text.npos ? text : text.replace(at, 2, path.string());
}

// A folder that everyone may look into.
class Folder : public test::TempFolder {
public:
    Folder() { fs::permissions(path(), everyone_looks | fs::perms::owner_write); }
    ~Folder() {
        std::error_code ignored;
        fs::permissions(path(), fs::perms::owner_all, ignored);
    }
};

// Prints and returns false when the row is not refused as it says.
bool check(const Malformed& row, bool prints) {
    const Folder folder;
    const fs::path path = folder / "file";
    row.make(path);
    const std::string got = row.without_rights ? said_without_rights(row, path) : said(row, path);
    const std::string expected = with_path(row.text, path);
    if (got != expected)
        fmt::print("{}:\n  says {}\n  need {}\n", row.name, got, expected);
    else if (prints)
        fmt::print("{}:\n  {}\n", row.name, got);
    return got == expected;
}

// The most that was resident so far. Not getrusage: that counts what the process was before exec.
long resident_kib() {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word && word != "VmHWM:") {}
    long kib = 0;
    if (!(status >> kib))
        throw std::runtime_error("no VmHWM in /proc/self/status");
    return kib;
}

int run(bool prints) {
    std::vector<Malformed> rows;
    for (const auto& make :
         {test::malformed_safetensors,
          test::malformed_npy,
          test::malformed_npz,
          test::malformed_idx,
          test::malformed_checkpoints,
          test::malformed_writes}) {
        std::ranges::move(make(), std::back_inserter(rows));
    }
    const long before = resident_kib();
    const auto refused =
        std::ranges::count_if(rows, [prints](const Malformed& row) { return check(row, prints); });
    const long added = resident_kib() - before;
    fmt::print(
        "{} malformed files and paths, {} refused with the right text; {} KiB of memory added\n",
        rows.size(),
        refused,
        added);
#ifdef XGRAD_SANITIZED
    const bool is_small = true;  // freed memory stays resident
#else
    const bool is_small = added < resident_limit;
#endif
    return refused == static_cast<std::ptrdiff_t>(rows.size()) && rows.size() >= 60 && is_small ? 0
                                                                                                : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view argument = argc > 1 ? argv[1] : "";
    if (argc > 2 || (argc == 2 && argument != "--text")) {
        fmt::print(stderr, "usage: fuzz_corpus [--text]\n");
        return 2;
    }
    try {
        return run(argc == 2);
    } catch (const std::exception& error) {
        fmt::print(stderr, "fuzz_corpus: {}\n", error.what());
        return 1;
    }
}
