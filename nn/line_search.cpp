#include <nn/line_search.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace xgrad::optim::detail {
namespace {

constexpr double c1 = 1e-4, c2 = 0.9;
constexpr std::size_t max_trials = 25;

// The minimum in [from, to] of the cubic with the losses and slopes of both points
// [Nocedal and Wright 2006, equation 3.59]; the middle where there is none.
template <class T>
double cubic_minimum(const LinePoint<T>& p, const LinePoint<T>& q, double from, double to) {
    const LinePoint<T>&a = p.t <= q.t ? p : q, &b = p.t <= q.t ? q : p;
    const double d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t);
    const double radicand = d1 * d1 - a.slope * b.slope;
    if (!(radicand >= 0))  // also NaN
        return (from + to) / 2;
    const double d2 = std::sqrt(radicand);
    const double t = b.t - (b.t - a.t) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
    return std::isnan(t) ? (from + to) / 2 : std::clamp(t, from, to);
}

// A trial at the end of a bracket, or close to one twice in a row, moves a tenth inwards.
double keep_off_ends(double t, double from, double to, bool& stalled) {
    const double margin = 0.1 * (to - from);
    const bool close = std::min(to - t, t - from) < margin;
    if (close && (stalled || t >= to || t <= from)) {
        stalled = false;
        return to - t < t - from ? to - margin : from + margin;
    }
    stalled = close;
    return t;
}

}  // namespace

template <class T>
LineSearch<T>::LineSearch(
    std::function<LinePoint<T>(double)> evaluate,
    LinePoint<T> start,
    double length,
    double tolerance)
    : evaluate_(std::move(evaluate)),
      start_(std::move(start)),
      length_(length),
      tolerance_(tolerance) {}

template <class T>
LinePoint<T> LineSearch<T>::at(double t) {
    ++evaluations_;
    return evaluate_(t);
}

template <class T>
bool LineSearch<T>::falls(const LinePoint<T>& point) const {
    return point.loss <= start_.loss + c1 * point.t * start_.slope;  // false for NaN
}

template <class T>
bool LineSearch<T>::is_flat(const LinePoint<T>& point) const {
    return std::abs(point.slope) <= -c2 * start_.slope;
}

template <class T>
LinePoint<T> LineSearch<T>::run(double t) {
    LinePoint<T> before = start_, now = at(t);
    for (trials_ = 0; trials_ < max_trials; ++trials_) {
        if (!falls(now) || (trials_ > 0 && now.loss >= before.loss))
            return zoom(std::move(before), std::move(now));
        if (is_flat(now))
            return now;
        if (now.slope >= 0)
            return zoom(std::move(before), std::move(now));
        const double next =
            cubic_minimum(before, now, now.t + 0.01 * (now.t - before.t), 10 * now.t);
        before = std::exchange(now, at(next));
    }
    return now.loss < start_.loss ? now : start_;
}

template <class T>
LinePoint<T> LineSearch<T>::zoom(LinePoint<T> low, LinePoint<T> high) {
    if (high.loss < low.loss)
        std::swap(low, high);
    bool stalled = false;
    while (trials_ < max_trials && std::abs(high.t - low.t) * length_ >= tolerance_) {
        const auto [from, to] = std::minmax(low.t, high.t);
        const double trial = cubic_minimum(low, high, from, to);
        LinePoint<T> now = at(keep_off_ends(trial, from, to, stalled));
        ++trials_;
        if (!falls(now) || now.loss >= low.loss) {
            high = std::move(now);
            if (high.loss < low.loss)
                std::swap(low, high);
            continue;
        }
        if (is_flat(now))
            return now;
        if (now.slope * (high.t - low.t) >= 0)
            high = std::move(low);
        low = std::move(now);
    }
    return low;
}

template class LineSearch<float>;
template class LineSearch<double>;

}  // namespace xgrad::optim::detail
