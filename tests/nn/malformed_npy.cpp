#include <nn/npy.hpp>
#include <tests/nn/malformed.hpp>

#include <cstdint>

namespace xgrad::test {
namespace {

namespace fs = std::filesystem;

std::string dict(const std::string& descr, const std::string& shape) {
    return "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }";
}

// The header is 128 bytes with what stands before it; then 24 bytes of elements.
const std::string good = npy_start(dict("'<f8'", "(3,)")) + std::string(24, '\1');

std::string header(const std::string& text, int version = 1) {
    return npy_start(text, version) + std::string(24, '\1');
}

void use(const fs::path& path, Target& target) { target.array = nn::load_npy<double>(path); }

void add_cut(Rows& rows) {
    const auto claims = [](const std::string& length, const std::string& follow) {
        return " at byte 8: the header claims " + length + " bytes, " + follow +
               " follow; need a whole file with a header of at most 65536";
    };
    rows.file("empty", "", " at byte 0: 0 bytes are left; need 8")
        .file("cut in the magic number", good.substr(0, 5), " at byte 0: 5 bytes are left; need 8")
        .file("cut before the version", good.substr(0, 6), " at byte 0: 6 bytes are left; need 8")
        .file("cut in the version", good.substr(0, 7), " at byte 0: 7 bytes are left; need 8")
        .file("cut before the length", good.substr(0, 8), " at byte 8: 0 bytes are left; need 2")
        .file("cut in the length", good.substr(0, 9), " at byte 8: 1 bytes are left; need 2")
        .file("cut before the header", good.substr(0, 10), claims("118", "0"))
        .file("cut in the header", good.substr(0, 127), claims("118", "117"))
        .file(
            "cut before the elements",
            good.substr(0, 128),
            " at byte 128: 0 bytes of elements follow; need 24 for the shape (3,)")
        .file(
            "cut in an element",
            good.substr(0, 151),
            " at byte 128: 23 bytes of elements follow; need 24 for the shape (3,)")
        .file(
            "a byte too long",
            good + "x",
            " at byte 128: 25 bytes of elements follow; need 24 for the shape (3,)")
        .file(
            "a header of 4 GB",
            "\x93NUMPY" + little(2, 2) + little(0xFFFFFFFF, 4) + "{}",
            claims("4294967295", "2"))
        .file(
            "a header above 64 KiB",
            header(dict("'<f8'", "(3,)") + std::string(70'000, ' '), 2),
            claims("70068", "70092"));
}

void add_start(Rows& rows) {
    std::string other = good;
    other[0] = 'N';
    rows.file(
        "another magic number",
        other,
        " at byte 0: found 4e 4e 55 4d 50 59; an npy file starts with 93 4e 55 4d 50 59");
    const std::string need = "; need 1.0, 2.0 or 3.0";
    other = good;
    other[6] = 4;
    rows.file("version 4", other, " at byte 6: the version is 4.0" + need);
    other[6] = 0;
    rows.file("version 0", other, " at byte 6: the version is 0.0" + need);
    other[6] = 1;
    other[7] = 1;
    rows.file("version 1.1", other, " at byte 6: the version is 1.1" + need);
}

void add_dtype(Rows& rows) {
    const auto dtype = [&](const std::string& name, const std::string& descr) {
        rows.file(
            name,
            header(dict("'" + descr + "'", "(3,)")),
            " at byte 20: the dtype is '" + descr +
                "'; need b1, i1 to i8, u1 to u8, f2, f4 or f8 with its order of bytes");
    };
    dtype("complex numbers", "<c16");
    dtype("pickled objects", "|O");
    dtype("text", "<U7");
    dtype("long double", "<f16");
    dtype("a dtype without an order", "f8");
    dtype("a dtype with a mark that is no order", "?f8");
    dtype("a dtype with a letter for an order", "xf8");
    dtype("a dtype with a space for an order", " f8");
    dtype("no dtype", "");
    rows.file(
        "a structure",
        header(dict("[('x', '<f8')]", "(3,)")),
        " at byte 20: the header has '['; need one dtype for all elements, not a structure");
    rows.add(
        {"floats for whole numbers",
         [](const fs::path& path) { write_bytes(path, good); },
         [](const fs::path& path, Target&) { static_cast<void>(nn::load_npy<std::int64_t>(path)); },
         " at byte 0: the elements are floats; need integers or bool"});
    rows.add(
        {"a whole number of 2^63",
         [](const fs::path& path) {
             write_bytes(path, npy_start(dict("'<u8'", "(1,)")) + little(1ULL << 63, 8));
         },
         [](const fs::path& path, Target&) { static_cast<void>(nn::load_npy<std::int64_t>(path)); },
         " at byte 128: an integer of 2^63 or more is among the elements; need less"});
}

void add_shape(Rows& rows) {
    const auto shape =
        [&](const std::string& name, const std::string& text, const std::string& end) {
            rows.file(name, header(dict("'<f8'", text)), " at byte " + end);
        };
    shape("an extent below 0", "(-3,)", "61: the header has '-'; need an extent");
    shape(
        "an extent of 2^64",
        "(18446744073709551616,)",
        "61: the header has '1'; need an extent that fits 64 bits");
    shape("an extent that is no integer", "(3.0,)", "62: the header has '.'; need ')'");
    shape("a shape that is a number", "3", "60: the header has '3'; need '('");
    shape(
        "a shape in brackets that is no tuple",
        "(3)",
        "62: the header has ')'; need ',' after the only extent");
    shape(
        "a size that overflows to 0",
        "(4294967296, 4294967296)",
        "60: the shape (4294967296, 4294967296) overflows; need a size below 2^63");
    shape(
        "an empty shape that overflows",
        "(0, 4294967296, 4294967296)",
        "60: the shape (0, 4294967296, 4294967296) overflows; need a size below 2^63");
    std::string many = "(";
    for (int i = 0; i < 65; ++i)
        many += "1,";
    shape("65 extents", many + ")", "189: the header has '1'; need at most 64 extents");
    rows.file(
        "a petabyte",
        header(dict("'<f8'", "(140737488355328,)")),
        " at byte 128: 24 bytes of elements follow; need 1125899906842624 for the shape "
        "(140737488355328,)");
}

void add_header(Rows& rows) {
    const std::string keys = "; need 'descr', 'fortran_order' and 'shape', once each";
    rows.file("no dict", header("descr"), " at byte 10: the header has 'd'; need '{'")
        .file(
            "an empty header",
            "\x93NUMPY" + little(1, 2) + little(0, 2),
            " at byte 10: the header ends; need '{'")
        .file(
            "a dict that ends",
            "\x93NUMPY" + little(1, 2) + little(8, 2) + "{'descr'",
            " at byte 18: the header ends; need ':'")
        .file(
            "a text that ends",
            "\x93NUMPY" + little(1, 2) + little(5, 2) + "{'des",
            " at byte 15: the header ends; need the quote that ends a text")
        .file(
            "no shape",
            header("{'descr': '<f8', 'fortran_order': False}"),
            " at byte 64: the header ends" + keys)
        .file(
            "a key twice",
            header("{'descr': '<f8', 'descr': '<f8'}"),
            " at byte 36: the header has another 'descr'" + keys)
        .file(
            "an unknown key",
            header("{'dtype': '<f8'}"),
            " at byte 20: the header has 'dtype'" + keys)
        .file(
            "an order that is a number",
            header("{'fortran_order': 0}"),
            " at byte 28: the header has '0'; need True or False")
        .file(
            "a byte that is not UTF-8",
            header("{\xff"),
            " at byte 11: the header has the byte ff; need a text in quotes")
        .file(
            "code in the header",
            header("__import__('os')"),
            " at byte 10: the header has '_'; need '{'")
        .file(
            "text after the dict",
            header(dict("'<f8'", "(3,)") + " 7"),
            " at byte 68: the header has '7'; need nothing but spaces after '}'");
}

}  // namespace

std::vector<Malformed> malformed_npy() {
    Rows rows("npy", "load_npy: \"{}\"", use);
    rows.no_file("an npy file");
    add_cut(rows);
    add_start(rows);
    add_dtype(rows);
    add_shape(rows);
    add_header(rows);
    return std::move(rows.list);
}

}  // namespace xgrad::test
