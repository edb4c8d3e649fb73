#include <autograd/branch.hpp>
#include <autograd/broadcast.hpp>
#include <autograd/fail.hpp>
#include <autograd/grain.hpp>
#include <autograd/parallel.hpp>
#include <autograd/record.hpp>
#include <ops/arrange.hpp>
#include <ops/elementwise.hpp>
#include <ops/operators.hpp>
#include <ops/reduce.hpp>
#include <ops/row_kernels.hpp>
#include <ops/scan.hpp>
#include <ops/shape.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace xgrad {
namespace {

Axes all_axes(std::size_t rank) {
    Axes axes(rank);
    std::iota(axes.begin(), axes.end(), 0);
    return axes;
}

// A shape reduced: with extent 1 in place of the reduced axes, without them, and how many
// elements each result stands for.
struct Reduced {
    Reduced(const char* op, const Shape& shape, const Axes& axes)
        : sorted(checked_axes(op, axes, shape.size())),
          kept(shape) {
        for (const std::size_t axis : sorted) {
            count *= shape[axis];
            kept[axis] = 1;
        }
        for (std::size_t i = 0; i < shape.size(); ++i) {
            if (!std::ranges::binary_search(sorted, i))
                dropped.push_back(shape[i]);
        }
    }
    std::vector<std::size_t> sorted;
    Shape kept, dropped;
    std::size_t count = 1;
};

}  // namespace

// Every element that was summed receives the same g.
static const Op sum_op(
    "sum",
    {on({{3, 4}}, [](const auto& in) { return sum(in[0]); }).linear(),
     on({{2, 3, 4}},
        [](const auto& in) {
            return sum(in[0], {0, 2});
        })
         .linear(),
     on({{3, 4}}, [](const auto& in) { return sum(in[0], {-1}, true); }).linear()});
template <class T>
Variable<T> sum(const Variable<T>& x, const Axes& axes, bool keep_dims, Where where) {
    const Reduced to("sum", x.shape(), axes);
    Array<T> y = detail::sum_axes(x.value(), to.sorted);
    y.reshape(keep_dims ? to.kept : to.dropped);
    return record(sum_op, std::move(y), where)
        .wrt(x, one_number([kept = to.kept, wide = x.shape()](const Variable<T>& g) {
                 if (g.size() == 1 && !grad_enabled())
                     return g.rank() == 0 ? g : Variable<T>(g.item());
                 return broadcast_to(g.shape() == kept ? g : reshape(g, kept), wide);
             }));
}
template Variable<float> sum(const Variable<float>&, const Axes&, bool, Where);
template Variable<double> sum(const Variable<double>&, const Axes&, bool, Where);

static const Op mean_op(
    "mean",
    {on({{3, 4}}, [](const auto& in) { return mean(in[0]); }).linear(),
     on({{2, 3}}, [](const auto& in) { return mean(in[0], {1}, true); }).linear()});
template <class T>
Variable<T> mean(const Variable<T>& x, const Axes& axes, bool keep_dims, Where where) {
    const Reduced to("mean", x.shape(), axes);
    return div(sum(x, axes, keep_dims, where), static_cast<T>(to.count), where);
}
template Variable<float> mean(const Variable<float>&, const Axes&, bool, Where);
template Variable<double> mean(const Variable<double>&, const Axes&, bool, Where);

namespace {

template <class T>
Variable<T> variance_of(
    const char* op,
    const Variable<T>& x,
    const Axes& axes,
    bool keep_dims,
    std::size_t ddof,
    Where where) {
    const Reduced to(op, x.shape(), axes);
    if (ddof >= to.count && ddof > 0) {
        fail<std::invalid_argument>(
            "{}: ddof is {}, x has shape {}, {} elements to each result; need ddof < that",
            op,
            ddof,
            x.shape(),
            to.count);
    }
    const Variable<T> squares = square(sub(x, mean(x, axes, true, where), where), where);
    const T divisor = static_cast<T>(to.count - ddof);
    return div(sum(squares, axes, keep_dims, where), divisor, where);
}

}  // namespace

