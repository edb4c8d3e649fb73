#include <autograd/broadcast.hpp>
#include <autograd/caches.hpp>
#include <autograd/grain.hpp>
#include <autograd/kernels.hpp>
#include <autograd/parallel.hpp>
#include <autograd/repeat.hpp>

#include <algorithm>

namespace xgrad::detail {
namespace {

// Sums over more elements than this are cut, so that threads can share them.
constexpr std::size_t piece_size = std::size_t{1} << 18;

// How [0, n) is cut into pieces of at least `size`, by sizes alone.
struct Pieces {
    Pieces(std::size_t n, std::size_t size)
        : total(n),
          count(std::max<std::size_t>(1, n / size)),
          each((n + count - 1) / count) {}

    [[nodiscard]] std::size_t begin(std::size_t i) const { return std::min(total, i * each); }
    [[nodiscard]] std::size_t length(std::size_t i) const { return begin(i + 1) - begin(i); }

    std::size_t total, count, each;
};

// y[r] = the sum of row r of x.
template <class T>
void sum_rows(T* y, const T* x, std::size_t rows, std::size_t columns) {
    const auto kernel = kernels<TapeKernels<T>>().sum_rows;
    const Pieces pieces(columns, piece_size);
    if (pieces.count == 1) {
        parallel_ranges(
            rows, 1 + parallel_grain / (columns + 1), [&](std::size_t begin, std::size_t end) {
                kernel(y + begin, x + begin * columns, end - begin, columns);
            });
        return;
    }
    Array<T> parts = empty<T>({rows, pieces.count});
    parallel_tasks(parts.size(), [&](std::size_t i) {
        const std::size_t row = i / pieces.count, piece = i % pieces.count;
        const T* from = x + row * columns + pieces.begin(piece);
        kernel(parts.data() + i, from, 1, pieces.length(piece));
    });
    sum_rows(y, parts.data(), rows, pieces.count);
}

// y[o, c] = the sum over r of x[o, r, c], with at most one piece of rows.
template <class T>
void sum_short_columns(T* y, const T* x, std::size_t outer, std::size_t rows, std::size_t columns) {
    const auto kernel = kernels<TapeKernels<T>>().sum_columns;
    // Ranges over all columns of y, one o after the other.
    constexpr std::size_t unit = 64;
    const std::size_t units = (columns + unit - 1) / unit;
    const std::size_t least = 1 + parallel_grain / (unit * (rows + 1));
    parallel_ranges(outer * units, least, [&](std::size_t begin, std::size_t end) {
        while (begin < end) {
            const std::size_t o = begin / units, next = std::min(end, (o + 1) * units);
            const std::size_t first = (begin - o * units) * unit;
            const std::size_t last = std::min(columns, (next - o * units) * unit);
            const T* from = x + o * rows * columns + first;
            kernel(y + o * columns + first, from, rows, last - first, columns);
            begin = next;
        }
    });
}

template <class T>
void sum_columns(T* y, const T* x, std::size_t outer, std::size_t rows, std::size_t columns) {
    const std::size_t least = piece_size / std::max<std::size_t>(columns, 1);
    const Pieces pieces(rows, std::max<std::size_t>(64, least));
    if (pieces.count == 1) {
        sum_short_columns(y, x, outer, rows, columns);
        return;
    }
    Array<T> parts = empty<T>({outer, pieces.count, columns});
    parallel_tasks(outer * pieces.count, [&](std::size_t i) {
        const std::size_t o = i / pieces.count, piece = i % pieces.count;
        const T* from = x + (o * rows + pieces.begin(piece)) * columns;
        const auto kernel = kernels<TapeKernels<T>>().sum_columns;
        kernel(parts.data() + i * columns, from, pieces.length(piece), columns, columns);
    });
    sum_columns(y, parts.data(), outer, pieces.count, columns);
}

}  // namespace

template <class T>
Array<T> sum_axes(const Array<T>& x, const std::vector<std::size_t>& axes) {
    Shape shape = x.shape();
    if (axes.empty())
        return copy_of(x);
    // One run of adjacent axes at a time, the last one first: (outer, reduced, inner).
    Array<T> reduced;
    const T* from = x.data();
    for (std::size_t i = axes.size(); i > 0;) {
        const std::size_t last = axes[i - 1];
        std::size_t first = last;
        for (--i; i > 0 && axes[i - 1] + 1 == first; --i)
            --first;
        std::size_t outer = 1, along = 1, inner = 1;
        for (std::size_t a = 0; a < shape.size(); ++a) {
            (a < first ? outer : a <= last ? along : inner) *= shape[a];
        }
        for (std::size_t a = first; a <= last; ++a)
            shape[a] = 1;
        Array<T> y = empty<T>(shape);
        if (inner == 1) {
            sum_rows(y.data(), from, outer, along);
        } else {
            sum_columns(y.data(), from, outer, along, inner);
        }
        reduced = std::move(y);
        from = reduced.data();
    }
    return reduced;
}
template Array<float> sum_axes(const Array<float>&, const std::vector<std::size_t>&);
template Array<double> sum_axes(const Array<double>&, const std::vector<std::size_t>&);

template <class T>
Array<T> repeat_to(const Array<T>& x, const Shape& shape) {
    Array<T> y = empty<T>(shape);
    if (y.size() == 0)
        return y;
    const auto kernel = kernels<TapeKernels<T>>().repeat;
    const bool past_caches = detail::past_caches<T>(y.size());
    const Loops loops(shape, {&x.shape()});
    const std::size_t rows = loops.rows(), columns = loops.columns();
    const std::size_t row_step = loops.row_stride(0), column_step = loops.column_stride(0);
    for (std::size_t step = 0; step < loops.outer(); ++step) {
        const T* from = x.data() + loops.offset(0, step);
        T* to = y.data() + step * rows * columns;
        if (rows == 1) {
            parallel_ranges(columns, parallel_grain, [&](std::size_t begin, std::size_t end) {
                const T* part = from + begin * column_step;
                kernel(to + begin, part, 1, end - begin, 0, column_step == 0, past_caches);
                drain<T>(past_caches);
            });
            continue;
        }
        parallel_ranges(
            rows, 1 + parallel_grain / columns, [&](std::size_t begin, std::size_t end) {
                const T* part = from + begin * row_step;
                T* rows_to = to + begin * columns;
                kernel(
                    rows_to, part, end - begin, columns, row_step, column_step == 0, past_caches);
                drain<T>(past_caches);
            });
    }
    return y;
}
template Array<float> repeat_to(const Array<float>&, const Shape&);
template Array<double> repeat_to(const Array<double>&, const Shape&);

template <class T>
Array<T> copy_of(const Array<T>& x) {
    Array<T> y = empty<T>(x.shape());
    const bool past_caches = detail::past_caches<T>(y.size());
    parallel_ranges(y.size(), parallel_grain, [&](std::size_t begin, std::size_t end) {
        const auto kernel = kernels<TapeKernels<T>>().repeat;
        kernel(y.data() + begin, x.data() + begin, 1, end - begin, 0, false, past_caches);
        drain<T>(past_caches);
    });
    return y;
}
template Array<float> copy_of(const Array<float>&);
template Array<double> copy_of(const Array<double>&);

}  // namespace xgrad::detail
