#include <autograd/broadcast.hpp>
#include <autograd/fail.hpp>
#include <autograd/grain.hpp>
#include <autograd/parallel.hpp>
#include <autograd/record.hpp>
#include <ops/distance.hpp>
#include <ops/elementwise.hpp>
#include <ops/linalg.hpp>
#include <ops/operators.hpp>
#include <ops/reduce.hpp>
#include <ops/shape.hpp>
#include <ops/statistic.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace xgrad {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Axes every_axis(std::size_t rank) {
    Axes axes(rank);
    std::iota(axes.begin(), axes.end(), 0);
    return axes;
}

// How many elements each result of a reduction stands for.
std::size_t reduced_count(const char* op, const Shape& shape, const Axes& axes) {
    std::size_t count = 1;
    for (const std::size_t axis : checked_axes(op, axes, shape.size()))
        count *= shape[axis];
    return count;
}

// The largest elements, for powers that stay in range; of squares the next powers of two below, so
// that x / scale is exact. A norm scales with x: the scale is a constant whose share cancels.
template <class T>
Variable<T> scale_of(const Variable<T>& x, double p, const Axes& axes) {
    const NoGradGuard constant;
    Array<T> scale = max(abs(x.detach()), axes, true).value();
    for (T& top : scale) {
        int exponent = 0;
        static_cast<void>(std::frexp(top, &exponent));
        const bool has_one = std::isfinite(top) && top > 0;
        const T exact = std::ldexp(T(1), exponent - 1);
        top = !has_one ? T(1) : p > 2 ? top : exact;
    }
    return Variable<T>(std::move(scale));
}

// f(x) where x is not 0 and 0 elsewhere: f is spared the 0, at which its slope is infinite.
template <class T, class F>
Variable<T> zero_at_zero(const Variable<T>& x, F f, Where where) {
    const Variable<T> none = equal(x, T(0));
    return xgrad::where(none, T(0), f(xgrad::where(none, T(1), x, where)), where);
}

// (sum |x|^p)^(1/p), keeping the axes.
template <class T>
Variable<T> power_norm(const Variable<T>& x, double p, const Axes& axes, Where where) {
    if (x.size() == 0)
        return sum(x, axes, true, where);
    const Variable<T> scale = scale_of(x, p, axes);
    const Variable<T> scaled = div(x, scale, where);
    const Variable<T> powers =
        p == 2
            ? square(scaled, where)
            : zero_at_zero(
                  abs(scaled, where), [&](const auto& size) { return pow(size, p, where); }, where);
    const Variable<T> root = zero_at_zero(
        sum(powers, axes, true, where),
        [&](const auto& total) { return p == 2 ? sqrt(total, where) : pow(total, 1 / p, where); },
        where);
    return mul(root, scale, where);
}

// The norm in the name of `op`, keeping the axes.
template <class T>
Variable<T> norm_of(const char* op, const Variable<T>& x, double p, const Axes& axes, Where where) {
    const std::size_t count = reduced_count(op, x.shape(), axes);
    if (!(p > 0 || p == -infinity)) {
        fail<std::invalid_argument>("{}: p is {}; need p > 0, or p = -infinity", op, p);
    }
    if (p == 1)
        return sum(abs(x, where), axes, true, where);
    if (std::isfinite(p))
        return power_norm(x, p, axes, where);
    if (count == 0) {
        fail<ShapeError>(
            "{}: x has shape {}, with nothing to choose from; need at least one element",
            op,
            x.shape());
    }
    const Variable<T> sizes = abs(x, where);
    return p > 0 ? max(sizes, axes, true, where) : min(sizes, axes, true, where);
}

}  // namespace

static const Op norm_op(
    "norm",
    {on({{3, 4}}, [](const auto& in) { return norm(in[0]); }),
     on({{2, 3}}, [](const auto& in) { return norm(in[0], 3, {1}); }).avoiding({0}),
     on({{2, 3}}, [](const auto& in) { return norm(in[0], 1.5, {0}, true); }).avoiding({0}),
     on({{2, 3}}, [](const auto& in) { return norm(in[0], 1, {-1}); }).avoiding({0}).linear(),
     on({{2, 3}}, [](const auto& in) { return norm(in[0], infinity, {1}); })
         .between(0.5, 3)
         .without_ties()
         .linear(),
     on({{2, 3}}, [](const auto& in) { return norm(in[0], -infinity, {1}); })
         .between(-3, -0.5)
         .without_ties()
         .linear()});
