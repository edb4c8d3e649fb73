#include <autograd/broadcast.hpp>
#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <ops/along.hpp>
#include <ops/shape.hpp>

#include <algorithm>

namespace xgrad {

using detail::Along;
using detail::with_extent;

// Runs of `inner` elements, which lie so many elements apart in y and in x.
template <class T>
static void copy_runs(
    T* y, std::size_t step_y, const T* x, std::size_t step_x, std::size_t runs, std::size_t inner) {
    if (step_y == inner && step_x == inner) {
        std::copy_n(x, runs * inner, y);
        return;
    }
    for (std::size_t i = 0; i < runs; ++i, y += step_y, x += step_x) {
        if (inner == 1)
            *y = *x;
        else
            std::copy_n(x, inner, y);
    }
}

// The transpose of slice: x at begin, begin + step, ... along an axis of zeros.
template <class T>
static Variable<T> place(
    const Variable<T>& x,
    std::size_t axis,
    std::size_t begin,
    std::size_t extent,
    std::size_t step);

static const Op slice_op(
    "slice",
    {on({{3, 4}}, [](const auto& in) { return slice(in[0], 1, 1, 3); }).linear(),
     on({{5, 2}}, [](const auto& in) { return slice(in[0], 0, 0, 5, 2); }).linear()});
template <class T>
Variable<T> slice(
    const Variable<T>& x,
    std::ptrdiff_t axis,
    std::size_t begin,
    std::size_t end,
    std::size_t step,
    Where where) {
    const std::size_t at = checked_axis("slice", axis, x.rank());
    const Along from(x.shape(), at);
    if (begin > end || end > from.extent || step == 0) {
        fail<ShapeError>(
            "slice: begin is {}, end {}, step {} along axis {} of shape {}; need begin <= end <= "
            "{} and step >= 1",
            begin,
            end,
            step,
            at,
            x.shape(),
            from.extent);
    }
    const std::size_t taken = begin == end ? 0 : 1 + (end - begin - 1) / step, inner = from.inner;
    Array<T> y = empty<T>(with_extent(x.shape(), at, taken));
    for (std::size_t o = 0; o < from.outer; ++o) {
        const T* first = x.value().data() + (o * from.extent + begin) * inner;
        copy_runs(y.data() + o * taken * inner, inner, first, step * inner, taken, inner);
    }
    return record(slice_op, std::move(y), where)
        .wrt(x, [at, begin, extent = from.extent, step](const Variable<T>& g) {
            return place(g, at, begin, extent, step);
        });
}
template Variable<float> slice(
    const Variable<float>&, std::ptrdiff_t, std::size_t, std::size_t, std::size_t, Where);
template Variable<double> slice(
    const Variable<double>&, std::ptrdiff_t, std::size_t, std::size_t, std::size_t, Where);

static const Op place_op(
    "place",
    {on({{3, 2}}, [](const auto& in) { return place(in[0], 1, 1, 4, 1); }).linear(),
     on({{3, 2}}, [](const auto& in) { return place(in[0], 0, 0, 5, 2); }).linear()});
template <class T>
static Variable<T> place(
    const Variable<T>& x,
    std::size_t axis,
    std::size_t begin,
    std::size_t extent,
    std::size_t step) {
    const Along from(x.shape(), checked_axis("place", static_cast<std::ptrdiff_t>(axis), x.rank()));
    const std::size_t end = from.extent == 0 ? begin : begin + (from.extent - 1) * step + 1;
    if (end > extent) {
        fail<ShapeError>(
            "place: {} elements from {} in steps of {} do not fit in extent {}",
            from.extent,
            begin,
            step,
            extent);
    }
    Array<T> y(with_extent(x.shape(), axis, extent), T(0));
    const std::size_t inner = from.inner;
    for (std::size_t o = 0; o < from.outer; ++o) {
        const T* row = x.value().data() + o * from.extent * inner;
        T* first = y.data() + (o * extent + begin) * inner;
        copy_runs(first, step * inner, row, inner, from.extent, inner);
    }
    return record(place_op, std::move(y)).wrt(x, [axis, begin, end, step](const Variable<T>& g) {
        return slice(g, static_cast<std::ptrdiff_t>(axis), begin, end, step);
    });
}

static const Op pad_op("pad", on({{2, 3}}, [](const auto& in) {
                                  return pad(in[0], {{1, 0}, {2, 1}}, 0.5);
                              }).linear());
template <class T>
Variable<T> pad(
    const Variable<T>& x,
    const std::vector<std::pair<std::size_t, std::size_t>>& widths,
    double value,
    Where where) {
    if (widths.size() != x.rank()) {
        fail<ShapeError>(
            "pad: x has shape {}, there are {} widths; give one pair for each axis",
            x.shape(),
            widths.size());
    }
    constexpr std::pair<std::size_t, std::size_t> none = {0, 0};
    if (std::ranges::count(widths, none) == static_cast<std::ptrdiff_t>(widths.size()))
        return reshape(x, x.shape(), where);
    Variable<T> y = x;
    for (std::size_t axis = 0; axis < widths.size(); ++axis) {
        const auto [before, after] = widths[axis];
        if (before == 0 && after == 0)
            continue;
        const auto border = [&](std::size_t width) {
            return Variable<T>(
                Array<T>(with_extent(y.shape(), axis, width), static_cast<T>(value)));
        };
        y = concatenate<T>(
            {border(before), y, border(after)}, static_cast<std::ptrdiff_t>(axis), where);
    }
    return y;
}
template Variable<float> pad(
    const Variable<float>&, const std::vector<std::pair<std::size_t, std::size_t>>&, double, Where);
template Variable<double> pad(
    const Variable<double>&,
    const std::vector<std::pair<std::size_t, std::size_t>>&,
    double,
    Where);

// Each part's share is its piece of g.
static const Op concatenate_op(
    "concatenate",
    {on({{2, 3}, {2, 1}, {2, 2}}, [](const auto& in) { return concatenate(in, 1); }).linear(),
     on({{2, 3}, {1, 3}}, [](const auto& in) { return concatenate(in, 0); }).linear()});
template <class T>
Variable<T> concatenate(const std::vector<Variable<T>>& parts, std::ptrdiff_t axis, Where where) {
    if (parts.empty()) {
        throw ShapeError("concatenate: there are no parts; need at least one");
    }
    const std::size_t at = checked_axis("concatenate", axis, parts.front().rank());
    std::size_t extent = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const Shape& shape = parts[i].shape();
        if (shape.size() != parts.front().rank() ||
            with_extent(shape, at, 0) != with_extent(parts.front().shape(), at, 0)) {
            fail<ShapeError>(
                "concatenate: part 0 has shape {}, part {} has {}; only axis {} may differ",
                parts.front().shape(),
                i,
                shape,
                at);
        }
        extent += shape[at];
    }
    Array<T> y = empty<T>(with_extent(parts.front().shape(), at, extent));
    const Along to(y.shape(), at);
    std::size_t begin = 0;
    for (const Variable<T>& part : parts) {
        const std::size_t rows = part.shape()[at] * to.inner;
        for (std::size_t o = 0; o < to.outer; ++o) {
            std::copy_n(
                part.value().data() + o * rows, rows, y.data() + (o * extent + begin) * to.inner);
        }
        begin += part.shape()[at];
    }
    Recording<T> recording = record(concatenate_op, std::move(y), where);
    begin = 0;
    for (const Variable<T>& part : parts) {
        const std::size_t end = begin + part.shape()[at];
        std::move(recording).wrt(part, [at, begin, end](const Variable<T>& g) {
            return slice(g, static_cast<std::ptrdiff_t>(at), begin, end);
        });
        begin = end;
    }
    return recording;
}
template Variable<float> concatenate(const std::vector<Variable<float>>&, std::ptrdiff_t, Where);
template Variable<double> concatenate(const std::vector<Variable<double>>&, std::ptrdiff_t, Where);

