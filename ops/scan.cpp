#include <autograd/branch.hpp>
#include <autograd/broadcast.hpp>
#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <ops/along.hpp>
#include <ops/arrange.hpp>
#include <ops/elementwise.hpp>
#include <ops/operators.hpp>
#include <ops/reduce.hpp>
#include <ops/scan.hpp>
#include <ops/shape.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xgrad {
namespace {

using detail::Along;
using detail::with_extent;

constexpr double infinity = std::numeric_limits<double>::infinity();

// Up to `width` lanes side by side at a time.
template <class State, std::size_t width, class Step>
void walk_lanes(const Along& along, bool reverse, Step step) {
    for (std::size_t outer = 0; outer < along.outer; ++outer) {
        for (std::size_t left = 0; left < along.inner; left += width) {
            const std::size_t lanes = width == 1 ? 1 : std::min(width, along.inner - left);
            State states[width] = {};
            for (std::size_t k = 0; k < along.extent; ++k) {
                const std::size_t i = reverse ? along.extent - 1 - k : k;
                const std::size_t at = (outer * along.extent + i) * along.inner + left;
                for (std::size_t lane = 0; lane < lanes; ++lane)
                    step(states[lane], at + lane);
            }
        }
    }
}

// Calls step(state, offset of the element) along each lane from either end, with a fresh state for
// each. Lanes across the rows are walked together, so that cache lines are used whole.
template <class State, class Step>
void walk(const Along& along, bool reverse, Step step) {
    if (along.inner == 1)
        walk_lanes<State, 1>(along, reverse, step);
    else
        walk_lanes<State, 16>(along, reverse, step);
}

// What stands before each element along the axis (after it, with `reverse`); `fill` at the end.
template <class T>
Variable<T> previous(const Variable<T>& x, std::size_t axis, bool reverse, T fill) {
    const std::size_t n = x.shape()[axis];
    if (n == 0)
        return x;
    const auto at = static_cast<std::ptrdiff_t>(axis);
    const Variable<T> edge(Array<T>(with_extent(x.shape(), axis, 1), fill));
    return reverse ? concatenate<T>({slice(x, at, 1, n), edge}, at)
                   : concatenate<T>({edge, slice(x, at, 0, n - 1)}, at);
}

}  // namespace

// A primitive: as a product with a triangle of ones it would take n^2 steps.
static const Op cumsum_op(
    "cumsum",
    {on({{3, 4}}, [](const auto& in) { return cumsum(in[0]); }).linear(),
     on({{2, 3, 2}}, [](const auto& in) { return cumsum(in[0], 1, true); }).linear()});
template <class T>
Variable<T> cumsum(const Variable<T>& x, std::ptrdiff_t axis, bool reverse, Where where) {
    const std::size_t at = checked_axis("cumsum", axis, x.rank());
    Array<T> y = empty<T>(x.shape());
    walk<double>(
        Along(x.shape(), at),
        reverse,
        [from = x.value().data(), to = y.data()](double& total, std::size_t i) {
            total += from[i];
            to[i] = static_cast<T>(total);
        });
    return record(cumsum_op, std::move(y), where).wrt(x, [at, reverse](const Variable<T>& g) {
        return cumsum(g, static_cast<std::ptrdiff_t>(at), !reverse);
    });
}
template Variable<float> cumsum(const Variable<float>&, std::ptrdiff_t, bool, Where);
template Variable<double> cumsum(const Variable<double>&, std::ptrdiff_t, bool, Where);

// A primitive: each element needs the one before. Its share for b is a recurrence from the other
// end with a moved by one, so it is closed under differentiation.
static const Op linear_recurrence_op(
    "linear_recurrence",
    {on({{3, 4}, {3, 4}}, [](const auto& in) { return linear_recurrence(in[0], in[1]); }),
     on({{3, 2}, {3, 2}},
        [](const auto& in) { return linear_recurrence(in[0], in[1], 0, true); })});

namespace {

// How a change of each b_i comes through to the end.
template <class T>
Variable<T> carried(const Variable<T>& a, const Variable<T>& g, std::size_t axis, bool reverse) {
    const auto at = static_cast<std::ptrdiff_t>(axis);
    return linear_recurrence(roll(a, reverse ? 1 : -1, at), g, at, !reverse);
}

}  // namespace

template <class T>
Variable<T> linear_recurrence(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    std::ptrdiff_t axis,
    bool reverse,
    Where where) {
    if (a.shape() != b.shape()) {
        fail<ShapeError>(
            "linear_recurrence: a has shape {}, b {}; need one shape", a.shape(), b.shape());
    }
    const std::size_t at = checked_axis("linear_recurrence", axis, a.rank());
    Array<T> y = empty<T>(a.shape());
    struct State {
        T last = 0;
        bool is_first = true;
    };
    walk<State>(
        Along(a.shape(), at),
        reverse,
        [fa = a.value().data(), fb = b.value().data(), to = y.data()](State& state, std::size_t i) {
            state.last = state.is_first ? fb[i] : fa[i] * state.last + fb[i];
            state.is_first = false;
            to[i] = state.last;
        });
    return record(linear_recurrence_op, std::move(y), where)
        .wrt(
            a,
            [a = keep(a), at, reverse](const Variable<T>& g, const Variable<T>& y) {
                return carried(*a, g, at, reverse) * previous(y, at, reverse, T(0));
            })
        .wrt(b, [a = keep(a), at, reverse](const Variable<T>& g) {
            return carried(*a, g, at, reverse);
        });
}
template Variable<float> linear_recurrence(
    const Variable<float>&, const Variable<float>&, std::ptrdiff_t, bool, Where);
