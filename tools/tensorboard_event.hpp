// Internal to the sources: TensorBoard's events and records as bytes. Proved against its own reader
// by tests/reference/check_tensorboard.py.
#pragma once

#include <tools/report.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xgrad::report::detail {

/// CRC-32C, Castagnoli's polynomial, reflected [RFC 3720, section 12.1 and appendix B.4].
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes) noexcept;

/// A record of TensorFlow's TFRecord files: length, masked checksum of it, the data, masked
/// checksum of them; all little-endian.
[[nodiscard]] std::string record(std::string_view data);

/// Values counted in intervals of equal width; `limits` are their upper ends, the last the largest
/// value.
struct Histogram {
    double min = 0, max = 0, count = 0, sum = 0, sum_of_squares = 0;
    std::vector<double> limits;
    std::vector<double> counts;
};

/// Values that are not finite are left out; without any that is finite, count is 0.
[[nodiscard]] Histogram histogram_of(std::span<const double> values, std::size_t intervals = 30);

/// Events, as protocol buffers [TensorFlow, event.proto and summary.proto]: the first of a file,
/// and one with a value. `time` is in seconds since 1970.
[[nodiscard]] std::string version_event(double time);
[[nodiscard]] std::string scalar_event(
    double time, std::uint64_t step, std::string_view tag, double value);
[[nodiscard]] std::string histogram_event(
    double time, std::uint64_t step, std::string_view tag, const Histogram& histogram);
[[nodiscard]] std::string image_event(
    double time, std::uint64_t step, std::string_view tag, const Image& image);

}  // namespace xgrad::report::detail
