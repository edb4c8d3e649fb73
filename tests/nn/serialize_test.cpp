#include <nn/layers.hpp>
#include <nn/serialize.hpp>
#include <tests/nn/stored_files.hpp>
#include <tests/support.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using State = nn::StateDict<double>;

// A file of that header, with `size` zero bytes after it.
std::filesystem::path write_file(
    const TempFolder& folder, const std::string& header, std::size_t size) {
    const auto path = folder / "crafted.safetensors";
    std::ofstream file(path, std::ios::binary);
    const std::uint64_t length = header.size();
    file.write(reinterpret_cast<const char*>(&length), 8);
    file << header << std::string(size, '\0');
    return path;
}

// What load says of the file, less its path.
std::string fault_of(const std::filesystem::path& path) {
    const std::string text =
        text_of_error<IoError>([&] { static_cast<void>(nn::load<double>(path)); });
    const std::string prefix = "load: \"" + path.string() + "\": ";
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

std::string fault_of_header(const std::string& header, std::size_t size) {
    const TempFolder folder;
    return fault_of(write_file(folder, header, size));
}

}  // namespace

TEST_CASE_TEMPLATE("save and load give the same bits back", T, float, double) {
    const TempFolder folder;
    nn::StateDict<T> state;
    state["0.weight"] = random_array<T>({3, 4}, 1);
    state["0.bias"] = random_array<T>({4}, 2);
    state["scalar"] = Array<T>(Shape{}, T(2.5));
    state["none"] = empty<T>({0, 3});
    state["special"] = Array<T>{T(0) / T(0), T(1) / T(0), T(-0.0)};
    nn::save(folder / "w.safetensors", state, {{"epoch", "7"}});
    std::map<std::string, std::string> metadata;
    const auto loaded = nn::load<T>(folder / "w.safetensors", &metadata);
    CHECK(loaded.size() == state.size());
    for (const auto& [name, value] : state)
        check_same(loaded.at(name), value);
    CHECK(metadata == std::map<std::string, std::string>{{"epoch", "7"}});
}

TEST_CASE("a float file loads as double and the other way round") {
    const TempFolder folder;
    nn::save(folder / "f", nn::StateDict<float>{{"x", Array<float>{0.1f, 2}}});
    check_same(nn::load<double>(folder / "f").at("x"), {double(0.1f), 2});
    nn::save(folder / "d", State{{"x", Array<double>{0.1, 2}}});
    check_same(nn::load<float>(folder / "d").at("x"), {0.1f, 2});
}

TEST_CASE("the file is safetensors: length, JSON, elements") {
    const TempFolder folder;
    nn::save(
        folder / "x", nn::StateDict<float>{{"a", Array<float>{{1, 2}}}, {"b", Array<float>{3}}});
    const std::string bytes = bytes_of(folder / "x");
    std::uint64_t length = 0;
    REQUIRE(bytes.size() > 8);
    std::memcpy(&length, bytes.data(), 8);
    CHECK(length % 8 == 0);
    CHECK(bytes.size() == 8 + length + 12);
    const std::string header = bytes.substr(8, length);
    CHECK(
        header.find(R"("a":{"data_offsets":[0,8],"dtype":"F32","shape":[1,2]})") !=
        std::string::npos);
    CHECK(
        header.find(R"("b":{"data_offsets":[8,12],"dtype":"F32","shape":[1]})") !=
        std::string::npos);
    float elements[3];
    std::memcpy(elements, bytes.data() + 8 + length, 12);
    CHECK(elements[0] == 1);
    CHECK(elements[1] == 2);
    CHECK(elements[2] == 3);
}

TEST_CASE("a missing file, an empty one, a folder and one that does not open are refused") {
    const TempFolder folder;
    CHECK(fault_of(folder / "none") == "No such file or directory; need a safetensors file");
    std::ofstream(folder / "empty").flush();
    CHECK(fault_of(folder / "empty") == "the file has 0 bytes; need at least 8");
    CHECK(fault_of(folder / ".") == "not a regular file; need a safetensors file");
    if (::geteuid() == 0)
        return;  // no rights stop root
    std::filesystem::permissions(folder / "empty", std::filesystem::perms::none);
    CHECK(fault_of(folder / "empty") == "Permission denied; need a safetensors file");
}

