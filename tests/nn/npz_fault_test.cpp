// Faults of libzip's that no file and no name brings about: its functions fail here when told to.
#include <nn/npz.hpp>
#include <tests/nn/stored_files.hpp>
#include <tests/support.hpp>

#include <dlfcn.h>
#include <zip.h>

#include <cstring>
#include <string>

using namespace xgrad;
using namespace xgrad::test;

namespace {

// The function to fail, and with what.
std::string failing;
int code = 0;

template <class Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

std::string fault_of(const std::string& function, int with, bool compress = false) {
    const TempFolder folder;
    const auto save = [&](float value) {
        nn::save_npz(folder / "x", nn::StateDict<float>{{"a", Array<float>{value}}}, compress);
    };
    save(1);
    const std::string old = bytes_of(folder / "x");
    failing = function;
    code = with;
    const std::string text = text_of_error<IoError>([&] { save(2); });
    failing.clear();
    CHECK(bytes_of(folder / "x") == old);
    const std::string start = "save_npz: \"" + (folder / "x").string() + "\": \"a\": ";
    REQUIRE(text.starts_with(start));
    return text.substr(start.size());
}

}  // namespace

extern "C" {

zip_source_t* zip_source_buffer_fragment_create(
    const zip_buffer_fragment_t* parts, zip_uint64_t count, int own, zip_error_t* error) {
    if (failing == "source") {
        zip_error_set(error, code, 0);
        return nullptr;
    }
    return real<decltype(zip_source_buffer_fragment_create)>("zip_source_buffer_fragment_create")(
        parts, count, own, error);
}

zip_int64_t zip_file_add(
    zip_t* archive, const char* name, zip_source_t* source, zip_flags_t flags) {
    if (failing == "add") {
        zip_error_set(zip_get_error(archive), code, 0);
        return -1;
    }
    return real<decltype(zip_file_add)>("zip_file_add")(archive, name, source, flags);
}

int zip_set_file_compression(
    zip_t* archive, zip_uint64_t index, zip_int32_t method, zip_uint32_t flags) {
    if (failing == "compression") {
        zip_error_set(zip_get_error(archive), code, 0);
        return -1;
    }
    return real<decltype(zip_set_file_compression)>("zip_set_file_compression")(
        archive, index, method, flags);
}
}

TEST_CASE("save_npz says what libzip failed at, and keeps the old file") {
    CHECK(fault_of("source", ZIP_ER_MEMORY) == "Malloc failure; need memory for the archive");
    CHECK(fault_of("add", ZIP_ER_MEMORY) == "Malloc failure; need memory for the archive");
    CHECK(fault_of("add", ZIP_ER_INVAL) == "Invalid argument; need a name in UTF-8");
    CHECK(
        fault_of("compression", ZIP_ER_COMPNOTSUPP) ==
        "Compression method not supported; need a libzip that can store it");
    CHECK(
        fault_of("compression", ZIP_ER_COMPNOTSUPP, true) ==
        "Compression method not supported; need a libzip that can deflate it");
}
