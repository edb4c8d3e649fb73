#include <autograd/branch.hpp>
#include <autograd/fail.hpp>
#include <autograd/parallel.hpp>
#include <autograd/record.hpp>
#include <ops/axis_map.hpp>
#include <ops/pool_windows.hpp>
#include <ops/pooling.hpp>
#include <ops/shape.hpp>
#include <ops/window_max.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace xgrad {

using detail::PoolWindows;
using detail::Position;

namespace {

// The windows along the last axes of x, one or two. Of one axis, it is the row of a plane.
struct Planes {
    PoolWindows rows, columns;
    std::size_t axes;
    [[nodiscard]] std::size_t inputs() const noexcept { return rows.extent * columns.extent; }
    [[nodiscard]] std::size_t outputs() const noexcept { return rows.size() * columns.size(); }
    [[nodiscard]] Shape pooled(Shape shape) const {
        shape[shape.size() - 1] = columns.size();
        if (axes == 2)
            shape[shape.size() - 2] = rows.size();
        return shape;
    }
};

const PoolWindows single_row{1, 1, {0}, {1}, {1}};

void check_rank(const char* op, const Shape& shape, std::size_t axes) {
    if (shape.size() < axes) {
        fail<ShapeError>(
            "{}: x has shape {}; need x {}", op, shape, axes == 1 ? "(..., L)" : "(..., H, W)");
    }
}

std::size_t stride_of(std::size_t stride, std::size_t kernel) {
    return stride == same_as_kernel ? kernel : stride;
}

template <class Options>
Planes planes_1d(
    const char* op,
    const Shape& shape,
    std::size_t kernel,
    const Options& o,
    std::size_t dilation) {
    check_rank(op, shape, 1);
    const detail::PoolAxis axis{
        shape.size() - 1, kernel, stride_of(o.stride, kernel), o.padding, dilation};
    return {single_row, detail::pool_windows(op, shape, axis, o.ceil_mode), 1};
}

template <class Options>
Planes planes_2d(
    const char* op,
    const Shape& shape,
    RowsColumns kernel,
    const Options& o,
    RowsColumns dilation) {
    check_rank(op, shape, 2);
    const detail::PoolAxis rows{
        shape.size() - 2,
        kernel.rows,
        stride_of(o.stride.rows, kernel.rows),
        o.padding.rows,
        dilation.rows};
    const detail::PoolAxis columns{
        shape.size() - 1,
        kernel.columns,
        stride_of(o.stride.columns, kernel.columns),
        o.padding.columns,
        dilation.columns};
    return {
        detail::pool_windows(op, shape, rows, o.ceil_mode),
        detail::pool_windows(op, shape, columns, o.ceil_mode),
        2};
}

Planes adaptive_planes_1d(const char* op, const Shape& shape, std::size_t size) {
    check_rank(op, shape, 1);
    return {single_row, detail::adaptive_windows(op, shape, shape.size() - 1, size), 1};
}

Planes adaptive_planes_2d(const char* op, const Shape& shape, RowsColumns size) {
    check_rank(op, shape, 2);
    return {
        detail::adaptive_windows(op, shape, shape.size() - 2, size.rows),
        detail::adaptive_windows(op, shape, shape.size() - 1, size.columns),
        2};
}

// Windows of one size at one distance, put together. Their rows are filled in for each output row.
std::vector<detail::WindowRun> runs_of(const PoolWindows& columns) {
    std::vector<detail::WindowRun> runs;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const std::size_t first = columns.firsts[i], count = columns.counts[i];
        if (!runs.empty() && runs.back().columns == count) {
            detail::WindowRun& last = runs.back();
            const std::size_t stride = first - columns.firsts[i - 1];
            if (last.windows == 1 || last.stride == stride) {
                last.stride = stride;
                ++last.windows;
                continue;
            }
        }
        runs.push_back({first, 1, 0, 0, 0, count, columns.step});
    }
    return runs;
}