template <class T>
Variable<T> norm(const Variable<T>& x, double p, const Axes& axes, bool keep_dims, Where where) {
    const Variable<T> y = norm_of("norm", x, p, axes, where);
    return keep_dims ? y : squeeze(y, axes, where);
}
template Variable<float> norm(const Variable<float>&, double, const Axes&, bool, Where);
template Variable<double> norm(const Variable<double>&, double, const Axes&, bool, Where);

template <class T>
Variable<T> norm(const Variable<T>& x, double p, Where where) {
    return norm(x, p, every_axis(x.rank()), false, where);
}
template Variable<float> norm(const Variable<float>&, double, Where);
template Variable<double> norm(const Variable<double>&, double, Where);

namespace {

template <class T>
Variable<T> normalized(
    const char* op,
    const Variable<T>& x,
    double p,
    std::ptrdiff_t axis,
    double epsilon,
    Where where) {
    if (!(epsilon > 0))
        fail<std::invalid_argument>("{}: epsilon is {}; need epsilon > 0", op, epsilon);
    const Variable<T> size = norm_of(op, x, p, {axis}, where);
    return div(x, maximum(size, static_cast<T>(epsilon), where), where);
}

}  // namespace

static const Op normalize_op(
    "normalize",
    {on({{3, 4}}, [](const auto& in) { return normalize(in[0]); }),
     on({{3, 2}}, [](const auto& in) { return normalize(in[0], 3, 0); }).avoiding({0})});
template <class T>
Variable<T> normalize(
    const Variable<T>& x, double p, std::ptrdiff_t axis, double epsilon, Where where) {
    return normalized("normalize", x, p, axis, epsilon, where);
}
template Variable<float> normalize(const Variable<float>&, double, std::ptrdiff_t, double, Where);
template Variable<double> normalize(const Variable<double>&, double, std::ptrdiff_t, double, Where);

static const Op cosine_similarity_op(
    "cosine_similarity",
    {on({{3, 4}, {3, 4}}, [](const auto& in) { return cosine_similarity(in[0], in[1] + 3); }),
     on({{3, 2}, {3, 1}}, [](const auto& in) { return cosine_similarity(in[0], in[1], 0); })});
template <class T>
Variable<T> cosine_similarity(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    std::ptrdiff_t axis,
    double epsilon,
    Where where) {
    const Shape shape = broadcast_shape("cosine_similarity", a.shape(), b.shape());
    const std::size_t at = checked_axis("cosine_similarity", axis, shape.size());
    const auto direction = [&](const Variable<T>& x) {
        return normalized(
            "cosine_similarity",
            broadcast_to(x, shape, where),
            2,
            static_cast<std::ptrdiff_t>(at),
            epsilon,
            where);
    };
    const Variable<T> products = mul(direction(a), direction(b), where);
    return sum(products, {static_cast<std::ptrdiff_t>(at)}, false, where);
}
template Variable<float> cosine_similarity(
    const Variable<float>&, const Variable<float>&, std::ptrdiff_t, double, Where);
template Variable<double> cosine_similarity(
    const Variable<double>&, const Variable<double>&, std::ptrdiff_t, double, Where);

static const Op pairwise_distance_op(
    "pairwise_distance",
    {on({{3, 4}, {3, 4}}, [](const auto& in) { return pairwise_distance(in[0], in[1] + 10); }),
     on({{3, 4}, {4}}, [](const auto& in) { return pairwise_distance(in[0], in[1] + 10, 3); })});
template <class T>
Variable<T> pairwise_distance(
    const Variable<T>& a, const std::type_identity_t<Variable<T>>& b, double p, Where where) {
    static_cast<void>(broadcast_shape("pairwise_distance", a.shape(), b.shape()));
    const Variable<T> y = norm_of("pairwise_distance", sub(a, b, where), p, {-1}, where);
    return squeeze(y, {-1}, where);
}
template Variable<float> pairwise_distance(
    const Variable<float>&, const Variable<float>&, double, Where);
template Variable<double> pairwise_distance(
    const Variable<double>&, const Variable<double>&, double, Where);

static const Op cdist_op(
    "cdist",
    {on({{3, 2}, {4, 2}}, [](const auto& in) { return cdist(in[0], in[1] + 10); }),
     on({{2, 2, 3}, {2, 2, 3}}, [](const auto& in) { return cdist(in[0], in[1] + 10); }),
     on({{2, 2, 3}, {2, 3}}, [](const auto& in) { return cdist(in[0], in[1] + 10, 3); })});

