// Internal to the sources: what the ways to split share.
#pragma once

#include <nn/split.hpp>

#include <array>
#include <cstddef>
#include <vector>

namespace xgrad::data::detail {

/// Rows of train, dev and test.
using Sizes = std::array<std::size_t, 3>;

/// Throws std::invalid_argument as split() says, in the name of `function`.
Sizes part_sizes(const char* function, std::size_t rows, const Fractions& fractions);

/// Of the parts with a goal, the one that lags most behind its share of `dealt` rows, the first of
/// equals.
std::size_t most_behind(const Sizes& goal, const Sizes& sizes, std::size_t dealt, std::size_t rows);

/// The rows of each group, in ascending order of the groups' numbers and of the rows.
std::vector<Rows> group_rows(const Groups& groups);

}  // namespace xgrad::data::detail
