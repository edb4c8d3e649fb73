#include <nn/serialize.hpp>
#include <tests/nn/malformed.hpp>

namespace xgrad::test {
namespace {

namespace fs = std::filesystem;

std::string entry(const std::string& name, const std::string& shape, const std::string& offsets) {
    return "\"" + name + R"(":{"dtype":"F64","shape":)" + shape + R"(,"data_offsets":)" + offsets +
           "}";
}

// 17 + 2 * 56 bytes of header, of a matrix and a number.
const std::string good_header =
    "{" + entry("0.bias", "[2]", "[0,16]") + "," + entry("0.weight", "[2,1]", "[16,32]") + "}";

std::string with_header(const std::string& header, std::size_t bytes) {
    return little(header.size(), 8) + header + std::string(bytes, '\1');
}

void use(const fs::path& path, Target& target) {
    target.net.load_state_dict(nn::load<double>(path, &target.metadata));
}

void add_cut(Rows& rows) {
    const std::string good = with_header(good_header, 32);
    const std::string n = std::to_string(good_header.size());
    const std::size_t data = 8 + good_header.size();
    const auto header_cut = [&](const char* follow) {
        return ": the header claims " + n + " bytes, " + follow +
               " follow its length; need a whole file with a header of at most 104857600";
    };
    rows.file("empty", "", ": the file has 0 bytes; need at least 8")
        .file("cut in the length", good.substr(0, 7), ": the file has 7 bytes; need at least 8")
        .file("cut before the header", good.substr(0, 8), header_cut("0"))
        .file("cut in the header", good.substr(0, 40), header_cut("32"))
        .file(
            "cut a byte before the header's end",
            good.substr(0, data - 1),
            header_cut(std::to_string(good_header.size() - 1).c_str()))
        .file(
            "cut before the data",
            good.substr(0, data),
            ": the file is cut short: 0 bytes follow the header; need 32")
        .file(
            "cut between the arrays",
            good.substr(0, data + 16),
            ": the file is cut short: 16 bytes follow the header; need 32")
        .file(
            "cut in an element",
            good.substr(0, data + 31),
            ": the file is cut short: 31 bytes follow the header; need 32")
        .file(
            "a byte too long",
            good + "x",
            ": the file is too long: 33 bytes follow the header; need 32");
}

void add_length(Rows& rows) {
    const auto claims = [](const std::string& length, const std::string& follow) {
        return ": the header claims " + length + " bytes, " + follow +
               " follow its length; need a whole file with a header of at most 104857600";
    };
    rows.file(
            "a length of 2^64 - 1",
            little(~std::uint64_t{0}, 8) + "{}",
            claims("18446744073709551615", "2"))
        .file("a length of 2^63", little(1ULL << 63, 8) + "{}", claims("9223372036854775808", "2"))
        .file(
            "a length of 0",
            little(0, 8),
            ": the header is not JSON at byte 8 of the file; need "
            "a safetensors file")
        .add(
            {"a header above 100 MiB",
             [](const fs::path& path) {
                 write_bytes(path, little((100ULL << 20) + 1, 8));
                 fs::resize_file(path, (100ULL << 20) + 16);  // sparse
             },
             {},
             claims("104857601", "104857608")})
        .file(
            "a zip archive",
            "PK\3\4" + std::string(30, '\0'),
            ": a zip archive, as torch.save and numpy.savez write; need a safetensors file "
            "(load_npz reads npz)");
}

void add_json(Rows& rows) {
    const auto no_json = [](int at) {
        return ": the header is not JSON at byte " + std::to_string(at) +
               " of the file; need a safetensors file";
    };
    rows.file("no JSON", with_header("weights", 0), no_json(8))
        .file("JSON that ends", with_header(R"({"a":{)", 0), no_json(14))
        .file("JSON that goes on", with_header("{}{}", 0), no_json(10))
        .file("a name not in UTF-8", with_header("{\"\xC3\x28\":1}", 0), no_json(11))
        .file("a zero in a name", with_header(std::string("{\"a\0b\":1}", 9), 0), no_json(11))
        .file(
            "a list",
            with_header("[]", 0),
            ": the header is not a JSON object; need a safetensors file")
        .file(
            "a number beyond double",
            with_header(R"({"a":1e999})", 0),
            ": a number in the header is too large; need a safetensors file")
        .file(
            "a million brackets",
            with_header(std::string(1'000'000, '['), 0),
            ": the header is nested deeper than 3; need a safetensors file")
        .file(
            "an object in a shape",
            with_header(R"({"a":{"shape":[{"b":1}]}})", 0),
            ": the header is nested deeper than 3; need a safetensors file")
        .file(
            "metadata that is a number",
            with_header(R"({"__metadata__":{"epoch":7}})", 0),
            ": the metadata is not valid; need an object of texts");
}

void add_names(Rows& rows) {
    rows.file(
            "a name twice",
            with_header(
                "{" + entry("a", "[1]", "[0,8]") + "," + entry("a", "[1]", "[8,16]") + "}", 16),
            ": the header has \"a\" twice; need each name once")
        .file(
            "a name twice, once escaped",
            with_header(
                "{" + entry("a", "[1]", "[0,8]") + "," + entry("\\u0061", "[1]", "[8,16]") + "}",
                16),
            ": the header has \"a\" twice; need each name once")
        .file(
            "a dtype twice",
            with_header(
                R"({"a":{"dtype":"F64","dtype":"F32","shape":[1],"data_offsets":[0,8]}})", 8),
            ": the header has \"dtype\" twice; need each name once")
        .file(
            "metadata twice",
            with_header(R"({"__metadata__":{},"__metadata__":{}})", 0),
            ": the header has \"__metadata__\" twice; need each name once");
}

void add_entries(Rows& rows) {
    const std::string form = ": the entry \"a\" is not valid; need dtype, shape and data_offsets";
    const auto dtype = [](const std::string& type, const std::string& rest) {
        return with_header(R"({"a":{"dtype":")" + type + "\"," + rest + "}}", 8);
    };
    const auto shape = [](const std::string& shape, const std::string& offsets, std::size_t bytes) {
        return with_header("{" + entry("a", shape, offsets) + "}", bytes);
    };
    rows.file("no offsets", with_header(R"({"a":{"dtype":"F64","shape":[1]}})", 8), form)
        .file("an extent below 0", shape("[-1]", "[0,8]", 8), form)
        .file("an extent of 2^64", shape("[18446744073709551616]", "[0,8]", 8), form)
        .file("an extent that is no integer", shape("[1.0]", "[0,8]", 8), form)
        .file("three offsets", shape("[1]", "[0,8,8]", 8), form)
        .file(
            "a dtype of complex numbers",
            dtype("C64", R"("shape":[1],"data_offsets":[0,8])"),
            ": \"a\" has dtype C64; need BOOL, I8 to I64, U8 to U64, F16, BF16, F32 or F64")
        .file(
            "a dtype of half the size",
            dtype("F32", R"("shape":[1],"data_offsets":[0,8])"),
            ": \"a\" has offsets 0 to 8; need 4 bytes for its shape")
        .file(
            "a size that overflows to 0",
            shape("[4294967296,4294967296]", "[0,0]", 0),
            ": \"a\" has a shape whose size overflows; need one below 2^63")
        .file(
            "an empty shape that overflows",
            shape("[4294967296,4294967296,0]", "[0,0]", 0),
            ": \"a\" has a shape whose size overflows; need one below 2^63")
        .file(
            "a petabyte",
            shape("[140737488355328]", "[0,1125899906842624]", 8),
            ": the file is cut short: 8 bytes follow the header; need 1125899906842624");
}

void add_offsets(Rows& rows) {
    const auto second = [](const std::string& offsets, std::size_t bytes) {
        return with_header(
            "{" + entry("a", "[1]", "[0,8]") + "," + entry("b", "[1]", offsets) + "}", bytes);
    };
    const auto begins = [](const std::string& at) {
        return ": \"b\" begins at " + at +
               ", the array before it ends at 8; need no gap and no overlap";
    };
    rows.file("two arrays in one place", second("[0,8]", 8), begins("0"))
        .file("arrays that overlap", second("[4,12]", 12), begins("4"))
        .file("a gap", second("[16,24]", 24), begins("16"))
        .file(
            "offsets the wrong way round",
            second("[16,8]", 16),
            ": \"b\" has offsets 16 to 8; need 8 bytes for its shape")
        .file(
            "offsets beyond 2^63",
            second("[18446744073709551608,18446744073709551615]", 16),
            ": \"b\" has offsets 18446744073709551608 to 18446744073709551615; need 8 bytes for "
            "its shape")
        .file(
            "offsets past the file",
            second("[8,16]", 0),
            ": the file is cut short: 0 bytes follow the header; need 16");
}

}  // namespace

std::vector<Malformed> malformed_safetensors() {
    Rows rows("safetensors", "load: \"{}\"", use);
    rows.no_file("a safetensors file");
    add_cut(rows);
    add_length(rows);
    add_json(rows);
    add_names(rows);
    add_entries(rows);
    add_offsets(rows);
    return std::move(rows.list);
}

}  // namespace xgrad::test
