// Internal to gradcheck: random numbers.
#pragma once

#include <autograd/array.hpp>

#include <cstdint>
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

}  // namespace xgrad::detail
