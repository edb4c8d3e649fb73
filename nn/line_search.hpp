// Internal to L-BFGS: a step length along a direction of descent.
#pragma once

#include <functional>
#include <vector>

namespace xgrad::optim::detail {

/// The loss, its slope along the direction, and its gradient, at step length t.
template <class T>
struct LinePoint {
    double t, loss, slope;
    std::vector<T> gradient;
};

/// Finds a step length that satisfies the strong Wolfe conditions with c1 = 1e-4 and c2 = 0.9, in
/// 25 trials at most: algorithms 3.5 (bracket) and 3.6 (zoom) of Nocedal and Wright 2006, trial
/// points from the cubic of equation 3.59, kept a tenth of the bracket away from its ends when
/// progress stalls.
template <class T>
class LineSearch {
public:
    /// `start` is the point at t = 0, of negative slope; a bracket in which no weight moves by
    /// `tolerance`, the direction's largest element being `length`, is not narrowed further.
    LineSearch(
        std::function<LinePoint<T>(double)> evaluate,
        LinePoint<T> start,
        double length,
        double tolerance);

    /// The point found, from the first trial t; the best one seen when there is none.
    [[nodiscard]] LinePoint<T> run(double t);
    /// How many points were evaluated.
    [[nodiscard]] std::size_t evaluations() const noexcept { return evaluations_; }

private:
    [[nodiscard]] LinePoint<T> at(double t);
    [[nodiscard]] LinePoint<T> zoom(LinePoint<T> low, LinePoint<T> high);
    [[nodiscard]] bool falls(const LinePoint<T>& point) const;
    [[nodiscard]] bool is_flat(const LinePoint<T>& point) const;

    std::function<LinePoint<T>(double)> evaluate_;
    LinePoint<T> start_;
    double length_, tolerance_;
    std::size_t evaluations_ = 0;
    std::size_t trials_ = 0;
};

}  // namespace xgrad::optim::detail
