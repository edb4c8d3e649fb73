#include <nn/csv.hpp>
#include <tests/fuzz/fuzz.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    xgrad::test::read_as_file(data, size, 0, [](const std::filesystem::path& path) {
        using namespace xgrad::data;
        static_cast<void>(read_csv(path, {.comment = '#', .on_missing = Missing::keep}));
    });
    return 0;
}
