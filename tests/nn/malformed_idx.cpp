#include <nn/idx.hpp>
#include <tests/nn/malformed.hpp>

#include <algorithm>

namespace xgrad::test {
namespace {

namespace fs = std::filesystem;

std::string header(const std::vector<std::uint32_t>& shape, char type = 8) {
    std::string bytes{0, 0, type, static_cast<char>(shape.size())};
    for (const std::uint32_t extent : shape) {
        const std::string word = little(extent, 4);
        bytes.append(word.rbegin(), word.rend());
    }
    return bytes;
}

void use(const fs::path& path, Target& target) { target.idx = data::read_idx(path); }

void add_plain(Rows& rows) {
    const std::string good = header({2, 3}) + "abcdef";
    const auto in_header = [](const char* at, const char* need) {
        return std::string(" ends at byte ") + at + ", in its header; need " + need +
               " bytes of header";
    };
    rows.file("empty", "", in_header("0", "4"))
        .file("cut in the magic number", good.substr(0, 3), in_header("3", "4"))
        .file("cut before the extents", good.substr(0, 4), in_header("4", "12"))
        .file("cut between the extents", good.substr(0, 8), in_header("8", "12"))
        .file(
            "cut before the data",
            good.substr(0, 12),
            " has 12 bytes; its header, shape (2, 3), needs 18")
        .file(
            "cut in the data",
            good.substr(0, 17),
            " has 17 bytes; its header, shape (2, 3), needs 18")
        .file("a byte too long", good + "g", " has 19 bytes; its header, shape (2, 3), needs 18")
        .file(
            "another magic number",
            "\x89PNG\r\n",
            " at byte 0: found 89 50; an IDX file starts with 00 00")
        .file(
            "elements that are floats",
            header({1}, 0x0D) + "abcd",
            " at byte 2: element type is 0x0d (float); need 0x08 (unsigned byte)")
        .file("no dimension", header({}), " at byte 3: 0 dimensions; need 1 to 4")
        .file(
            "five dimensions",
            header({1, 1, 1, 1, 1}) + "a",
            " at byte 3: 5 dimensions; need 1 to 4")
        .file(
            "a size that overflows to 0",
            header({1 << 16, 1 << 16, 1 << 16, 1 << 16}),
            " at byte 4: shape (65536, 65536, 65536, 65536) overflows; need at most "
            "9223372036854775787 elements")
        .file(
            "a billion billion bytes",
            header({1 << 30, 1 << 30}) + "abc",
            " has 15 bytes; its header, shape (1073741824, 1073741824), needs "
            "1152921504606846988");
}

void add_gzip(Rows& rows) {
    const std::string whole = deflated_zeros(0, true, header({2, 3}) + "abcdef");
    const std::string need = " of the file; need an undamaged file";
    const std::string claims = deflated_zeros(10, true, header({1 << 30}));
    std::string damaged = whole;
    damaged[whole.size() - 8] ^= 1;
    const std::string end = std::to_string(whole.size());
    rows.file(
            "a wrong gzip checksum",
            damaged,
            " at byte " + std::to_string(whole.size() - 4) +
                " of the file: incorrect data check; need an undamaged file")
        .file(
            "cut in the gzip checksum",
            whole.substr(0, whole.size() - 3),
            " ends within its gzip checksum, at byte " + std::to_string(whole.size() - 3) + need)
        .file(
            "cut in the gzip data",
            whole.substr(0, 20),
            " has 12 bytes unpacked; its header, shape (2, 3), needs 18")
        .file(
            "cut in the gzip header",
            whole.substr(0, 5),
            " ends at byte 0, in its header; need 4 bytes of header")
        .file(
            "256 MiB after ten bytes",
            deflated_zeros(256 << 20, true, header({10})),
            " has at least 19 bytes unpacked; its header, shape (10,), needs 18")
        .file(
            "gzip that cannot hold what it claims",
            claims,
            " has at most " + std::to_string(1032 * claims.size()) +
                " bytes unpacked; its header, shape (1073741824,), needs 1073741832");
}

}  // namespace

std::vector<Malformed> malformed_idx() {
    Rows rows("idx", "read_idx: \"{}\"", use);
    rows.no_file("an IDX file");
    add_plain(rows);
    add_gzip(rows);
    return std::move(rows.list);
}

}  // namespace xgrad::test
