#include <tests/support.hpp>
#include <tools/report.hpp>
#include <tools/report_axis.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

using namespace xgrad::report;
using xgrad::test::text_of_error;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();
using Style = Series::Style;

std::size_t occurrences(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++n;
    return n;
}

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// A plot whose frame is known: x from 34.4 (labels of three letters) to 468, y from 270 to 34.
Plot unit_plot(std::vector<Series> series) {
    Plot plot{.title = "t"};
    plot.series = std::move(series);
    plot.x_range = plot.y_range = {{0, 2}};
    return plot;
}

std::string refusal(const Plot& plot) {
    return text_of_error<std::invalid_argument>([&] { static_cast<void>(svg(plot)); });
}

std::vector<double> ticks(bool log, double low, double high) {
    Axis axis(log);
    axis.lay_out(0, 1, {{low, high}});
    return axis.ticks(6);
}

bool close(const std::vector<double>& a, const std::vector<double>& b) {
    bool same = a.size() == b.size();
    for (std::size_t i = 0; same && i < a.size(); ++i)
        same = std::abs(a[i] - b[i]) <= 1e-12 * std::abs(b[i]) + 1e-15;
    return same;
}

// z = x^2 + y^2 on a grid over [-2, 2]^2.
Contours bowl(std::size_t n) {
    Contours grid;
    for (std::size_t i = 0; i < n; ++i)
        grid.x.push_back(-2 + 4 * static_cast<double>(i) / static_cast<double>(n - 1));
    grid.y = grid.x;
    for (const double y : grid.y) {
        for (const double x : grid.x)
            grid.z.push_back(x * x + y * y);
    }
    return grid;
}

}  // namespace

TEST_CASE("a linear axis has ticks at 1, 2 or 5 times a power of ten") {
    CHECK(close(ticks(false, 0, 1), {0, 0.2, 0.4, 0.6, 0.8, 1}));
    CHECK(close(ticks(false, -3, 4.1), {-2, 0, 2, 4}));
    CHECK(close(ticks(false, 1e-9, 6e-9), {1e-9, 2e-9, 3e-9, 4e-9, 5e-9, 6e-9}));
}

TEST_CASE("a logarithmic axis has ticks at powers of ten, and between few of them at 2 and 5") {
    CHECK(close(ticks(true, 0.5, 20), {0.5, 1, 2, 5, 10, 20}));
    CHECK(close(ticks(true, 1e-3, 1), {1e-3, 1e-2, 1e-1, 1}));
    CHECK(close(ticks(true, 1e-12, 1), {1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1}));
    CHECK(close(ticks(true, 1, 1.5), {1, 1.1, 1.2, 1.3, 1.4, 1.5}));
}

TEST_CASE("a tick's label is as short as it can be") {
    CHECK(axis_label(0) == "0");
    CHECK(axis_label(0.6000000000000001) == "0.6");
    CHECK(axis_label(-20) == "-20");
    CHECK(axis_label(1e-8) == "1e-8");
    CHECK(axis_label(2.5e-8) == "2.5e-8");
    CHECK(axis_label(1e6) == "1e6");
}

TEST_CASE("a line runs to scale, on linear and on logarithmic axes") {
    // (34.4 + 468) / 2 = 251.2; y from 270 up to 34.
    CHECK(holds(
        svg(unit_plot({{"", {0, 1, 2}, {0, 1, 2}}})),
        "d=\"M34.4 270.0 L251.2 152.0 L468.0 34.0\""));
    Plot plot = unit_plot({{"", {1, 10, 100}, {1, 1, 1}}});
    plot.log_x = true;
    plot.x_range = {{1, 100}};
    CHECK(holds(svg(plot), "d=\"M34.4 152.0 L251.2 152.0 L468.0 152.0\""));
}

TEST_CASE("an axis without a range holds all points, marks and bands") {
    Plot plot{.title = "t"};
    plot.series = {{"a", {0, 1}, {5, 6}, Style::line, {4, 4}, {7, 9}}};
    plot.horizontal = {{-20, "low"}};
    const std::string drawn = svg(plot);
    CHECK(holds(drawn, ">-20</text>"));
    CHECK(holds(drawn, ">0</text>"));
    CHECK(holds(drawn, ">low</text>"));
    CHECK(occurrences(drawn, "class=\"band f1\"") == 1);
}

TEST_CASE("what lies outside of a range is cut off") {
    const std::string drawn = svg(unit_plot({{"", {0, 2}, {0, 4}}, {"", {3, 4}, {0, 1}}}));
    CHECK(holds(drawn, "d=\"M34.4 270.0 L251.2 34.0\""));
    CHECK(occurrences(drawn, "<path") == 1);
    CHECK(occurrences(drawn, "<circle") == 1);
}

