#include <autograd/fail.hpp>
#include <tools/report.hpp>
#include <tools/report_frame.hpp>
#include <tools/report_style.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace xgrad::report {
namespace {

constexpr double width = 480, frame_height = 236;
constexpr double letter = 6.8;  // the width of a letter, about

bool is_line(const Series& series) {
    return series.style == Series::Style::line || series.style == Series::Style::line_and_points;
}

void check(const Series& series) {
    const std::size_t n = series.x.size();
    if (n == 0 && series.y.empty())
        fail<std::invalid_argument>(
            "svg: the series \"{}\" has no points; it needs at least one", series.name);
    if (n != series.y.size())
        fail<std::invalid_argument>(
            "svg: the series \"{}\" has {} x and {} y; need as many of each",
            series.name,
            n,
            series.y.size());
    const bool band = !series.low.empty() || !series.high.empty();
    if (band && (series.low.size() != n || series.high.size() != n))
        fail<std::invalid_argument>(
            "svg: the series \"{}\" has {} points and a band of {} low and {} high; need one for "
            "each",
            series.name,
            n,
            series.low.size(),
            series.high.size());
}

void check(const std::optional<std::array<double, 2>>& range, const Axis& axis, char name) {
    if (!range)
        return;
    const auto& [low, high] = *range;
    if (!axis.has(low) || !axis.has(high) || low >= high)
        fail<std::invalid_argument>(
            "svg: {} goes from {} to {}; need finite numbers in this order{}",
            name,
            low,
            high,
            axis.log() ? ", above 0 on a logarithmic axis" : "");
}

std::vector<double> levels_of(const Contours& contours) {
    if (!contours.levels.empty())
        return contours.levels;
    std::vector<double> z;
    std::ranges::copy_if(
        contours.z, std::back_inserter(z), [](double v) { return std::isfinite(v); });
    std::ranges::sort(z);
    std::vector<double> levels;
    constexpr std::size_t count = 10;
    for (std::size_t i = 1; i <= count && !z.empty(); ++i)
        levels.push_back(z[i * (z.size() - 1) / (count + 1)]);
    return levels;
}

class Drawing {
public:
    explicit Drawing(const Plot& plot)
        : plot_(plot),
          frame_{Axis(plot.log_x), Axis(plot.log_y), 0, width - 12, 0, 0} {
        if (plot.series.empty() && !plot.contours)
            fail<std::invalid_argument>(
                "svg: the plot \"{}\" has no series and no contours; need one of them", plot.title);
        if (plot.equal_aspect && (plot.log_x || plot.log_y))
            fail<std::invalid_argument>(
                "svg: the plot \"{}\" has equal_aspect and a logarithmic axis; need linear ones",
                plot.title);
        std::ranges::for_each(plot.series, [](const Series& series) { check(series); });
        check_grid();
        check(plot.x_range, frame_.x, 'x');
        check(plot.y_range, frame_.y, 'y');
        collect();
        lay_out();
    }

    [[nodiscard]] double height() const {
        return frame_.bottom + (plot_.x_label.empty() ? 24 : 42);
    }

    [[nodiscard]] std::string text() const {
        std::string text =
            fmt::format("<text class=\"title\" x=\"0\" y=\"18\">{}</text>\n", escape(plot_.title));
        text += legend().second + axes() + contours();
        for (std::size_t i = 0; i < plot_.series.size(); ++i) {
            const Series& series = plot_.series[i];
            text += band_of(frame_, series, color(i));
            if (series.style == Series::Style::bars)
                text += bars_of(frame_, series, color(i));
        }
        for (std::size_t i = 0; i < plot_.series.size(); ++i) {
            const Series& series = plot_.series[i];
            if (is_line(series))
                text += line_of(frame_, series, stroke(i));
            if (series.style != Series::Style::bars)
                text += points_of(frame_, series, color(i));
        }
        return text + marks();
    }

private:
    void check_grid() const {
        const std::optional<Contours>& grid = plot_.contours;
        const auto refuse = [](char name, double from) {
            fail<std::invalid_argument>(
                "svg: the contours' {} goes from {}; need above 0 on a logarithmic axis",
                name,
                from);
        };
        if (grid && !grid->x.empty() && !frame_.x.has(grid->x[0]))
            refuse('x', grid->x[0]);
        if (grid && !grid->y.empty() && !frame_.y.has(grid->y[0]))
            refuse('y', grid->y[0]);
    }

