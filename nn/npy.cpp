#include <nn/atomic_file.hpp>
#include <nn/npy.hpp>
#include <nn/npy_format.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>
#include <vector>

namespace xgrad::nn {
namespace {

static_assert(std::endian::native == std::endian::little, "npy is written little-endian");

constexpr std::string_view magic("\x93NUMPY", 6);
constexpr std::size_t alignment = 64;                     // of the data
constexpr std::size_t max_header = std::size_t{1} << 16;  // 64 extents take 1.3 KB

// The length of the header's text, in 2 bytes, or 4 from version 2.
std::size_t read_length(ByteSource& source) {
    std::array<unsigned char, 8> start{};
    source.read(start.data(), start.size());
    if (!std::equal(magic.begin(), magic.end(), start.begin(), [](char a, unsigned char b) {
            return static_cast<unsigned char>(a) == b;
        })) {
        source.fail_at(
            0,
            "found {:02x} {:02x} {:02x} {:02x} {:02x} {:02x}; an npy file starts with "
            "93 4e 55 4d 50 59",
            start[0],
            start[1],
            start[2],
            start[3],
            start[4],
            start[5]);
    }
    const unsigned major = start[6], minor = start[7];
    if (major < 1 || major > 3 || minor != 0)
        source.fail_at(6, "the version is {}.{}; need 1.0, 2.0 or 3.0", major, minor);
    std::array<unsigned char, 4> bytes{};
    source.read(bytes.data(), major == 1 ? 2 : 4);
    const std::size_t length =
        bytes[0] | bytes[1] << 8 | bytes[2] << 16 | std::size_t{bytes[3]} << 24;
    if (length > max_header || length > source.left()) {
        source.fail_at(
            magic.size() + 2,
            "the header claims {} bytes, {} follow; need a whole file with a header of at most {}",
            length,
            source.left(),
            max_header);
    }
    return length;
}

NpyHeader read_header(ByteSource& source) {
    std::string text(read_length(source), '\0');
    const std::uint64_t at = source.position();
    source.read(text.data(), text.size());
    NpyHeader header = parse_npy_header(source, text, at);
    const std::uint64_t needed = *bytes_of(header.shape, header.type);
    if (source.left() != needed) {
        source.fail_at(
            source.position(),
            "{} bytes of elements follow; need {} for the shape {}",
            source.left(),
            needed,
            header.shape);
    }
    return header;
}

// `columns` holds the elements with the first axis the fastest.
template <class T>
Array<T> in_row_order(const Array<T>& columns, const Shape& shape) {
    Array<T> rows = empty<T>(shape);
    std::vector<std::size_t> index(shape.size(), 0);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        std::size_t at = 0;
        for (std::size_t axis = shape.size(); axis-- > 0;)
            at = at * shape[axis] + index[axis];
        rows.data()[i] = columns.data()[at];
        for (std::size_t axis = shape.size(); axis-- > 0;) {
            if (++index[axis] < shape[axis])
                break;
            index[axis] = 0;
        }
    }
    return rows;
}

}  // namespace

template <class T>
Array<T> read_npy(ByteSource& source) {
    const NpyHeader header = read_header(source);
    if (std::is_integral_v<T> && is_float(header.type))
        source.fail_at(0, "the elements are floats; need integers or bool");
    Array<T> array = empty<T>(header.shape);
    const std::uint64_t begin = source.position();
    if (!read_elements(source, header.type, header.swapped, array))
        source.fail_at(begin, "an integer of 2^63 or more is among the elements; need less");
    const bool is_turned = header.fortran_order && header.shape.size() > 1 && array.size() > 0;
    return is_turned ? in_row_order(array, header.shape) : array;
}

template <class T>
std::string npy_header(const Shape& shape) {
    const char* const type = std::is_integral_v<T> ? "<i8" : sizeof(T) == 4 ? "<f4" : "<f8";
    std::string text = fmt::format(
        "{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", type, to_string(shape));
    const std::size_t before = magic.size() + 4;
    text.resize((before + text.size() + 1 + alignment - 1) / alignment * alignment - before, ' ');
    text.back() = '\n';
    std::string header(magic);
    header += {'\x01', '\x00'};
    header += static_cast<char>(text.size() & 0xFF);
    header += static_cast<char>(text.size() >> 8);
    return header + text;
}

template <class T>
void save_npy(const std::filesystem::path& path, const Array<T>& array) {
    AtomicFile file("save_npy", path);
    const std::string header = npy_header<T>(array.shape());
    file.write(header.data(), header.size());
    file.write(array.data(), array.size() * sizeof(T));
    file.commit();
}

template <class T>
Array<T> load_npy(const std::filesystem::path& path) {
    FileSource source("load_npy", path, "an npy file");
    return read_npy<T>(source);
}

template Array<float> read_npy(ByteSource&);
template Array<double> read_npy(ByteSource&);
template Array<std::int64_t> read_npy(ByteSource&);
template std::string npy_header<float>(const Shape&);
template std::string npy_header<double>(const Shape&);
template void save_npy(const std::filesystem::path&, const Array<float>&);
template void save_npy(const std::filesystem::path&, const Array<double>&);
template void save_npy(const std::filesystem::path&, const Array<std::int64_t>&);
template Array<float> load_npy(const std::filesystem::path&);
template Array<double> load_npy(const std::filesystem::path&);
template Array<std::int64_t> load_npy(const std::filesystem::path&);

}  // namespace xgrad::nn
