#include <autograd/caches.hpp>
#include <autograd/grain.hpp>
#include <autograd/kernels.hpp>
#include <autograd/parallel.hpp>
#include <ops/transpose.hpp>

#include <algorithm>
#include <span>

namespace xgrad::detail {
namespace {

// Of the result, with the distances along it in both arrays.
struct Axis {
    std::size_t extent, in_y, in_x;
};

// Axes that follow each other in x as they do in y are one; those of extent 1 are left out.
std::vector<Axis> merged_axes(const Shape& shape, const std::vector<std::size_t>& strides) {
    std::vector<Axis> axes;
    std::size_t in_y = count(shape);
    for (std::size_t i = 0; i < shape.size(); ++i) {
        in_y /= shape[i];
        if (shape[i] == 1)
            continue;
        if (!axes.empty() && axes.back().in_x == shape[i] * strides[i]) {
            axes.back() = {axes.back().extent * shape[i], in_y, strides[i]};
        } else {
            axes.push_back({shape[i], in_y, strides[i]});
        }
    }
    return axes;
}

std::size_t places(std::span<const Axis> axes) {
    std::size_t n = 1;
    for (const Axis& axis : axes)
        n *= axis.extent;
    return n;
}

// The places along some axes one after the other, the last axis first.
class Walk {
public:
    Walk(std::span<const Axis> axes, std::size_t start) : axes_(axes), index_(axes.size()) {
        for (std::size_t a = axes.size(); a-- > 0; start /= axes[a].extent)
            move(a, start % axes[a].extent);
    }
    void next() {
        for (std::size_t a = axes_.size(); a-- > 0;) {
            move(a, 1);
            if (index_[a] < axes_[a].extent)
                return;
            move(a, 0 - index_[a]);
        }
    }

    std::size_t in_y = 0, in_x = 0;

private:
    // Backwards modulo 2^64.
    void move(std::size_t axis, std::size_t steps) {
        index_[axis] += steps;
        in_y += steps * axes_[axis].in_y;
        in_x += steps * axes_[axis].in_x;
    }

    std::span<const Axis> axes_;
    std::vector<std::size_t> index_;
};

}  // namespace

template <class T>
void permute_into(T* y, const T* x, const Shape& shape, const std::vector<std::size_t>& strides) {
    const std::size_t n = count(shape);
    if (n == 0)
        return;
    std::vector<Axis> axes = merged_axes(shape, strides);
    // Two are done at once: y's last axis, and the one along which x is contiguous, or where that
    // is the same one, the axis before it.
    Axis columns{1, 1, 1}, rows{1, 0, 0};
    if (!axes.empty()) {
        columns = axes.back();
        axes.pop_back();
    }
    const bool copies = columns.in_x == 1;
    const auto row_axis = std::ranges::find_if(
        axes, [&](const Axis& axis) { return copies ? &axis == &axes.back() : axis.in_x == 1; });
    if (row_axis != axes.end()) {
        rows = *row_axis;
        axes.erase(row_axis);
    }
    // In pieces along the longer one; copied rows have to be whole.
    const bool by_rows = rows.extent > (copies ? 1 : columns.extent);
    const Axis& side = by_rows ? rows : columns;
    const std::size_t extent = side.extent, other = by_rows ? columns.extent : rows.extent;
    const std::size_t each = std::max<std::size_t>(128, 4096 / other);
    const std::size_t pieces = (extent + each - 1) / each;
    const bool past = rows_past_caches<T>(2 * n);  // both arrays' lines are used far apart
    const auto range = [&](std::size_t begin, std::size_t end) {
        Walk walk(axes, begin / pieces);
        for (std::size_t i = begin; i < end; ++i) {
            const std::size_t first = i % pieces * each;
            const std::size_t length = std::min(each, extent - first);
            const std::size_t height = by_rows ? length : rows.extent;
            const std::size_t width = by_rows ? columns.extent : length;
            T* to = y + walk.in_y + first * side.in_y;
            const T* from = x + walk.in_x + first * side.in_x;
            if (copies) {
                const auto repeat = kernels<TapeKernels<T>>().repeat;
                repeat(to, from, height, width, rows.in_x, false, past);
            } else {
                const auto transpose = kernels<TransposeKernels<T>>().transpose;
                transpose(to, rows.in_y, from, columns.in_x, width, height, past);
            }
            if ((i + 1) % pieces == 0)
                walk.next();
        }
        drain<T>(past);
    };
    parallel_ranges(places(axes) * pieces, 1 + parallel_grain / (each * other), range);
}
template void permute_into(float*, const float*, const Shape&, const std::vector<std::size_t>&);
template void permute_into(double*, const double*, const Shape&, const std::vector<std::size_t>&);

}  // namespace xgrad::detail