    void collect() {
        for (const Series& series : plot_.series) {
            for (std::size_t i = 0; i < series.x.size(); ++i) {
                if (!frame_.shows(series, i))
                    continue;
                frame_.x.hold(series.x[i]);
                frame_.y.hold(series.y[i]);
                if (!series.low.empty()) {
                    frame_.y.hold(series.low[i]);
                    frame_.y.hold(series.high[i]);
                }
            }
            if (series.style == Series::Style::bars)
                frame_.y.stand();
        }
        for (const Mark& mark : plot_.vertical)
            frame_.x.hold(mark.at);
        for (const Mark& mark : plot_.horizontal)
            frame_.y.hold(mark.at);
        if (plot_.contours) {
            std::ranges::for_each(plot_.contours->x, [this](double v) { frame_.x.hold(v); });
            std::ranges::for_each(plot_.contours->y, [this](double v) { frame_.y.hold(v); });
        }
    }

    void lay_out() {
        frame_.top = legend().first + (plot_.y_label.empty() ? 10 : 32);
        frame_.bottom = frame_.top + frame_height;
        frame_.y.lay_out(frame_.bottom, frame_.top, plot_.y_range);
        std::size_t longest = 0;
        for (const double tick : frame_.y.ticks(6))
            longest = std::max(longest, axis_label(tick).size());
        frame_.left = 14 + letter * static_cast<double>(longest);
        frame_.x.lay_out(frame_.left, frame_.right, plot_.x_range);
        if (plot_.equal_aspect) {
            const double unit = std::min(frame_.x.unit(), frame_.y.unit());
            frame_.x.shrink_unit(unit);
            frame_.y.shrink_unit(unit);
        }
    }

    [[nodiscard]] std::size_t color(std::size_t index) const {
        return plot_.series[index].color != 0 ? (plot_.series[index].color - 1) % 4 + 1
                                              : index % 4 + 1;
    }
    [[nodiscard]] std::string stroke(std::size_t index) const {
        const std::size_t dash = index / 4 % 3;
        return fmt::format("curve k{}{}", color(index), dash == 0 ? "" : fmt::format(" d{}", dash));
    }

    // Where its last row ends, and its text: rows of a sample and a name each.
    [[nodiscard]] std::pair<double, std::string> legend() const {
        double x = 0, y = 24;
        std::string text;
        for (std::size_t i = 0; i < plot_.series.size(); ++i) {
            const Series& series = plot_.series[i];
            if (series.name.empty())
                continue;
            std::size_t left_out = 0;
            for (std::size_t k = 0; k < series.x.size(); ++k)
                left_out += frame_.shows(series, k) ? 0 : 1;
            const std::string name = left_out == 0
                                         ? series.name
                                         : fmt::format("{} ({} left out)", series.name, left_out);
            const double wide = 42 + letter * static_cast<double>(name.size());
            if (y == 24 || x + wide > width + 14) {
                x = 0;
                y += 18;
            }
            text +=
                sample(i, x, y - 4) + fmt::format(
                                          "<text class=\"f{}\" x=\"{:.1f}\" y=\"{}\">{}</text>\n",
                                          color(i),
                                          x + 28,
                                          y,
                                          escape(name));
            x += wide;
        }
        return {y, text};
    }

    [[nodiscard]] std::string sample(std::size_t i, double x, double y) const {
        switch (plot_.series[i].style) {
            case Series::Style::points:
                return fmt::format(
                    "<circle class=\"point f{}\" cx=\"{:.1f}\" cy=\"{}\" r=\"4\"/>",
                    color(i),
                    x + 11,
                    y);
            case Series::Style::bars:
                return fmt::format(
                    "<rect class=\"bar f{}\" x=\"{:.1f}\" y=\"{}\" width=\"22\" height=\"9\"/>",
                    color(i),
                    x,
                    y - 5);
            default:
                return fmt::format(
                    "<line class=\"{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{}\" y2=\"{}\"/>",
                    stroke(i),
                    x,
                    x + 22,
                    y,
                    y);
        }
    }

    [[nodiscard]] static std::string rule(
        const char* kind, double x1, double y1, double x2, double y2) {
        return fmt::format(
            "<line class=\"{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>",
            kind,
            x1,
            x2,
            y1,
            y2);
    }
    [[nodiscard]] static std::string write(
        const char* anchor, double x, double y, std::string_view text) {
        return fmt::format(
            "<text text-anchor=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
            anchor,
            x,
            y,
            escape(text));
    }

    [[nodiscard]] std::string axes() const {
        std::string text;
        for (const double tick : frame_.y.ticks(6))
            text += rule("grid", frame_.left, frame_.y.at(tick), frame_.right, frame_.y.at(tick)) +
                    write("end", frame_.left - 7, frame_.y.at(tick) + 4, axis_label(tick));
        for (const double tick : frame_.x.ticks(7))
            text += rule("grid", frame_.x.at(tick), frame_.top, frame_.x.at(tick), frame_.bottom) +
                    write("middle", frame_.x.at(tick), frame_.bottom + 18, axis_label(tick));
        if (!plot_.y_label.empty())
            text += write("start", 0, frame_.top - 12, plot_.y_label);
        if (!plot_.x_label.empty())
            text += write(
                "middle", (frame_.left + frame_.right) / 2, frame_.bottom + 36, plot_.x_label);
        return text;
    }

