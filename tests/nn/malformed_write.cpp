#include <nn/npy.hpp>
#include <nn/npz.hpp>
#include <nn/serialize.hpp>
#include <tests/nn/malformed.hpp>

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <utility>

namespace xgrad::test {
namespace {

namespace fs = std::filesystem;

using State = nn::StateDict<double>;

// More than the full disk below takes.
State large_state() { return {{"a", Array<double>(Shape{10'000}, 1.0)}}; }

/// No file of this process grows beyond 4 KiB while it lives: as on a disk that is full.
class FullDisk {
public:
    FullDisk() {
        ::getrlimit(RLIMIT_FSIZE, &old_);
        const rlimit small{4096, old_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;
    ~FullDisk() {
        ::setrlimit(RLIMIT_FSIZE, &old_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    rlimit old_{};
    void (*handler_)(int) = nullptr;
};

void add_paths(Rows& rows) {
    const std::string irregular = ": not a regular file; need the path of a file";
    const std::string folder = ": Is a directory; need the path of a file";
    rows.add({"a folder", [](const fs::path& path) { fs::create_directory(path); }, {}, folder})
        .add(
            {"a link to a folder",
             [](const fs::path& path) { fs::create_directory_symlink(".", path); },
             {},
             folder})
        .add(
            {"a link to a device",  // as nobody: a fault must not replace it
             [](const fs::path& path) { fs::create_symlink("/dev/full", path); },
             {},
             irregular,
             true})
        .add({"a pipe", [](const fs::path& path) { ::mkfifo(path.c_str(), 0600); }, {}, irregular})
        .add(
            {"a link to itself",
             [](const fs::path& path) { fs::create_symlink(path.filename(), path); },
             {},
             ": Too many levels of symbolic links; need the path of a file"})
        .add(
            {"a link into a folder that is not there",
             [](const fs::path& path) { fs::create_symlink("none/x", path); },
             {},
             ": No such file or directory; need a path that can be written to"})
        .add(
            {"a folder without permission",
             [](const fs::path& path) {
                 write_bytes(path, "old");
                 fs::permissions(path.parent_path(), everyone_looks);
             },
             {},
             ": Permission denied; need a path that can be written to",
             true});
}

// `save` writes large_state() to the path.
std::vector<Malformed> rows_of(const std::string& function, void (*save)(const fs::path&)) {
    Rows rows(
        function, function + ": \"{}\"", [save](const fs::path& path, Target&) { save(path); });
    add_paths(rows);
    rows.add(
        {"a full disk",
         [](const fs::path& path) { write_bytes(path, "old"); },
         [save](const fs::path& path, Target&) {
             const FullDisk full;
             save(path);
         },
         ": writing failed: File too large; need room for the whole file"});
    return std::move(rows.list);
}

// Names that would leave the folder, or that the format cannot hold.
std::vector<Malformed> rows_of_names() {
    const auto row = [](const std::string& function,
                        auto save,
                        const std::string& name,
                        const std::string& end) {
        return Malformed{
            function + ": the name \"" + name + "\"",
            [](const fs::path& path) { write_bytes(path, "old"); },
            [save, name](const fs::path& path, Target&) {
                save(path, State{{name, Array<double>{1}}});
            },
            function + ": \"{}\": " + end};
    };
    const auto save = [](const fs::path& path, const State& state) { nn::save(path, state); };
    const auto save_npz = [](const fs::path& path, const State& state) {
        nn::save_npz(path, state);
    };
    const std::string need = "; need one that stays in its folder";
    return {
        row("save", save, "\xff", "a name or the metadata is not UTF-8; need valid UTF-8"),
        row("save", save, "__metadata__", "an array is named \"__metadata__\"; need another name"),
        row("save_npz", save_npz, "\xff", "\"\xff\": Invalid argument; need a name in UTF-8"),
        row("save_npz", save_npz, "../a", "the name \"../a\" has \"..\"" + need),
        row("save_npz", save_npz, "/a", "the name \"/a\" is absolute" + need),
    };
}

}  // namespace

std::vector<Malformed> malformed_writes() {
    std::vector<Malformed> all = rows_of_names();
    for (auto rows :
         {rows_of("save", [](const fs::path& path) { nn::save(path, large_state()); }),
          rows_of(
              "save_npy", [](const fs::path& path) { nn::save_npy(path, large_state().at("a")); }),
          rows_of("save_npz", [](const fs::path& path) { nn::save_npz(path, large_state()); })}) {
        std::ranges::move(rows, std::back_inserter(all));
    }
    return all;
}

}  // namespace xgrad::test
