// How time and memory grow with the size of the work.
#pragma once

#include <string>

namespace xgrad::bench {

/// Measures training work at growing numbers of elements, recorded ops, layers, units and rows,
/// `budget` seconds of sampling for each size; prints the exponents of time and peak memory beside
/// those of the arithmetic, and draws them into the SVG file `plot` unless that is empty. False
/// when one is above what it should be. Throws std::runtime_error for a file that cannot be
/// written.
[[nodiscard]] bool print_scaling(double budget, const std::string& plot);

}  // namespace xgrad::bench