static const Op stack_op("stack", on({{2, 3}, {2, 3}}, [](const auto& in) {
                                      return stack(std::vector{in[0], in[1]}, 1);
                                  }).linear());
template <class T>
Variable<T> stack(const std::vector<Variable<T>>& parts, std::ptrdiff_t axis, Where where) {
    if (parts.empty())
        throw ShapeError("stack: there are no parts; need at least one");
    axis = static_cast<std::ptrdiff_t>(checked_axis("stack", axis, parts.front().rank() + 1));
    std::vector<Variable<T>> rows;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (parts[i].shape() != parts.front().shape()) {
            fail<ShapeError>(
                "stack: part 0 has shape {}, part {} has {}; all need one shape",
                parts.front().shape(),
                i,
                parts[i].shape());
        }
        rows.push_back(unsqueeze(parts[i], axis, where));
    }
    return concatenate(rows, axis, where);
}
template Variable<float> stack(const std::vector<Variable<float>>&, std::ptrdiff_t, Where);
template Variable<double> stack(const std::vector<Variable<double>>&, std::ptrdiff_t, Where);

namespace {

void check_index(
    const char* op,
    std::int64_t index,
    std::size_t position,
    std::size_t axis,
    std::size_t extent) {
    if (index < 0 || static_cast<std::size_t>(index) >= extent) {
        fail<IndexError>(
            "{}: index {} at position {} is out of range for axis {} of extent {}; need 0 <= index "
            "< {}",
            op,
            index,
            position,
            axis,
            extent,
            extent);
    }
}

void check_indices(const char* op, Indices indices, std::size_t axis, std::size_t extent) {
    for (std::size_t i = 0; i < indices.size(); ++i)
        check_index(op, indices[i], i, axis, extent);
}

}  // namespace

