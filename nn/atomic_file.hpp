// Internal: a file that appears whole or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>

namespace xgrad::nn {

/// Writes a file beside `path` and puts it in its place by commit(): a reader, and a run that was
/// killed, finds the old file or the new one. Without commit() nothing is left, but by a run that
/// was killed the file beside, "NAME.part" and 16 hex digits. A new file has the rights that umask
/// leaves. A symbolic link is followed: the file it points to is replaced, with its rights, and the
/// link stays. Errors are IoErrors that name `function` and `path`: a folder that is not there or
/// not writable, something other than a regular file at the path, a full disk.
class AtomicFile {
public:
    AtomicFile(const char* function, const std::filesystem::path& path);
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;
    ~AtomicFile();

    void write(const void* data, std::size_t bytes);
    /// Syncs the file, renames it to the path, syncs the folder. When only the last fails, the new
    /// file is in its place, but a loss of power may bring the old one back; a file system that
    /// syncs no folders is not an error. `before_rename` is called when the file is safe but not
    /// yet in its place; what it does to the folder is synced before the rename.
    void commit(const std::function<void()>& before_rename = {});

    /// Where the file is written, for a library that writes by name.
    [[nodiscard]] const std::filesystem::path& beside() const noexcept { return beside_; }
    /// To be called when such a library has put another file there.
    void reopen();

private:
    void fail_of(const char* fault, const char* need) const;
    void sync(int descriptor) const;

    const char* function_;
    std::filesystem::path path_, target_, beside_;
    int folder_ = -1;
    int file_ = -1;
};

}  // namespace xgrad::nn