TEST_CASE("a file cut short anywhere, or too long, is refused") {
    const TempFolder folder;
    nn::save(folder / "x", State{{"a", random_array<double>({5}, 1)}});
    const std::string bytes = bytes_of(folder / "x");
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        std::ofstream(folder / "cut", std::ios::binary) << bytes.substr(0, size);
        CHECK_THROWS_AS(static_cast<void>(nn::load<double>(folder / "cut")), IoError);
    }
    std::ofstream(folder / "cut", std::ios::binary) << bytes.substr(0, bytes.size() - 8);
    CHECK(fault_of(folder / "cut") == "the file is cut short: 32 bytes follow the header; need 40");
    std::ofstream(folder / "long", std::ios::binary) << bytes << "x";
    CHECK(fault_of(folder / "long") == "the file is too long: 41 bytes follow the header; need 40");
}

TEST_CASE("a header that claims more than the file has is refused before it is read") {
    const TempFolder folder;
    for (const std::uint64_t length :
         {std::uint64_t{100}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
        std::ofstream file(folder / "x", std::ios::binary);
        file.write(reinterpret_cast<const char*>(&length), 8);
        file << "{}";
        file.close();
        CHECK(
            fault_of(folder / "x") == "the header claims " + std::to_string(length) +
                                          " bytes, 2 follow its length; need a whole file with a "
                                          "header of at most 104857600");
    }
}

TEST_CASE("a header that is not a JSON object is refused") {
    const std::string text = "the header is not a JSON object; need a safetensors file";
    CHECK(fault_of_header("[1]", 0) == text);
    CHECK(fault_of_header("null", 0) == text);
    const auto no_json = [](int at) {
        return fmt::format(
            "the header is not JSON at byte {} of the file; need a safetensors file", at);
    };
    CHECK(fault_of_header("hello", 0) == no_json(8));
    CHECK(fault_of_header("{\"a\":", 0) == no_json(13));
    CHECK(fault_of_header("{\"\xff\":1}", 0) == no_json(10));
    CHECK(fault_of_header("", 0) == no_json(8));
    CHECK(
        fault_of_header("{\"a\":1e999}", 0) ==
        "a number in the header is too large; need a safetensors file");
    CHECK(
        fault_of_header(std::string(100000, '['), 0) ==
        "the header is nested deeper than 3; need a safetensors file");
}

TEST_CASE("an entry of another form, dtype or size is refused") {
    const std::string form = "the entry \"a\" is not valid; need dtype, shape and data_offsets";
    CHECK(fault_of_header(R"({"a":5})", 0) == form);
    CHECK(fault_of_header(R"({"a":{"dtype":"F64","shape":[1]}})", 8) == form);
    CHECK(fault_of_header(R"({"a":{"shape":[1],"data_offsets":[0,8]}})", 8) == form);
    CHECK(fault_of_header(R"({"a":{"dtype":7,"shape":[1],"data_offsets":[0,8]}})", 8) == form);
    CHECK(fault_of_header(R"({"a":{"dtype":"F64","shape":[-1],"data_offsets":[0,8]}})", 8) == form);
    CHECK(
        fault_of_header(R"({"a":{"dtype":"F64","shape":[1.5],"data_offsets":[0,8]}})", 8) == form);
    CHECK(fault_of_header(R"({"a":{"dtype":"F64","shape":[1],"data_offsets":[0]}})", 8) == form);
    CHECK(fault_of_header(R"({"a":{"dtype":"F64","shape":[1],"data_offsets":[-8,0]}})", 8) == form);
    CHECK(fault_of_header(R"({"a":{"dtype":"F64","shape":1,"data_offsets":[0,8]}})", 8) == form);
    CHECK(
        fault_of_header(R"({"a":{"dtype":"F64","shape":{"x":1},"data_offsets":[0,8]}})", 8) ==
        form);
    CHECK(
        fault_of_header(R"({"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}})", 8) ==
        "\"a\" has dtype C64; need BOOL, I8 to I64, U8 to U64, F16, BF16, F32 or F64");
    CHECK(
        fault_of_header(R"({"a":{"dtype":"F64","shape":[2],"data_offsets":[0,8]}})", 8) ==
        "\"a\" has offsets 0 to 8; need 16 bytes for its shape");
    CHECK(
        fault_of_header(R"({"a":{"dtype":"F64","shape":[1],"data_offsets":[8,0]}})", 8) ==
        "\"a\" has offsets 8 to 0; need 8 bytes for its shape");
    CHECK(
        fault_of_header(
            R"({"a":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0) ==
        "\"a\" has a shape whose size overflows; need one below 2^63");
    CHECK(
        fault_of_header(
            R"({"a":{"dtype":"F64","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}})", 0) ==
        "\"a\" has a shape whose size overflows; need one below 2^63");
}