namespace {

// Stacks of matrices a (..., M, K) and b (..., N, K), whose rows meet.
template <class T>
struct RowPairs {
    RowPairs(const Array<T>& a, const Array<T>& b)
        : m(a.shape()[a.shape().size() - 2]),
          n(b.shape()[b.shape().size() - 2]),
          k(a.shape().back()),
          stacked(k == 0 || m == 0 ? 0 : a.size() / m / k) {}

    // f(matrix, row of a in all of a) for each row of a, spread over the threads.
    template <class F>
    void each(F f) const {
        const std::size_t grain = 1 + detail::parallel_grain / (1 + n * k);
        detail::parallel_ranges(stacked * m, grain, [&](std::size_t begin, std::size_t end) {
            for (std::size_t row = begin; row < end; ++row)
                f(row / m, row);
        });
    }

    std::size_t m, n, k, stacked;
};

// Euclidean distances. Squares that leave the range of T, or come near its end, are formed anew,
// scaled.
template <class T>
Array<T> distances(const Array<T>& a, const Array<T>& b) {
    const RowPairs<T> pairs(a, b);
    const std::size_t n = pairs.n, k = pairs.k;
    Shape shape = a.shape();
    shape.back() = n;
    if (pairs.stacked == 0 || n == 0)
        return Array<T>(shape, T(0));
    Array<T> y = empty<T>(shape);
    constexpr T least = std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon();
    pairs.each([&](std::size_t matrix, std::size_t row) {
        const T *x = a.data() + row * k, *rows = b.data() + matrix * n * k;
        T* to = y.data() + row * n;
        detail::kernels<detail::DistanceKernels<T>>().squares(to, x, rows, n, k);
        for (std::size_t j = 0; j < n; ++j) {
            if (to[j] >= least && to[j] < std::numeric_limits<T>::infinity()) {
                to[j] = std::sqrt(to[j]);
                continue;
            }
            long double total = 0;
            for (std::size_t i = 0; i < k; ++i) {
                const long double d = x[i] - rows[j * k + i];
                total += d * d;
            }
            to[j] = static_cast<T>(std::sqrt(total));
        }
    });
    return y;
}

// The share of a: sums over j of w_ij (a_i - b_j), w = g / distance, 0 at distance 0.
template <class T>
Array<T> pulls(const Array<T>& weights, const Array<T>& a, const Array<T>& b) {
    const RowPairs<T> pairs(a, b);
    Array<T> y = empty<T>(a.shape());
    pairs.each([&](std::size_t matrix, std::size_t row) {
        detail::kernels<detail::DistanceKernels<T>>().pulls(
            y.data() + row * pairs.k,
            weights.data() + row * pairs.n,
            a.data() + row * pairs.k,
            b.data() + matrix * pairs.n * pairs.k,
            pairs.n,
            pairs.k);
    });
    return y;
}

template <class T>
Variable<T> differences(const Variable<T>& a, const Variable<T>& b, Where where) {
    return sub(unsqueeze(a, -2, where), unsqueeze(b, -3, where), where);
}

// What g, (..., M, N), pulls at the rows of a.
template <class T>
Variable<T> share_of_rows(
    const Variable<T>& g, const Variable<T>& y, const Variable<T>& a, const Variable<T>& b) {
    const auto is_tiny = [](T distance) {
        return distance > 0 && distance < 4 * std::numeric_limits<T>::min();
    };
    if (grad_enabled() || std::ranges::any_of(y.value(), is_tiny)) {
        const Variable<T> unit = zero_at_zero(
            unsqueeze(y, -1),
            [&](const Variable<T>& distance) {
                return differences(a, b, Where::current()) / distance;
            },
            Where::current());
        return sum(unsqueeze(g, -1) * unit, {-2});
    }
    const Variable<T> weights = zero_at_zero(
        y, [&](const Variable<T>& distance) { return g / distance; }, Where::current());
    return Variable<T>(pulls(weights.value(), a.value(), b.value()));
}

}  // namespace

template <class T>
Variable<T> cdist(
    const Variable<T>& a, const std::type_identity_t<Variable<T>>& b, double p, Where where) {
    if (a.rank() < 2 || b.rank() < 2 || a.shape().back() != b.shape().back()) {
        fail<ShapeError>(
            "cdist: a is {}, b is {}; need a (..., M, K) and b (..., N, K)", a.shape(), b.shape());
    }
    const auto stack_of = [](const Variable<T>& x) {
        return Shape(x.shape().begin(), x.shape().end() - 2);
    };
    if (p == 2 && stack_of(a) == stack_of(b)) {
        return record(cdist_op, distances(a.value(), b.value()), where)
            .wrt(
                a,
                [a = keep(a), b = keep(b)](const Variable<T>& g, const Variable<T>& y) {
                    return share_of_rows(g, y, *a, *b);
                })
            .wrt(b, [a = keep(a), b = keep(b)](const Variable<T>& g, const Variable<T>& y) {
                return share_of_rows(transpose(g, -2, -1), transpose(y, -2, -1), *b, *a);
            });
    }
    const Variable<T> rows = unsqueeze(a, -2, where), columns = unsqueeze(b, -3, where);
    static_cast<void>(broadcast_shape("cdist", rows.shape(), columns.shape()));
    return squeeze(norm_of("cdist", sub(rows, columns, where), p, {-1}, where), {-1}, where);
}
template Variable<float> cdist(const Variable<float>&, const Variable<float>&, double, Where);
template Variable<double> cdist(const Variable<double>&, const Variable<double>&, double, Where);

