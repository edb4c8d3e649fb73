#include <nn/npz.hpp>
#include <tests/nn/malformed.hpp>

#include <zlib.h>

#include <optional>

namespace xgrad::test {
namespace {

namespace fs = std::filesystem;

// A member as a zip archive describes it, true or not.
struct Member {
    std::string name;
    std::string packed;
    std::uint32_t size = 0, crc = 0;
    std::uint16_t method = 0, flags = 0;
};

Member stored(const std::string& name, const std::string& bytes) {
    const auto* const data = reinterpret_cast<const Bytef*>(bytes.data());
    const auto size = static_cast<std::uint32_t>(bytes.size());
    return {name, bytes, size, static_cast<std::uint32_t>(crc32(0, data, size))};
}

Member packed(const std::string& name, const std::string& bytes) {
    Member member = stored(name, bytes);
    member.packed = deflated(bytes);
    member.method = 8;
    return member;
}

// What the local and the central header share: from the version to the length of the extra field.
std::string common(const Member& m) {
    return little(20, 2) + little(m.flags, 2) + little(m.method, 2) + little(0, 2) +
           little(0x21, 2) + little(m.crc, 4) + little(m.packed.size(), 4) + little(m.size, 4) +
           little(m.name.size(), 2) + little(0, 2);
}

std::string local(const Member& m) { return "PK\3\4" + common(m) + m.name + m.packed; }

std::string central(const Member& m, std::size_t at) {
    return "PK\1\2" + little(20, 2) + common(m) + little(0, 2 + 2 + 2 + 4) + little(at, 4) + m.name;
}

std::string directory_end(std::size_t members, std::size_t bytes, std::size_t at) {
    return "PK\5\6" + little(0, 4) + little(members, 2) + little(members, 2) + little(bytes, 4) +
           little(at, 4) + little(0, 2);
}

// All members of the directory lie at `at` where that is given.
std::string archive(const std::vector<Member>& members, std::optional<std::size_t> at = {}) {
    std::string files, directory;
    for (const Member& member : members) {
        directory += central(member, at.value_or(files.size()));
        if (!at || files.empty())
            files += local(member);
    }
    return files + directory + directory_end(members.size(), directory.size(), files.size());
}

std::string npy(const std::string& shape, std::size_t bytes) {
    return npy_start("{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + ", }") +
           std::string(bytes, '\1');
}

const std::string array = npy("(3,)", 24);

void use(const fs::path& path, Target& target) {
    target.net.load_state_dict(nn::load_npz<double>(path));
}

void add_cut(Rows& rows) {
    const std::string good = archive({stored("0.weight.npy", array), stored("0.bias.npy", array)});
    const std::string no_zip = ": not a zip archive; need an npz file";
    const std::size_t member = 30 + 12 + array.size();
    const std::size_t directory =
        local(stored("0.weight.npy", array)).size() + local(stored("0.bias.npy", array)).size();
    rows.file("empty", "", no_zip)
        .file("no archive", "numpy", no_zip)
        .file("an npy file", array, no_zip)
        .file("cut in a local header", good.substr(0, 20), no_zip)
        .file("cut in an array", good.substr(0, 100), no_zip)
        .file("cut between the members", good.substr(0, member), no_zip)
        .file("cut before the directory", good.substr(0, directory), no_zip)
        .file("cut in the directory", good.substr(0, directory + 50), no_zip)
        .file("cut before the end record", good.substr(0, good.size() - 22), no_zip)
        .file("cut in the end record", good.substr(0, good.size() - 1), no_zip)
        .file(
            "cut at its start",
            good.substr(7),
            ": the archive contradicts itself; need an npz file");
}

void add_directory(Rows& rows) {
    const std::string inconsistent = ": the archive contradicts itself; need an npz file";
    const Member member = stored("a.npy", array);
    const std::string file = local(member), entry = central(member, 0);
    rows.file(
            "more members than there are",
            file + entry + directory_end(60'000, entry.size(), file.size()),
            inconsistent)
        .file(
            "fewer members than there are",
            file + entry + entry + directory_end(1, 2 * entry.size(), file.size()),
            inconsistent)
        .file(
            "a directory beyond the file",
            file + entry + directory_end(1, entry.size(), 1 << 30),
            inconsistent)
        .file(
            "a member beyond the file",
            file + central(member, 1 << 30) + directory_end(1, entry.size(), file.size()),
            ": not a zip archive; need an npz file");
    Member other = member;
    other.size += 8;
    rows.file(
        "a local header that says otherwise",
        local(other) + entry + directory_end(1, entry.size(), file.size()),
        inconsistent);
}

void add_names(Rows& rows) {
    const auto name =
        [&](const std::string& what, const std::string& bytes, const std::string& end) {
            rows.file(what, archive({stored(bytes, array)}), ": " + end);
        };
    const std::string need = "; need one that stays in its folder";
    name("a name above the folder", "../a.npy", "the name of \"../a.npy\" has \"..\"" + need);
    name(
        "a name through the folder",
        "a/../../b.npy",
        "the name of \"a/../../b.npy\" has \"..\"" + need);
    name("an absolute name", "/etc/a.npy", "the name of \"/etc/a.npy\" is absolute" + need);
    name("a name with a drive", "C:/a.npy", "the name of \"C:/a.npy\" is absolute" + need);
    name(
        "a name with backslashes",
        "..\\a.npy",
        "the name of \"..\\a.npy\" has a backslash or a zero" + need);
    name("an empty name", ".npy", "the name of \".npy\" is empty" + need);
    name("no name", "", "the member \"\" is no array; need names in .npy");
    name("a folder", "a/", "the member \"a/\" is no array; need names in .npy");
    name("another file", "data.pkl", "the member \"data.pkl\" is no array; need names in .npy");
    rows.file(
        "a name twice",
        archive({stored("a.npy", array), stored("a.npy", array)}),
        ": two members have one name; need an npz file");
    Member wide = stored("\xC3\xB6.npy", array);
    wide.flags = 1 << 11;  // in UTF-8; without it, in the code page 437
    rows.file(
        "a name twice, in two encodings",
        archive({wide, stored("\x94.npy", array)}),
        ": two members have one name; need an npz file");
}

void add_members(Rows& rows) {
    const auto member = [&](const std::string& name, const Member& m, const std::string& end) {
        rows.file(name, archive({m}), end);
    };
    Member m = stored("a.npy", array);
    m.crc ^= 1;
    member(
        "a wrong checksum",
        m,
        ", \"a.npy\" at byte 152: the checksum does not match; need an undamaged archive");
    m = packed("a.npy", array);
    m.crc ^= 1;
    member(
        "a wrong checksum of deflated data",
        m,
        ", \"a.npy\" at byte 152: the checksum does not match; need an undamaged archive");
    m = packed("a.npy", array);
    m.packed.assign(m.packed.size(), '\xff');
    member(
        "damaged data",
        m,
        ", \"a.npy\" at byte 0: the deflated data is damaged; need an undamaged archive");
    m = packed("a.npy", array);
    m.packed = '\1' + little(array.size(), 2) + little(~array.size(), 2) + array.substr(0, 50);
    member(
        "deflated data that ends",
        m,
        ", \"a.npy\" at byte 50: the checksum does not match; need an undamaged archive");
    m = stored("a.npy", array);
    m.flags = 1;
    member("encrypted", m, ": \"a.npy\" is encrypted; need an open one");
    m = stored("a.npy", array);
    m.method = 12;
    member(
        "packed by bzip2",
        m,
        ": \"a.npy\" is packed by method 12; need 0 (stored) or 8 (deflated)");
}

void add_sizes(Rows& rows) {
    const auto member = [&](const std::string& name, const Member& m, const std::string& end) {
        rows.file(name, archive({m}), end);
    };
    Member m = packed("a.npy", array);
    m.size += 8;
    member(
        "less than it claims",
        m,
        ", \"a.npy\" at byte 128: 32 bytes of elements follow; need 24 for the shape (3,)");
    m = packed("a.npy", npy("(4,)", 24));
    m.size += 8;
    member(
        "less than it and its array claim",
        m,
        ", \"a.npy\" at byte 128: 24 bytes are left; need 32");
    m = packed("a.npy", array + array);
    m.size = static_cast<std::uint32_t>(array.size());
    member(
        "more than it claims",
        m,
        ", \"a.npy\" at byte 152: it goes on; need the size that the archive claims");
    member(
        "an array that is cut",
        stored("a.npy", array.substr(0, 140)),
        ", \"a.npy\" at byte 128: 12 bytes of elements follow; need 24 for the shape (3,)");
    for (const char* const order : {"?", "x", " "}) {
        std::string other = array;
        other.replace(other.find("<f8"), 1, order);
        member(
            std::string("an array with '") + order + "' for an order",
            stored("a.npy", other),
            std::string(", \"a.npy\" at byte 20: the dtype is '") + order +
                "f8'; need b1, i1 to i8, u1 to u8, f2, f4 or f8 with its order of bytes");
    }
    member(
        "an empty member", stored("a.npy", ""), ", \"a.npy\" at byte 0: 0 bytes are left; need 8");
}

void add_bombs(Rows& rows) {
    Member m = stored("a.npy", array);
    m.method = 8;
    m.packed = deflated_zeros(1000, false);
    m.size = 0xFFFFFFF0;
    rows.file(
        "4 GB claimed of a few bytes",
        archive({m}),
        ": \"a.npy\" claims 4294967280 bytes, packed into " + std::to_string(m.packed.size()) +
            "; need at most 1032 times as many");
    m.packed = deflated_zeros(256 << 20, false, array);
    m.size = static_cast<std::uint32_t>(array.size() + (256 << 20));
    rows.file(
        "256 MiB after an array",
        archive({m}),
        ", \"a.npy\" at byte 128: 268435480 bytes of elements follow; need 24 for the shape "
        "(3,)");
    m.packed = deflated_zeros(256 << 20, false, npy("(10000000000,)", 0));
    m.size = 128 + (256 << 20);
    rows.file(
        "an array that claims 80 GB",
        archive({m}),
        ", \"a.npy\" at byte 128: 268435456 bytes "
        "of elements follow; need 80000000000 for the shape (10000000000,)");
    m = packed("a.npy", array);
    std::vector<Member> many(100, m);
    for (std::size_t i = 0; i < many.size(); ++i)
        many[i].name = std::string(1, static_cast<char>('a' + i % 26)) + ".npy";
    rows.file(
        "a hundred members in one place",
        archive(many, 0),
        ": the archive contradicts itself; need an npz file");
}

}  // namespace

std::vector<Malformed> malformed_npz() {
    Rows rows("npz", "load_npz: \"{}\"", use);
    rows.no_file("an npz file");
    add_cut(rows);
    add_directory(rows);
    add_names(rows);
    add_members(rows);
    add_sizes(rows);
    add_bombs(rows);
    return std::move(rows.list);
}

}  // namespace xgrad::test
