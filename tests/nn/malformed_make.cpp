#include <nn/dense.hpp>
#include <nn/rng.hpp>
#include <tests/nn/malformed.hpp>

#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace xgrad::test {

namespace fs = std::filesystem;

Target::Target() {
    Rng rng(1);
    net.add(nn::Dense<double>(1, 2, rng));
}

Rows& Rows::add(Malformed row) {
    row.name = reader_ + ": " + row.name;
    row.text = start_ + row.text;
    if (!row.use)
        row.use = use_;
    list.push_back(std::move(row));
    return *this;
}

Rows& Rows::file(const std::string& name, std::string bytes, const std::string& end) {
    return add(
        {name,
         [bytes = std::move(bytes)](const fs::path& path) { write_bytes(path, bytes); },
         {},
         end});
}

Rows& Rows::no_file(const std::string& need) {
    add({"no file", [](const fs::path&) {}, {}, ": No such file or directory; need " + need});
    add(
        {"a link to itself",
         [](const fs::path& path) { fs::create_symlink(path.filename(), path); },
         {},
         ": Too many levels of symbolic links; need " + need});
    add(
        {"no permission",
         [](const fs::path& path) {
             write_bytes(path, "x");
             fs::permissions(path, fs::perms::none);
         },
         {},
         ": Permission denied; need " + need,
         true});
    const std::string irregular = ": not a regular file; need " + need;
    add({"a folder", [](const fs::path& path) { fs::create_directory(path); }, {}, irregular});
    add(
        {"a link to a device",
         [](const fs::path& path) { fs::create_symlink("/dev/zero", path); },
         {},
         irregular});
    return add(
        {"a pipe", [](const fs::path& path) { ::mkfifo(path.c_str(), 0600); }, {}, irregular});
}

std::string little(std::uint64_t number, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i, number /= 256)
        text += static_cast<char>(number % 256);
    return text;
}

void write_bytes(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

namespace {

class Packer {
public:
    explicit Packer(int window) {
        if (deflateInit2(&stream_, 9, Z_DEFLATED, window, 9, Z_DEFAULT_STRATEGY) != Z_OK)
            throw std::runtime_error("deflateInit2 failed");
    }
    Packer(const Packer&) = delete;
    Packer& operator=(const Packer&) = delete;
    ~Packer() { deflateEnd(&stream_); }

    void add(const std::string& bytes, int flush) {
        std::string out(1 << 16, '\0');
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream_.avail_in = static_cast<uInt>(bytes.size());
        do {
            stream_.next_out = reinterpret_cast<Bytef*>(out.data());
            stream_.avail_out = static_cast<uInt>(out.size());
            deflate(&stream_, flush);
            packed.append(out, 0, out.size() - stream_.avail_out);
        } while (stream_.avail_out == 0);
    }

    std::string packed;

private:
    z_stream stream_{};
};

constexpr int raw_window = -15, gzip_window = 15 + 16;

}  // namespace

std::string deflated(const std::string& bytes) {
    Packer packer(raw_window);
    packer.add(bytes, Z_FINISH);
    return packer.packed;
}

std::string deflated_zeros(std::size_t n, bool gzip, const std::string& before) {
    Packer packer(gzip ? gzip_window : raw_window);
    packer.add(before, Z_NO_FLUSH);
    while (n > 0) {
        const std::size_t step = std::min<std::size_t>(n, 1 << 16);
        packer.add(std::string(step, '\0'), Z_NO_FLUSH);
        n -= step;
    }
    packer.add("", Z_FINISH);
    return packer.packed;
}

std::string npy_start(const std::string& header, int version) {
    const std::size_t before = version == 1 ? 10 : 12;
    const std::size_t padded = (before + header.size() + 1 + 63) / 64 * 64 - before;
    std::string text = header;
    text.resize(padded, ' ');
    text.back() = '\n';
    return "\x93NUMPY" + little(static_cast<std::uint64_t>(version), 2) +
           little(text.size(), version == 1 ? 2 : 4) + text;
}

}  // namespace xgrad::test