TEST_CASE("a name twice, in the header or in an entry, is refused") {
    const std::string entry = R"("a":{"dtype":"F64","shape":[0],"data_offsets":[0,0]})";
    CHECK(
        fault_of_header("{" + entry + "," + entry + "}", 0) ==
        "the header has \"a\" twice; need each name once");
    CHECK(
        fault_of_header(
            R"({"a":{"dtype":"F64","dtype":"F64","shape":[0],"data_offsets":[0,0]}})", 0) ==
        "the header has \"dtype\" twice; need each name once");
}

TEST_CASE("metadata that is not texts is refused") {
    const std::string form = "the metadata is not valid; need an object of texts";
    CHECK(fault_of_header(R"({"__metadata__":{"epoch":7}})", 0) == form);
    CHECK(fault_of_header(R"({"__metadata__":[]})", 0) == form);
    CHECK(fault_of_header(R"({"__metadata__":{"epoch":"7"}})", 0) == "no error");
}

TEST_CASE("a zip archive in a safetensors file's place is called one") {
    const TempFolder folder;
    std::ofstream(folder / "model.pt", std::ios::binary) << "PK\3\4 and so on";
    CHECK(
        fault_of(folder / "model.pt") ==
        "a zip archive, as torch.save and numpy.savez write; need a safetensors file (load_npz "
        "reads npz)");
}

TEST_CASE("every dtype of PyTorch's file is converted") {
    const auto file = python_file("torch_mixed.safetensors");
    const State state = nn::load<double>(file);
    CHECK(state.size() == 15);
    const double inf = std::numeric_limits<double>::infinity();
    for (const auto& entry : state) {
        const auto& [name, value] = entry;
        CAPTURE(entry.first);
        if (name == "bool")
            check_same(value, {0, 1, 1, 1, 1});
        else if (name == "special_half")
            check_same(value, {0, -0.0, 0x1.554p-2, -65504, 0x1p-24, inf, -inf, std::nan("")});
        else if (name == "special_bfloat")
            check_same(value, {0, -0.0, 0x1.56p-2, -65536, 0x1.02p-24, inf, -inf, std::nan("")});
        else
            check_same(value, {0, 1, 2, 3, 100});
    }
    check_same(nn::load<float>(file).at("uint64"), {0, 1, 2, 3, 100});
}

TEST_CASE("arrays that overlap or leave a gap are refused") {
    const auto two = [](const char* second) {
        return std::string(R"({"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},)") +
               R"("b":{"dtype":"F64","shape":[1],"data_offsets":)" + second + "}}";
    };
    CHECK(fault_of_header(two("[8,16]"), 16) == "no error");
    CHECK(
        fault_of_header(two("[16,24]"), 24) ==
        "\"b\" begins at 16, the array before it ends at 8; need no gap and no overlap");
    CHECK(
        fault_of_header(two("[4,12]"), 16) ==
        "\"b\" begins at 4, the array before it ends at 8; need no gap and no overlap");
}

