#include <autograd/fail.hpp>
#include <nn/byte_source.hpp>
#include <nn/idx.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace xgrad::data {
namespace {

constexpr std::size_t max_dimensions = 4;
constexpr std::uint8_t unsigned_byte = 0x08;
constexpr std::size_t chunk_bytes = std::size_t{1} << 20;
// The most that deflate can pack into a byte: 258 equal bytes in 2 bits [RFC 1951, 3.2.5].
constexpr std::uintmax_t max_inflation = 1032;

/// A plain or gzip file, read from front to back.
class Input {
public:
    explicit Input(const std::filesystem::path& path);
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;
    ~Input() {
        if (file_)
            gzclose_r(file_);
    }

    /// Reads up to n bytes, fewer only at the end. Throws IoError for damaged gzip data.
    std::size_t read(std::uint8_t* to, std::size_t n);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] bool is_gzip() const { return is_gzip_; }
    [[nodiscard]] std::uintmax_t file_bytes() const { return file_bytes_; }
    /// Unpacked bytes read so far.
    [[nodiscard]] std::size_t position() const { return position_; }
    /// True when gzip data ended before its own end mark.
    [[nodiscard]] bool is_cut() const { return is_cut_; }

private:
    std::string name_;
    gzFile file_ = nullptr;
    std::uintmax_t file_bytes_ = 0;
    std::size_t position_ = 0;
    bool is_gzip_ = false;
    bool is_cut_ = false;
};

Input::Input(const std::filesystem::path& path) : name_(path.string()) {
    file_bytes_ = nn::size_of_file("read_idx", path, "an IDX file");
    errno = 0;
    file_ = gzopen(name_.c_str(), "rb");
    if (!file_) {
        fail<IoError>(
            "read_idx: \"{}\": {}; need an IDX file",
            name_,
            std::generic_category().message(errno));
    }
    gzbuffer(file_, 128 << 10);
    is_gzip_ = gzdirect(file_) == 0;
}

std::size_t Input::read(std::uint8_t* to, std::size_t n) {
    std::size_t got = 0;
    while (got < n) {
        const auto want = static_cast<unsigned>(std::min(n - got, chunk_bytes));
        const int bytes = gzread(file_, to + got, want);
        if (bytes <= 0)
            break;
        got += static_cast<std::size_t>(bytes);
    }
    position_ += got;
    int code = Z_OK;
    const std::string text = gzerror(file_, &code);
    is_cut_ = code == Z_BUF_ERROR;
    if (code != Z_OK && code != Z_STREAM_END && !is_cut_) {
        const std::size_t prefix = text.starts_with(name_ + ": ") ? name_.size() + 2 : 0;
        fail<IoError>(
            "read_idx: \"{}\" at byte {} of the file: {}; need an undamaged file",
            name_,
            gzoffset(file_),
            code == Z_ERRNO ? std::generic_category().message(errno) : text.substr(prefix));
    }
    return got;
}

struct Header {
    Shape shape;
    std::size_t data_bytes = 1;
    std::size_t bytes = 0;  // its own size
};

const char* type_name(std::uint8_t type) {
    switch (type) {
        case 0x09: return "signed byte";
        case 0x0B: return "16-bit integer";
        case 0x0C: return "32-bit integer";
        case 0x0D: return "float";
        case 0x0E: return "double";
        default: return "no IDX type";
    }
}

void check_magic(const Input& input, const std::array<std::uint8_t, 4>& magic) {
    if (magic[0] != 0 || magic[1] != 0) {
        fail<IoError>(
            "read_idx: \"{}\" at byte 0: found {:02x} {:02x}; an IDX file starts with 00 00",
            input.name(),
            magic[0],
            magic[1]);
    }
    if (magic[2] != unsigned_byte) {
        fail<IoError>(
            "read_idx: \"{}\" at byte 2: element type is 0x{:02x} ({}); need 0x08 (unsigned byte)",
            input.name(),
            magic[2],
            type_name(magic[2]));
    }
    if (magic[3] == 0 || magic[3] > max_dimensions) {
        fail<IoError>(
            "read_idx: \"{}\" at byte 3: {} dimensions; need 1 to {}",
            input.name(),
            magic[3],
            max_dimensions);
    }
}

