// Internal to gradcheck: random numbers, and slopes from differences.
#pragma once

#include <autograd/array.hpp>

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace xgrad::detail {

/// A counter, scrambled (splitmix64): the same numbers on every platform.
class Random {
public:
    explicit Random(std::uint64_t seed) noexcept : state_(seed) {}
    /// A stream of its own for each name and number.
    Random(std::uint64_t seed, std::string_view name, std::uint64_t number) noexcept;

    [[nodiscard]] std::uint64_t bits() noexcept;
    /// 0 <= result < n
    [[nodiscard]] std::size_t below(std::size_t n) noexcept;

private:
    std::uint64_t state_;
};

/// Weights of an output: between 0.5 and 1.5 either side of zero, multiples of 1/64.
[[nodiscard]] Array<double> draw_seed(const Shape& shape, Random& random);

/// `wanted` different numbers below n, sorted; all of them when wanted is 0 or not below n.
[[nodiscard]] std::vector<std::size_t> choose(std::size_t n, std::size_t wanted, Random& random);

/// The outputs of a function, in a row, where one element of its inputs is x.
using Curve = std::function<std::vector<double>(double x)>;

struct Slope {
    double value;
    double uncertainty;
};

/// (f(x + h) - f(x - h)) / 2h of f = <weights, curve>. The uncertainty is that of rounding alone.
[[nodiscard]] Slope central_difference(
    const Curve& curve, const std::vector<double>& weights, double x, double h);

/// Central differences at 2048 h, 1024 h, ... h / 64, extrapolated to h = 0 after Ridders (1982);
/// of all entries the most certain one.
[[nodiscard]] Slope extrapolated_difference(
    const Curve& curve, const std::vector<double>& weights, double x, double h);

}  // namespace xgrad::detail
