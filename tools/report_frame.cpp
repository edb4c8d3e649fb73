#include <tools/report.hpp>
#include <tools/report_frame.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace xgrad::report {

bool Frame::inside(Point p) const {
    constexpr double slack = 0.05;
    return p.x >= left - slack && p.x <= right + slack && p.y >= top - slack &&
           p.y <= bottom + slack;
}

// [Liang and Barsky 1984]
bool Frame::clip(Point& p, Point& q) const {
    const Point d{q.x - p.x, q.y - p.y};
    double from = 0, to = 1;
    for (const auto& [step, room] :
         {std::pair{-d.x, p.x - left},
          std::pair{d.x, right - p.x},
          std::pair{-d.y, p.y - top},
          std::pair{d.y, bottom - p.y}}) {
        if (step == 0 && room < 0)
            return false;
        if (step < 0)
            from = std::max(from, room / step);
        if (step > 0)
            to = std::min(to, room / step);
    }
    if (from > to)
        return false;
    q = {p.x + to * d.x, p.y + to * d.y};
    p = {p.x + from * d.x, p.y + from * d.y};
    return true;
}

std::string Frame::path(const std::vector<Point>& line) const {
    std::string text, at;
    for (std::size_t i = 1; i < line.size(); ++i) {
        Point p = line[i - 1], q = line[i];
        if (!clip(p, q))
            continue;
        const std::string from = fmt::format("{:.1f} {:.1f}", p.x, p.y);
        const std::string to = fmt::format("{:.1f} {:.1f}", q.x, q.y);
        if (from != at)
            text += fmt::format("{}M{}", text.empty() ? "" : " ", from);
        if (to != from)
            text += " L" + to;
        at = to;
    }
    return text;
}

// A path for each stretch of points that are shown.
std::string line_of(const Frame& frame, const Series& series, const std::string& stroke) {
    std::string d;
    std::vector<Point> stretch;
    for (std::size_t i = 0; i <= series.x.size(); ++i) {
        if (i < series.x.size() && frame.shows(series, i)) {
            stretch.push_back(frame.at(series.x[i], series.y[i]));
            continue;
        }
        const std::string part = frame.path(stretch);
        d += (d.empty() || part.empty() ? "" : " ") + part;
        stretch.clear();
    }
    return d.empty() ? "" : fmt::format("<path class=\"{}\" d=\"{}\"/>\n", stroke, d);
}

// Dots, also where a line has a single point; else what shows the numbers when pointed at.
std::string points_of(const Frame& frame, const Series& series, std::size_t color) {
    constexpr std::size_t few = 60;
    const std::size_t n = series.x.size();
    std::string text;
    for (std::size_t i = 0; i < n; ++i) {
        if (!frame.shows(series, i) || !frame.inside(frame.at(series.x[i], series.y[i])))
            continue;
        const bool alone =
            (i == 0 || !frame.shows(series, i - 1)) && (i + 1 == n || !frame.shows(series, i + 1));
        const bool dot = series.style != Series::Style::line || alone;
        if (!dot && n > few)
            continue;
        const auto [x, y] = frame.at(series.x[i], series.y[i]);
        text += fmt::format(
            "<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"",
            dot ? fmt::format("point f{}", color) : "hit",
            x,
            y,
            !dot ? "7" : (n > few ? "2" : "3.5"));
        text += n > few ? "/>\n"
                        : fmt::format(
                              "><title>{} ({:.4g}, {:.4g})</title></circle>\n",
                              escape(series.name),
                              series.x[i],
                              series.y[i]);
    }
    return text;
}

// Along the upper edge and back along the lower one, for each stretch of points.
std::string band_of(const Frame& frame, const Series& series, std::size_t color) {
    std::string text, there, back;
    const auto close = [&] {
        if (!there.empty())
            text += fmt::format(
                "<path class=\"band f{}\" d=\"M{} {}Z\"/>\n", color, there.substr(2), back);
        there.clear();
        back.clear();
    };
    // An edge that the axis has no place for is at its end.
    const auto edge = [&frame](double y) {
        if (!frame.y.has(y))
            return y > 0 ? frame.top : frame.bottom;
        return std::clamp(frame.y.at(y), frame.top, frame.bottom);
    };
    for (std::size_t i = 0; i < series.low.size(); ++i) {
        if (!frame.shows(series, i) || std::isnan(series.low[i]) || std::isnan(series.high[i])) {
            close();
            continue;
        }
        const double x = std::clamp(frame.x.at(series.x[i]), frame.left, frame.right);
        there += fmt::format(" L{:.1f} {:.1f}", x, edge(series.high[i]));
        back = fmt::format("L{:.1f} {:.1f} ", x, edge(series.low[i])) + back;
    }
    close();
    return text;
}

std::string bars_of(const Frame& frame, const Series& series, std::size_t color) {
    std::vector<Point> tops;
    for (std::size_t i = 0; i < series.x.size(); ++i) {
        if (frame.shows(series, i))
            tops.push_back(frame.at(series.x[i], series.y[i]));
    }
    std::ranges::sort(tops, {}, &Point::x);
    const auto within = [&frame](double x) { return std::clamp(x, frame.left, frame.right); };
    const double foot =
        frame.y.log() ? frame.bottom : std::clamp(frame.y.at(0), frame.top, frame.bottom);
    std::string text;
    for (std::size_t i = 0; i < tops.size(); ++i) {
        // Half-way to the neighbours; the outer ones as far out as in.
        double before = i > 0 ? (tops[i].x - tops[i - 1].x) / 2 : 0;
        double after = i + 1 < tops.size() ? (tops[i + 1].x - tops[i].x) / 2 : before;
        before = i > 0 ? before : after;
        if (tops.size() == 1)
            before = after = 10;
        const double from = within(tops[i].x - before), to = within(tops[i].x + after);
        const double y = std::clamp(tops[i].y, frame.top, frame.bottom);
        text += fmt::format(
            "<rect class=\"bar f{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
            "height=\"{:.1f}\"/>\n",
            color,
            from,
            std::min(y, foot),
            to - from,
            std::abs(foot - y));
    }
    return text;
}

}  // namespace xgrad::report
