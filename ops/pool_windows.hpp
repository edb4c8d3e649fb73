// Internal to the sources: the windows of pooling along one axis, checked.
#pragma once

#include <autograd/array.hpp>

#include <cstddef>
#include <vector>

namespace xgrad::detail {

/// One axis of a pooling call.
struct PoolAxis {
    std::size_t axis, kernel, stride, padding, dilation;
};

/// The elements of each window that lie inside: counts[i] of them, `step` apart, from firsts[i];
/// and how many there are with the padding.
struct PoolWindows {
    std::size_t extent, step;
    std::vector<std::size_t> firsts, counts, padded_counts;
    [[nodiscard]] std::size_t size() const noexcept { return firsts.size(); }
};

/// Throws ShapeError in the name of `op` when the numbers do not fit.
[[nodiscard]] PoolWindows pool_windows(
    const char* op, const Shape& shape, const PoolAxis& pool, bool ceil_mode);

/// `size` windows from floor(i extent / size) to ceil((i + 1) extent / size).
[[nodiscard]] PoolWindows adaptive_windows(
    const char* op, const Shape& shape, std::size_t axis, std::size_t size);

}  // namespace xgrad::detail