static const Op var_mean_op(
    "var_mean",
    {on({{3, 4}},
        [](const auto& in) {
            const auto moments = var_mean(in[0], {0});
            return moments.variance * moments.mean;
        }),
     on({{2, 3}}, [](const auto& in) {
         const auto moments = var_mean(in[0], {-1}, true, 1);
         return stack(std::vector{moments.variance, moments.mean});
     })});
template <class T>
Moments<T> var_mean(
    const Variable<T>& x, const Axes& axes, bool keep_dims, std::size_t ddof, Where where) {
    const std::size_t count = reduced_count("var_mean", x.shape(), axes);
    if (ddof >= count && ddof > 0) {
        fail<std::invalid_argument>(
            "var_mean: ddof is {}, x has shape {}, {} elements to each result; need ddof < that",
            ddof,
            x.shape(),
            count);
    }
    const Variable<T> center = mean(x, axes, true, where);
    const Variable<T> squares = square(sub(x, center, where), where);
    const Variable<T> spread =
        div(sum(squares, axes, keep_dims, where), static_cast<T>(count - ddof), where);
    return {spread, keep_dims ? center : squeeze(center, axes, where)};
}
template Moments<float> var_mean(const Variable<float>&, const Axes&, bool, std::size_t, Where);
template Moments<double> var_mean(const Variable<double>&, const Axes&, bool, std::size_t, Where);

namespace {

// The rows less their means, a vector as one row.
template <class T>
Variable<T> centered_rows(const char* op, const Variable<T>& x, std::size_t ddof, Where where) {
    if (x.rank() != 1 && x.rank() != 2) {
        fail<ShapeError>(
            "{}: x has shape {}; need (variables, observations), or one variable's vector",
            op,
            x.shape());
    }
    if (ddof >= x.shape().back()) {
        fail<std::invalid_argument>(
            "{}: ddof is {}, x has shape {}, {} observations; need ddof < that",
            op,
            ddof,
            x.shape(),
            x.shape().back());
    }
    const Variable<T> rows = x.rank() == 1 ? unsqueeze(x, 0, where) : x;
    return sub(rows, mean(rows, {1}, true, where), where);
}

// rows rows^T, of a vector's one row a scalar.
template <class T>
Variable<T> products_of_rows(const Variable<T>& rows, std::size_t rank, Where where) {
    const Variable<T> y = matmul(rows, transpose(rows, where), where);
    return rank == 1 ? reshape(y, {}, where) : y;
}

}  // namespace

static const Op covariance_op(
    "covariance",
    {on({{3, 4}}, [](const auto& in) { return covariance(in[0]); }),
     on({{4}}, [](const auto& in) { return covariance(in[0], 0); })});
template <class T>
Variable<T> covariance(const Variable<T>& x, std::size_t ddof, Where where) {
    const Variable<T> rows = centered_rows("covariance", x, ddof, where);
    const auto divisor = static_cast<T>(x.shape().back() - ddof);
    return div(products_of_rows(rows, x.rank(), where), divisor, where);
}
template Variable<float> covariance(const Variable<float>&, std::size_t, Where);
template Variable<double> covariance(const Variable<double>&, std::size_t, Where);

static const Op corrcoef_op("corrcoef", on({{3, 5}}, [](const auto& in) {
                                return corrcoef(in[0]);
                            }));
template <class T>
Variable<T> corrcoef(const Variable<T>& x, Where where) {
    const Variable<T> rows = centered_rows("corrcoef", x, 0, where);
    const Variable<T> sizes = norm_of("corrcoef", rows, 2, {1}, where);
    return products_of_rows(div(rows, sizes, where), x.rank(), where);
}
template Variable<float> corrcoef(const Variable<float>&, Where);
template Variable<double> corrcoef(const Variable<double>&, Where);

}  // namespace xgrad
