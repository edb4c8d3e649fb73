// Numbers behind the checks: inner products, differences, and bounds of rounding errors.
#pragma once

#include <autograd/grad.hpp>
#include <tests/random/run.hpp>

#include <cmath>

namespace xgrad::test {

/// Rounding errors that a bound is multiplied by: a few hundred units in the last place for each
/// operation, which may be composed of several.
inline constexpr double double_unit = 256 * 0x1p-53;
inline constexpr double float_unit = 256 * 0x1p-24;

struct Slope {
    double value;
    double error;  ///< estimated: the distance to the next lower order
};

/// From six points, of order 6.
template <class F>
[[nodiscard]] Slope central_difference(F f, double h) {
    const double a = f(h) - f(-h);
    const double b = f(2 * h) - f(-2 * h);
    const double c = f(3 * h) - f(-3 * h);
    const double sixth = (45 * a - 9 * b + c) / (60 * h);
    const double fourth = (8 * a - b) / (12 * h);
    return {sixth, std::abs(sixth - fourth)};
}

/// Sum of products, in double.
template <class T>
[[nodiscard]] double inner(const VariableList<T>& a, const VariableList<T>& b);

/// Of the same shape and bits.
[[nodiscard]] bool same_bits_of(const Variable<double>& a, const Variable<double>& b);
/// a's element where they differ, or NaN when the shapes do.
[[nodiscard]] double first_difference(const Variable<double>& a, const Variable<double>& b);

/// The gradient of a scalar; zeros where it does not depend on an input.
template <class T>
[[nodiscard]] VariableList<T> gradient_of(
    const Variable<T>& y, const VariableList<T>& inputs, GradOptions<T> options = {});

/// By how much the loss and its slope along the directions change, to first order, when each node's
/// value and each gradient changes by 1 relative to its largest element: what rounding errors are
/// multiplied by. And the sizes to which errors relate.
struct Bounds {
    double value = 0;
    double slope = 0;
    double bend = 0;  ///< the second derivative along the directions
    double value_scale = 0;
    double slope_scale = 0;
    double bend_scale = 0;
};
[[nodiscard]] Bounds error_bounds(const Program& program, const std::vector<Array<double>>& values);

}  // namespace xgrad::test
