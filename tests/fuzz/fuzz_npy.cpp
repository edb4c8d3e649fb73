#include <nn/npy.hpp>
#include <tests/fuzz/fuzz.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    xgrad::test::read_as_file(data, size, 16, [](const std::filesystem::path& path) {
        static_cast<void>(xgrad::nn::load_npy<double>(path));
    });
    return 0;
}
