#include <autograd/fail.hpp>
#include <nn/atomic_file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <random>
#include <system_error>

namespace xgrad::nn {
namespace {

namespace fs = std::filesystem;

constexpr const char* need_writable = "need a path that can be written to";
constexpr const char* need_file = "need the path of a file";
constexpr const char* need_room = "need room for the whole file";
constexpr int max_links = 40;  // as Linux follows

// Where the links end; empty when they lead in a circle.
fs::path follow_links(fs::path path) {
    std::error_code error;
    for (int links = 0; links < max_links; ++links) {
        if (!fs::is_symlink(fs::symlink_status(path, error)))
            return path;
        path = path.parent_path() / fs::read_symlink(path, error);
    }
    return {};
}

// A name of its own for each writer: a name of the process's number would be shared by processes
// in different containers.
fs::path random_name_beside(fs::path path) {
    std::random_device random;
    path += fmt::format(".part{:08x}{:08x}", random(), random());
    return path;
}

}  // namespace

void AtomicFile::fail_of(const char* fault, const char* need) const {
    fail<IoError>("{}: \"{}\": {}; {}", function_, path_.string(), fault, need);
}

AtomicFile::AtomicFile(const char* function, const fs::path& path)
    : function_(function),
      path_(path),
      target_(follow_links(path)) {
    if (target_.empty() && !path.empty())
        fail_of(std::strerror(ELOOP), need_file);
    struct stat old {};
    const bool exists = ::stat(target_.c_str(), &old) == 0;
    if (exists && !S_ISREG(old.st_mode))
        fail_of(S_ISDIR(old.st_mode) ? std::strerror(EISDIR) : "not a regular file", need_file);
    const fs::path folder = target_.has_parent_path() ? target_.parent_path() : ".";
    folder_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    beside_ = random_name_beside(target_);
    if (folder_ >= 0)
        file_ = ::open(beside_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file_ < 0) {
        const int code = errno;
        if (folder_ >= 0)
            ::close(folder_);
        fail_of(std::strerror(code), need_writable);
    }
    if (exists)
        static_cast<void>(::fchmod(file_, old.st_mode & 0777));
}

AtomicFile::~AtomicFile() {
    if (file_ >= 0)
        ::close(file_);
    ::close(folder_);
    if (!beside_.empty())
        ::unlink(beside_.c_str());
}

void AtomicFile::write(const void* data, std::size_t bytes) {
    const auto* from = static_cast<const char*>(data);
    while (bytes > 0) {
        const ssize_t n = ::write(file_, from, bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            fail_of(fmt::format("writing failed: {}", std::strerror(errno)).c_str(), need_room);
        from += n;
        bytes -= static_cast<std::size_t>(n);
    }
}

void AtomicFile::reopen() {
    ::close(file_);
    file_ = ::open(beside_.c_str(), O_WRONLY | O_CLOEXEC);
    if (file_ < 0)
        fail_of(std::strerror(errno), need_writable);
}

void AtomicFile::sync(int descriptor) const {
    if (::fsync(descriptor) != 0) {
        const bool cannot = errno == EINVAL || errno == ENOTSUP;
        if (cannot && descriptor == folder_)  // some file systems sync no folders
            return;
        fail_of(
            fmt::format("syncing failed: {}", std::strerror(errno)).c_str(),
            "need a disk that takes the file");
    }
}

void AtomicFile::commit(const std::function<void()>& before_rename) {
    sync(file_);
    if (before_rename) {
        before_rename();
        sync(folder_);
    }
    if (::rename(beside_.c_str(), target_.c_str()) != 0)
        fail_of(std::strerror(errno), need_file);
    beside_.clear();
    sync(folder_);
}

}  // namespace xgrad::nn
