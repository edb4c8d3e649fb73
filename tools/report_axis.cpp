#include <tools/report_axis.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xgrad::report {

double nice_step(double range, int ticks) {
    const double raw = range / ticks;
    const double power = std::pow(10.0, std::floor(std::log10(raw)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= raw * (1 - 1e-9))
            return factor * power;
    }
    return 10 * power;
}

std::string axis_label(double value) {
    const double size = std::abs(value);
    if (size == 0 || (size >= 1e-3 && size < 1e5))
        return fmt::format("{:.6g}", value);
    std::string text = fmt::format("{:.3e}", value);  // 2.500e-08
    const std::size_t e = text.find('e');
    std::string digits = text.substr(0, e);
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.')
        digits.pop_back();
    return fmt::format("{}e{}", digits, std::stoi(text.substr(e + 1)));
}

void Axis::hold(double value) {
    if (!has(value))
        return;
    const double v = scaled(value);
    low_ = empty_ ? v : std::min(low_, v);
    high_ = empty_ ? v : std::max(high_, v);
    empty_ = false;
}

void Axis::stand() {
    hold(0);
    stands_ = !log_;
}

void Axis::lay_out(double from, double to, const std::optional<std::array<double, 2>>& range) {
    from_ = from;
    to_ = to;
    if (range) {
        low_ = scaled((*range)[0]);
        high_ = scaled((*range)[1]);
        return;
    }
    constexpr double room = 0.03;  // beyond the values, a share of their range
    double more = room * (high_ - low_);
    if (!(more > 1e-12 * std::max(std::abs(low_), std::abs(high_))))
        more = log_ || low_ == 0 ? 0.5 : std::abs(low_) / 2;
    if (!stands_ || low_ != 0)
        low_ -= more;
    if (!stands_ || high_ != 0)
        high_ += more;
}

void Axis::shrink_unit(double unit) {
    const double middle = (low_ + high_) / 2, half = std::abs(to_ - from_) / unit / 2;
    low_ = middle - half;
    high_ = middle + half;
}

std::vector<double> Axis::ticks(int count) const {
    std::vector<double> values;
    const double slack = 1e-9 * (high_ - low_);
    const double step = nice_step(high_ - low_, count);
    if (log_ && high_ - low_ > 0.7) {
        // Powers of ten, each or each so many-th; where they are few, 2 and 5 times them, too.
        const double decades = std::max(1.0, std::ceil(step));
        const bool few = high_ - low_ < 2;
        for (double power = std::floor(low_); power <= high_ + slack; power += 1) {
            if (std::fmod(power, decades) != 0)
                continue;
            for (const double factor : {1.0, 2.0, 5.0}) {
                const double at = power + std::log10(factor);
                if ((factor == 1 || few) && at >= low_ - slack && at <= high_ + slack)
                    values.push_back(factor * std::pow(10, power));
            }
        }
        return values;
    }
    const double low = log_ ? std::pow(10, low_) : low_, high = log_ ? std::pow(10, high_) : high_;
    const double plain = nice_step(high - low, count);
    const double first = std::ceil(low / plain - 1e-9);
    for (int i = 0; i <= count + 1; ++i) {  // counted: in a narrow range far out, n + 1 may be n
        const double n = first + i;
        if (n * plain <= high + 1e-9 * plain)
            values.push_back(n * plain + 0.0);  // and no -0
    }
    return values;
}

}  // namespace xgrad::report
