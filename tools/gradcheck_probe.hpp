// Internal to gradcheck: lines through one input, along an element or a direction.
#pragma once

#include <tools/gradcheck_line.hpp>
#include <tools/gradcheck_target.hpp>

#include <span>

namespace xgrad::detail {

/// Moves one input of a target and counts how often the function runs.
class Probe {
public:
    Probe(
        const Target& target,
        std::size_t input,
        const GradcheckOptions& options,
        const std::vector<double>& weights,
        std::size_t& evaluations);

    [[nodiscard]] Line element(std::size_t at) const;
    /// Elements first, first + 1, ... move by v; steps are so small that all of them together move
    /// about as far as one element would. Both v and this must outlive the line.
    [[nodiscard]] Line direction(std::size_t first, std::span<const double> v) const;

    /// 1 or -1 where the element is close to the low or high border of its domain, so that a
    /// direction has room to one side when all such elements move away from theirs; else 0.
    [[nodiscard]] int inward(std::size_t at) const;

    [[nodiscard]] const Variable<double>& leaf() const noexcept { return leaf_; }

private:
    template <class Move>
    Line line(Move move, double low, double high, std::vector<double> steps) const;
    [[nodiscard]] std::vector<double> steps_for(double x, double shrink) const;

    const Target& target_;
    const Variable<double>& leaf_;
    const GradcheckOptions& options_;
    const std::vector<double>& weights_;
    std::size_t& evaluations_;
    double low_, high_;   // of the input's elements
    double largest_ = 0;  // of their magnitudes
};

}  // namespace xgrad::detail
