#include <nn/atomic_file.hpp>
#include <nn/npy_format.hpp>
#include <nn/npz.hpp>

#include <zip.h>

#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xgrad::nn {
namespace {

constexpr std::string_view ending = ".npy";
// The most that deflate can pack into a byte: 258 equal bytes in 2 bits [RFC 1951, 3.2.5].
constexpr std::uint64_t max_inflation = 1032;

struct Discard {
    void operator()(zip_t* archive) const { zip_discard(archive); }
    void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using File = std::unique_ptr<zip_file_t, Discard>;

// In words of our own where files are at fault: libzip's differ between its versions.
std::string text_of(zip_error_t* error) {
    switch (zip_error_code_zip(error)) {
        case ZIP_ER_NOZIP: return "not a zip archive";
        case ZIP_ER_INCONS: return "the archive contradicts itself";
        case ZIP_ER_EXISTS: return "two members have one name";
        case ZIP_ER_CRC: return "the checksum does not match";
        case ZIP_ER_ZLIB: return "the deflated data is damaged";
        case ZIP_ER_OPEN: return std::strerror(zip_error_code_system(error));
        case ZIP_ER_WRITE:
            return fmt::format("writing failed: {}", std::strerror(zip_error_code_system(error)));
        default: return zip_error_strerror(error);
    }
}

std::string text_of(int code) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    std::string text = text_of(&error);
    zip_error_fini(&error);
    return text;
}

// What is wrong with an array's name, or null: unpacked, no member may leave its folder.
const char* fault_of_name(std::string_view name) {
    if (name.empty())
        return "is empty";
    if (name.front() == '/' || (name.size() > 2 && name[1] == ':' && name[2] == '/'))
        return "is absolute";
    if (name.find('\\') != name.npos || name.find('\0') != name.npos)
        return "has a backslash or a zero";
    const std::string parts = fmt::format("/{}/", name);
    return parts.find("/../") != parts.npos ? "has \"..\"" : nullptr;
}

/// One array's file in the archive, unpacked as it is read.
class Member : public ByteSource {
public:
    Member(const std::string& where, zip_t* archive, const zip_stat_t& stat)
        : ByteSource(fmt::format("{}, \"{}\"", where, stat.name), stat.size),
          file_(zip_fopen_index(archive, stat.index, 0)) {
        if (!file_)
            fail_at(0, "{}; need an undamaged archive", text_of(zip_get_error(archive)));
    }

    /// The checksum is compared where the end is met.
    void check_end() {
        char extra = 0;
        if (read_some(&extra, 1) != 0)
            fail_at(position(), "it goes on; need the size that the archive claims");
    }

private:
    std::size_t read_some(char* to, std::size_t n) override {
        std::size_t got = 0;
        while (got < n) {
            const zip_int64_t bytes = zip_fread(file_.get(), to + got, n - got);
            if (bytes < 0) {
                fail_at(
                    position() + got,
                    "{}; need an undamaged archive",
                    text_of(zip_file_get_error(file_.get())));
            }
            if (bytes == 0)
                break;
            got += static_cast<std::size_t>(bytes);
        }
        return got;
    }

    File file_;
};

Archive open_archive(const std::filesystem::path& path, const std::string& where) {
    int code = 0;
    Archive archive(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
    if (!archive)
        fail<IoError>("{}: {}; need an npz file", where, text_of(code));
    return archive;
}

void check_member(const std::string& where, const zip_stat_t& stat) {
    const std::string_view name = stat.name;
    if (!name.ends_with(ending)) {
        fail<IoError>("{}: the member \"{}\" is no array; need names in .npy", where, name);
    }
    if (const char* fault = fault_of_name(name.substr(0, name.size() - ending.size()))) {
        fail<IoError>(
            "{}: the name of \"{}\" {}; need one that stays in its folder", where, name, fault);
    }
    if (stat.encryption_method != ZIP_EM_NONE)
        fail<IoError>("{}: \"{}\" is encrypted; need an open one", where, name);
    if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
        fail<IoError>(
            "{}: \"{}\" is packed by method {}; need 0 (stored) or 8 (deflated)",
            where,
            name,
            stat.comp_method);
    }
    const std::uint64_t inflation = stat.comp_method == ZIP_CM_STORE ? 1 : max_inflation;
    if (stat.size / inflation > stat.comp_size) {
        fail<IoError>(
            "{}: \"{}\" claims {} bytes, packed into {}; need at most {} times as many",
            where,
            name,
            stat.size,
            stat.comp_size,
            inflation);
    }
}

// Every member, checked for itself and with the others, before one is read.
std::vector<zip_stat_t> members_of(
    zip_t* archive, const std::string& where, std::uint64_t file_bytes) {
    std::vector<zip_stat_t> members;
    std::uint64_t room = file_bytes;
    for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); ++i) {
        zip_stat_t stat;
        if (zip_stat_index(archive, static_cast<zip_uint64_t>(i), 0, &stat) != 0)
            fail<IoError>("{}: {}; need an npz file", where, text_of(zip_get_error(archive)));
        check_member(where, stat);
        if (stat.comp_size > room) {
            fail<IoError>(
                "{}: \"{}\" lies over another member; need each in a place of its own",
                where,
                stat.name);
        }
        room -= stat.comp_size;
        members.push_back(stat);
    }
    return members;
}

