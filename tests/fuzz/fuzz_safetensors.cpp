#include <nn/serialize.hpp>
#include <tests/fuzz/fuzz.hpp>

#include <map>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // A one-byte element becomes a double, in the pool's size classes.
    xgrad::test::read_as_file(data, size, 16, [](const std::filesystem::path& path) {
        std::map<std::string, std::string> metadata;
        static_cast<void>(xgrad::nn::load<double>(path, &metadata));
    });
    return 0;
}
