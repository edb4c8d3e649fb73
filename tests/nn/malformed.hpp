// Malformed files, one row each, for fuzz_corpus. Bytes are made by code; the text is all that the
// error says, with {} for the path.
#pragma once

#include <nn/container.hpp>
#include <nn/idx.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace xgrad::test {

/// What a reader would overwrite.
struct Target {
    Target();

    nn::Sequential<double> net;  ///< one Dense(1, 2)
    std::map<std::string, std::string> metadata{{"mine", "1"}};
    Array<double> array{1, 2};
    data::IdxArray idx{{1}, {7}};
    std::int64_t epoch = 3;
};

struct Malformed {
    std::string name;
    /// Makes the file, or what stands in its place.
    std::function<void(const std::filesystem::path& path)> make;
    /// Reads or writes it; throws the error, into the target's place nothing.
    std::function<void(const std::filesystem::path& path, Target& target)> use;
    std::string text;
    /// In a process of its own that may not read or write what others forbid.
    bool without_rights = false;
};

/// Of a folder: to be listed by all, changed by none.
constexpr auto everyone_looks = static_cast<std::filesystem::perms>(0555);

/// Rows of one reader.
class Rows {
public:
    using Use = decltype(Malformed::use);
    /// `start` is what every error's text begins with: `load: "{}"`.
    Rows(std::string reader, std::string start, Use use)
        : reader_(std::move(reader)),
          start_(std::move(start)),
          use_(std::move(use)) {}

    /// A file of these bytes; `end` is the error's text after the start.
    Rows& file(const std::string& name, std::string bytes, const std::string& end);
    /// What is not there, a folder, a pipe, a link to itself, a file that may not be read.
    Rows& no_file(const std::string& need);
    Rows& add(Malformed row);

    std::vector<Malformed> list;

private:
    std::string reader_, start_;
    Use use_;
};

std::vector<Malformed> malformed_safetensors();
std::vector<Malformed> malformed_npy();
std::vector<Malformed> malformed_npz();
std::vector<Malformed> malformed_idx();
std::vector<Malformed> malformed_checkpoints();
std::vector<Malformed> malformed_writes();

/// The number's bytes, the least first.
std::string little(std::uint64_t number, int bytes);
void write_bytes(const std::filesystem::path& path, const std::string& bytes);
/// `bytes` packed by deflate, raw.
std::string deflated(const std::string& bytes);
/// n zeros in a gzip file's form or raw, never all in memory.
std::string deflated_zeros(std::size_t n, bool gzip, const std::string& before = "");
/// The text of an npy header and what stands before it, padded as numpy does; version 2 and 3 have
/// a length of 4 bytes.
std::string npy_start(const std::string& header, int version = 1);

}  // namespace xgrad::test
