// Internal to the sources: an array seen along one axis.
#pragma once

#include <autograd/array.hpp>

namespace xgrad::detail {

/// (outer, extent, inner), contiguous: element i of a lane is i * inner after its first.
struct Along {
    Along(const Shape& shape, std::size_t axis) : extent(shape[axis]) {
        for (std::size_t i = 0; i < axis; ++i)
            outer *= shape[i];
        for (std::size_t i = axis + 1; i < shape.size(); ++i)
            inner *= shape[i];
    }
    [[nodiscard]] std::size_t lanes() const noexcept { return outer * inner; }
    /// Where lane `lane` begins in an array with `n` elements along the axis.
    [[nodiscard]] std::size_t first(std::size_t lane, std::size_t n) const noexcept {
        return lane / inner * n * inner + lane % inner;
    }
    std::size_t outer = 1, extent, inner = 1;
};

inline Shape with_extent(Shape shape, std::size_t axis, std::size_t extent) {
    shape[axis] = extent;
    return shape;
}

}  // namespace xgrad::detail
