#include <nn/byte_source.hpp>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace xgrad::nn {

namespace fs = std::filesystem;

void ByteSource::read(void* to, std::size_t n) {
    const std::size_t got = n <= left() ? read_some(static_cast<char*>(to), n) : left();
    if (got < n) {
        fail_at(position_, "{} bytes are left; need {}", n <= left() ? got : left(), n);
    }
    position_ += n;
}

std::uint64_t size_of_file(const char* function, const fs::path& path, const char* need) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::exists(status) && !fs::is_regular_file(status)) {
        fail<IoError>("{}: \"{}\": not a regular file; need {}", function, path.string(), need);
    }
    const std::uintmax_t size = fs::file_size(path, error);
    if (error) {
        fail<UnreadableError>(
            "{}: \"{}\": {}; need {}", function, path.string(), error.message(), need);
    }
    return size;
}

FileSource::FileSource(const char* function, const fs::path& path, const char* need)
    : ByteSource(
          fmt::format("{}: \"{}\"", function, path.string()), size_of_file(function, path, need)),
      need_(need) {
    errno = 0;
    file_.open(path, std::ios::binary);
    if (!file_)
        fail_unreadable(std::strerror(errno));
}

void FileSource::fail_unreadable(const char* fault) const {
    xgrad::fail<UnreadableError>("{}: {}; need {}", where(), fault, need_);
}

std::size_t FileSource::read_some(char* to, std::size_t n) {
    errno = 0;
    file_.read(to, static_cast<std::streamsize>(n));
    if (file_.bad())
        fail_unreadable(std::strerror(errno));
    return static_cast<std::size_t>(file_.gcount());
}

}  // namespace xgrad::nn
