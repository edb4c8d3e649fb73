#include <autograd/fail.hpp>
#include <ops/pool_windows.hpp>

#include <algorithm>

namespace xgrad::detail {
namespace {

// Below this the sums and products of a call fit a ptrdiff_t.
constexpr std::size_t limit = std::size_t{1} << 31;

void check_axis(const char* op, const Shape& shape, std::size_t axis) {
    if (shape[axis] == 0) {
        fail<ShapeError>(
            "{}: axis {} of shape {} is empty; need at least one element", op, axis, shape);
    }
}

void check_numbers(const char* op, const Shape& shape, const PoolAxis& pool) {
    const auto is_size = [](std::size_t n) { return n >= 1 && n < limit; };
    if (!is_size(pool.kernel) || !is_size(pool.stride) || !is_size(pool.dilation) ||
        pool.padding > pool.kernel / 2) {
        fail<ShapeError>(
            "{}: kernel is {}, stride {}, padding {}, dilation {} along axis {} of shape {}; need "
            "1 <= kernel, stride, dilation < 2^31 and padding <= kernel / 2",
            op,
            pool.kernel,
            pool.stride,
            pool.padding,
            pool.dilation,
            pool.axis,
            shape);
    }
}

// How many windows there are.
std::ptrdiff_t count_windows(
    const char* op, const Shape& shape, const PoolAxis& pool, bool ceil_mode) {
    const auto padded = static_cast<std::ptrdiff_t>(shape[pool.axis] + 2 * pool.padding);
    const auto span = static_cast<std::ptrdiff_t>(pool.dilation * (pool.kernel - 1) + 1);
    const auto stride = static_cast<std::ptrdiff_t>(pool.stride);
    const std::ptrdiff_t room = padded - span + (ceil_mode ? stride - 1 : 0);
    if (room < 0) {
        fail<ShapeError>(
            "{}: a window spans {} elements, axis {} of shape {} has {} with its padding; need a "
            "smaller kernel or dilation",
            op,
            span,
            pool.axis,
            shape,
            padded);
    }
    const std::ptrdiff_t windows = room / stride + 1;
    // With ceil_mode the last one may begin in the padding behind: it is left out.
    const auto inside = static_cast<std::ptrdiff_t>(shape[pool.axis] + pool.padding);
    return (windows - 1) * stride >= inside ? windows - 1 : windows;
}

}  // namespace

PoolWindows pool_windows(const char* op, const Shape& shape, const PoolAxis& pool, bool ceil_mode) {
    check_numbers(op, shape, pool);
    check_axis(op, shape, pool.axis);
    const std::ptrdiff_t windows = count_windows(op, shape, pool, ceil_mode);
    const auto extent = static_cast<std::ptrdiff_t>(shape[pool.axis]);
    const auto padding = static_cast<std::ptrdiff_t>(pool.padding);
    const auto step = static_cast<std::ptrdiff_t>(pool.dilation);
    const auto kernel = static_cast<std::ptrdiff_t>(pool.kernel);
    const auto taps = [&](std::ptrdiff_t distance) {  // elements from 0 to below `distance`
        return std::clamp<std::ptrdiff_t>((distance + step - 1) / step, 0, kernel);
    };
    PoolWindows result{shape[pool.axis], pool.dilation, {}, {}, {}};
    for (std::ptrdiff_t i = 0; i < windows; ++i) {
        const std::ptrdiff_t begin = i * static_cast<std::ptrdiff_t>(pool.stride) - padding;
        const std::ptrdiff_t before = begin < 0 ? taps(-begin) : 0;
        const std::ptrdiff_t inside = std::max<std::ptrdiff_t>(0, taps(extent - begin) - before);
        if (inside == 0) {
            fail<ShapeError>(
                "{}: window {} along axis {} of shape {} holds nothing but padding; need a smaller "
                "dilation",
                op,
                i,
                pool.axis,
                shape);
        }
        result.firsts.push_back(static_cast<std::size_t>(begin + before * step));
        result.counts.push_back(static_cast<std::size_t>(inside));
        result.padded_counts.push_back(static_cast<std::size_t>(taps(extent + padding - begin)));
    }
    return result;
}

PoolWindows adaptive_windows(
    const char* op, const Shape& shape, std::size_t axis, std::size_t size) {
    check_axis(op, shape, axis);
    if (size == 0 || size >= limit) {
        fail<ShapeError>(
            "{}: size is {} along axis {} of shape {}; need 1 <= size < 2^31",
            op,
            size,
            axis,
            shape);
    }
    const std::size_t extent = shape[axis];
    PoolWindows result{extent, 1, {}, {}, {}};
    for (std::size_t i = 0; i < size; ++i) {
        // floor(i extent / size), without the product's overflow
        const std::size_t begin = i * (extent / size) + i * (extent % size) / size;
        const std::size_t end =
            (i + 1) * (extent / size) + ((i + 1) * (extent % size) + size - 1) / size;
        result.firsts.push_back(begin);
        result.counts.push_back(end - begin);
        result.padded_counts.push_back(end - begin);
    }
    return result;
}

}  // namespace xgrad::detail