void read_all(Input& input, std::uint8_t* to, std::size_t n) {
    const std::size_t start = input.position();
    const std::size_t got = input.read(to, n);
    if (got < n) {
        fail<IoError>(
            "read_idx: \"{}\" ends at byte {}, in its header; need {} bytes of header",
            input.name(),
            start + got,
            start + n);
    }
}

Header read_header(Input& input) {
    std::array<std::uint8_t, 4> word{};
    read_all(input, word.data(), word.size());
    check_magic(input, word);
    Header header;
    header.shape.resize(word[3]);
    std::array<std::uint8_t, 4 * max_dimensions> extents{};
    read_all(input, extents.data(), 4 * header.shape.size());
    for (std::size_t axis = 0; axis < header.shape.size(); ++axis) {
        const std::uint8_t* at = extents.data() + 4 * axis;
        header.shape[axis] = std::size_t{at[0]} << 24 | std::size_t{at[1]} << 16 |
                             std::size_t{at[2]} << 8 | std::size_t{at[3]};
    }
    header.bytes = input.position();
    const std::size_t limit = static_cast<std::size_t>(PTRDIFF_MAX) - header.bytes;
    for (const std::size_t extent : header.shape) {
        if (extent != 0 && header.data_bytes > limit / extent) {
            fail<IoError>(
                "read_idx: \"{}\" at byte 4: shape {} overflows; need at most {} elements",
                input.name(),
                header.shape,
                limit);
        }
        header.data_bytes *= extent;
    }
    return header;
}

[[noreturn]] void wrong_size(
    const Input& input, const Header& header, const char* bound, std::uintmax_t found) {
    fail<IoError>(
        "read_idx: \"{}\" has {}{} bytes{}; its header, shape {}, needs {}",
        input.name(),
        bound,
        found,
        input.is_gzip() ? " unpacked" : "",
        header.shape,
        header.bytes + header.data_bytes);
}

// Before anything is allocated: could the file hold what its header says?
void check_room(const Input& input, const Header& header) {
    const std::uintmax_t needed = header.bytes + header.data_bytes;
    if (!input.is_gzip()) {
        if (input.file_bytes() != needed)
            wrong_size(input, header, "", input.file_bytes());
    } else if (needed / max_inflation > input.file_bytes()) {
        wrong_size(input, header, "at most ", input.file_bytes() * max_inflation);
    }
}

std::vector<std::uint8_t> read_data(Input& input, const Header& header) {
    std::vector<std::uint8_t> data;
    while (data.size() < header.data_bytes) {
        const std::size_t start = data.size();
        const std::size_t step = input.is_gzip() ? std::max(start, chunk_bytes) : PTRDIFF_MAX;
        data.resize(start + std::min(header.data_bytes - start, step));
        const std::size_t got = input.read(data.data() + start, data.size() - start);
        if (got < data.size() - start)
            wrong_size(input, header, "", input.position());
    }
    // One byte more: is there any, and is gzip content with its checksum whole?
    std::uint8_t extra = 0;
    if (input.read(&extra, 1) != 0)
        wrong_size(input, header, "at least ", input.position());
    if (input.is_cut()) {
        fail<IoError>(
            "read_idx: \"{}\" ends within its gzip checksum, at byte {} of the file; need an "
            "undamaged file",
            input.name(),
            input.file_bytes());
    }
    return data;
}

}  // namespace

IdxArray read_idx(const std::filesystem::path& path) {
    Input input(path);
    Header header = read_header(input);
    check_room(input, header);
    std::vector<std::uint8_t> data = read_data(input, header);
    return {std::move(header.shape), std::move(data)};
}

}  // namespace xgrad::data