template Variable<double> linear_recurrence(
    const Variable<double>&, const Variable<double>&, std::ptrdiff_t, bool, Where);

// y_i = x_i y_(i-1) after a one: the recurrence, whose share divides by nothing.
static const Op cumprod_op(
    "cumprod",
    {on({{3, 4}}, [](const auto& in) { return cumprod(in[0]); }),
     on({{2, 3, 2}}, [](const auto& in) { return cumprod(in[0], 1); })});
template <class T>
Variable<T> cumprod(const Variable<T>& x, std::ptrdiff_t axis, Where where) {
    const std::size_t at = checked_axis("cumprod", axis, x.rank());
    const auto along = static_cast<std::ptrdiff_t>(at);
    const std::size_t n = x.shape()[at];
    const Variable<T> one(Array<T>(with_extent(x.shape(), at, 1), T(1)));
    const Variable<T> zeros(Array<T>(x.shape(), T(0)));
    const Variable<T> factors = concatenate<T>({one, x}, along, where);
    const Variable<T> start = concatenate<T>({one, zeros}, along, where);
    return slice(linear_recurrence(factors, start, along, false, where), along, 1, n + 1, 1, where);
}
template Variable<float> cumprod(const Variable<float>&, std::ptrdiff_t, Where);
template Variable<double> cumprod(const Variable<double>&, std::ptrdiff_t, Where);

namespace {

// x taken where the best so far stands; `better` holds for equals, too.
template <class T, class Better>
Variable<T> running_best(
    const char* op, const Variable<T>& x, std::ptrdiff_t axis, Better better, Where where) {
    const std::size_t at = checked_axis(op, axis, x.rank());
    IndexArray indices = empty<std::int64_t>(x.shape());
    struct State {
        std::int64_t position = 0, best = 0;
        T value = 0;
    };
    walk<State>(
        Along(x.shape(), at),
        false,
        [better, from = x.value().data(), to = indices.data()](State& state, std::size_t i) {
            const T next = from[i], value = state.value;
            if (state.position == 0 || next != next || (value == value && better(next, value))) {
                state.best = state.position;
                state.value = next;
            }
            ++state.position;
            to[i] = state.best;
        });
    detail::note_choice(op, where, indices);
    return take_along(x, indices, static_cast<std::ptrdiff_t>(at), where);
}

}  // namespace

static const Op cummax_op(
    "cummax",
    {on({{3, 4}}, [](const auto& in) { return cummax(in[0]); }).without_ties().linear(),
     on({{3, 2}}, [](const auto& in) { return cummax(in[0], 0); }).without_ties().linear()});
template <class T>
Variable<T> cummax(const Variable<T>& x, std::ptrdiff_t axis, Where where) {
    return running_best("cummax", x, axis, std::greater_equal<T>(), where);
}
template Variable<float> cummax(const Variable<float>&, std::ptrdiff_t, Where);
template Variable<double> cummax(const Variable<double>&, std::ptrdiff_t, Where);

static const Op cummin_op(
    "cummin",
    {on({{3, 4}}, [](const auto& in) { return cummin(in[0]); }).without_ties().linear(),
     on({{3, 2}}, [](const auto& in) { return cummin(in[0], 0); }).without_ties().linear()});
template <class T>
Variable<T> cummin(const Variable<T>& x, std::ptrdiff_t axis, Where where) {
    return running_best("cummin", x, axis, std::less_equal<T>(), where);
}
template Variable<float> cummin(const Variable<float>&, std::ptrdiff_t, Where);
template Variable<double> cummin(const Variable<double>&, std::ptrdiff_t, Where);

// A primitive: log(cumsum(exp(x - max))) is -infinity for a beginning far below the maximum, as for
// {0, 1000}. The sum is kept relative to the largest so far.
static const Op logcumsumexp_op(
    "logcumsumexp",
    {on({{3, 4}}, [](const auto& in) { return logcumsumexp(in[0]); }),
     on({{2, 3, 2}}, [](const auto& in) { return logcumsumexp(in[0], 1); })});
