#include <nn/checkpoint.hpp>
#include <tests/nn/malformed.hpp>
#include <tests/nn/stored_files.hpp>

#include <unistd.h>

#include <cstring>

namespace xgrad::test {
namespace {

namespace fs = std::filesystem;

train::Checkpoint<double> checkpoint_of(Target& target) {
    train::Checkpoint<double> checkpoint;
    checkpoint.track("model", target.net).track("array", target.array);
    checkpoint.track("epoch", target.epoch);
    return checkpoint;
}

void use(const fs::path& path, Target& target) { checkpoint_of(target).load(path); }

// A checkpoint of other values than a target starts with.
std::string whole() {
    Target target;
    target.array = {3, 4, 5};
    target.epoch = 9;
    const fs::path path = fs::temp_directory_path() / ("xgrad-whole-" + std::to_string(::getpid()));
    checkpoint_of(target).save(path);
    std::string bytes = bytes_of(path);
    fs::remove(path);
    return bytes;
}

std::string replaced(std::string bytes, const std::string& old, const std::string& by) {
    return bytes.replace(bytes.find(old), old.size(), by);
}

void add_cut(Rows& rows, const std::string& good) {
    std::uint64_t length = 0;
    std::memcpy(&length, good.data(), sizeof length);
    const std::size_t data = 8 + length, all = good.size() - data;
    const auto header_cut = [&](std::size_t follow) {
        return ": the header claims " + std::to_string(length) + " bytes, " +
               std::to_string(follow) +
               " follow its length; need a whole file with a header of at most 104857600";
    };
    const auto data_cut = [&](const char* what, std::size_t follow) {
        return std::string(": the file is ") + what + ": " + std::to_string(follow) +
               " bytes follow the header; need " + std::to_string(all);
    };
    rows.file("empty", "", ": the file has 0 bytes; need at least 8")
        .file("cut in the length", good.substr(0, 7), ": the file has 7 bytes; need at least 8")
        .file("cut before the header", good.substr(0, 8), header_cut(0))
        .file("cut in the header", good.substr(0, data - 1), header_cut(length - 1))
        .file("cut before the arrays", good.substr(0, data), data_cut("cut short", 0))
        .file("cut between the arrays", good.substr(0, data + 24), data_cut("cut short", 24))
        .file("a byte short", good.substr(0, good.size() - 1), data_cut("cut short", all - 1))
        .file("a byte too long", good + "x", data_cut("too long", all + 1));
}

void add_changed(Rows& rows, const std::string& good) {
    const auto changed = [&](const char* name, const std::string& bytes) {
        rows.file(
            name, bytes, ": the contents do not match their checksum; need a file without damage");
    };
    std::string bytes = good;
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    changed("a bit of an array", bytes);
    changed("a letter of a name", replaced(good, "model.0.bias", "model.0.bits"));
    changed("a number in the metadata", replaced(good, R"("9")", R"("8")"));
    changed("a shape of the same size", replaced(good, "[2,1]", "[1,2]"));
    changed("a dtype of the same size", replaced(good, "F64", "I64"));
    changed("no checksum", replaced(good, "xgrad.crc32", "xgrad.crc31"));
    rows.file(
        "a name twice",
        replaced(good, "model.0.weight\"", "model.0.bias\"  "),
        ": the header has \"model.0.bias\" twice; need each name once");
}

}  // namespace

std::vector<Malformed> malformed_checkpoints() {
    Rows rows("checkpoint", "load: \"{}\"", use);
    const std::string good = whole();
    rows.no_file("a safetensors file");
    add_cut(rows, good);
    add_changed(rows, good);
    return std::move(rows.list);
}

}  // namespace xgrad::test
