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
    if (error)
        fail<IoError>("{}: \"{}\": {}; need {}", function, path.string(), error.message(), need);
    return size;
}

FileSource::FileSource(const char* function, const fs::path& path, const char* need)
    : ByteSource(
          fmt::format("{}: \"{}\"", function, path.string()), size_of_file(function, path, need)) {
    errno = 0;
    file_.open(path, std::ios::binary);
    if (!file_)
        fail("{}; need {}", std::strerror(errno), need);
}

std::size_t FileSource::read_some(char* to, std::size_t n) {
    file_.read(to, static_cast<std::streamsize>(n));
    return static_cast<std::size_t>(file_.gcount());
}

}  // namespace xgrad::nn