    [[nodiscard]] std::string marks() const {
        std::string text;
        for (const Mark& mark : plot_.vertical) {
            const double x = frame_.x.at(mark.at);
            if (!frame_.x.has(mark.at) || !frame_.inside({x, frame_.top}))
                continue;
            const bool right_half = x > (frame_.left + frame_.right) / 2;
            text +=
                rule("mark", x, frame_.top, x, frame_.bottom) + write(
                                                                    right_half ? "end" : "start",
                                                                    x + (right_half ? -6 : 6),
                                                                    frame_.top + 12,
                                                                    mark.text);
        }
        for (const Mark& mark : plot_.horizontal) {
            const double y = frame_.y.at(mark.at);
            if (frame_.y.has(mark.at) && frame_.inside({frame_.left, y}))
                text +=
                    rule("mark", frame_.left, y, frame_.right, y) +
                    write("end", frame_.right - 4, y + (y < frame_.top + 20 ? 14 : -5), mark.text);
        }
        return text;
    }

    [[nodiscard]] std::string contours() const {
        if (!plot_.contours)
            return "";
        const std::vector<double> levels = levels_of(*plot_.contours);
        std::string text;
        for (std::size_t k = 0; k < levels.size(); ++k) {
            std::string d;
            for (std::vector<Point>& line : contour_lines(*plot_.contours, levels[k])) {
                for (Point& p : line)
                    p = frame_.at(p.x, p.y);
                d += fmt::format("{}{}", d.empty() ? "" : " ", frame_.path(line));
            }
            if (!d.empty())
                text += fmt::format(
                    "<path class=\"contour\" stroke-opacity=\"{:.2f}\" d=\"{}\"><title>{:.4g}"
                    "</title></path>\n",
                    0.95 - 0.6 * static_cast<double>(k) / static_cast<double>(levels.size()),
                    d,
                    levels[k]);
        }
        return text;
    }

    const Plot& plot_;
    Frame frame_;
};

}  // namespace

std::string svg(const Plot& plot) {
    const Drawing drawing(plot);
    return fmt::format(
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n{}</svg>",
        width,
        drawing.height(),
        escape(plot.title),
        drawing.text());
}

std::string svg_file(const std::vector<Plot>& plots, std::size_t columns) {
    if (plots.empty() || columns == 0)
        fail<std::invalid_argument>(
            "svg_file: {} plots in {} columns; need one of each, or more", plots.size(), columns);
    constexpr double margin = 20;
    columns = std::min(columns, plots.size());
    const double wide = margin + static_cast<double>(columns) * (width + margin);
    double top = margin, row = 0;
    std::string inner, names;
    for (std::size_t i = 0; i < plots.size(); ++i) {
        if (i > 0 && i % columns == 0)
            top += std::exchange(row, 0) + margin;
        const Drawing plot(plots[i]);
        row = std::max(row, plot.height());
        names += (i == 0 ? "" : "; ") + plots[i].title;
        inner += fmt::format(
            "<g transform=\"translate({} {})\">\n{}</g>\n",
            margin + static_cast<double>(i % columns) * (width + margin),
            top,
            plot.text());
    }
    const double high = top + row + margin;
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" role=\"img\" aria-label=\"{2}\">\n<style>{3}text {{ font-family: "
        "system-ui, \"Segoe UI\", \"DejaVu Sans\", sans-serif; }}\n{4}</style>\n"
        "<rect class=\"back\" width=\"{0}\" height=\"{1}\" rx=\"10\"/>\n{5}</svg>\n",
        wide,
        high,
        escape(names),
        colors,
        drawing,
        inner);
}

Series histogram(std::string name, const std::vector<double>& values, std::size_t bins) {
    std::vector<double> finite;
    std::ranges::copy_if(
        values, std::back_inserter(finite), [](double v) { return std::isfinite(v); });
    if (finite.empty() || bins == 0)
        fail<std::invalid_argument>(
            "histogram: {} finite values and {} bins; need at least one of each",
            finite.size(),
            bins);
    const auto [low, high] = std::ranges::minmax(finite);
    const auto parts = static_cast<double>(bins);
    double wide = high / parts - low / parts;
    if (!(wide > 0))
        wide = 1;
    Series bars{std::move(name), {}, std::vector<double>(bins), Series::Style::bars};
    for (std::size_t i = 0; i < bins; ++i)
        bars.x.push_back(low + wide * (static_cast<double>(i) + 0.5));
    for (const double v : finite)
        bars.y[static_cast<std::size_t>(std::min((v - low) / wide, parts - 1))] += 1;
    return bars;
}

}  // namespace xgrad::report