TEST_CASE("points that are not finite break the line, and the legend counts them") {
    const std::string drawn =
        svg(unit_plot({{"a", {0, 1, missing, 1.5, 2}, {0, 1, 1, 2, infinite}}}));
    CHECK(holds(drawn, ">a (2 left out)</text>"));
    CHECK(holds(drawn, "d=\"M34.4 288.0 L251.2 170.0\""));
    CHECK(occurrences(drawn, "class=\"point f1\"") == 1);  // alone between two that are left out
    CHECK_FALSE(holds(drawn, "nan"));
    CHECK_FALSE(holds(drawn, "inf"));
}

TEST_CASE("a logarithmic axis leaves out what is not above 0") {
    Plot plot{.title = "t", .log_y = true};
    plot.series = {{"a", {1, 2, 3, 4}, {1, 0, -1, 1}, Style::line, {0, 0, 0, 0}, {2, 2, 2, 2}}};
    const std::string drawn = svg(plot);
    CHECK(holds(drawn, ">a (2 left out)</text>"));
    CHECK_FALSE(holds(drawn, "nan"));
    CHECK_FALSE(holds(drawn, "inf"));
}

TEST_CASE("a plot whose points are all left out, or all the same, still has axes") {
    Plot plot{.title = "t"};
    plot.series = {{"a", {1}, {missing}}};
    CHECK(holds(svg(plot), ">a (1 left out)</text>"));
    plot.series = {{"a", {1, 1}, {5, 5}}};
    const std::string drawn = svg(plot);
    CHECK(holds(drawn, ">5</text>"));
    CHECK_FALSE(holds(drawn, "nan"));
}

TEST_CASE("points say their numbers when pointed at, unless there are many") {
    CHECK(holds(svg(unit_plot({{"<a>", {1}, {0.5}}})), "<title>&lt;a&gt; (1, 0.5)</title>"));
    const std::vector<double> many(100, 1.0);
    CHECK_FALSE(holds(svg(unit_plot({{"a", many, many, Style::points}})), "<title>"));
}

TEST_CASE("the fifth line is dashed, and a chosen colour stays") {
    std::vector<Series> five(5, {"a", {0, 1}, {0, 1}});
    five[1].color = 4;
    const std::string drawn = svg(unit_plot(five));
    CHECK(occurrences(drawn, "class=\"curve k1 d1\"") == 2);  // the line and its sample
    CHECK(occurrences(drawn, "class=\"curve k4\"") == 4);
    CHECK(occurrences(drawn, "class=\"curve k2\"") == 0);
}

TEST_CASE("a histogram counts each finite value once, the greatest in the last bar") {
    const Series bars = histogram("a", {0, 0.1, 1, 2, 3.9, 4, missing, infinite}, 4);
    CHECK(bars.x == std::vector<double>{0.5, 1.5, 2.5, 3.5});
    CHECK(bars.y == std::vector<double>{2, 1, 1, 2});
    CHECK(histogram("a", {3, 3}, 2).y == std::vector<double>{2, 0});
    CHECK(text_of_error<std::invalid_argument>([] {
              static_cast<void>(histogram("a", {missing}));
          }) == "histogram: 0 finite values and 30 bins; need at least one of each");
}

TEST_CASE("bars stand on 0 and touch") {
    const std::string drawn = svg(unit_plot({{"", {0.5, 1.5}, {1, 2}, Style::bars}}));
    CHECK(holds(
        drawn,
        "<rect class=\"bar f1\" x=\"34.4\" y=\"152.0\" width=\"216.8\" height=\"118.0\"/>\n"
        "<rect class=\"bar f1\" x=\"251.2\" y=\"34.0\" width=\"216.8\" height=\"236.0\"/>"));
}

TEST_CASE("contour lines of a bowl are circles that close") {
    const auto lines = contour_lines(bowl(81), 1);
    REQUIRE(lines.size() == 1);
    for (const Point& p : lines[0])
        CHECK(std::hypot(p.x, p.y) == doctest::Approx(1).epsilon(1e-3));
    CHECK(lines[0].front().x == lines[0].back().x);
    CHECK(lines[0].front().y == lines[0].back().y);
    // Beyond the grid's edge at 2: four arcs in the corners, each from edge to edge.
    const auto arcs = contour_lines(bowl(81), 6);
    CHECK(arcs.size() == 4);
    for (const auto& arc : arcs) {
        for (const Point& end : {arc.front(), arc.back()})
            CHECK(std::max(std::abs(end.x), std::abs(end.y)) == 2);
    }
    CHECK(contour_lines(bowl(81), 9).empty());
}

TEST_CASE("a contour line lies between the grid's points in proportion") {
    const auto lines = contour_lines({{0, 1}, {0, 1}, {0, 4, 0, 4}}, 1);
    REQUIRE(lines.size() == 1);
    REQUIRE(lines[0].size() == 2);
    CHECK(lines[0][0].x == 0.25);
    CHECK(lines[0][1].x == 0.25);
}

