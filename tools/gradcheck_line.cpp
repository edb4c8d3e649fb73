#include <tools/gradcheck_line.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace xgrad::detail {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

double weighted(const Line& line, double t) {
    const std::vector<double> y = line.outputs(t);
    return std::inner_product(y.begin(), y.end(), line.weights.begin(), 0.0);
}

// The points of a one-sided difference, in h.
constexpr double points[] = {1, 2, 3};

// Of the parabola through three points as they come out in floating point: close to a border of
// their spacing they are no multiples of h.
Slopes one_sided(const Line& line, double h) {
    Slopes slopes{std::abs(h), {}, {}};
    double t[3];
    for (std::size_t k = 0; k < 3; ++k)
        t[k] = line.moved(points[k] * h);
    for (std::size_t k = 0; k < 3; ++k) {
        const double others[] = {t[(k + 1) % 3], t[(k + 2) % 3]};
        const double factor = -(others[0] + others[1]) / ((t[k] - others[0]) * (t[k] - others[1]));
        const std::vector<double> y = line.outputs(points[k] * h);
        slopes.values.resize(y.size(), 0);
        slopes.noise.resize(y.size(), 0);
        for (std::size_t i = 0; i < y.size(); ++i) {
            slopes.values[i] += factor * y[i];
            slopes.noise[i] += 2 * epsilon * std::abs(factor * y[i]);
        }
    }
    return slopes;
}

// The points of a difference are apart.
bool is_resolved(const Line& line, double h, Stencil stencil) {
    const double side = stencil == Stencil::left ? -h : h;
    const double first = line.moved(side);
    if (stencil == Stencil::central || first == 0)
        return first != 0;
    return line.moved(2 * side) != first && line.moved(3 * side) != line.moved(2 * side);
}

}  // namespace

Slopes difference(const Line& line, double h, Stencil stencil) {
    if (stencil != Stencil::central)
        return one_sided(line, stencil == Stencil::left ? -h : h);
    constexpr double ulps = 4;  // of an elementary function's result
    const double width = line.moved(h) - line.moved(-h);
    const std::vector<double> up = line.outputs(h);
    const std::vector<double> down = line.outputs(-h);
    Slopes slopes{h, up, up};
    for (std::size_t i = 0; i < up.size(); ++i) {
        slopes.values[i] = (up[i] - down[i]) / width;
        slopes.noise[i] = ulps * epsilon * std::max(std::abs(up[i]), std::abs(down[i])) / width;
    }
    return slopes;
}

Slope weigh(
    const Slopes& slopes, const std::vector<double>& weights, const std::vector<bool>& reached) {
    double sum = 0;
    double all = 0;    // the rounding of all terms, and of those that changed
    double moved = 0;  // (outputs that are not reached add no noise)
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const double noise = std::abs(weights[i]) * slopes.noise[i];
        sum += weights[i] * slopes.values[i];
        all += noise;
        moved += slopes.values[i] != 0 || (i < reached.size() && reached[i]) ? noise : 0;
    }
    return {sum, moved > 0 ? moved : all, slopes.step};
}

std::vector<bool> reached_by(const std::vector<Slopes>& rows) {
    std::vector<bool> reached;
    for (const Slopes& row : rows) {
        reached.resize(row.values.size(), false);
        for (std::size_t i = 0; i < reached.size(); ++i)
            reached[i] = reached[i] || row.values[i] != 0;
    }
    return reached;
}

Stencil stencil_at(const Line& line, double h) {
    if (-h >= line.low && h <= line.high)
        return Stencil::central;
    return line.high >= -line.low ? Stencil::right : Stencil::left;
}

