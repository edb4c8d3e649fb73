#include <autograd/fail.hpp>
#include <autograd/parallel.hpp>
#include <autograd/simd.hpp>
#include <ops/axis_map.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace xgrad::detail {
namespace {

template <class T>
using Maps = std::vector<AxisMap<T>>;

template <class T>
AxisMap<T> transposed(const AxisMap<T>& map) {
    AxisMap<T> back(map.outputs());
    back.begins.assign(map.inputs + 1, 0);
    for (const std::size_t column : map.columns)
        ++back.begins[column + 1];
    for (std::size_t i = 0; i < map.inputs; ++i)
        back.begins[i + 1] += back.begins[i];
    back.columns.resize(map.columns.size());
    back.weights.resize(map.columns.size());
    back.divisors.assign(map.inputs, T(1));
    std::vector<std::size_t> next = back.begins;
    for (std::size_t i = 0; i < map.outputs(); ++i) {
        for (std::size_t k = map.begins[i]; k < map.begins[i + 1]; ++k) {
            const std::size_t at = next[map.columns[k]]++;
            back.columns[at] = i;
            back.weights[at] = map.weights[k] / map.divisors[i];
        }
    }
    return back;
}

// Along the last axis of (rows, map.inputs). Each output has `taps` inputs; 0: as map.begins says.
template <std::size_t taps, bool divides, class T>
void map_columns(T* y, const T* x, std::size_t rows, const AxisMap<T>& map) {
    const std::size_t outputs = map.outputs();
    for (std::size_t r = 0; r < rows; ++r, x += map.inputs, y += outputs) {
        for (std::size_t i = 0; i < outputs; ++i) {
            const std::size_t begin = taps > 0 ? i * taps : map.begins[i];
            const std::size_t end = taps > 0 ? begin + taps : map.begins[i + 1];
            T total(0);
            for (std::size_t k = begin; k < end; ++k)
                total += map.weights[k] * x[map.columns[k]];
            y[i] = divides ? total / map.divisors[i] : total;
        }
    }
}

template <class T>
using Columns = void (*)(T* y, const T* x, std::size_t rows, const AxisMap<T>& map);

// The loop for this map: one of fixed length is twice as fast.
template <class T>
Columns<T> columns_of(const AxisMap<T>& map) {
    const auto has_taps = [&](std::size_t taps) {
        for (std::size_t i = 0; i < map.begins.size(); ++i) {
            if (map.begins[i] != i * taps)
                return false;
        }
        return true;
    };
    const bool divides = std::ranges::any_of(map.divisors, [](T d) { return d != 1; });
    if (has_taps(1))
        return divides ? map_columns<1, true, T> : map_columns<1, false, T>;
    if (has_taps(2))
        return divides ? map_columns<2, true, T> : map_columns<2, false, T>;
    return divides ? map_columns<0, true, T> : map_columns<0, false, T>;
}

// Along the first axis of (map.inputs, n).
template <class T>
void map_rows(T* y, const T* x, std::size_t n, const AxisMap<T>& map) {
    using B = Batch<T>;
    for (std::size_t i = 0; i < map.outputs(); ++i, y += n) {
        const std::size_t begin = map.begins[i], end = map.begins[i + 1];
        std::size_t c = 0;
        for (; c + B::size <= n; c += B::size) {
            B total(T(0));
            for (std::size_t k = begin; k < end; ++k)
                total += B(map.weights[k]) * B::load_unaligned(x + map.columns[k] * n + c);
            (total / B(map.divisors[i])).store_unaligned(y + c);
        }
        for (; c < n; ++c) {
            T total(0);
            for (std::size_t k = begin; k < end; ++k)
                total += map.weights[k] * x[map.columns[k] * n + c];
            y[c] = total / map.divisors[i];
        }
    }
}

// One plane; rows first where that leaves less to do for the columns.
template <class T>
void map_plane(
    T* y, const T* x, const Maps<T>& maps, Columns<T> map_columns, std::vector<T>& scratch) {
    const AxisMap<T>&rows = maps.front(), &columns = maps.back();
    if (rows.outputs() <= rows.inputs) {
        scratch.resize(rows.outputs() * columns.inputs);
        map_rows(scratch.data(), x, columns.inputs, rows);
        map_columns(y, scratch.data(), rows.outputs(), columns);
    } else {
        scratch.resize(rows.inputs * columns.outputs());
        map_columns(scratch.data(), x, rows.inputs, columns);
        map_rows(y, scratch.data(), columns.outputs(), rows);
    }
}

// Planes are independent, so splitting them leaves every bit alone.
template <class T>
Array<T> mapped(const Array<T>& x, const Maps<T>& maps) {
    Shape shape = x.shape();
    std::size_t from = 1, to = 1;
    for (std::size_t i = 0; i < maps.size(); ++i) {
        shape[shape.size() - maps.size() + i] = maps[i].outputs();
        from *= maps[i].inputs;
        to *= maps[i].outputs();
    }
    Array<T> y = empty<T>(shape);
    const Columns<T> columns = columns_of(maps.back());
    parallel_ranges(
        y.size() / to, 1 + 16384 / (from + to), [&](std::size_t begin, std::size_t end) {
            if (maps.size() == 1) {
                columns(y.data() + begin * to, x.data() + begin * from, end - begin, maps[0]);
                return;
            }
            std::vector<T> scratch;
            for (std::size_t i = begin; i < end; ++i)
                map_plane(y.data() + i * to, x.data() + i * from, maps, columns, scratch);
        });
    return y;
}

template <class T>
struct TwoWays {
    Maps<T> there, back;
};

}  // namespace