template <class T>
Variable<T> logcumsumexp(const Variable<T>& x, std::ptrdiff_t axis, Where where) {
    const std::size_t at = checked_axis("logcumsumexp", axis, x.rank());
    Array<T> y = empty<T>(x.shape());
    struct State {
        double top = -infinity, total = 0;
    };
    walk<State>(
        Along(x.shape(), at),
        false,
        [from = x.value().data(), to = y.data()](State& state, std::size_t i) {
            const double next = from[i];
            if (next > state.top) {
                state.total = state.total * std::exp(state.top - next) + 1;
                state.top = next;
            } else if (next != -infinity) {
                state.total += next == state.top ? 1 : std::exp(next - state.top);
            }
            to[i] =
                static_cast<T>(state.total == 0 ? state.top : state.top + std::log(state.total));
        });
    return record(logcumsumexp_op, std::move(y), where)
        .wrt(x, [x = keep(x), at](const Variable<T>& g, const Variable<T>& y) {
            constexpr T lowest = -std::numeric_limits<T>::infinity();
            const Variable<T> finite = xgrad::where(equal(y, lowest), T(0), y);
            const Variable<T> decay = exp(previous(y, at, false, lowest) - finite);
            return exp(*x - finite) * carried(decay, g, at, false);
        });
}
template Variable<float> logcumsumexp(const Variable<float>&, std::ptrdiff_t, Where);
template Variable<double> logcumsumexp(const Variable<double>&, std::ptrdiff_t, Where);

namespace {

// All but the first and all but the last along the axis.
template <class T>
struct Neighbours {
    Neighbours(const Variable<T>& x, std::size_t axis, Where where) {
        const std::size_t n = x.shape()[axis];
        const auto at = static_cast<std::ptrdiff_t>(axis);
        later = slice(x, at, std::min<std::size_t>(n, 1), n, 1, where);
        earlier = slice(x, at, 0, n - std::min<std::size_t>(n, 1), 1, where);
    }
    Variable<T> later, earlier;
};

}  // namespace

static const Op diff_op(
    "diff",
    {on({{3, 4}}, [](const auto& in) { return diff(in[0]); }).linear(),
     on({{4, 2}}, [](const auto& in) { return diff(in[0], 2, 0); }).linear()});
template <class T>
Variable<T> diff(const Variable<T>& x, std::size_t n, std::ptrdiff_t axis, Where where) {
    const std::size_t at = checked_axis("diff", axis, x.rank());
    if (n == 0 || x.shape()[at] == 0)
        return reshape(x, x.shape(), where);
    Variable<T> y = x;
    for (std::size_t i = 0; i < n && y.shape()[at] > 0; ++i) {
        const Neighbours<T> pairs(y, at, where);
        y = sub(pairs.later, pairs.earlier, where);
    }
    return y;
}
template Variable<float> diff(const Variable<float>&, std::size_t, std::ptrdiff_t, Where);
template Variable<double> diff(const Variable<double>&, std::size_t, std::ptrdiff_t, Where);

static const Op trapezoid_op(
    "trapezoid",
    {on({{3, 4}}, [](const auto& in) { return trapezoid(in[0], 0.5); }).linear(),
     on({{3, 4}, {3, 4}}, [](const auto& in) { return trapezoid(in[0], in[1], 0); }),
     on({{3, 4}, {3}}, [](const auto& in) { return trapezoid(in[0], in[1], 0); })});
template <class T>
Variable<T> trapezoid(const Variable<T>& y, double spacing, std::ptrdiff_t axis, Where where) {
    const std::size_t at = checked_axis("trapezoid", axis, y.rank());
    const Neighbours<T> pairs(y, at, where);
    const Variable<T> total = sum(
        add(pairs.later, pairs.earlier, where), {static_cast<std::ptrdiff_t>(at)}, false, where);
    return mul(total, static_cast<T>(spacing / 2), where);
}
template Variable<float> trapezoid(const Variable<float>&, double, std::ptrdiff_t, Where);
template Variable<double> trapezoid(const Variable<double>&, double, std::ptrdiff_t, Where);

template <class T>
Variable<T> trapezoid(
    const Variable<T>& y, const Variable<T>& x, std::ptrdiff_t axis, Where where) {
    const std::size_t at = checked_axis("trapezoid", axis, y.rank());
    const bool is_vector = x.shape() == Shape{y.shape()[at]};
    if (!is_vector && x.shape() != y.shape()) {
        fail<ShapeError>(
            "trapezoid: y has shape {}, x {}; need x of y's shape or ({},) along axis {}",
            y.shape(),
            x.shape(),
            y.shape()[at],
            at);
    }
    Variable<T> widths = diff(x, 1, is_vector ? 0 : axis, where);
    if (is_vector) {
        const Shape line = with_extent(Shape(y.rank(), 1), at, widths.size());
        widths = reshape(widths, line, where);
    }
    const Neighbours<T> pairs(y, at, where);
    const Variable<T> areas = mul(widths, add(pairs.later, pairs.earlier, where), where);
    return div(sum(areas, {static_cast<std::ptrdiff_t>(at)}, false, where), T(2), where);
}
template Variable<float> trapezoid(
    const Variable<float>&, const Variable<float>&, std::ptrdiff_t, Where);
template Variable<double> trapezoid(
    const Variable<double>&, const Variable<double>&, std::ptrdiff_t, Where);

}  // namespace xgrad