TEST_CASE("where a cell's corners alternate, the mean says which are joined") {
    // Corners 1 0 / 0 1 with mean 0.5: at 0.4 the high corners are joined, at 0.6 the low ones.
    const Contours saddle{{0, 1}, {0, 1}, {1, 0, 0, 1}};
    const auto near_low_corner = [](const std::vector<Point>& line) {
        return line[0].x + line[1].x - line[0].y - line[1].y;  // 0 where it crosses y = x
    };
    for (const auto& line : contour_lines(saddle, 0.4))
        CHECK(std::abs(near_low_corner(line)) == doctest::Approx(1.2));
    for (const auto& line : contour_lines(saddle, 0.6))
        CHECK(near_low_corner(line) == doctest::Approx(0));
    CHECK(contour_lines(saddle, 0.4).size() == 2);
}

TEST_CASE("a cell with a corner that is not finite has no contour line") {
    Contours grid = bowl(9);
    for (double& z : grid.z)
        z = z < 1 ? missing : z;
    CHECK(contour_lines(grid, 0.5).empty());
    Plot plot{.title = "t"};
    plot.contours = grid;
    const std::string drawn = svg(plot);
    CHECK(occurrences(drawn, "class=\"contour\"") > 4);
    CHECK_FALSE(holds(drawn, "nan"));
}

TEST_CASE("equal_aspect makes a unit as long on both axes") {
    Plot plot = unit_plot({{"", {0, 1}, {0, 1}}});
    plot.equal_aspect = true;
    // 236 for 2 units of y; as much for 2 units of x, in the middle of 34.4 to 468.
    CHECK(holds(svg(plot), "d=\"M133.2 270.0 L251.2 152.0\""));
}

TEST_CASE("a picture of its own has its styles and colours for light and dark, and no clash") {
    const Plot plot = unit_plot({{"a & b", {0, 1}, {0, 1}}});
    const std::string file = svg_file({plot, plot, plot});
    CHECK(file.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" "));
    CHECK(occurrences(file, "<svg") == 1);
    CHECK(occurrences(file, "<g transform") == 3);
    CHECK(holds(file, "prefers-color-scheme: dark"));
    CHECK(holds(file, "a &amp; b"));
    CHECK_FALSE(holds(file, " id="));
    CHECK(text_of_error<std::invalid_argument>([] {
              static_cast<void>(svg_file({}));
          }) == "svg_file: 0 plots in 2 columns; need one of each, or more");
}

TEST_CASE("a page holds plots beside each other") {
    const Plot plot = unit_plot({{"a", {0, 1}, {0, 1}}});
    const std::string page = Page("a", "b").plots({plot, plot}).html();
    CHECK(occurrences(page, "<svg") == 2);
    CHECK_FALSE(holds(page, "http"));
}

TEST_CASE("a plot refuses what cannot be drawn") {
    CHECK(
        refusal({.title = "t"}) ==
        "svg: the plot \"t\" has no series and no contours; need one of them");
    CHECK(
        refusal(unit_plot({{"a", {}, {}}})) ==
        "svg: the series \"a\" has no points; it needs at least one");
    CHECK(
        refusal(unit_plot({{"a", {1, 2}, {1}}})) ==
        "svg: the series \"a\" has 2 x and 1 y; need as many of each");
    CHECK(
        refusal(unit_plot({{"a", {1}, {1}, Style::line, {1}, {}}})) ==
        "svg: the series \"a\" has 1 points and a band of 1 low and 0 high; need one for each");
    Plot plot = unit_plot({{"a", {1}, {1}}});
    plot.y_range = {{2, 1}};
    CHECK(refusal(plot) == "svg: y goes from 2 to 1; need finite numbers in this order");
    plot.log_y = true;
    plot.y_range = {{0, 1}};
    CHECK(
        refusal(plot) ==
        "svg: y goes from 0 to 1; need finite numbers in this order, above 0 on a logarithmic "
        "axis");
    plot.y_range.reset();
    plot.equal_aspect = true;
    CHECK(
        refusal(plot) ==
        "svg: the plot \"t\" has equal_aspect and a logarithmic axis; need linear ones");
    plot.equal_aspect = false;
    plot.contours = Contours{{0, 1}, {0, 1}, {1, 2, 3, 4}};
    CHECK(refusal(plot) == "svg: the contours' y goes from 0; need above 0 on a logarithmic axis");
}

TEST_CASE("contours refuse a grid that is none") {
    const auto refused = [](const Contours& grid) {
        return text_of_error<std::invalid_argument>(
            [&] { static_cast<void>(contour_lines(grid, 1)); });
    };
    CHECK(refused({{0}, {0, 1}, {1, 2}}) == "contours: a grid of 1 x 2; need at least 2 x 2");
    CHECK(
        refused({{0, 1}, {0, 1}, {1, 2}}) ==
        "contours: 2 values on a grid of 2 x 2; need one for each point");
    CHECK(
        refused({{0, 0}, {0, 1}, {1, 2, 3, 4}}) ==
        "contours: the grid does not ascend; need x and y in order");
}
