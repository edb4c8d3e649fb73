// The ratios of a comparison as a picture.
#pragma once

#include <tools/bench_compare.hpp>

#include <string>
#include <vector>

namespace xgrad::bench {

/// A row of the comparison with the workload it belongs to.
struct PlotRow {
    std::string workload;
    Line line;
};

/// An SVG picture: a bar for each row's ratio on a logarithmic scale, with the middle half of the
/// rounds and the goal. Rows without a ratio are left out.
[[nodiscard]] std::string ratio_plot(const std::vector<PlotRow>& rows, const std::string& machine);

}  // namespace xgrad::bench
