#include <autograd/error.hpp>
#include <nn/idx.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

using xgrad::Array;
using xgrad::IndexError;
using xgrad::IoError;
using xgrad::Shape;
using xgrad::ShapeError;
using xgrad::data::IdxArray;
using xgrad::data::load_images;
using xgrad::data::read_idx;

namespace fs = std::filesystem;

namespace {

/// A folder with IDX files in it.
class Folder : public xgrad::test::TempFolder {
public:
    fs::path plain(const char* name, const std::string& bytes) const {
        std::ofstream(*this / name, std::ios::binary) << bytes;
        return *this / name;
    }
    fs::path gzip(const char* name, const std::string& bytes) const {
        const std::string file = (*this / name).string();
        gzFile out = gzopen(file.c_str(), "wb");
        gzwrite(out, bytes.data(), static_cast<unsigned>(bytes.size()));
        gzclose(out);
        return file;
    }
};

std::string header(const std::vector<std::uint32_t>& shape, char type = 0x08) {
    std::string bytes = {0, 0, type, static_cast<char>(shape.size())};
    for (const std::uint32_t extent : shape) {
        for (int shift = 24; shift >= 0; shift -= 8) {
            bytes += static_cast<char>(extent >> shift & 0xFF);
        }
    }
    return bytes;
}

std::string file_bytes(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void check_refused(const fs::path& path, const std::string& rest) {
    const std::string text = fmt::format("read_idx: \"{}\"{}", path.string(), rest);
    CHECK_THROWS_WITH_AS(static_cast<void>(read_idx(path)), text.c_str(), IoError);
}

}  // namespace

TEST_CASE("read_idx reads shape and bytes, plain and gzip, whatever the name") {
    const Folder folder;
    const std::string bytes = header({2, 3}) + "\x01\x02\x03\x04\x05\xFF";
    for (const fs::path& path :
         {folder.plain("a.idx", bytes),
          folder.plain("b.gz", bytes),
          folder.gzip("c.gz", bytes),
          folder.gzip("d.idx", bytes)}) {
        const IdxArray array = read_idx(path);
        CHECK(array.shape == Shape{2, 3});
        CHECK(array.bytes == std::vector<std::uint8_t>{1, 2, 3, 4, 5, 255});
    }
}

TEST_CASE("read_idx reads one to four dimensions, and none of an extent of 0") {
    const Folder folder;
    CHECK(read_idx(folder.plain("1", header({3}) + "abc")).shape == Shape{3});
    CHECK(read_idx(folder.plain("3", header({1, 3, 1}) + "abc")).shape == Shape{1, 3, 1});
    CHECK(read_idx(folder.gzip("4", header({1, 3, 1, 1}) + "abc")).shape == Shape{1, 3, 1, 1});
    CHECK(read_idx(folder.plain("0", header({0, 28, 28}))).bytes.empty());
    CHECK(read_idx(folder.gzip("00", header({0, 28, 28}))).bytes.empty());
}

TEST_CASE("read_idx reads extents as big-endian numbers, beyond one chunk of memory") {
    const Folder folder;
    std::string data(0x012345 * 32, '\0');
    for (std::size_t i = 0; i < data.size(); ++i)
        data[i] = static_cast<char>(i * i >> 7);
    for (const fs::path& path :
         {folder.plain("plain", header({0x012345, 32}) + data),
          folder.gzip("gzip", header({0x012345, 32}) + data)}) {
        const IdxArray array = read_idx(path);
        CHECK(array.shape == Shape{0x012345, 32});
        CHECK(std::string(array.bytes.begin(), array.bytes.end()) == data);
    }
}

TEST_CASE("read_idx refuses what is not there or not a file") {
    const Folder folder;
    check_refused(folder.path() / "none", ": No such file or directory; need an IDX file");
    check_refused(folder.path(), ": not a regular file; need an IDX file");
}

TEST_CASE("read_idx says why a file does not open") {
    const Folder folder;
    const fs::path path = folder.plain("1", header({1}) + "a");
    if (::geteuid() == 0)
        return;  // no rights stop root
    fs::permissions(path, fs::perms::none);
    check_refused(path, ": Permission denied; need an IDX file");
}

TEST_CASE("read_idx refuses another magic number, element type and number of dimensions") {
    const Folder folder;
    check_refused(
        folder.plain("png", "\x89PNG\r\n"),
        " at byte 0: found 89 50; an IDX file starts with 00 00");
    check_refused(
        folder.plain("float", header({1}, 0x0D) + "abcd"),
        " at byte 2: element type is 0x0d (float); need 0x08 (unsigned byte)");
    check_refused(
        folder.gzip("type", header({1}, 0x77) + "a"),
        " at byte 2: element type is 0x77 (no IDX type); need 0x08 (unsigned byte)");
    check_refused(folder.plain("0", header({}) + "a"), " at byte 3: 0 dimensions; need 1 to 4");
    check_refused(
        folder.plain("5", header({1, 1, 1, 1, 1}) + "a"), " at byte 3: 5 dimensions; need 1 to 4");
}

TEST_CASE("read_idx refuses a file that ends in its header") {
    const Folder folder;
    check_refused(
        folder.plain("empty", ""), " ends at byte 0, in its header; need 4 bytes of header");
    check_refused(
        folder.plain("magic", std::string("\0\0\x08", 3)),
        " ends at byte 3, in its header; need 4 bytes of header");
    check_refused(
        folder.plain("extent", header({2, 2}).substr(0, 9)),
        " ends at byte 9, in its header; need 12 bytes of header");
    check_refused(
        folder.gzip("gzip", header({2, 2}).substr(0, 9)),
        " ends at byte 9, in its header; need 12 bytes of header");
    check_refused(
        folder.plain("cut", "\x1F\x8B\x08"),
        " ends at byte 0, in its header; need 4 bytes of header");
}

TEST_CASE("read_idx refuses a truncated file and says what it has and needs") {
    const Folder folder;
    const std::string bytes = header({2, 3}) + "abcde";
    check_refused(
        folder.plain("plain", bytes), " has 17 bytes; its header, shape (2, 3), needs 18");
    check_refused(
        folder.gzip("gzip", bytes), " has 17 bytes unpacked; its header, shape (2, 3), needs 18");
}

TEST_CASE("read_idx refuses an oversized file and says what it has and needs") {
    const Folder folder;
    const std::string bytes = header({2, 3}) + "abcdefgh";
    check_refused(
        folder.plain("plain", bytes), " has 20 bytes; its header, shape (2, 3), needs 18");
    check_refused(
        folder.gzip("gzip", bytes),
        " has at least 19 bytes unpacked; its header, shape (2, 3), needs 18");
}

TEST_CASE("read_idx allocates nothing for a header that asks for 2^60 bytes") {
    const Folder folder;
    const std::string bytes = header({1U << 30, 1U << 30}) + "abc";
    check_refused(
        folder.plain("plain", bytes),
        " has 15 bytes; its header, shape (1073741824, 1073741824), needs 1152921504606846988");
    const fs::path gzip = folder.gzip("gzip", bytes);
    check_refused(
        gzip,
        fmt::format(
            " has at most {} bytes unpacked; its header, shape (1073741824, 1073741824), "
            "needs 1152921504606846988",
            1032 * fs::file_size(gzip)));
}

TEST_CASE("read_idx refuses a shape whose product overflows") {
    const Folder folder;
    const std::uint32_t most = 0xFFFFFFFF;
    check_refused(
        folder.plain("overflow", header({most, most, most}) + "abc"),
        " at byte 4: shape (4294967295, 4294967295, 4294967295) overflows; need at most "
        "9223372036854775791 elements");
    // 2^64 elements: the product wraps to 0, and the file would seem complete.
    const std::uint32_t half = 1U << 16;
    check_refused(
        folder.plain("wraps", header({half, half, half, half})),
        " at byte 4: shape (65536, 65536, 65536, 65536) overflows; need at most "
        "9223372036854775787 elements");
}

TEST_CASE("read_idx stops unpacking where the header's size is passed") {
    const Folder folder;
    // 64 MiB of zeros in 65 KB; 10 bytes are announced.
    const fs::path bomb = folder.gzip("bomb", header({10}) + std::string(64 << 20, '\0'));
    CHECK(fs::file_size(bomb) < 100'000);
    check_refused(bomb, " has at least 19 bytes unpacked; its header, shape (10,), needs 18");
}

TEST_CASE("read_idx refuses damaged gzip data") {
    const Folder folder;
    std::string data(5000, '\0');
    for (std::size_t i = 0; i < data.size(); ++i)
        data[i] = static_cast<char>(i * i >> 3);
    const std::string packed = file_bytes(folder.gzip("whole", header({5000}) + data));
    const std::size_t end = packed.size();

    SUBCASE("a wrong checksum") {
        std::string damaged = packed;
        damaged[end - 8] ^= 1;
        check_refused(
            folder.plain("crc", damaged),
            fmt::format(
                " at byte {} of the file: incorrect data check; need an undamaged file", end - 4));
    }
    SUBCASE("a wrong length") {
        std::string damaged = packed;
        damaged[end - 4] ^= 1;
        check_refused(
            folder.plain("length", damaged),
            fmt::format(
                " at byte {} of the file: incorrect length check; need an undamaged file", end));
    }
    SUBCASE("a flipped bit anywhere in the data") {
        for (std::size_t at = 10; at < end; at += 41) {
            std::string damaged = packed;
            damaged[at] ^= 0x10;
            CHECK_THROWS_AS(static_cast<void>(read_idx(folder.plain("bit", damaged))), IoError);
        }
    }
    SUBCASE("an end within the data") {
        const fs::path path = folder.plain("half", packed.substr(0, end / 2));
        CHECK_THROWS_AS(static_cast<void>(read_idx(path)), IoError);
    }
    SUBCASE("an end within the checksum") {
        check_refused(
            folder.plain("tail", packed.substr(0, end - 3)),
            fmt::format(
                " ends within its gzip checksum, at byte {} of the file; need an undamaged file",
                end - 3));
    }
}

TEST_CASE("load_images flattens the images, scales them to [0, 1] and joins the labels") {
    const Folder folder;
    const auto images =
        folder.gzip("images", header({2, 1, 3}) + std::string("\x00\x33\xFF\xFF\x00\x66", 6));
    const auto labels = folder.gzip("labels", header({2}) + std::string("\x09\x00", 2));
    const auto dataset = load_images(images, labels, 10);
    CHECK(dataset.x() == Array<float>{{0, 0.2F, 1}, {1, 0, 0.4F}});
    CHECK(dataset.y() == xgrad::data::Labels{9, 0});
    CHECK(dataset.classes() == 10);
    CHECK(load_images<double>(images, labels, 10).x() == Array<double>{{0, 0.2, 1}, {1, 0, 0.4}});
}

TEST_CASE("load_images refuses a number of labels that differs from that of the images") {
    const Folder folder;
    const auto images = folder.plain("images", header({2, 1, 1}) + "ab");
    const auto labels = folder.plain("labels", header({3}) + "abc");
    const std::string text = fmt::format(
        "load_images: \"{}\" has shape (2, 1, 1), \"{}\" has shape (3,); need one label for each "
        "image",
        images.string(),
        labels.string());
    CHECK_THROWS_WITH_AS(
        static_cast<void>(load_images(images, labels, 256)), text.c_str(), IoError);
    CHECK_THROWS_AS(static_cast<void>(load_images(images, images, 256)), IoError);
}

TEST_CASE("load_images refuses files that are swapped, empty or labelled out of range") {
    const Folder folder;
    const auto images = folder.plain("images", header({2, 1, 1}) + "ab");
    const auto labels = folder.plain("labels", header({2}) + std::string("\x00\x0A", 2));
    CHECK_THROWS_WITH_AS(
        static_cast<void>(load_images(images, labels, 10)),
        "Dataset: the label of row 1 is 10; need 0 <= label < 10",
        IndexError);
    const std::string text = fmt::format(
        "load_images: \"{}\" has shape (2,); need (N, ...) with the pixels of each image",
        labels.string());
    CHECK_THROWS_WITH_AS(static_cast<void>(load_images(labels, images, 10)), text.c_str(), IoError);
    const auto no_images = folder.plain("none", header({0, 1, 1}));
    const auto no_labels = folder.plain("no", header({0}));
    CHECK_THROWS_AS(static_cast<void>(load_images(no_images, no_labels, 10)), ShapeError);
}