static const Op variance_op(
    "variance",
    {on({{3, 4}}, [](const auto& in) { return variance(in[0]); }),
     on({{2, 3}}, [](const auto& in) { return variance(in[0], {1}, true, 1); })});
template <class T>
Variable<T> variance(
    const Variable<T>& x, const Axes& axes, bool keep_dims, std::size_t ddof, Where where) {
    return variance_of("variance", x, axes, keep_dims, ddof, where);
}
template Variable<float> variance(const Variable<float>&, const Axes&, bool, std::size_t, Where);
template Variable<double> variance(const Variable<double>&, const Axes&, bool, std::size_t, Where);

static const Op stddev_op(
    "stddev",
    {on({{3, 4}}, [](const auto& in) { return stddev(in[0]); }).without_ties(),
     on({{2, 3}}, [](const auto& in) { return stddev(in[0], {1}, true, 1); }).without_ties()});
template <class T>
Variable<T> stddev(
    const Variable<T>& x, const Axes& axes, bool keep_dims, std::size_t ddof, Where where) {
    // The slope of the root is infinite at 0, and times the variance's 0 it would be NaN.
    const Variable<T> v = variance_of("stddev", x, axes, keep_dims, ddof, where);
    const Variable<T> none = equal(v, T(0));
    return xgrad::where(none, T(0), sqrt(xgrad::where(none, T(1), v, where), where), where);
}
template Variable<float> stddev(const Variable<float>&, const Axes&, bool, std::size_t, Where);
template Variable<double> stddev(const Variable<double>&, const Axes&, bool, std::size_t, Where);

namespace {

enum class Which { least, largest };

// The extreme over the axes, which keep extent 1. NaN wins.
template <class T>
Array<T> extreme(const char* op, const Array<T>& x, const Reduced& to, Which which) {
    if (to.count == 0) {
        fail<ShapeError>(
            "{}: x has shape {}, with nothing to choose from; need at least one element",
            op,
            x.shape());
    }
    const auto& run = detail::kernels<detail::RowKernels<T>>();
    const bool largest = which == Which::largest;
    constexpr T infinity = std::numeric_limits<T>::infinity();
    Array<T> y(to.kept, largest ? -infinity : infinity);
    if (y.size() == 0)
        return y;
    // Walk x once; the result's position follows with stride 0 along reduced axes.
    const detail::Loops loops(x.shape(), {&to.kept});
    const std::size_t rows = loops.rows(), columns = loops.columns(), step = loops.row_stride(0);
    for (std::size_t outer = 0; outer < loops.outer(); ++outer) {
        const auto each_row = [&](std::size_t begin, std::size_t end) {
            for (std::size_t r = begin; r < end; ++r) {
                const T* from = x.data() + (outer * rows + r) * columns;
                T* best = y.data() + loops.offset(0, outer) + r * step;
                if (loops.column_stride(0) == 0)
                    run.extreme_of_row(best, from, columns, largest);
                else
                    run.extreme_into(best, from, columns, largest);
            }
        };
        if (step == 0)
            each_row(0, rows);  // into one place
        else
            detail::parallel_ranges(rows, 1 + detail::parallel_grain / columns, each_row);
    }
    return y;
}

// g / (number of ties) to each element that equals the result.
template <class T>
Variable<T> share_of_extreme(
    const Variable<T>& g,
    const Variable<T>& x,
    const Variable<T>& y,
    const Axes& axes,
    const Shape& kept) {
    const Variable<T> ties = equal(x, reshape(y, kept)).detach();
    return mul(ties, div(reshape(g, kept), sum(ties, axes, true)));
}

// Which elements of x equal the best one: one decision for each result.
template <class T>
void note_winners(const Op& op, const Array<T>& x, const Array<T>& best, const Where& where) {
    std::vector<std::uint64_t> sides(best.size(), 0);
    const detail::Loops loops(x.shape(), {&best.shape()});
    const T* from = x.data();
    for (std::size_t step = 0; step < loops.outer() && x.size() > 0; ++step) {
        for (std::size_t row = 0; row < loops.rows(); ++row) {
            std::size_t at = loops.offset(0, step) + row * loops.row_stride(0);
            for (std::size_t c = 0; c < loops.columns(); ++c, at += loops.column_stride(0)) {
                detail::decisions = sides[at];
                detail::note_decision(*from++ == best.data()[at] ? 1 : 0);
                sides[at] = detail::decisions;
            }
        }
    }
    detail::note_branches(op.name(), where, best.shape(), std::move(sides));
}

template <class T>
Variable<T> recorded_extreme(
    const Op& op,
    const Variable<T>& x,
    const Axes& axes,
    bool keep_dims,
    Which which,
    Where where) {
    const Reduced to(op.name().c_str(), x.shape(), axes);
    Array<T> y = extreme(op.name().c_str(), x.value(), to, which);
    if (detail::tracing_branches)
        note_winners(op, x.value(), y, where);
    y.reshape(keep_dims ? to.kept : to.dropped);
    return record(op, std::move(y), where)
        .wrt(x, [x = keep(x), axes, kept = to.kept](const Variable<T>& g, const Variable<T>& y) {
            return share_of_extreme(g, *x, y, axes, kept);
        });
}

}  // namespace