// gather and scatter_add are each other's transpose.
static const Op gather_op(
    "gather",
    {on({{4, 3}},
        [](const auto& in) {
            return gather(in[0], 0, std::vector<std::int64_t>{2, 0, 2});
        })
         .linear(),
     on({{3, 4}}, [](const auto& in) {
         return gather(in[0], -1, std::vector<std::int64_t>{1, 3});
     }).linear()});
template <class T>
Variable<T> gather(const Variable<T>& x, std::ptrdiff_t axis, Indices indices, Where where) {
    const std::size_t at = checked_axis("gather", axis, x.rank());
    const Along from(x.shape(), at);
    check_indices("gather", indices, at, from.extent);
    Array<T> y = empty<T>(with_extent(x.shape(), at, indices.size()));
    T* to = y.data();
    for (std::size_t o = 0; o < from.outer; ++o) {
        const T* row = x.value().data() + o * from.extent * from.inner;
        for (const std::int64_t index : indices) {
            if (from.inner == 1)
                *to++ = row[index];
            else
                to =
                    std::copy_n(row + static_cast<std::size_t>(index) * from.inner, from.inner, to);
        }
    }
    return record(gather_op, std::move(y), where)
        .wrt(
            x,
            [at, kept = std::vector(indices.begin(), indices.end()), extent = from.extent](
                const Variable<T>& g) {
                return scatter_add(g, static_cast<std::ptrdiff_t>(at), kept, extent);
            });
}
template Variable<float> gather(const Variable<float>&, std::ptrdiff_t, Indices, Where);
template Variable<double> gather(const Variable<double>&, std::ptrdiff_t, Indices, Where);

static const Op scatter_add_op(
    "scatter_add", on({{3, 2}}, [](const auto& in) {
                       return scatter_add(in[0], 0, std::vector<std::int64_t>{3, 0, 3}, 4);
                   }).linear());
template <class T>
Variable<T> scatter_add(
    const Variable<T>& x, std::ptrdiff_t axis, Indices indices, std::size_t extent, Where where) {
    const std::size_t at = checked_axis("scatter_add", axis, x.rank());
    const Along from(x.shape(), at);
    if (indices.size() != from.extent) {
        fail<ShapeError>(
            "scatter_add: there are {} indices for axis {} of shape {}; need {}",
            indices.size(),
            at,
            x.shape(),
            from.extent);
    }
    check_indices("scatter_add", indices, at, extent);
    const Shape shape = with_extent(x.shape(), at, extent);
    detail::check_countable("scatter_add", shape);
    Array<T> y(shape, T(0));
    const T* in = x.value().data();
    for (std::size_t o = 0; o < from.outer; ++o) {
        for (const std::int64_t index : indices) {
            T* to = y.data() + (o * extent + static_cast<std::size_t>(index)) * from.inner;
            for (std::size_t i = 0; i < from.inner; ++i)
                to[i] += *in++;
        }
    }
    return record(scatter_add_op, std::move(y), where)
        .wrt(x, [at, kept = std::vector(indices.begin(), indices.end())](const Variable<T>& g) {
            return gather(g, static_cast<std::ptrdiff_t>(at), kept);
        });
}
template Variable<float> scatter_add(
    const Variable<float>&, std::ptrdiff_t, Indices, std::size_t, Where);