template <class T>
void max_of_plane(
    T* y,
    Position<T>* at,
    const T* x,
    const Planes& planes,
    const std::vector<detail::WindowRun>& runs) {
    const std::size_t width = planes.columns.extent;
    for (std::size_t row = 0; row < planes.rows.size(); ++row) {
        for (detail::WindowRun run : runs) {
            run.first += planes.rows.firsts[row] * width;
            run.rows = planes.rows.counts[row];
            run.row_step = planes.rows.step * width;
            detail::max_of_windows(y, at, x, run);
            y += run.windows;
            if (at)
                at += run.windows;
        }
    }
}

// g to the positions, in the shape of x. A plane is one thread's, so sums have one order.
template <class T>
Array<T> put_back(
    const Array<T>& g, const Array<Position<T>>& at, const Shape& shape, std::size_t plane) {
    Array<T> dx = empty<T>(shape);
    const std::size_t planes = dx.size() / plane, outputs = planes == 0 ? 0 : g.size() / planes;
    detail::parallel_ranges(planes, 1 + 16384 / plane, [&](std::size_t begin, std::size_t end) {
        for (std::size_t p = begin; p < end; ++p) {
            T* to = dx.data() + p * plane;
            std::fill_n(to, plane, T(0));
            for (std::size_t i = p * outputs; i < (p + 1) * outputs; ++i)
                to[at.data()[i]] += g.data()[i];
        }
    });
    return dx;
}

// The same in public ops.
template <class T>
Variable<T> recorded_put_back(
    const Variable<T>& g,
    const Array<Position<T>>& at,
    const Shape& shape,
    std::size_t plane,
    std::size_t outputs) {
    IndexArray indices = empty<std::int64_t>({g.size() / outputs, outputs});
    std::copy_n(at.data(), at.size(), indices.data());
    return reshape(put_along(reshape(g, indices.shape()), indices, 1, plane), shape);
}

template <class T>
Variable<T> max_pool(const Op& op, const Variable<T>& x, const Planes& planes, Where where) {
    const std::size_t inputs = planes.inputs(), outputs = planes.outputs();
    if (inputs > static_cast<std::size_t>(std::numeric_limits<Position<T>>::max())) {
        fail<ShapeError>(
            "{}: x has shape {}, {} elements to pool from; need fewer than 2^31",
            op.name(),
            x.shape(),
            inputs);
    }
    const bool wants_positions = (x.requires_grad() && grad_enabled()) || detail::tracing_branches;
    Array<T> y = empty<T>(planes.pooled(x.shape()));
    Array<Position<T>> at = empty<Position<T>>({wants_positions ? y.size() : 0});
    const auto runs = runs_of(planes.columns);
    detail::parallel_ranges(
        y.size() / outputs, 1 + 16384 / inputs, [&](std::size_t begin, std::size_t end) {
            for (std::size_t p = begin; p < end; ++p) {
                max_of_plane(
                    y.data() + p * outputs,
                    wants_positions ? at.data() + p * outputs : nullptr,
                    x.value().data() + p * inputs,
                    planes,
                    runs);
            }
        });
    if (detail::tracing_branches) {
        IndexArray chosen = empty<std::int64_t>(y.shape());
        std::copy_n(at.data(), at.size(), chosen.data());
        detail::note_choice(op.name(), where, chosen);
    }
    return record(op, std::move(y), where)
        .wrt(x, [at = std::move(at), shape = x.shape(), inputs, outputs](const Variable<T>& g) {
            if (!grad_enabled())
                return Variable<T>(put_back(g.value(), at, shape, inputs));
            return recorded_put_back(g, at, shape, inputs, outputs);
        });
}

// The mean over the windows along an axis.
template <class T>
detail::AxisMap<T> mean_of(const PoolWindows& windows, const std::vector<std::size_t>& divisors) {
    detail::AxisMap<T> map(windows.extent);
    for (std::size_t i = 0; i < windows.size(); ++i) {
        for (std::size_t k = 0; k < windows.counts[i]; ++k)
            map.add(windows.firsts[i] + k);
        map.end_output(static_cast<double>(divisors[i]));
    }
    return map;
}

// The count of a window is its rows times its columns, so the mean is taken axis by axis.
template <class T>
Variable<T> avg_pool(
    const Op& op, const Variable<T>& x, const Planes& planes, bool with_padding, Where where) {
    const auto map = [&](const PoolWindows& windows) {
        return mean_of<T>(windows, with_padding ? windows.padded_counts : windows.counts);
    };
    if (planes.axes == 1)
        return map_axes(op, x, std::vector{map(planes.columns)}, where);
    return map_axes(op, x, std::vector{map(planes.rows), map(planes.columns)}, where);
}

}  // namespace