static const Op max_op(
    "max",
    {on({{3, 4}}, [](const auto& in) { return max(in[0]); }).without_ties().linear(),
     on({{2, 3, 2}},
        [](const auto& in) {
            return max(in[0], {0, 2});
        })
         .without_ties()
         .linear(),
     on({{3, 4}}, [](const auto& in) { return max(in[0], {0}, true); }).without_ties().linear()});
template <class T>
Variable<T> max(const Variable<T>& x, const Axes& axes, bool keep_dims, Where where) {
    return recorded_extreme(max_op, x, axes, keep_dims, Which::largest, where);
}
template Variable<float> max(const Variable<float>&, const Axes&, bool, Where);
template Variable<double> max(const Variable<double>&, const Axes&, bool, Where);

static const Op min_op(
    "min",
    {on({{3, 4}}, [](const auto& in) { return min(in[0]); }).without_ties().linear(),
     on({{2, 3, 2}}, [](const auto& in) { return min(in[0], {1}); }).without_ties().linear()});
template <class T>
Variable<T> min(const Variable<T>& x, const Axes& axes, bool keep_dims, Where where) {
    return recorded_extreme(min_op, x, axes, keep_dims, Which::least, where);
}
template Variable<float> min(const Variable<float>&, const Axes&, bool, Where);
template Variable<double> min(const Variable<double>&, const Axes&, bool, Where);

static const Op prod_op(
    "prod",
    {on({{3, 2}}, [](const auto& in) { return prod(in[0]); }),
     on({{2, 3}}, [](const auto& in) { return prod(in[0], {1}, true); })});
namespace {

// Calls f(row) for each row of an array (rows, columns), rows spread over the threads.
template <class F>
void each_row(const Shape& shape, F f) {
    const std::size_t grain = 1 + detail::parallel_grain / (shape[1] + 1);
    detail::parallel_ranges(shape[0], grain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t row = begin; row < end; ++row)
            f(row);
    });
}

// The product of each row, (rows, 1), in double: intermediate products do not leave float's range.
template <class T>
Array<T> products_of(const Array<T>& x) {
    const std::size_t n = x.shape()[1];
    Array<T> y = empty<T>({x.shape()[0], 1});
    each_row(x.shape(), [&](std::size_t row) {
        const T* from = x.data() + row * n;
        constexpr std::size_t lanes = 8;  // each multiplication waits for the one before
        double products[lanes] = {1, 1, 1, 1, 1, 1, 1, 1};
        std::size_t i = 0;
        for (; i + lanes <= n; i += lanes) {
            for (std::size_t lane = 0; lane < lanes; ++lane)
                products[lane] *= from[i + lane];
        }
        double product = 1;
        for (const double partial : products)
            product *= partial;
        for (; i < n; ++i)
            product *= from[i];
        y.data()[row] = static_cast<T>(product);
    });
    return y;
}

