// Internal: bytes read from front to back, with their errors.
#pragma once

#include <autograd/fail.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

namespace xgrad::nn {

/// A file that cannot be opened or read now, which says nothing about what is in it.
class UnreadableError : public IoError {
public:
    using IoError::IoError;
};

/// A file, or a part of one, that a reader takes apart. Its errors begin with where the bytes come
/// from: `load_npy: "x.npy"`.
class ByteSource {
public:
    ByteSource(std::string where, std::uint64_t size) : where_(std::move(where)), size_(size) {}
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    virtual ~ByteSource() = default;

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
    [[nodiscard]] std::uint64_t left() const noexcept { return size_ - position_; }

    /// Fills `to`. Throws IoError where fewer than n bytes are left.
    void read(void* to, std::size_t n);
    /// Throws IoError that says `fault`, of byte `at`.
    template <class... Args>
    [[noreturn]] void fail(fmt::format_string<Args...> fault, Args&&... args) const {
        xgrad::fail<IoError>("{}: {}", where_, fmt::format(fault, std::forward<Args>(args)...));
    }
    template <class... Args>
    [[noreturn]] void fail_at(
        std::uint64_t at, fmt::format_string<Args...> fault, Args&&... args) const {
        xgrad::fail<IoError>(
            "{} at byte {}: {}", where_, at, fmt::format(fault, std::forward<Args>(args)...));
    }

protected:
    [[nodiscard]] const std::string& where() const noexcept { return where_; }

private:
    /// Up to n bytes, fewer only at the end.
    virtual std::size_t read_some(char* to, std::size_t n) = 0;

    std::string where_;
    std::uint64_t size_;
    std::uint64_t position_ = 0;
};

/// A regular file. Throws IoError for anything else, saying that `need` is needed; UnreadableError
/// for what the system refuses to find, open or read.
class FileSource : public ByteSource {
public:
    FileSource(const char* function, const std::filesystem::path& path, const char* need);

private:
    std::size_t read_some(char* to, std::size_t n) override;

    [[noreturn]] void fail_unreadable(const char* fault) const;

    const char* need_;
    std::ifstream file_;
};

/// How many bytes the regular file at `path` has; throws as FileSource.
[[nodiscard]] std::uint64_t size_of_file(
    const char* function, const std::filesystem::path& path, const char* need);

}  // namespace xgrad::nn