static const Op max_pool1d_op(
    "max_pool1d",
    {on({{2, 7}}, [](const auto& in) { return max_pool1d(in[0], 2); }).without_ties().linear(),
     on({{2, 2, 6}},
        [](const auto& in) {
            return max_pool1d(in[0], 3, {.stride = 1, .padding = 1, .dilation = 2});
        })
         .without_ties()
         .linear(),
     on({{8}},
        [](const auto& in) { return max_pool1d(in[0], 3, {.stride = 3, .ceil_mode = true}); })
         .without_ties()
         .linear()});
template <class T>
Variable<T> max_pool1d(
    const Variable<T>& x, std::size_t kernel, MaxPool1dOptions options, Where where) {
    const Planes planes = planes_1d("max_pool1d", x.shape(), kernel, options, options.dilation);
    return max_pool(max_pool1d_op, x, planes, where);
}
template Variable<float> max_pool1d(const Variable<float>&, std::size_t, MaxPool1dOptions, Where);
template Variable<double> max_pool1d(const Variable<double>&, std::size_t, MaxPool1dOptions, Where);

static const Op max_pool2d_op(
    "max_pool2d",
    {on({{2, 3, 5}}, [](const auto& in) { return max_pool2d(in[0], 2); }).without_ties().linear(),
     on({{1, 1, 5, 6}},
        [](const auto& in) {
            return max_pool2d(in[0], 3, {.stride = {2, 1}, .padding = 1});
        })
         .without_ties()
         .linear(),
     on({{6, 5}},
        [](const auto& in) {
            return max_pool2d(in[0], {2, 3}, {.stride = 1, .dilation = {3, 2}});
        })
         .without_ties()
         .linear(),
     on({{5, 4}},
        [](const auto& in) {
            return max_pool2d(in[0], {3, 2}, {.stride = {3, 3}, .ceil_mode = true});
        })
         .without_ties()
         .linear()});
template <class T>
Variable<T> max_pool2d(
    const Variable<T>& x, RowsColumns kernel, MaxPool2dOptions options, Where where) {
    const Planes planes = planes_2d("max_pool2d", x.shape(), kernel, options, options.dilation);
    return max_pool(max_pool2d_op, x, planes, where);
}
template Variable<float> max_pool2d(const Variable<float>&, RowsColumns, MaxPool2dOptions, Where);
template Variable<double> max_pool2d(const Variable<double>&, RowsColumns, MaxPool2dOptions, Where);

static const Op avg_pool1d_op(
    "avg_pool1d",
    {on({{2, 7}}, [](const auto& in) { return avg_pool1d(in[0], 3); }).linear(),
     on({{2, 2, 6}}, [](const auto& in) {
         return avg_pool1d(
             in[0], 3, {.stride = 2, .padding = 1, .ceil_mode = true, .count_include_pad = false});
     }).linear()});
template <class T>
Variable<T> avg_pool1d(
    const Variable<T>& x, std::size_t kernel, AvgPool1dOptions options, Where where) {
    const Planes planes = planes_1d("avg_pool1d", x.shape(), kernel, options, 1);
    return avg_pool(avg_pool1d_op, x, planes, options.count_include_pad, where);
}
template Variable<float> avg_pool1d(const Variable<float>&, std::size_t, AvgPool1dOptions, Where);
template Variable<double> avg_pool1d(const Variable<double>&, std::size_t, AvgPool1dOptions, Where);

static const Op avg_pool2d_op(
    "avg_pool2d",
    {on({{2, 4, 5}}, [](const auto& in) { return avg_pool2d(in[0], 2); }).linear(),
     on({{2, 1, 5, 4}},
        [](const auto& in) {
            return avg_pool2d(in[0], {3, 2}, {.stride = {2, 1}, .padding = 1});
        })
         .linear(),
     on({{5, 6}}, [](const auto& in) {
         return avg_pool2d(
             in[0],
             {2, 3},
             {.stride = 2, .padding = {1, 0}, .ceil_mode = true, .count_include_pad = false});
     }).linear()});
