// Internal to the plots: an axis, from values to places in the picture.
#pragma once

#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

namespace xgrad::report {

/// 1, 2 or 5 times a power of ten, so that `range` has at most `ticks` steps.
[[nodiscard]] double nice_step(double range, int ticks);

/// A number as an axis has it: "0.02", "1e-8".
[[nodiscard]] std::string axis_label(double value);

/// Linear or logarithmic. Takes the values that it has to hold, then is laid out.
class Axis {
public:
    explicit Axis(bool log) : log_(log) {}

    /// Whether the axis has a place for it.
    [[nodiscard]] bool has(double value) const {
        return std::isfinite(value) && (!log_ || value > 0);
    }
    /// Widens the axis to hold it, unless it has no place for it.
    void hold(double value);
    /// From `from` to `to` in the picture: a little more than the values, or exactly `range`.
    void lay_out(double from, double to, const std::optional<std::array<double, 2>>& range);
    /// Widens a linear axis about its middle until a unit is no longer than that.
    void shrink_unit(double unit);

    [[nodiscard]] double at(double value) const {
        return from_ + (to_ - from_) * (scaled(value) - low_) / (high_ - low_);
    }
    [[nodiscard]] bool log() const { return log_; }
    [[nodiscard]] double low() const { return log_ ? std::pow(10, low_) : low_; }
    /// The length of a unit in the picture.
    [[nodiscard]] double unit() const { return std::abs(to_ - from_) / (high_ - low_); }
    /// Values to be written at the axis, about `count`.
    [[nodiscard]] std::vector<double> ticks(int count) const;
    /// Holds 0 from now on and has no room beyond it: bars stand there.
    void stand();

private:
    [[nodiscard]] double scaled(double value) const { return log_ ? std::log10(value) : value; }

    bool log_;
    bool empty_ = true, stands_ = false;
    double low_ = 0, high_ = 1;  // scaled
    double from_ = 0, to_ = 1;
};

}  // namespace xgrad::report
