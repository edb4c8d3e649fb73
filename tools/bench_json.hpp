// Measures as lines of JSON, in the form of the peer's programs:
// {"peer", "workload", "case", "unit", "median", "min", "p90", "cpu_median", "cpu_min", "samples",
// "threads", "blas", and what else there is to tell}.
#pragma once

#include <tools/bench_compare.hpp>

#include <string>

namespace xgrad::bench {

[[nodiscard]] std::string to_json_line(const Measure& measure);

/// {"workload", "case", "unit", "ours", "stock", "tuned", "ratio", "ratio_low", "ratio_high",
/// "goal", "missed"}; null where there is none.
[[nodiscard]] std::string to_json_line(const std::string& workload, const Line& line);

/// Reads the lines of a program's output that are measures.
[[nodiscard]] std::vector<Measure> read_json_lines(const std::string& text);

}  // namespace xgrad::bench