template <class T>
Variable<T> avg_pool2d(
    const Variable<T>& x, RowsColumns kernel, AvgPool2dOptions options, Where where) {
    const Planes planes = planes_2d("avg_pool2d", x.shape(), kernel, options, 1);
    return avg_pool(avg_pool2d_op, x, planes, options.count_include_pad, where);
}
template Variable<float> avg_pool2d(const Variable<float>&, RowsColumns, AvgPool2dOptions, Where);
template Variable<double> avg_pool2d(const Variable<double>&, RowsColumns, AvgPool2dOptions, Where);

static const Op adaptive_avg_pool1d_op(
    "adaptive_avg_pool1d",
    {on({{2, 7}}, [](const auto& in) { return adaptive_avg_pool1d(in[0], 3); }).linear(),
     on({{3}}, [](const auto& in) { return adaptive_avg_pool1d(in[0], 5); }).linear()});
template <class T>
Variable<T> adaptive_avg_pool1d(const Variable<T>& x, std::size_t size, Where where) {
    const Planes planes = adaptive_planes_1d("adaptive_avg_pool1d", x.shape(), size);
    return avg_pool(adaptive_avg_pool1d_op, x, planes, false, where);
}
template Variable<float> adaptive_avg_pool1d(const Variable<float>&, std::size_t, Where);
template Variable<double> adaptive_avg_pool1d(const Variable<double>&, std::size_t, Where);

static const Op adaptive_avg_pool2d_op(
    "adaptive_avg_pool2d",
    {on({{2, 5, 4}},
        [](const auto& in) {
            return adaptive_avg_pool2d(in[0], {2, 3});
        })
         .linear(),
     on({{2, 3}}, [](const auto& in) {
         return adaptive_avg_pool2d(in[0], {3, 2});
     }).linear()});
template <class T>
Variable<T> adaptive_avg_pool2d(const Variable<T>& x, RowsColumns size, Where where) {
    const Planes planes = adaptive_planes_2d("adaptive_avg_pool2d", x.shape(), size);
    return avg_pool(adaptive_avg_pool2d_op, x, planes, false, where);
}
template Variable<float> adaptive_avg_pool2d(const Variable<float>&, RowsColumns, Where);
template Variable<double> adaptive_avg_pool2d(const Variable<double>&, RowsColumns, Where);

static const Op adaptive_max_pool1d_op(
    "adaptive_max_pool1d",
    {on({{2, 7}}, [](const auto& in) { return adaptive_max_pool1d(in[0], 3); })
         .without_ties()
         .linear(),
     on({{3}}, [](const auto& in) { return adaptive_max_pool1d(in[0], 5); })
         .without_ties()
         .linear()});
template <class T>
Variable<T> adaptive_max_pool1d(const Variable<T>& x, std::size_t size, Where where) {
    const Planes planes = adaptive_planes_1d("adaptive_max_pool1d", x.shape(), size);
    return max_pool(adaptive_max_pool1d_op, x, planes, where);
}
template Variable<float> adaptive_max_pool1d(const Variable<float>&, std::size_t, Where);
template Variable<double> adaptive_max_pool1d(const Variable<double>&, std::size_t, Where);

static const Op adaptive_max_pool2d_op(
    "adaptive_max_pool2d",
    {on({{2, 5, 3}},
        [](const auto& in) {
            return adaptive_max_pool2d(in[0], {3, 2});
        })
         .without_ties()
         .linear(),
     on({{2, 3}},
        [](const auto& in) {
            return adaptive_max_pool2d(in[0], {3, 2});
        })
         .without_ties()
         .linear()});
template <class T>
Variable<T> adaptive_max_pool2d(const Variable<T>& x, RowsColumns size, Where where) {
    const Planes planes = adaptive_planes_2d("adaptive_max_pool2d", x.shape(), size);
    return max_pool(adaptive_max_pool2d_op, x, planes, where);
}
template Variable<float> adaptive_max_pool2d(const Variable<float>&, RowsColumns, Where);
template Variable<double> adaptive_max_pool2d(const Variable<double>&, RowsColumns, Where);

}  // namespace xgrad
