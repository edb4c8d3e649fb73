#include <tests/support.hpp>
#include <tests/tools/run_support.hpp>
#include <tools/tensorboard.hpp>
#include <tools/tensorboard_event.hpp>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <limits>
#include <numeric>
#include <vector>

using namespace xgrad;
using namespace xgrad::report;
using test::TempFolder;
using test::text_in;
using test::text_of_error;
using Json = nlohmann::json;

namespace {

constexpr double stored_time = 1764428645.25;

// What TensorBoard's own writer makes; see tests/reference/make_tensorboard.py.
Json stored() {
    const char* folder = std::getenv("XGRAD_TEST_REFERENCE");
    REQUIRE(folder != nullptr);
    return Json::parse(text_in(std::filesystem::path(folder) / "tensorboard.json"));
}

std::string hex(const std::string& bytes) {
    std::string text;
    for (const char c : bytes) {
        for (const int shift : {4, 0})
            text += "0123456789abcdef"[static_cast<unsigned char>(c) >> shift & 15];
    }
    return text;
}

// The data of the records of a file, their lengths and checksums verified.
std::vector<std::string> records_in(const std::string& file) {
    std::vector<std::string> all;
    for (std::size_t at = 0; at < file.size();) {
        std::uint64_t size = 0;
        for (std::size_t i = 0; i < 8; ++i)
            size |= static_cast<std::uint64_t>(static_cast<unsigned char>(file.at(at + i)))
                    << 8 * i;
        const std::string data = file.substr(at + 12, size);
        CHECK(file.substr(at, size + 16) == report::detail::record(data));
        all.push_back(data);
        at += size + 16;
    }
    return all;
}

}  // namespace

TEST_CASE("crc32c: the values of RFC 3720, appendix B.4, and TensorBoard's") {
    CHECK(report::detail::crc32c("123456789") == 0xE3069283U);
    CHECK(report::detail::crc32c(std::string(32, '\0')) == 0x8A9136AAU);
    CHECK(report::detail::crc32c(std::string(32, '\xFF')) == 0x62A8AB43U);
    std::string rising(32, '\0');
    std::iota(rising.begin(), rising.end(), '\0');
    CHECK(report::detail::crc32c(rising) == 0x46DD794EU);
    CHECK(report::detail::crc32c("") == stored()["crc32c"][""]);
}

TEST_CASE("records and events have the bytes that TensorBoard's writer gives them") {
    const Json expected = stored();
    CHECK(
        hex(report::detail::record(report::detail::version_event(stored_time))) ==
        expected["version"]);
    CHECK(
        hex(report::detail::record(report::detail::scalar_event(
            stored_time, 300, "dev/error", 0.1))) == expected["scalar"]);
    const report::detail::Histogram histogram = {-1, 3, 5, 4.5, 13.25, {0, 1, 2, 3}, {1, 1, 2, 1}};
    CHECK(
        hex(report::detail::record(report::detail::histogram_event(
            stored_time, std::uint64_t{1} << 40, "weight/0.weight", histogram))) ==
        expected["histogram"]);
}

TEST_CASE("an image's event holds its sides, one channel, and the PNG") {
    const Image image{2, 3, {0, 50, 100, 150, 200, 255}, ""};
    const std::string event = report::detail::image_event(stored_time, 7, "a", image);
    const std::string file = png(image);
    REQUIRE(file.size() < 128);  // its length is one byte
    const std::string picture =
        std::string("\x08\x03\x10\x02\x18\x01\x22") + static_cast<char>(file.size()) + file;
    CHECK(event.ends_with(
        "\x0a\x01"
        "a\x22" +
        std::string(1, static_cast<char>(picture.size())) + picture));
}

TEST_CASE("a histogram counts every finite value once, the largest too") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> values = {0, 1, 2, 3, 4, nan, 4, -0.0};
    const report::detail::Histogram h = report::detail::histogram_of(values, 4);
    CHECK(h.count == 7);
    CHECK(h.min == 0);
    CHECK(h.max == 4);
    CHECK(h.sum == 14);
    CHECK(h.sum_of_squares == 46);
    CHECK(h.limits == std::vector<double>{1, 2, 3, 4});
    CHECK(h.counts == std::vector<double>{2, 1, 1, 3});
}

TEST_CASE("a histogram of equal values has one interval, of extreme ones finite ends") {
    const std::vector<double> equal = {2, 2};
    CHECK(report::detail::histogram_of(equal).limits == std::vector<double>{2});
    CHECK(report::detail::histogram_of(equal).counts == std::vector<double>{2});
    CHECK(report::detail::histogram_of({}).count == 0);
    const double most = std::numeric_limits<double>::max();
    const std::vector<double> extreme = {-most, 0, most};
    const report::detail::Histogram h = report::detail::histogram_of(extreme, 2);
    CHECK(h.limits == std::vector<double>{0, most});
    CHECK(h.counts == std::vector<double>{1, 2});
    const double least = std::numeric_limits<double>::denorm_min();
    const std::vector<double> tiny = {0, least};
    CHECK(report::detail::histogram_of(tiny).limits == std::vector<double>{least});
    CHECK(report::detail::histogram_of(tiny).counts == std::vector<double>{2});
}

TEST_CASE("an event file is there after each call, and two writers have two files") {
    const TempFolder folder;
    EventWriter first(folder / "a" / "b"), second(folder / "a" / "b");
    CHECK(first.file() != second.file());
    CHECK(first.file().filename().string().starts_with("events.out.tfevents."));
    CHECK(records_in(text_in(first.file())).size() == 1);
    first.scalar("x", 1, 0.5);
    CHECK(records_in(text_in(first.file())).size() == 2);
    first.histogram("x", 1, std::span<const double>());
    CHECK(records_in(text_in(first.file())).size() == 2);
    CHECK(records_in(text_in(second.file())).size() == 1);
    std::ofstream(folder / "file") << "x";
    CHECK(text_of_error<IoError>([&] {
              EventWriter{folder / "file"};
          }).starts_with((folder / "file").string() + ": cannot be made: "));
}

TEST_CASE("an event log writes loss and rate by step, scores by epoch, histograms when due") {
    const TempFolder folder;
    test::FakeRun run;
    EventLog<float> log(folder.path(), {.scalars_every = 2, .histograms_every = 3});
    const auto count = [&] { return records_in(text_in(log.events().file())).size(); };
    cross_entropy(run.net(Variable<float>(run.train.x())), run.train.y()).backward();
    std::vector<std::size_t> counts;
    for (std::uint64_t step = 1; step <= 3; ++step) {
        run.state.step = step;
        log.on_gradient(run.state);
        log.on_step(run.state);
        counts.push_back(count());
    }
    // Step 2: loss and rate; step 3: weights and biases, and their gradients.
    CHECK(counts == std::vector<std::size_t>{1, 3, 7});
    run.epoch(log, 0.5, 0.25);
    CHECK(count() == 11);
}
