#include <autograd/fail.hpp>
#include <tools/gradcheck_probe.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

namespace xgrad::detail {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

Probe::Probe(
    const Target& target,
    std::size_t input,
    const GradcheckOptions& options,
    const std::vector<double>& weights,
    std::size_t& evaluations)
    : target_(target),
      leaf_(target.inputs[input].second),
      options_(options),
      weights_(weights),
      evaluations_(evaluations) {
    // Seeds have no domain, and one that is a point says only which value to take.
    const bool bounded = input < target.originals && options.high > options.low;
    low_ = bounded ? options.low : -infinity;
    high_ = bounded ? options.high : infinity;
    for (const double x : leaf_.value()) {
        if (std::isfinite(x))
            largest_ = std::max(largest_, std::abs(x));
    }
}

// `move` writes x + t v into the input's elements and gives them back as they were for t = 0.
template <class Move>
Line Probe::line(Move move, double low, double high, std::vector<double> steps) const {
    const auto at = [this, move](double t, auto evaluate) {
        leaf_.update([&](std::span<double> values) { move(values, t); });
        ++evaluations_;
        auto result = evaluate();
        leaf_.update([&](std::span<double> values) { move(values, 0); });
        return result;
    };
    const auto outputs = [this, at](double t) {
        return at(t, [this] {
            std::vector<double> y;
            try {
                y = values_of(target_.call(false));
            } catch (const std::invalid_argument&) {
                // It had a value at x: this is outside its domain.
                return std::vector<double>(
                    weights_.size(), std::numeric_limits<double>::quiet_NaN());
            }
            if (y.size() != weights_.size()) {
                fail<std::invalid_argument>(
                    "gradcheck: the function has {} output elements, and {} near its inputs; its "
                    "shapes must not depend on values",
                    weights_.size(),
                    y.size());
            }
            return y;
        });
    };
    const auto branches = [this, at](double t) {
        return at(t, [this] {
            const BranchGuard guard;
            try {
                static_cast<void>(target_.call(false));
            } catch (const std::invalid_argument&) {
                return std::vector<BranchRecord>{{"", {}, {}, {}, false}};
            }
            return guard.records();
        });
    };
    const auto same = [](double t) { return t; };
    return {outputs, branches, same, weights_, low, high, std::move(steps)};
}

// h for a function whose scale is 1 or x, whichever is larger; then for one whose scale is that of
// the input, or 1.
std::vector<double> Probe::steps_for(double x, double shrink) const {
    const double unit =
        options_.step > 0 ? options_.step : std::cbrt(std::numeric_limits<double>::epsilon());
    std::vector<double> steps = {unit * shrink * std::max(1.0, x)};
    // The last one is for a function whose scale shows in none of them.
    for (const double scale : {largest_, 1.0, 1e-6}) {
        const double step = unit * shrink * scale;
        if (options_.step == 0 && step > 0 && 64 * step < steps.back())
            steps.push_back(step);
    }
    return steps;
}

Line Probe::element(std::size_t at) const {
    const double x = leaf_.value().data()[at];
    const auto move = [at, x](std::span<double> values, double t) { values[at] = x + t; };
    const bool inside = low_ <= x && x <= high_;
    Line all = line(
        move,
        inside ? low_ - x : -infinity,
        inside ? high_ - x : infinity,
        steps_for(std::abs(x), 1));
    all.moved = [x](double t) { return (x + t) - x; };
    return all;
}

int Probe::inward(std::size_t at) const {
    const double x = leaf_.value().data()[at];
    const double close = std::min(0.1, (high_ - low_) / 4);
    if (!(low_ <= x && x <= high_))
        return 0;
    return x - low_ < close ? 1 : high_ - x < close ? -1 : 0;
}

Line Probe::direction(std::size_t first, std::span<const double> v) const {
    const double* const from = leaf_.value().data() + first;
    const auto start = std::make_shared<std::vector<double>>(from, from + v.size());
    const auto move = [first, v, start](std::span<double> values, double t) {
        for (std::size_t i = 0; i < v.size(); ++i)
            values[first + i] = (*start)[i] + t * v[i];
    };
    double low = -infinity, high = infinity;
    for (std::size_t i = 0; i < v.size(); ++i) {
        const double x = (*start)[i];
        if (v[i] == 0 || !(low_ <= x && x <= high_))
            continue;
        const double a = (low_ - x) / v[i], b = (high_ - x) / v[i];
        low = std::max(low, std::min(a, b));
        high = std::min(high, std::max(a, b));
    }
    Line all = line(move, low, high, steps_for(1, 1 / std::sqrt(static_cast<double>(v.size()))));
    // A step that leaves an element where it is moves along another direction.
    all.moved = [v, start](double t) {
        for (std::size_t i = 0; i < v.size(); ++i) {
            if (v[i] != 0 && (*start)[i] + t * v[i] == (*start)[i])
                return 0.0;
        }
        return t;
    };
    return all;
}

}  // namespace xgrad::detail
