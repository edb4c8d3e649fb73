// Internal to the plots: the frame between the axes, and the series drawn into it.
#pragma once

#include <tools/report_axis.hpp>
#include <tools/report_plot.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace xgrad::report {

struct Frame {
    Axis x, y;
    double left, right, top, bottom;

    [[nodiscard]] bool shows(const Series& series, std::size_t i) const {
        return x.has(series.x[i]) && y.has(series.y[i]);
    }
    [[nodiscard]] Point at(double vx, double vy) const { return {x.at(vx), y.at(vy)}; }
    [[nodiscard]] bool inside(Point p) const;
    /// What of p to q lies inside; false when nothing does.
    [[nodiscard]] bool clip(Point& p, Point& q) const;
    /// The path through points of the picture, cut off at the frame.
    [[nodiscard]] std::string path(const std::vector<Point>& line) const;
};

/// The elements of a series: its line, in classes `stroke`, its dots, band and bars in `color`.
[[nodiscard]] std::string line_of(
    const Frame& frame, const Series& series, const std::string& stroke);
[[nodiscard]] std::string points_of(const Frame& frame, const Series& series, std::size_t color);
[[nodiscard]] std::string band_of(const Frame& frame, const Series& series, std::size_t color);
[[nodiscard]] std::string bars_of(const Frame& frame, const Series& series, std::size_t color);

}  // namespace xgrad::report
