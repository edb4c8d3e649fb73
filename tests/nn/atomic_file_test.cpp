#include <autograd/error.hpp>
#include <nn/atomic_file.hpp>
#include <tests/nn/stored_files.hpp>
#include <tests/support.hpp>

#include <sys/stat.h>

#include <iterator>
#include <string>

using xgrad::IoError;
using xgrad::nn::AtomicFile;
using xgrad::test::bytes_of;
using xgrad::test::TempFolder;
using xgrad::test::text_of_error;

namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, const std::string& text) {
    AtomicFile file("f", path);
    file.write(text.data(), text.size());
    file.commit();
}

std::ptrdiff_t files_in(const fs::path& folder) {
    const fs::directory_iterator entries(folder);
    return std::distance(begin(entries), end(entries));
}

std::string fault_of(const fs::path& path) {
    return text_of_error<IoError>([&] { write(path, "new"); });
}

}  // namespace

TEST_CASE("AtomicFile makes a file and replaces one, in pieces") {
    const TempFolder folder;
    write(folder / "x", "old");
    {
        AtomicFile file("f", folder / "x");
        file.write("ne", 2);
        CHECK(bytes_of(folder / "x") == "old");
        file.write("w", 1);
        file.commit();
    }
    CHECK(bytes_of(folder / "x") == "new");
    CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("AtomicFile leaves nothing without a commit") {
    const TempFolder folder;
    write(folder / "x", "old");
    AtomicFile("f", folder / "x").write("new", 3);
    CHECK(bytes_of(folder / "x") == "old");
    CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("AtomicFile lets two writers of one path each write a whole file") {
    const TempFolder folder;
    AtomicFile a("f", folder / "x"), b("f", folder / "x");
    a.write("a", 1);
    b.write("bb", 2);
    a.commit();
    CHECK(bytes_of(folder / "x") == "a");
    b.commit();
    CHECK(bytes_of(folder / "x") == "bb");
    CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("AtomicFile keeps a file's rights") {
    const TempFolder folder;
    write(folder / "x", "old");
    fs::permissions(folder / "x", fs::perms::owner_read | fs::perms::owner_write);
    write(folder / "x", "new");
    CHECK(
        fs::status(folder / "x").permissions() == (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("AtomicFile gives a new file the rights that umask leaves") {
    const TempFolder folder;
    for (const mode_t mask : {0002U, 0027U, 0077U}) {
        const mode_t old = ::umask(mask);
        write(folder / std::to_string(mask), "new");
        ::umask(old);
        CHECK(
            fs::status(folder / std::to_string(mask)).permissions() ==
            static_cast<fs::perms>(0666 & ~mask));
    }
}

TEST_CASE("AtomicFile replaces what a symbolic link points to and keeps the link") {
    const TempFolder folder;
    fs::create_directory(folder / "far");
    write(folder / "far/x", "old");
    fs::create_symlink("far/x", folder / "relative");
    fs::create_symlink(folder / "relative", folder / "absolute");
    write(folder / "absolute", "new");
    CHECK(bytes_of(folder / "far/x") == "new");
    CHECK(fs::is_symlink(folder / "absolute"));
    CHECK(fs::is_symlink(folder / "relative"));
    fs::create_symlink("far/y", folder / "dangling");
    write(folder / "dangling", "made");
    CHECK(bytes_of(folder / "far/y") == "made");
    CHECK(files_in(folder / "far") == 2);
}

TEST_CASE("AtomicFile refuses what cannot be replaced by a file") {
    const TempFolder folder;
    fs::create_symlink("b", folder / "a");
    fs::create_symlink("a", folder / "b");
    const std::string start = "f: \"" + folder.path().string();
    CHECK(
        fault_of(folder / "a") ==
        start + "/a\": Too many levels of symbolic links; need the path of a file");
    CHECK(fault_of(folder.path()) == start + "\": Is a directory; need the path of a file");
    CHECK(
        fault_of(folder / "none/x") ==
        start + "/none/x\": No such file or directory; need a path that can be written to");
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    CHECK(
        fault_of(folder / "pipe") ==
        start + "/pipe\": not a regular file; need the path of a file");
    CHECK(fault_of("") == "f: \"\": No such file or directory; need the path of a file");
    CHECK(files_in(folder.path()) == 3);
}
