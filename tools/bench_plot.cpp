#include <tools/bench_plot.hpp>
#include <tools/report.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xgrad::bench {

namespace {

constexpr double left = 330, right = 820, width = 900, top = 64, row_height = 18;

// Ratios from `low` to `high`, powers of two, to places between `left` and `right`.
struct Scale {
    double low = 1, high = 1;

    void include(double ratio) {
        while (ratio < low)
            low /= 2;
        while (ratio > high)
            high *= 2;
    }
    [[nodiscard]] double x(double ratio) const {
        return left + (right - left) * std::log2(ratio / low) / std::log2(high / low);
    }
};

Scale scale_of(const std::vector<PlotRow>& rows) {
    Scale scale{0.5, 2};
    for (const PlotRow& row : rows) {
        scale.include(row.line.ratio->low);
        scale.include(row.line.ratio->high);
        if (row.line.row->kind == Row::Goal::ratio)
            scale.include(row.line.row->goal);
    }
    return scale;
}

std::string vertical(const char* kind, double x, double from, double to) {
    return fmt::format(
        "<line class=\"{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n",
        kind,
        x,
        x,
        from,
        to);
}

std::string grid(const Scale& scale, double bottom) {
    std::string text;
    for (double ratio = scale.low; ratio <= scale.high; ratio *= 2) {
        const double x = scale.x(ratio);
        text += vertical(ratio == 1 ? "even" : "grid", x, top - 6, bottom);
        text += fmt::format(
            "<text text-anchor=\"middle\" x=\"{:.1f}\" y=\"{}\">{}</text>\n",
            x,
            top - 12,
            ratio >= 1 ? fmt::format("{:g}", ratio) : fmt::format("1/{:g}", 1 / ratio));
    }
    return text;
}

std::string bar(const PlotRow& row, const Scale& scale, double y) {
    const Line& line = row.line;
    const double even = scale.x(1), end = scale.x(line.ratio->median), middle = y + 6;
    std::string text = fmt::format(
        "<text text-anchor=\"end\" x=\"{}\" y=\"{:.1f}\">{}</text>\n"
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"12\"/>\n"
        "<line class=\"range\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n"
        "<text x=\"{}\" y=\"{:.1f}\">{:.2f}</text>\n",
        left - 8,
        y + 10,
        report::escape(row.workload + " " + line.row->label),
        line.missed ? "missed" : "good",
        std::min(even, end),
        y,
        std::abs(end - even),
        scale.x(line.ratio->low),
        scale.x(line.ratio->high),
        middle,
        middle,
        right + 10,
        y + 10,
        line.ratio->median);
    if (line.row->kind == Row::Goal::ratio)
        text += vertical("goal", scale.x(line.row->goal), y - 2, y + 14);
    return text;
}

}  // namespace

std::string ratio_plot(const std::vector<PlotRow>& rows, const std::string& machine) {
    std::vector<PlotRow> shown;
    for (const PlotRow& row : rows) {
        if (row.line.ratio && row.line.ratio->low > 0)
            shown.push_back(row);
    }
    const Scale scale = scale_of(shown);
    const double bottom = top + row_height * static_cast<double>(shown.size());
    std::string text = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {:.0f}\">\n"
        "<style>text {{ font: 11px sans-serif; fill: #333 }} .grid {{ stroke: #ddd }}"
        " .even {{ stroke: #888 }} .range {{ stroke: #222 }} .good {{ fill: #4a90c2 }}"
        " .missed {{ fill: #d9822b }} .goal {{ stroke: #2a7d2a; stroke-width: 2.5 }}</style>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        "<text x=\"8\" y=\"16\">time, ours by the faster peer's or the floor's; to the left is "
        "faster; green: the goal</text>\n"
        "<text x=\"8\" y=\"32\">{}</text>\n",
        width,
        bottom + 12,
        report::escape(machine));
    text += grid(scale, bottom);
    for (std::size_t i = 0; i < shown.size(); ++i)
        text += bar(shown[i], scale, top + row_height * static_cast<double>(i) + 3);
    return text + "</svg>\n";
}

}  // namespace xgrad::bench