void check_save_name(const std::string& where, const std::string& name) {
    if (const char* fault = fault_of_name(name)) {
        fail<IoError>(
            "{}: the name \"{}\" {}; need one that stays in its folder", where, name, fault);
    }
}

// The archive refers to the header and the elements until it is closed.
template <class T>
zip_source_t* source_of(const std::string& where, const Array<T>& array, std::string& header) {
    header = npy_header<T>(array.shape());
    const std::array<zip_buffer_fragment_t, 2> parts{{
        {reinterpret_cast<zip_uint8_t*>(header.data()), header.size()},
        {reinterpret_cast<zip_uint8_t*>(const_cast<T*>(array.data())), array.size() * sizeof(T)},
    }};
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* const source =
        zip_source_buffer_fragment_create(parts.data(), parts.size(), 0, &error);
    const std::string fault = source ? "" : text_of(&error);
    zip_error_fini(&error);
    if (!source)
        fail<IoError>("{}: {}; need memory for the archive", where, fault);
    return source;
}

template <class T>
void add_member(
    zip_t* archive,
    const std::string& where,
    const std::string& name,
    const Array<T>& array,
    std::string& header,
    bool compress) {
    const std::string file = name + std::string(ending);
    const std::string member = fmt::format("{}: \"{}\"", where, name);
    zip_source_t* const source = source_of(member, array, header);
    const zip_int64_t index = zip_file_add(archive, file.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(source);
        zip_error_t* const error = zip_get_error(archive);
        const bool is_name = zip_error_code_zip(error) == ZIP_ER_INVAL;
        fail<IoError>(
            "{}: {}; need {}",
            member,
            text_of(error),
            is_name ? "a name in UTF-8" : "memory for the archive");
    }
    const auto at = static_cast<zip_uint64_t>(index);
    if (zip_set_file_compression(archive, at, compress ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0) != 0) {
        fail<IoError>(
            "{}: {}; need a libzip that can {} it",
            member,
            text_of(zip_get_error(archive)),
            compress ? "deflate" : "store");
    }
    zip_file_set_dostime(archive, at, 0, 1 << 5 | 1, 0);  // 1980-01-01, whenever it is written
}

}  // namespace

template <class T>
void save_npz(const std::filesystem::path& path, const StateDict<T>& state, bool compress) {
    const std::string where = fmt::format("save_npz: \"{}\"", path.string());
    for (const auto& [name, array] : state)
        check_save_name(where, name);
    AtomicFile file("save_npz", path);
    if (state.empty()) {  // libzip keeps no empty archive
        file.write("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);
        file.commit();
        return;
    }
    int code = 0;
    Archive archive(zip_open(file.beside().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
    if (!archive)
        fail<IoError>("{}: {}; need a path that can be written to", where, text_of(code));
    std::map<std::string, std::string> headers;  // read when the archive is closed
    for (const auto& [name, array] : state)
        add_member(archive.get(), where, name, array, headers[name], compress);
    if (zip_close(archive.get()) != 0) {
        fail<IoError>(
            "{}: {}; need room for the whole file", where, text_of(zip_get_error(archive.get())));
    }
    static_cast<void>(archive.release());  // closed, it is gone
    file.reopen();
    file.commit();
}

template <class T>
StateDict<T> load_npz(const std::filesystem::path& path) {
    const std::string where = fmt::format("load_npz: \"{}\"", path.string());
    const std::uint64_t bytes = size_of_file("load_npz", path, "an npz file");
    const Archive archive = open_archive(path, where);
    StateDict<T> state;
    for (const zip_stat_t& stat : members_of(archive.get(), where, bytes)) {
        const std::string_view name = stat.name;
        Member member(where, archive.get(), stat);
        Array<T> array = read_npy<T>(member);
        member.check_end();
        const std::string key(name.substr(0, name.size() - ending.size()));
        if (!state.emplace(key, std::move(array)).second)
            fail<IoError>("{}: two members are \"{}\"; need each name once", where, name);
    }
    return state;
}

template void save_npz(const std::filesystem::path&, const StateDict<float>&, bool);
template void save_npz(const std::filesystem::path&, const StateDict<double>&, bool);
template StateDict<float> load_npz(const std::filesystem::path&);
template StateDict<double> load_npz(const std::filesystem::path&);

}  // namespace xgrad::nn
