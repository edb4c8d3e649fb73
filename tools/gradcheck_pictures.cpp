#include <autograd/fail.hpp>
#include <tools/gradcheck_pictures.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xgrad::detail {
namespace {

// log10, with what is zero at the bottom.
double decade(double x) { return x > 1e-18 && std::isfinite(x) ? std::log10(x) : -18; }

// An axis by decades, from `first` to `last` on the screen.
class Axis {
public:
    Axis(double first, double last) : first_(first), last_(last) {}

    void include(double value) {
        low_ = std::min(low_, std::log10(value));
        high_ = std::max(high_, std::log10(value));
    }
    [[nodiscard]] double at(double value) const {
        const double share = (std::log10(value) - low_) / std::max(high_ - low_, 1e-9);
        return first_ + share * (last_ - first_);
    }
    [[nodiscard]] double low() const { return low_; }
    [[nodiscard]] double high() const { return high_; }

private:
    double first_, last_;
    double low_ = std::numeric_limits<double>::infinity();
    double high_ = -std::numeric_limits<double>::infinity();
};

// The least error that a difference of that size can show.
double last_bit(const GradcheckEntry& entry) {
    return std::max(
        std::abs(entry.numeric) * std::numeric_limits<double>::epsilon() / 2,
        std::numeric_limits<double>::min());
}

std::string place_of(const GradcheckEntry& entry) {
    if (entry.index.empty())
        return entry.input;
    return fmt::format("{} at ({})", entry.input, fmt::join(entry.index, ", "));
}

std::string label(double x, double y, const char* anchor, const std::string& text) {
    return fmt::format(
        "<text x=\"{:.0f}\" y=\"{:.0f}\" font-size=\"11\" text-anchor=\"{}\">{}</text>",
        x,
        y,
        anchor,
        text);
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

std::vector<GradcheckPoint> error_curve(const GradcheckEntry& entry) {
    std::vector<GradcheckPoint> points;
    for (const GradcheckPoint& p : entry.sweep) {
        const double error = std::abs(p.difference - entry.numeric);
        if (std::isfinite(error) && p.step > 0)
            points.push_back({p.step, std::max(error, last_bit(entry))});
    }
    std::ranges::sort(points, {}, &GradcheckPoint::step);
    return points;
}

std::string curve_picture(const GradcheckEntry& entry) {
    constexpr double width = 360, height = 200, left = 46, edge = 24;
    const std::vector<GradcheckPoint> points = error_curve(entry);
    if (points.size() < 2)
        return "";
    Axis across(left, width - edge), up(height - edge, edge);
    for (const GradcheckPoint& p : points) {
        across.include(p.step);
        up.include(p.difference);
    }
    const bool has_line = std::isfinite(entry.absolute) && entry.absolute > 0;
    if (has_line)
        up.include(entry.absolute);
    std::string line;
    for (const GradcheckPoint& p : points)
        line += fmt::format("{:.1f},{:.1f} ", across.at(p.step), up.at(p.difference));
    std::string marks;
    if (has_line) {
        marks += fmt::format(
            "<line x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"#b00020\" "
            "stroke-dasharray=\"5 4\"/>",
            left,
            width - edge,
            up.at(entry.absolute));
    }
    const auto chosen = std::ranges::find(points, entry.step, &GradcheckPoint::step);
    if (chosen != points.end()) {
        marks += fmt::format(
            "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"#0969da\"/>",
            across.at(chosen->step),
            up.at(chosen->difference));
    }
    marks += label(left - 4, edge + 4, "end", fmt::format("1e{:.0f}", up.high()));
    marks += label(left - 4, height - edge + 4, "end", fmt::format("1e{:.0f}", up.low()));
    marks += label(left, height - 6, "start", fmt::format("step 1e{:.0f}", across.low()));
    marks += label(width - edge, height - 6, "end", fmt::format("1e{:.0f}", across.high()));
    return fmt::format(
        "<figure><svg width=\"{}\" height=\"{}\"><polyline fill=\"none\" stroke=\"#0969da\" "
        "stroke-width=\"2\" points=\"{}\"/>{}</svg><figcaption>{}. Blue: |difference - numeric| "
        "against the step; the dot is the step that the numeric value rests on. Dashed: |analytic "
        "- numeric|. Where the blue curve dips far below the dashed line, the gradient is "
        "wrong.</figcaption></figure>",
        width,
        height,
        line,
        marks,
        escaped(place_of(entry)));
}

std::string error_map(const GradcheckInput& input) {
    constexpr std::size_t most = 4096;
    if (input.gaps.empty() || input.gaps.size() > most)
        return "";
    const std::size_t columns =
        input.shape.empty() ? 1 : std::max<std::size_t>(input.shape.back(), 1);
    const std::size_t rows = input.gaps.size() / columns;
    const std::size_t size = std::clamp<std::size_t>(360 / std::max(rows, columns), 3, 18);
    std::string squares;
    for (std::size_t k = 0; k < input.gaps.size(); ++k) {
        const double shade = std::clamp((decade(input.gaps[k]) + 14) / 14, 0.0, 1.0);
        squares += fmt::format(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"rgb(255,{:.0f},{:.0f})\">"
            "<title>{} {:.3g}</title></rect>",
            k % columns * size,
            k / columns * size,
            size,
            size,
            255 * (1 - shade),
            255 * (1 - shade),
            index_string(k, input.shape),
            input.gaps[k]);
    }
    return fmt::format(
        "<figure><svg width=\"{}\" height=\"{}\">{}</svg><figcaption>{}: |analytic - numeric|, "
        "white 1e-14, red 1</figcaption></figure>",
        columns * size,
        rows * size,
        squares,
        escaped(input.name));
}

}  // namespace xgrad::detail
