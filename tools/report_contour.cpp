#include <autograd/fail.hpp>
#include <tools/report_plot.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <unordered_map>
#include <utility>

namespace xgrad::report {
namespace {

// Grid point (i, j) is node j * nx + i. Edge 2 node goes from it to the right, 2 node + 1 upwards.
using Edge = std::size_t;

void check(const Contours& grid) {
    const std::size_t nx = grid.x.size(), ny = grid.y.size();
    if (nx < 2 || ny < 2)
        fail<std::invalid_argument>("contours: a grid of {} x {}; need at least 2 x 2", nx, ny);
    if (grid.z.size() != nx * ny)
        fail<std::invalid_argument>(
            "contours: {} values on a grid of {} x {}; need one for each point",
            grid.z.size(),
            nx,
            ny);
    const auto ascending = [](const std::vector<double>& at) {
        return std::ranges::all_of(at, [](double v) { return std::isfinite(v); }) &&
               std::ranges::adjacent_find(at, std::ranges::greater_equal()) == at.end();
    };
    if (!ascending(grid.x) || !ascending(grid.y))
        fail<std::invalid_argument>("contours: the grid does not ascend; need x and y in order");
}

class Lines {
public:
    Lines(const Contours& grid, double level) : grid_(grid), level_(level), nx_(grid.x.size()) {
        for (std::size_t j = 0; j + 1 < grid.y.size(); ++j) {
            for (std::size_t i = 0; i + 1 < nx_; ++i)
                cross_cell(j * nx_ + i);
        }
    }

    std::vector<std::vector<Point>> joined() {
        std::vector<std::vector<Point>> lines;
        // Lines that leave the grid start at an edge with one segment; what is left are loops.
        for (const bool ends : {true, false}) {
            for (const Edge edge : order_) {
                std::size_t left = 0;
                for (const std::size_t s : segments_at_[edge])
                    left += used_[s] ? 0 : 1;
                if (left == 1 || (left == 2 && !ends))
                    lines.push_back(walk(edge));
            }
        }
        return lines;
    }

private:
    [[nodiscard]] bool above(std::size_t node) const { return grid_.z[node] >= level_; }

    void cross_cell(std::size_t node) {
        const std::size_t a = node, b = node + 1, c = node + nx_ + 1, d = node + nx_;
        double mean = 0;
        for (const std::size_t corner : {a, b, c, d}) {
            if (!std::isfinite(grid_.z[corner]))
                return;
            mean += grid_.z[corner] / 4;
        }
        const Edge bottom = 2 * a, right = 2 * b + 1, top = 2 * d, left = 2 * a + 1;
        std::vector<Edge> crossed;  // anticlockwise
        if (above(a) != above(b))
            crossed.push_back(bottom);
        if (above(b) != above(c))
            crossed.push_back(right);
        if (above(c) != above(d))
            crossed.push_back(top);
        if (above(d) != above(a))
            crossed.push_back(left);
        if (crossed.size() == 2) {
            add(crossed[0], crossed[1]);
        } else if (crossed.size() == 4) {
            // The corners b and d are cut off where the middle is on the side of a and c.
            const bool with_a = (mean >= level_) == above(a);
            add(bottom, with_a ? right : left);
            add(top, with_a ? left : right);
        }
    }

    void add(Edge from, Edge to) {
        for (const Edge edge : {from, to}) {
            std::vector<std::size_t>& segments = segments_at_[edge];
            if (segments.empty())
                order_.push_back(edge);
            segments.push_back(segments_.size());
        }
        segments_.emplace_back(from, to);
        used_.push_back(false);
    }

    std::vector<Point> walk(Edge edge) {
        std::vector<Point> line{at(edge)};
        for (bool goes_on = true; goes_on;) {
            goes_on = false;
            for (const std::size_t s : segments_at_[edge]) {
                if (used_[s])
                    continue;
                used_[s] = true;
                edge = segments_[s].first == edge ? segments_[s].second : segments_[s].first;
                line.push_back(at(edge));
                goes_on = true;
                break;
            }
        }
        return line;
    }

    [[nodiscard]] Point at(Edge edge) const {
        const std::size_t node = edge / 2, other = edge % 2 == 0 ? node + 1 : node + nx_;
        const double t = (level_ - grid_.z[node]) / (grid_.z[other] - grid_.z[node]);
        const auto between = [t](double from, double to) { return from + t * (to - from); };
        return {
            between(grid_.x[node % nx_], grid_.x[other % nx_]),
            between(grid_.y[node / nx_], grid_.y[other / nx_])};
    }

    const Contours& grid_;
    double level_;
    std::size_t nx_;
    std::vector<std::pair<Edge, Edge>> segments_;
    std::vector<bool> used_;
    std::unordered_map<Edge, std::vector<std::size_t>> segments_at_;
    std::vector<Edge> order_;  // in which the edges were found, so that the lines do not vary
};

}  // namespace

std::vector<std::vector<Point>> contour_lines(const Contours& grid, double level) {
    check(grid);
    return Lines(grid, level).joined();
}

}  // namespace xgrad::report