static const Op map_axes_op(
    "map_axes",
    on({{2, 3, 4}}, [](const auto& in) {
        using T = typename std::decay_t<decltype(in[0])>::value_type;
        AxisMap<T> rows(3), columns(4);
        rows.add(2, 0.5);
        rows.add(0);
        rows.end_output(2);
        columns.add(1);
        columns.end_output();
        columns.end_output();
        columns.add(1, -1);
        columns.add(3, 1.5);
        columns.end_output(4);
        return map_axes(map_axes_op, in[0], std::vector{rows, columns}, Where::current());
    }).linear());

namespace {

template <class T>
Variable<T> recorded_map(
    const Op& op,
    const Variable<T>& x,
    std::shared_ptr<const TwoWays<T>> ways,
    bool is_back,
    Where where) {
    Array<T> y = mapped(x.value(), is_back ? ways->back : ways->there);
    return record(op, std::move(y), where).wrt(x, [ways, is_back](const Variable<T>& g) {
        return recorded_map(map_axes_op, g, ways, !is_back, Where::current());
    });
}

}  // namespace

template <class T>
Variable<T> map_axes(
    const Op& op, const Variable<T>& x, std::vector<AxisMap<T>> maps, Where where) {
    for (std::size_t i = 0; i < maps.size(); ++i) {
        if (x.rank() < maps.size() || x.shape()[x.rank() - maps.size() + i] != maps[i].inputs) {
            fail<ShapeError>(
                "map_axes: x has shape {}, map {} of {} is for {} elements; need as many",
                x.shape(),
                i,
                maps.size(),
                maps[i].inputs);
        }
    }
    auto ways = std::make_shared<TwoWays<T>>();
    if (x.requires_grad() && grad_enabled()) {
        for (const AxisMap<T>& map : maps)
            ways->back.push_back(transposed(map));
    }
    ways->there = std::move(maps);
    return recorded_map<T>(op, x, std::move(ways), false, where);
}
template Variable<float> map_axes(
    const Op&, const Variable<float>&, std::vector<AxisMap<float>>, Where);
template Variable<double> map_axes(
    const Op&, const Variable<double>&, std::vector<AxisMap<double>>, Where);

}  // namespace xgrad::detail