template Variable<double> scatter_add(
    const Variable<double>&, std::ptrdiff_t, Indices, std::size_t, Where);

namespace {

// f(i, at) where element i of the indices names element `at` of an array with `extent` along the
// axis.
template <class F>
void each_indexed(
    const char* op, const IndexArray& indices, std::size_t axis, std::size_t extent, F f) {
    const Along along(indices.shape(), axis);
    const std::size_t lane = along.extent * along.inner;
    std::size_t i = 0;
    for (std::size_t o = 0; o < along.outer; ++o) {
        std::size_t column = 0;
        for (const std::size_t end = i + lane; i < end; ++i) {
            const std::int64_t index = indices.data()[i];
            check_index(op, index, i, axis, extent);
            f(i, (o * extent + static_cast<std::size_t>(index)) * along.inner + column);
            if (++column == along.inner)
                column = 0;
        }
    }
}

void check_like(const char* op, const Shape& x, const Shape& indices, std::size_t axis) {
    if (x.size() != indices.size() || with_extent(x, axis, 0) != with_extent(indices, axis, 0)) {
        fail<ShapeError>(
            "{}: x has shape {}, the indices {}; only axis {} may differ", op, x, indices, axis);
    }
}

}  // namespace

// take_along and put_along are each other's transpose.
static const Op take_along_op(
    "take_along",
    {on({{3, 4}},
        [](const auto& in) {
            return take_along(in[0], IndexArray{{0, 3}, {1, 1}, {2, 0}}, 1);
        })
         .linear(),
     on({{3, 2}}, [](const auto& in) {
         return take_along(in[0], IndexArray{{2, 0}}, 0);
     }).linear()});
template <class T>
Variable<T> take_along(
    const Variable<T>& x, const IndexArray& indices, std::ptrdiff_t axis, Where where) {
    const std::size_t at = checked_axis("take_along", axis, x.rank());
    check_like("take_along", x.shape(), indices.shape(), at);
    const std::size_t extent = x.shape()[at];
    Array<T> y = empty<T>(indices.shape());
    each_indexed(
        "take_along",
        indices,
        at,
        extent,
        [from = x.value().data(), to = y.data()](std::size_t i, std::size_t named) {
            to[i] = from[named];
        });
    return record(take_along_op, std::move(y), where)
        .wrt(x, [indices, at, extent](const Variable<T>& g) {
            return put_along(g, indices, static_cast<std::ptrdiff_t>(at), extent);
        });
}
template Variable<float> take_along(
    const Variable<float>&, const IndexArray&, std::ptrdiff_t, Where);
template Variable<double> take_along(
    const Variable<double>&, const IndexArray&, std::ptrdiff_t, Where);

static const Op put_along_op(
    "put_along", on({{3, 2}}, [](const auto& in) {
                     return put_along(in[0], IndexArray{{0, 3}, {1, 1}, {2, 0}}, 1, 4);
                 }).linear());
template <class T>
Variable<T> put_along(
    const Variable<T>& x,
    const IndexArray& indices,
    std::ptrdiff_t axis,
    std::size_t extent,
    Where where) {
    const std::size_t at = checked_axis("put_along", axis, x.rank());
    if (x.shape() != indices.shape()) {
        fail<ShapeError>(
            "put_along: x has shape {}, the indices {}; need one shape",
            x.shape(),
            indices.shape());
    }
    const Shape shape = with_extent(x.shape(), at, extent);
    detail::check_countable("put_along", shape);
    Array<T> y(shape, T(0));
    each_indexed(
        "put_along",
        indices,
        at,
        extent,
        [from = x.value().data(), to = y.data()](std::size_t i, std::size_t named) {
            to[named] += from[i];
        });
    return record(put_along_op, std::move(y), where).wrt(x, [indices, at](const Variable<T>& g) {
        return take_along(g, indices, static_cast<std::ptrdiff_t>(at));
    });
}
template Variable<float> put_along(
    const Variable<float>&, const IndexArray&, std::ptrdiff_t, std::size_t, Where);
template Variable<double> put_along(
    const Variable<double>&, const IndexArray&, std::ptrdiff_t, std::size_t, Where);

}  // namespace xgrad
