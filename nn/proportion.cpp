#include <autograd/fail.hpp>
#include <nn/proportion.hpp>
#include <ops/special_functions.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace xgrad::train {
namespace {

void check(const char* function, const Proportion& share, double confidence) {
    if (!(share.rate >= 0 && share.rate <= 1))
        fail<std::invalid_argument>(
            "{}: the rate is {}; need 0 <= rate <= 1", function, share.rate);
    if (share.rows && *share.rows == 0)
        fail<std::invalid_argument>("{}: the rate is of 0 rows; need at least 1", function);
    if (!(confidence > 0 && confidence < 1)) {
        fail<std::invalid_argument>(
            "{}: the confidence is {}; need 0 < confidence < 1", function, confidence);
    }
}

// The two roots of the quadratic that the score interval is.
Interval wilson(const Proportion& share, double confidence) {
    const double p = share.rate;
    if (!share.rows)
        return {p, p};
    const double z = std::numbers::sqrt2 * special::erfinv(confidence);
    const double w = z * z / static_cast<double>(*share.rows);
    const double middle = (p + w / 2) / (1 + w);
    const double half = std::sqrt(w * (p * (1 - p) + w / 4)) / (1 + w);
    // An end that is 0 or 1 is so exactly, and rounding puts none on the wrong side of the rate.
    return {
        p == 0 ? 0 : std::clamp(middle - half, 0., p),
        p == 1 ? 1 : std::clamp(middle + half, p, 1.)};
}

}  // namespace

Interval wilson_interval(const Proportion& share, double confidence) {
    check("wilson_interval", share, confidence);
    return wilson(share, confidence);
}

Interval difference_interval(const Proportion& a, const Proportion& b, double confidence) {
    check("difference_interval", a, confidence);
    check("difference_interval", b, confidence);
    const Interval of_a = wilson(a, confidence), of_b = wilson(b, confidence);
    const double difference = a.rate - b.rate;
    return {
        difference - std::hypot(a.rate - of_a.low, of_b.high - b.rate),
        difference + std::hypot(of_a.high - a.rate, b.rate - of_b.low)};
}

}  // namespace xgrad::train
