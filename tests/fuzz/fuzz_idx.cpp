#include <nn/idx.hpp>
#include <tests/fuzz/fuzz.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    xgrad::test::read_as_file(data, size, 0, [](const std::filesystem::path& path) {
        static_cast<void>(xgrad::data::read_idx(path));
    });
    return 0;
}