std::vector<Slopes> differences(const Line& line, double start, Stencil stencil, std::size_t rows) {
    constexpr std::size_t most = 52;
    const double room = stencil == Stencil::left    ? -line.low / 3
                        : stencil == Stencil::right ? line.high / 3
                                                    : std::min(-line.low, line.high);
    std::vector<Slopes> all;
    double h = std::min(start, room);
    for (std::size_t k = 0; k < most && all.size() < rows && is_resolved(line, h, stencil);
         ++k, h /= 2) {
        Slopes next = difference(line, h, stencil);
        if (std::ranges::all_of(next.values, [](double v) { return std::isfinite(v); }))
            all.push_back(std::move(next));
        else
            all.clear();
    }
    return all;
}

Slope extrapolate(const std::vector<Slope>& rows, Stencil stencil) {
    constexpr std::size_t columns = 6;
    Slope best;
    double before[columns] = {};
    for (std::size_t row = 0; row < rows.size(); ++row) {
        double now[columns] = {rows[row].value};
        const auto consider = [&](std::size_t column, double error) {
            error += rows[row].uncertainty;
            if (error < best.uncertainty)
                best = {now[column], error, rows[row].step};
        };
        if (row > 0)
            consider(0, std::abs(now[0] - before[0]));
        // A central difference's error is a series in h^2; a one-sided one's in h, from h^2 on.
        double power = stencil == Stencil::central ? 1 : 2;
        for (std::size_t column = 1; column < std::min(columns, row + 1); ++column) {
            power *= stencil == Stencil::central ? 4 : 2;
            now[column] = (power * now[column - 1] - before[column - 1]) / (power - 1);
            const double change = std::abs(now[column] - now[column - 1]);
            consider(column, std::max(change, std::abs(now[column] - before[column - 1])));
        }
        std::copy_n(now, columns, before);
    }
    return best;
}

namespace {

// At one distance; `is_stair` tells that several values are equal.
double noise_at(const Line& line, double h, Stencil stencil, bool& is_stair) {
    constexpr int points = 9;
    const double wanted = stencil == Stencil::left    ? -9 * h
                          : stencil == Stencil::right ? h
                                                      : -4 * h;
    const double from = std::clamp(wanted, line.low, std::max(line.low, line.high - 8 * h));
    double values[points];
    int equal = 0;
    for (int k = 0; k < points; ++k) {
        values[k] = weighted(line, from + k * h);
        equal += k > 0 && values[k] == values[k - 1];
    }
    is_stair = equal > 2;
    for (int level = 0; level < 4; ++level) {
        for (int k = 0; k + 1 < points - level; ++k)
            values[k] = values[k + 1] - values[k];
    }
    double squares = 0;
    for (int k = 0; k < points - 4; ++k)
        squares += values[k] * values[k];
    // (4!)^2 / 8!, the variance of a fourth difference being 8! / (4!)^2 times that of a value.
    return std::sqrt(squares / (points - 4) / 70);
}

}  // namespace

double measured_noise(const Line& line, double step, double most, Stencil stencil) {
    bool is_stair = true;
    double noise = 0;
    // Two distances at least: at one, rounding may happen to be regular.
    for (double h = std::min(step, most); is_stair || h <= 8 * step; h *= 5) {
        noise = std::max(noise, noise_at(line, std::min(h, most), stencil, is_stair));
        if (h >= most)
            break;
    }
    return noise;
}

double taylor_order(const Line& line, double slope, double noise) {
    const double start = weighted(line, 0);
    const double least = 100 * std::max(noise, epsilon * std::abs(start));
    double last = 0;
    double order = std::numeric_limits<double>::quiet_NaN();
    for (double h = line.steps.front() * 4096; h > line.steps.front() / 64; h /= 2) {
        if (!(3 * h <= line.high || -3 * h >= line.low))
            continue;
        const double t = line.moved(h <= line.high ? h : -h);
        const double rest = std::abs(weighted(line, t) - start - t * slope);
        if (!(rest > least))
            break;
        if (last > 0)
            order = std::log2(last / rest);
        last = rest;
    }
    return order;
}

}  // namespace xgrad::detail
