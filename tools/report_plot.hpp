// A plot: series of points, histograms and contour lines over linear or logarithmic axes, as SVG.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace xgrad::report {

/// Points, the i-th at (x[i], y[i]).
///
/// A point with a coordinate that is not finite, or not above 0 on a logarithmic axis, is left out:
/// the line breaks there, and the legend says how many it were: "train (2 left out)".
struct Series {
    std::string name;  ///< in the legend unless empty
    std::vector<double> x, y;
    /// bars stand on 0, on a logarithmic axis on its lower end, and reach half-way to their
    /// neighbours.
    enum class Style { line, points, line_and_points, bars } style = Style::line;
    /// A band around the points, from low[i] to high[i]; both empty for none.
    std::vector<double> low = {}, high = {};
    std::size_t color = 0;  ///< 1 to 4; 0: the next one. From the fifth on the lines are dashed.
};

/// A line across the whole plot.
struct Mark {
    double at;
    std::string text = {};
};

/// Lines along which a function of x and y has the same value.
struct Contours {
    std::vector<double> x, y;  ///< the grid, both ascending, at least two of each
    std::vector<double> z;     ///< the values, z[j * x.size() + i] at (x[i], y[j])
    /// The values that get a line. None: ten that part the grid's values in equal shares.
    std::vector<double> levels = {};
};

/// Series, marks and contour lines over two axes.
///
///     Plot plot{.title = "cost", .x_label = "epoch", .log_y = true};
///     plot.series.push_back({"train", epochs, costs});
struct Plot {
    std::string title;
    std::string x_label = {}, y_label = {};
    bool log_x = false, log_y = false;
    std::vector<Series> series = {};
    std::vector<Mark> vertical = {};    ///< at an x, from bottom to top
    std::vector<Mark> horizontal = {};  ///< at a y, from left to right
    std::optional<Contours> contours = {};
    /// From where to where the axis goes; empty: so that it holds everything. What lies outside is
    /// cut off.
    std::optional<std::array<double, 2>> x_range = {}, y_range = {};
    bool equal_aspect = false;  ///< a unit is as long on both axes, which are linear then
};

/// The plot as an inline SVG element, in the colours of a Page. Points of short lines say their
/// numbers when pointed at. Throws std::invalid_argument for a plot without series and contours; a
/// series without points, or with other numbers of x, y, low or high; a grid that is too small, not
/// ascending, or of another size than z; a range that is not one on its axis; equal_aspect with a
/// logarithmic axis.
[[nodiscard]] std::string svg(const Plot& plot);

/// A file of its own: the plots beside each other, `columns` in a row, light or dark as the
/// reader's system is. Throws as svg does, and std::invalid_argument for no plots or 0 columns.
[[nodiscard]] std::string svg_file(const std::vector<Plot>& plots, std::size_t columns = 2);

/// Bars of how many values lie in each of `bins` equal parts from the least to the greatest; values
/// that are not finite are in none. Throws std::invalid_argument for no finite values or no bins.
[[nodiscard]] Series histogram(
    std::string name, const std::vector<double>& values, std::size_t bins = 30);

struct Point {
    double x, y;
};

/// The lines on which the function has the value `level`, between grid points linearly (marching
/// squares; where a cell's corners alternate, the mean of the four says which pair is joined). Each
/// goes on until it closes, its first point being its last, or leaves the grid; a cell with a
/// corner that is not finite has none. Throws std::invalid_argument for a grid as in svg.
[[nodiscard]] std::vector<std::vector<Point>> contour_lines(const Contours& grid, double level);

}  // namespace xgrad::report
