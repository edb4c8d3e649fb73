#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <ops/along.hpp>
#include <ops/arrange.hpp>

#include <algorithm>
#include <numeric>

namespace xgrad {

using detail::Along;

static const Op roll_op(
    "roll",
    {on({{3, 4}}, [](const auto& in) { return roll(in[0], 1, 1); }).linear(),
     on({{5, 2}}, [](const auto& in) { return roll(in[0], -7, 0); }).linear()});
template <class T>
Variable<T> roll(const Variable<T>& x, std::ptrdiff_t shift, std::ptrdiff_t axis, Where where) {
    const std::size_t at = checked_axis("roll", axis, x.rank());
    const Along along(x.shape(), at);
    if (along.extent == 0)
        return reshape(x, x.shape(), where);
    const auto n = static_cast<std::ptrdiff_t>(along.extent);
    const std::ptrdiff_t forward = (shift % n + n) % n;
    const std::size_t lane = along.extent * along.inner;
    const std::size_t cut = lane - static_cast<std::size_t>(forward) * along.inner;
    Array<T> y = empty<T>(x.shape());
    for (std::size_t o = 0; o < along.outer; ++o) {
        const T* from = x.value().data() + o * lane;
        std::rotate_copy(from, from + cut, from + lane, y.data() + o * lane);
    }
    return record(roll_op, std::move(y), where)
        .wrt(x, [back = n - forward, axis](const Variable<T>& g) { return roll(g, back, axis); });
}
template Variable<float> roll(const Variable<float>&, std::ptrdiff_t, std::ptrdiff_t, Where);
template Variable<double> roll(const Variable<double>&, std::ptrdiff_t, std::ptrdiff_t, Where);

static const Op flip_op(
    "flip",
    {on({{3, 4}}, [](const auto& in) { return flip(in[0], {1}); }).linear(),
     on({{2, 3, 2}}, [](const auto& in) {
         return flip(in[0], {0, -1});
     }).linear()});
template <class T>
static Array<T> flipped(const Array<T>& x, std::size_t axis) {
    const Along along(x.shape(), axis);
    Array<T> y = empty<T>(x.shape());
    const T* from = x.data();
    for (std::size_t o = 0; o < along.outer; ++o) {
        T* to = y.data() + (o + 1) * along.extent * along.inner;
        for (std::size_t i = 0; i < along.extent; ++i, from += along.inner) {
            to -= along.inner;
            if (along.inner == 1)
                *to = *from;
            else
                std::copy_n(from, along.inner, to);
        }
    }
    return y;
}
template <class T>
Variable<T> flip(const Variable<T>& x, const Axes& axes, Where where) {
    const std::vector<std::size_t> checked = checked_axes("flip", axes, x.rank());
    if (checked.empty())
        return reshape(x, x.shape(), where);
    Array<T> y = flipped(x.value(), checked.front());
    for (std::size_t i = 1; i < checked.size(); ++i)
        y = flipped(y, checked[i]);
    return record(flip_op, std::move(y), where).wrt(x, [axes](const Variable<T>& g) {
        return flip(g, axes);
    });
}
template Variable<float> flip(const Variable<float>&, const Axes&, Where);
template Variable<double> flip(const Variable<double>&, const Axes&, Where);

static const Op repeat_interleave_op(
    "repeat_interleave",
    {on({{3, 2}}, [](const auto& in) { return repeat_interleave(in[0], 2, 0); }).linear(),
     on({{2, 3}}, [](const auto& in) {
         return repeat_interleave(in[0], std::vector<std::int64_t>{2, 0, 3}, -1);
     }).linear()});
template <class T>
Variable<T> repeat_interleave(
    const Variable<T>& x, std::size_t repeats, std::ptrdiff_t axis, Where where) {
    const std::size_t at = checked_axis("repeat_interleave", axis, x.rank());
    const auto after = static_cast<std::ptrdiff_t>(at) + 1;
    const Variable<T> column = unsqueeze(x, after, where);
    Shape wide = column.shape(), shape = x.shape();
    wide[at + 1] = repeats;
    shape[at] *= repeats;
    return reshape(broadcast_to(column, wide, where), shape, where);
}
template Variable<float> repeat_interleave(
    const Variable<float>&, std::size_t, std::ptrdiff_t, Where);
template Variable<double> repeat_interleave(
    const Variable<double>&, std::size_t, std::ptrdiff_t, Where);

template <class T>
Variable<T> repeat_interleave(
    const Variable<T>& x, Indices repeats, std::ptrdiff_t axis, Where where) {
    const std::size_t at = checked_axis("repeat_interleave", axis, x.rank());
    if (repeats.size() != x.shape()[at]) {
        fail<ShapeError>(
            "repeat_interleave: there are {} counts for axis {} of shape {}; need {}",
            repeats.size(),
            at,
            x.shape(),
            x.shape()[at]);
    }
    std::vector<std::int64_t> indices;
    for (std::size_t i = 0; i < repeats.size(); ++i) {
        if (repeats[i] < 0) {
            fail<IndexError>(
                "repeat_interleave: count {} at position {} is negative; need counts >= 0",
                repeats[i],
                i);
        }
        indices.insert(
            indices.end(), static_cast<std::size_t>(repeats[i]), static_cast<std::int64_t>(i));
    }
    return gather(x, axis, indices, where);
}
template Variable<float> repeat_interleave(const Variable<float>&, Indices, std::ptrdiff_t, Where);
template Variable<double> repeat_interleave(
    const Variable<double>&, Indices, std::ptrdiff_t, Where);

static const Op tile_op(
    "tile",
    {on({{2, 3}},
        [](const auto& in) {
            return tile(in[0], {3, 2});
        })
         .linear(),
     on({{3}},
        [](const auto& in) {
            return tile(in[0], {2, 2});
        })
         .linear(),
     on({{2, 3}}, [](const auto& in) { return tile(in[0], {2}); }).linear()});
template <class T>
Variable<T> tile(const Variable<T>& x, const std::vector<std::size_t>& repeats, Where where) {
    // Each axis n becomes the axes (1, n), repeated to (times, n), and merged.
    const std::size_t rank = std::max(x.rank(), repeats.size());
    Shape narrow(2 * rank, 1), wide(2 * rank, 1), merged(rank, 1);
    for (std::size_t i = 0; i < rank; ++i) {
        const std::size_t new_axes = rank - x.rank(), once = rank - repeats.size();
        const std::size_t n = i < new_axes ? 1 : x.shape()[i - new_axes];
        const std::size_t times = i < once ? 1 : repeats[i - once];
        narrow[2 * i + 1] = n;
        wide[2 * i] = times;
        wide[2 * i + 1] = n;
        merged[i] = times * n;
    }
    return reshape(broadcast_to(reshape(x, narrow, where), wide, where), merged, where);
}
template Variable<float> tile(const Variable<float>&, const std::vector<std::size_t>&, Where);
template Variable<double> tile(const Variable<double>&, const std::vector<std::size_t>&, Where);

static const Op expand_op("expand", on({{3, 1}}, [](const auto& in) {
                                        return expand(in[0], {2, 3, 4});
                                    }).linear());
template <class T>
Variable<T> expand(const Variable<T>& x, const Shape& shape, Where where) {
    return broadcast_to(x, shape, where);
}
template Variable<float> expand(const Variable<float>&, const Shape&, Where);
template Variable<double> expand(const Variable<double>&, const Shape&, Where);

namespace {

// Axes 0, 1, ... with axis `from` at place `to`.
Axes moved(std::size_t rank, std::size_t from, std::size_t to) {
    Axes order(rank);
    std::iota(order.begin(), order.end(), 0);
    order.erase(order.begin() + static_cast<std::ptrdiff_t>(from));
    order.insert(
        order.begin() + static_cast<std::ptrdiff_t>(to), static_cast<std::ptrdiff_t>(from));
    return order;
}

}  // namespace

static const Op swapaxes_op("swapaxes", on({{2, 3, 4}}, [](const auto& in) {
                                            return swapaxes(in[0], 0, -1);
                                        }).linear());
template <class T>
Variable<T> swapaxes(const Variable<T>& x, std::ptrdiff_t a, std::ptrdiff_t b, Where where) {
    static_cast<void>(checked_axis("swapaxes", a, x.rank()));
    static_cast<void>(checked_axis("swapaxes", b, x.rank()));
    return transpose(x, a, b, where);
}
template Variable<float> swapaxes(const Variable<float>&, std::ptrdiff_t, std::ptrdiff_t, Where);
template Variable<double> swapaxes(const Variable<double>&, std::ptrdiff_t, std::ptrdiff_t, Where);

static const Op moveaxis_op(
    "moveaxis",
    {on({{2, 3, 4}}, [](const auto& in) { return moveaxis(in[0], 0, 2); }).linear(),
     on({{2, 3, 4}}, [](const auto& in) { return moveaxis(in[0], -1, 0); }).linear()});
template <class T>
Variable<T> moveaxis(const Variable<T>& x, std::ptrdiff_t from, std::ptrdiff_t to, Where where) {
    const std::size_t source = checked_axis("moveaxis", from, x.rank());
    const std::size_t target = checked_axis("moveaxis", to, x.rank());
    return permute(x, moved(x.rank(), source, target), where);
}
template Variable<float> moveaxis(const Variable<float>&, std::ptrdiff_t, std::ptrdiff_t, Where);
template Variable<double> moveaxis(const Variable<double>&, std::ptrdiff_t, std::ptrdiff_t, Where);

namespace {

template <class T>
std::vector<Variable<T>> pieces_of(
    const Variable<T>& x,
    const std::vector<std::size_t>& extents,
    std::ptrdiff_t axis,
    Where where) {
    std::vector<Variable<T>> pieces;
    std::size_t begin = 0;
    for (const std::size_t extent : extents) {
        pieces.push_back(slice(x, axis, begin, begin + extent, 1, where));
        begin += extent;
    }
    return pieces;
}

}  // namespace

static const Op split_op("split", on({{2, 4}}, [](const auto& in) {
                                      const auto pieces = split(in[0], {1, 3}, 1);
                                      return concatenate(std::vector{pieces[1], pieces[0]}, 1);
                                  }).linear());
template <class T>
std::vector<Variable<T>> split(
    const Variable<T>& x,
    const std::vector<std::size_t>& extents,
    std::ptrdiff_t axis,
    Where where) {
    const std::size_t at = checked_axis("split", axis, x.rank());
    const std::size_t total = std::accumulate(extents.begin(), extents.end(), std::size_t{0});
    if (total != x.shape()[at]) {
        fail<ShapeError>(
            "split: the pieces' extents add up to {}, axis {} of shape {} has {}; need the same",
            total,
            at,
            x.shape(),
            x.shape()[at]);
    }
    return pieces_of(x, extents, axis, where);
}
template std::vector<Variable<float>> split(
    const Variable<float>&, const std::vector<std::size_t>&, std::ptrdiff_t, Where);
template std::vector<Variable<double>> split(
    const Variable<double>&, const std::vector<std::size_t>&, std::ptrdiff_t, Where);

static const Op chunk_op(
    "chunk", on({{2, 5}}, [](const auto& in) {
                 const auto pieces = chunk(in[0], 2, 1);
                 return concatenate(std::vector{pieces.back(), pieces.front()}, 1);
             }).linear());
template <class T>
std::vector<Variable<T>> chunk(
    const Variable<T>& x, std::size_t pieces, std::ptrdiff_t axis, Where where) {
    const std::size_t n = x.shape().empty() ? 0 : x.shape()[checked_axis("chunk", axis, x.rank())];
    if (x.rank() == 0)
        static_cast<void>(checked_axis("chunk", axis, 0));
    if (pieces == 0)
        throw std::invalid_argument("chunk: pieces is 0; need pieces >= 1");
    const std::size_t size = n / pieces + (n % pieces == 0 ? 0 : 1);
    // Nothing is cut into pieces of nothing.
    std::vector<std::size_t> extents(size == 0 ? pieces : n / size, size);
    if (size > 0 && n % size > 0)
        extents.push_back(n % size);
    return pieces_of(x, extents, axis, where);
}
template std::vector<Variable<float>> chunk(
    const Variable<float>&, std::size_t, std::ptrdiff_t, Where);
template std::vector<Variable<double>> chunk(
    const Variable<double>&, std::size_t, std::ptrdiff_t, Where);

static const Op meshgrid_op("meshgrid", on({{2}, {3}}, [](const auto& in) {
                                            return stack(meshgrid(in));
                                        }).linear());
template <class T>
std::vector<Variable<T>> meshgrid(const std::vector<Variable<T>>& vectors, Where where) {
    Shape shape;
    for (std::size_t i = 0; i < vectors.size(); ++i) {
        if (vectors[i].rank() != 1) {
            fail<ShapeError>(
                "meshgrid: input {} has shape {}; need vectors", i, vectors[i].shape());
        }
        shape.push_back(vectors[i].size());
    }
    std::vector<Variable<T>> grids;
    for (std::size_t i = 0; i < vectors.size(); ++i) {
        Shape line(shape.size(), 1);
        line[i] = shape[i];
        grids.push_back(broadcast_to(reshape(vectors[i], line, where), shape, where));
    }
    return grids;
}
template std::vector<Variable<float>> meshgrid(const std::vector<Variable<float>>&, Where);
template std::vector<Variable<double>> meshgrid(const std::vector<Variable<double>>&, Where);

static const Op unfold_op(
    "unfold",
    {on({{2, 5}}, [](const auto& in) { return unfold(in[0], 1, 3); }).linear(),
     on({{5, 2}}, [](const auto& in) { return unfold(in[0], 0, 2, 2); }).linear()});
template <class T>
Variable<T> unfold(
    const Variable<T>& x, std::ptrdiff_t axis, std::size_t size, std::size_t step, Where where) {
    const std::size_t at = checked_axis("unfold", axis, x.rank());
    const std::size_t extent = x.shape()[at];
    if (size == 0 || size > extent || step == 0) {
        fail<ShapeError>(
            "unfold: size is {}, step {} along axis {} of shape {}; need 1 <= size <= {} and step "
            ">= 1",
            size,
            step,
            at,
            x.shape(),
            extent);
    }
    const std::size_t windows = (extent - size) / step + 1;
    std::vector<std::int64_t> indices;
    for (std::size_t i = 0; i < windows * size; ++i)
        indices.push_back(static_cast<std::int64_t>(i / size * step + i % size));
    Shape shape(x.rank() + 1, windows);
    for (std::size_t i = 0; i < x.rank(); ++i) {
        if (i != at)
            shape[i < at ? i : i + 1] = x.shape()[i];
    }
    shape[at + 1] = size;
    const Variable<T> picked = reshape(gather(x, axis, indices, where), shape, where);
    return permute(picked, moved(shape.size(), at + 1, shape.size() - 1), where);
}
template Variable<float> unfold(
    const Variable<float>&, std::ptrdiff_t, std::size_t, std::size_t, Where);
template Variable<double> unfold(
    const Variable<double>&, std::ptrdiff_t, std::size_t, std::size_t, Where);

}  // namespace xgrad
