#include <nn/checkpoint_file.hpp>
#include <tests/fuzz/fuzz.hpp>

#include <stdexcept>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    xgrad::test::read_as_file(data, size, 16, [](const std::filesystem::path& path) {
        try {
            static_cast<void>(xgrad::train::detail::read_contents<double>(path));
        } catch (const std::invalid_argument&) {  // of another kind
        }
    });
    return 0;
}