// For each element the product of its row's others, those before times those behind: zeros need no
// care, at any order.
template <class T>
Variable<T> products_of_others(const Variable<T>& x) {
    const std::size_t rows = x.shape()[0], n = x.shape()[1];
    if (grad_enabled()) {
        Array<T> first(x.shape(), T(0)), last = first;
        for (std::size_t row = 0; row < rows; ++row)
            first(row, 0) = last(row, n - 1) = T(1);
        return linear_recurrence(roll(x, 1, 1), Variable<T>(std::move(first)), 1) *
               linear_recurrence(roll(x, -1, 1), Variable<T>(std::move(last)), 1, true);
    }
    Array<T> y = empty<T>(x.shape());
    Array<double> all_before = empty<double>(x.shape());
    each_row(x.shape(), [&](std::size_t row) {
        const T* from = x.value().data() + row * n;
        T* to = y.data() + row * n;
        double* before = all_before.data() + row * n;
        double product = 1;
        for (std::size_t i = 0; i < n; product *= from[i++])
            before[i] = product;
        product = 1;
        for (std::size_t i = n; i-- > 0; product *= from[i])
            to[i] = static_cast<T>(before[i] * product);
    });
    return Variable<T>(std::move(y));
}

}  // namespace

template <class T>
Variable<T> prod(const Variable<T>& x, const Axes& axes, bool keep_dims, Where where) {
    const Reduced to("prod", x.shape(), axes);
    Axes order;  // the axes that stay, then the reduced ones
    for (std::size_t i = 0; i < x.rank(); ++i) {
        if (!std::ranges::binary_search(to.sorted, i)) {
            order.push_back(static_cast<std::ptrdiff_t>(i));
        }
    }
    for (const std::size_t axis : to.sorted)
        order.push_back(static_cast<std::ptrdiff_t>(axis));
    const Shape& result = keep_dims ? to.kept : to.dropped;
    if (to.count == 0)
        return add(sum(x, axes, keep_dims, where), T(1), where);
    const Variable<T> last = std::ranges::is_sorted(order) ? x : permute(x, order, where);
    const Shape matrix{count(to.dropped), to.count};
    const Variable<T> rows = last.shape() == matrix ? last : reshape(last, matrix, where);
    const Variable<T> y = record(prod_op, products_of(rows.value()), where)
                              .wrt(rows, [rows = keep(rows)](const Variable<T>& g) {
                                  return g * products_of_others(*rows);
                              });
    return reshape(y, result, where);
}
template Variable<float> prod(const Variable<float>&, const Axes&, bool, Where);
template Variable<double> prod(const Variable<double>&, const Axes&, bool, Where);

static const Op logsumexp_op(
    "logsumexp",
    {on({{3, 4}}, [](const auto& in) { return logsumexp(in[0]); }),
     on({{2, 3}}, [](const auto& in) { return logsumexp(in[0], {1}, true); })});
// Shifted by the maximum, a constant of the computation: its gradients cancel. A shift that is
// not finite would make NaN of infinity - infinity.
template <class T>
Variable<T> logsumexp(const Variable<T>& x, const Axes& axes, bool keep_dims, Where where) {
    const Reduced to("logsumexp", x.shape(), axes);
    const Shape& result = keep_dims ? to.kept : to.dropped;
    if (to.count == 0)  // -infinity, of x all the same: its gradient has no element
        return add(sum(x, axes, keep_dims, where), -std::numeric_limits<T>::infinity(), where);
    Array<T> top = extreme("logsumexp", x.value(), to, Which::largest);
    for (T& value : top) {
        if (std::isinf(value))
            value = T(0);
    }
    const Variable<T> shift(std::move(top));
    const Variable<T> total = sum(exp(sub(x, shift, where), where), axes, true, where);
    return reshape(add(log(total, where), shift, where), result, where);
}
template Variable<float> logsumexp(const Variable<float>&, const Axes&, bool, Where);
template Variable<double> logsumexp(const Variable<double>&, const Axes&, bool, Where);

