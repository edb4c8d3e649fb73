// Broadcasting: the shape rule, the two ops that undo each other, and loops over broadcast
// operands.
#pragma once

#include <autograd/op.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace xgrad {

/// The shape two operands share: aligned at the last axis, extents equal or 1. Throws ShapeError
/// in the name of `op`.
[[nodiscard]] Shape broadcast_shape(std::string_view op, const Shape& a, const Shape& b);

/// The axes, counted from the front, sorted. Throws ShapeError in the name of `op` for an axis
/// outside [-rank, rank) or given twice.
[[nodiscard]] std::vector<std::size_t> checked_axes(
    std::string_view op, const Axes& axes, std::size_t rank);
/// The same for one axis.
[[nodiscard]] std::size_t checked_axis(std::string_view op, std::ptrdiff_t axis, std::size_t rank);

/// x repeated along new and unit axes to `shape`. Gradient: the sum over the repeats. Throws
/// ShapeError when x does not broadcast to that shape.
template <class T>
[[nodiscard]] Variable<T> broadcast_to(
    const Variable<T>& x, const Shape& shape, Where where = Where::current());

/// x summed over the axes along which `shape` broadcasts to x's: the transpose of broadcast_to,
/// with which the tape brings a share to its input's shape. Gradient: g repeated. Throws
/// ShapeError when `shape` does not broadcast to x's shape.
template <class T>
[[nodiscard]] Variable<T> sum_to(
    const Variable<T>& x, const Shape& shape, Where where = Where::current());

namespace detail {

/// Sums `x` over `axes` (sorted, counted from the front), which keep extent 1.
template <class T>
[[nodiscard]] Array<T> sum_axes(const Array<T>& x, const std::vector<std::size_t>& axes);

/// Throws ShapeError for a shape whose number of elements does not fit std::size_t.
void check_countable(const char* op, const Shape& shape);

/// An iteration over an output and its operands with adjacent axes merged wherever all of them
/// allow it: extents outermost first, and each operand's strides, 0 along a broadcast axis.
struct Loops {
    Loops(const Shape& output, const std::vector<const Shape*>& operands);

    /// Number of outer iterations: all axes but the last two.
    [[nodiscard]] std::size_t outer() const noexcept;
    /// Offset of operand k at outer iteration `step`.
    [[nodiscard]] std::size_t offset(std::size_t k, std::size_t step) const noexcept;
    [[nodiscard]] std::size_t rows() const noexcept { return extents[extents.size() - 2]; }
    [[nodiscard]] std::size_t columns() const noexcept { return extents.back(); }
    [[nodiscard]] std::size_t row_stride(std::size_t k) const noexcept {
        return strides[k][extents.size() - 2];
    }
    /// 1 or 0: operands are contiguous, so the last axis is stepped through or repeated.
    [[nodiscard]] std::size_t column_stride(std::size_t k) const noexcept {
        return strides[k].back();
    }

    std::vector<std::size_t> extents;               // at least two
    std::vector<std::vector<std::size_t>> strides;  // [operand][axis]
};

}  // namespace detail
}  // namespace xgrad