TEST_CASE("a failed save leaves the old file and nothing beside it") {
    const TempFolder folder;
    const auto check_fault = [&](const char* name,
                                 const std::string& fault,
                                 const State& state = {},
                                 const std::map<std::string, std::string>& metadata = {}) {
        CHECK(text_of_error<IoError>([&] {
                  nn::save(folder / name, state, metadata);
              }) == "save: \"" + (folder / name).string() + "\": " + fault);
    };
    check_fault("none/x", "No such file or directory; need a path that can be written to");
    // A folder in the file's place cannot be replaced by a file.
    std::filesystem::create_directory(folder / "x");
    std::ofstream(folder / "x/inside") << "old";
    check_fault("x", "Is a directory; need the path of a file", {{"a", Array<double>{1}}});
    const std::string encoding = "a name or the metadata is not UTF-8; need valid UTF-8";
    check_fault("y", encoding, {{"\xff", Array<double>{1}}});
    check_fault("y", encoding, {}, {{"key", "\xff"}});
    check_fault("y", encoding, {}, {{"\xff", "value"}});
    CHECK(bytes_of(folder / "x/inside") == "old");
    const std::filesystem::directory_iterator entries(folder / ".");
    CHECK(std::distance(begin(entries), end(entries)) == 1);
}

TEST_CASE("load gives metadata whole or leaves it") {
    const TempFolder folder;
    nn::save(folder / "x", State{{"a", Array<double>{1}}}, {{"epoch", "7"}});
    std::map<std::string, std::string> metadata{{"mine", "1"}};
    std::ofstream(folder / "cut", std::ios::binary)
        << bytes_of(folder / "x").substr(0, bytes_of(folder / "x").size() - 1);
    CHECK_THROWS_AS(static_cast<void>(nn::load<double>(folder / "cut", &metadata)), IoError);
    CHECK(metadata == std::map<std::string, std::string>{{"mine", "1"}});
    static_cast<void>(nn::load<double>(folder / "x", &metadata));
    CHECK(metadata == std::map<std::string, std::string>{{"epoch", "7"}});
}

TEST_CASE("empty arrays beside others are read back, whatever their names") {
    const TempFolder folder;
    const State state{
        {"a", Array<double>{1}}, {"b", empty<double>({0, 2})}, {"c", Array<double>{2, 3}}};
    nn::save(folder / "x", state);
    CHECK(nn::load<double>(folder / "x").at("b").shape() == Shape{0, 2});
    const auto entry = [](const char* name, const char* shape, const char* offsets) {
        return std::string("\"") + name + R"(":{"dtype":"F64","shape":)" + shape +
               R"(,"data_offsets":)" + offsets + "}";
    };
    CHECK(
        fault_of_header(
            "{" + entry("a", "[1]", "[0,8]") + "," + entry("z", "[0]", "[0,0]") + "}", 8) ==
        "no error");
    CHECK_THROWS_AS(nn::save(folder / "y", State{{"__metadata__", Array<double>{1}}}), IoError);
}

TEST_CASE("save replaces an older file") {
    const TempFolder folder;
    nn::save(folder / "x", State{{"a", random_array<double>({100}, 1)}});
    nn::save(folder / "x", State{{"b", Array<double>{2}}});
    const State state = nn::load<double>(folder / "x");
    CHECK(state.size() == 1);
    check_same(state.at("b"), {2});
}

TEST_CASE("a network's weights survive a file") {
    const TempFolder folder;
    Rng rng(1), other(2);
    nn::Sequential a(nn::Dense(4, 3, rng), nn::Relu(), nn::Dense(3, 2, rng));
    nn::Sequential b(nn::Dense(4, 3, other), nn::Relu(), nn::Dense(3, 2, other));
    nn::save(folder / "net", a.state_dict());
    b.load_state_dict(nn::load<float>(folder / "net"));
    const Variable<float> x(random_array<float>({5, 4}, 3));
    check_same(b(x).value(), a(x).value());
}