template <class T>
Variable<T> sum(const Variable<T>& x, Where where) {
    return sum(x, all_axes(x.rank()), false, where);
}
template Variable<float> sum(const Variable<float>&, Where);
template Variable<double> sum(const Variable<double>&, Where);
template <class T>
Variable<T> mean(const Variable<T>& x, Where where) {
    return mean(x, all_axes(x.rank()), false, where);
}
template Variable<float> mean(const Variable<float>&, Where);
template Variable<double> mean(const Variable<double>&, Where);
template <class T>
Variable<T> variance(const Variable<T>& x, Where where) {
    return variance(x, all_axes(x.rank()), false, 0, where);
}
template Variable<float> variance(const Variable<float>&, Where);
template Variable<double> variance(const Variable<double>&, Where);
template <class T>
Variable<T> stddev(const Variable<T>& x, Where where) {
    return stddev(x, all_axes(x.rank()), false, 0, where);
}
template Variable<float> stddev(const Variable<float>&, Where);
template Variable<double> stddev(const Variable<double>&, Where);
template <class T>
Variable<T> max(const Variable<T>& x, Where where) {
    return max(x, all_axes(x.rank()), false, where);
}
template Variable<float> max(const Variable<float>&, Where);
template Variable<double> max(const Variable<double>&, Where);
template <class T>
Variable<T> min(const Variable<T>& x, Where where) {
    return min(x, all_axes(x.rank()), false, where);
}
template Variable<float> min(const Variable<float>&, Where);
template Variable<double> min(const Variable<double>&, Where);
template <class T>
Variable<T> prod(const Variable<T>& x, Where where) {
    return prod(x, all_axes(x.rank()), false, where);
}
template Variable<float> prod(const Variable<float>&, Where);
template Variable<double> prod(const Variable<double>&, Where);
template <class T>
Variable<T> logsumexp(const Variable<T>& x, Where where) {
    return logsumexp(x, all_axes(x.rank()), false, where);
}
template Variable<float> logsumexp(const Variable<float>&, Where);
template Variable<double> logsumexp(const Variable<double>&, Where);

template <class T>
Array<std::int64_t> argmax(const Variable<T>& x, std::ptrdiff_t axis) {
    const std::size_t at = checked_axis("argmax", axis, x.rank());
    const Reduced to("argmax", x.shape(), {axis});
    if (to.count == 0) {
        fail<ShapeError>(
            "argmax: axis {} of shape {} is empty; need at least one element", at, x.shape());
    }
    Array<std::int64_t> result(to.dropped, 0);
    std::size_t inner = 1;
    for (std::size_t i = at + 1; i < x.rank(); ++i)
        inner *= x.shape()[i];
    for (std::size_t i = 0; i < result.size(); ++i) {
        const T* from = x.value().data() + i / inner * to.count * inner + i % inner;
        std::size_t best = 0;
        for (std::size_t j = 1; j < to.count && from[best * inner] == from[best * inner]; ++j) {
            const T value = from[j * inner];
            if (value > from[best * inner] || value != value)
                best = j;
        }
        result.data()[i] = static_cast<std::int64_t>(best);
    }
    detail::note_choice("argmax", {}, result);
    return result;
}
template Array<std::int64_t> argmax(const Variable<float>&, std::ptrdiff_t);
template Array<std::int64_t> argmax(const Variable<double>&, std::ptrdiff_t);

}  // namespace xgrad
