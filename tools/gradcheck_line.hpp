// Internal to gradcheck: slopes of a function along a line, with what is known of their errors.
#pragma once

#include <autograd/branch.hpp>
#include <tools/gradcheck_report.hpp>

#include <functional>
#include <limits>
#include <vector>

namespace xgrad::detail {

/// <weights, f> at x + t v, for t in [low, high]; the slope at t = 0 is wanted.
struct Line {
    std::function<std::vector<double>(double t)> outputs;  ///< of f, in a row
    std::function<std::vector<BranchRecord>(double t)> branches;
    std::function<double(double t)> moved;  ///< t as it comes out in floating point
    const std::vector<double>& weights;
    double low, high;
    std::vector<double> steps;  ///< h to try, the likeliest first
};

struct Slope {
    double value = std::numeric_limits<double>::quiet_NaN();
    double uncertainty = std::numeric_limits<double>::infinity();
    double step = 0;
};

/// The slopes of the outputs at one step, one by one, and the rounding in each.
struct Slopes {
    double step = 0;
    std::vector<double> values, noise;
};

/// Which points a difference takes: x - h and x + h, or those at h, 2h and 3h to one side. The
/// latter leave x itself out: there may be a jump.
enum class Stencil { central, left, right };

[[nodiscard]] Slopes difference(const Line& line, double h, Stencil stencil);

/// Those slopes as one. The uncertainty is that of rounding alone, in the outputs that moved, or
/// that are known to be `reached`.
[[nodiscard]] Slope weigh(
    const Slopes& slopes,
    const std::vector<double>& weights,
    const std::vector<bool>& reached = {});

/// The outputs that move at some of the steps. At the smaller ones rounding may hide that: of a
/// softmax that saturates the largest element stays at 1.
[[nodiscard]] std::vector<bool> reached_by(const std::vector<Slopes>& rows);

/// The stencil for which there is room at x: a central one, unless x is at a border.
[[nodiscard]] Stencil stencil_at(const Line& line, double h);

/// Differences at up to `rows` steps from `start` down by halves, as far as they are finite.
[[nodiscard]] std::vector<Slopes> differences(
    const Line& line, double start, Stencil stencil, std::size_t rows);

/// Differences extrapolated to h = 0 after Ridders (1982); of all entries the most certain one.
[[nodiscard]] Slope extrapolate(const std::vector<Slope>& rows, Stencil stencil);

/// The standard deviation of the rounding in <weights, f> near x, from fourth differences at
/// distances of about `step`, at which the function itself has none [More and Wild 2011]. Where
/// several values are equal, as on a stair of rounding, wider ones count, too, up to `most`.
[[nodiscard]] double measured_noise(const Line& line, double step, double most, Stencil stencil);

/// How fast |f(x + h) - f(x) - h slope| falls with h, as a power; NaN where rounding hides it.
[[nodiscard]] double taylor_order(const Line& line, double slope, double noise);

}  // namespace xgrad::detail
