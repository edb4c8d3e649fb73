#include <tools/report.hpp>
#include <tools/report_axis.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xgrad::report {
namespace {

// The plot's frame within a view box of width x height.
constexpr double width = 480, height = 290;
constexpr std::size_t colors = 8;
constexpr double left = 46, right = 438, top = 62, bottom = 248;

struct Scale {
    double y_step = 0.2, y_max = 1;
    std::size_t epochs = 1;

    [[nodiscard]] double x(std::size_t epoch) const {
        if (epochs == 1)
            return (left + right) / 2;
        return left +
               (right - left) * static_cast<double>(epoch - 1) / static_cast<double>(epochs - 1);
    }
    [[nodiscard]] double y(double value) const { return bottom - (bottom - top) * value / y_max; }
};

Scale scale_of(const Chart& chart) {
    Scale scale;
    double largest = 0;
    for (const Curve& curve : chart.curves) {
        scale.epochs = std::max(scale.epochs, curve.values.size());
        for (const double value : curve.values) {
            if (std::isfinite(value))
                largest = std::max(largest, value);
        }
    }
    if (largest > 0) {
        scale.y_step = nice_step(largest, 5);
        scale.y_max = scale.y_step * std::ceil(largest / scale.y_step * (1 - 1e-9));
    }
    return scale;
}

std::string number(const Chart& chart, double value, int digits) {
    if (chart.percent)
        return fmt::format("{:.{}f} %", 100 * value, digits);
    return fmt::format("{:.{}f}", value, digits + 2);
}

std::string y_label(const Chart& chart, const Scale& scale, double value) {
    const double step = chart.percent ? 100 * scale.y_step : scale.y_step;
    const int digits = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
    if (chart.percent)
        return fmt::format("{:.{}f} %", 100 * value, digits);
    return fmt::format("{:.{}f}", value, digits);
}

std::string axes(const Chart& chart, const Scale& scale) {
    std::string text;
    for (int i = 0; i * scale.y_step <= scale.y_max * (1 + 1e-9); ++i) {
        const double value = i * scale.y_step, y = scale.y(value);
        text += fmt::format(
            "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
            "<text text-anchor=\"end\" x=\"{}\" y=\"{:.1f}\">{}</text>\n",
            left,
            right,
            y,
            y,
            left - 8,
            y + 4,
            y_label(chart, scale, value));
    }
    const auto step =
        static_cast<std::size_t>(std::max(1.0, nice_step(static_cast<double>(scale.epochs), 8)));
    for (std::size_t epoch = step; epoch <= scale.epochs; epoch += step) {
        text += fmt::format(
            "<text text-anchor=\"middle\" x=\"{:.1f}\" y=\"{}\">{}</text>\n",
            scale.x(epoch),
            bottom + 18,
            epoch);
    }
    return text + fmt::format(
                      "<text text-anchor=\"middle\" x=\"{}\" y=\"{}\">epoch</text>\n",
                      (left + right) / 2,
                      bottom + 36);
}

std::string mark(const Chart& chart, const Scale& scale) {
    if (chart.marked == 0 || chart.marked > scale.epochs)
        return "";
    const double x = scale.x(chart.marked);
    const bool right_half = x > (left + right) / 2;
    return fmt::format(
        "<line class=\"mark\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{}\" y2=\"{}\"/>"
        "<text text-anchor=\"{}\" x=\"{:.1f}\" y=\"{}\">{} {}</text>\n",
        x,
        x,
        top - 16,
        bottom,
        right_half ? "end" : "start",
        x + (right_half ? -6 : 6),
        top - 8,
        escape(chart.mark),
        chart.marked);
}

// A line for each stretch of finite values; the points carry the numbers as tooltips.
std::string line_of(const Chart& chart, const Scale& scale, std::size_t index) {
    const Curve& curve = chart.curves[index];
    const std::size_t color = index % colors + 1;
    std::string path, points;
    bool pen_down = false;
    for (std::size_t epoch = 1; epoch <= curve.values.size(); ++epoch) {
        const double value = curve.values[epoch - 1];
        if (!std::isfinite(value)) {
            pen_down = false;
            continue;
        }
        const double x = scale.x(epoch), y = scale.y(value);
        path += fmt::format("{}{:.1f} {:.1f}", pen_down ? " L" : " M", x, y);
        pen_down = true;
        const bool shown = epoch == chart.marked || curve.values.size() == 1;
        points += fmt::format(
            "<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"><title>{}, epoch {}: {}"
            "</title></circle>\n",
            shown ? fmt::format("dot f{}", color) : "hit",
            x,
            y,
            shown ? 5 : 8,
            escape(curve.name),
            epoch,
            number(chart, value, 2));
    }
    if (path.empty())
        return "";
    return fmt::format("<path class=\"curve k{}\" d=\"{}\"/>\n", color, path.substr(1)) + points;
}

// The names at the ends of the lines, moved apart where they would touch.
std::string names(const Chart& chart, const Scale& scale) {
    struct Label {
        double y;
        std::size_t index;
    };
    std::vector<Label> labels;
    for (std::size_t i = 0; i < chart.curves.size(); ++i) {
        const std::vector<double>& values = chart.curves[i].values;
        if (!values.empty() && std::isfinite(values.back()))
            labels.push_back({scale.y(values.back()) + 4, i});
    }
    std::ranges::sort(labels, {}, &Label::y);
    constexpr double apart = 15;
    for (std::size_t i = 1; i < labels.size(); ++i)
        labels[i].y = std::max(labels[i].y, labels[i - 1].y + apart);
    const double over = labels.empty() ? 0 : std::max(0.0, labels.back().y - (bottom + 4));
    std::string text;
    for (const Label& label : labels) {
        text += fmt::format(
            "<text class=\"f{}\" x=\"{}\" y=\"{:.1f}\">{}</text>\n",
            label.index % colors + 1,
            right + 8,
            label.y - over,
            escape(chart.curves[label.index].name));
    }
    return text;
}

}  // namespace

std::string svg(const Chart& chart) {
    const Scale scale = scale_of(chart);
    std::string text = fmt::format(
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n"
        "<text class=\"title\" x=\"0\" y=\"18\">{}</text>\n",
        width,
        height,
        escape(chart.title),
        escape(chart.title));
    text += axes(chart, scale) + mark(chart, scale);
    for (std::size_t i = 0; i < chart.curves.size(); ++i)
        text += line_of(chart, scale, i);
    return text + names(chart, scale) + "</svg>";
}

}  // namespace xgrad::report
