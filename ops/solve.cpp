#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <ops/arithmetic.hpp>
#include <ops/lapack.hpp>
#include <ops/linalg.hpp>
#include <ops/matrix.hpp>
#include <ops/pick.hpp>
#include <ops/solve.hpp>

#include <algorithm>

namespace xgrad {

using detail::definite, detail::each_matrix, detail::identity, detail::leading_axes;
using detail::regular, detail::turned;

namespace {

[[noreturn]] void fail_singular(
    const char* op, std::size_t matrix, std::size_t n, std::ptrdiff_t pivot) {
    fail<std::domain_error>(
        "{}: matrix {} of shape {} is singular: pivot {} is 0; need full rank",
        op,
        matrix,
        Shape{n, n},
        pivot);
}

}  // namespace

static const Op inverse_op(
    "inverse",
    {on({{3, 3}}, [](const auto& in) { return inverse(regular(in[0])); }).between(-1, 1),
     on({{2, 2, 2}}, [](const auto& in) { return inverse(regular(in[0])); }).between(-1, 1)});

template <class T>
Variable<T> inverse(const Variable<T>& x, Where where) {
    detail::check_square("inverse", x);
    const std::size_t n = x.shape().back();
    Array<T> y = x.value();
    each_matrix(y, [n](std::size_t i, T* matrix) {
        detail::Lu<T> lu(matrix, n);
        if (lu.zero >= 0)
            fail_singular("inverse", i, n, lu.zero);
        lu.invert();
    });
    return record(inverse_op, std::move(y), where)
        .wrt(x, [](const Variable<T>& g, const Variable<T>& y) {
            const Variable<T> yt = turned(y);
            return neg(matmul(matmul(yt, g), yt));
        });
}
template Variable<float> inverse(const Variable<float>&, Where);
template Variable<double> inverse(const Variable<double>&, Where);

static const Op solve_op(
    "solve",
    {on({{3, 3}, {3, 2}}, [](const auto& in) { return solve(regular(in[0]), in[1]); })
         .between(-1, 1),
     on({{2, 2, 2}, {2}}, [](const auto& in) { return solve(regular(in[0]), in[1]); })
         .between(-1, 1),
     on({{2, 2}, {2, 2, 1}}, [](const auto& in) {
         return solve(regular(in[0]), in[1]);
     }).between(-1, 1)});
static const Op triangular_solve_op(
    "triangular_solve",
    {on({{3, 3}, {3, 2}}, [](const auto& in) { return triangular_solve(regular(in[0]), in[1]); })
         .between(-1, 1),
     on({{2, 3, 3}, {3}}, [](const auto& in) {
         return triangular_solve(regular(in[0]), in[1], Triangle::upper);
     }).between(-1, 1)});

namespace {

// What a system of equations becomes: matrices on both sides, of one batch.
template <class T, class F>
Variable<T> with_columns(
    const char* op, const Variable<T>& a, const Variable<T>& b, Where where, F solve_columns) {
    const bool is_vector = b.rank() == 1;
    const std::size_t rank = a.rank();
    if (rank < 2 || b.rank() == 0 || a.shape()[rank - 1] != a.shape()[rank - 2] ||
        b.shape()[is_vector ? 0 : b.rank() - 2] != a.shape()[rank - 1]) {
        fail<ShapeError>(
            "{}: a is {}, b is {}; need a (..., N, N) and b (..., N, K) or (N,)",
            op,
            a.shape(),
            b.shape());
    }
    const Variable<T> columns = is_vector ? unsqueeze(b, 1, where) : b;
    const Shape batch = broadcast_shape(op, leading_axes(a.shape()), leading_axes(columns.shape()));
    const auto wide = [&](const Variable<T>& x) {
        Shape shape = batch;
        shape.insert(shape.end(), x.shape().end() - 2, x.shape().end());
        return shape == x.shape() ? x : broadcast_to(x, shape, where);
    };
    const Variable<T> x = solve_columns(wide(a), wide(columns));
    return is_vector ? squeeze(x, {-1}, where) : x;
}

template <class T>
Array<T> solve_value(const Array<T>& a, const Array<T>& b) {
    Array<T> factors = a, x = empty<T>(b.shape());
    const std::size_t n = a.shape().back(), k = b.shape().back();
    std::vector<T> turned_b(n * k);
    each_matrix(factors, [&](std::size_t matrix, T* at) {
        const detail::Lu<T> lu(at, n);
        if (lu.zero >= 0)
            fail_singular("solve", matrix, n, lu.zero);
        const T* from = b.data() + matrix * n * k;
        for (std::size_t i = 0; i < n * k; ++i)
            turned_b[i % k * n + i / k] = from[i];
        lu.solve(turned_b.data(), k);
        T* to = x.data() + matrix * n * k;
        for (std::size_t i = 0; i < n * k; ++i)
            to[i] = turned_b[i % k * n + i / k];
    });
    return x;
}

template <class T>
Variable<T> solve_columns(const Variable<T>& a, const Variable<T>& b, Where where) {
    return record(solve_op, solve_value(a.value(), b.value()), where)
        .wrt(
            a,
            [a = keep(a)](const Variable<T>& g, const Variable<T>& x) {
                const Variable<T> db = solve_columns(turned(*a), g, Where::current());
                return neg(matmul(db, turned(x)));
            })
        .wrt(b, [a = keep(a)](const Variable<T>& g) {
            return solve_columns(turned(*a), g, Where::current());
        });
}

template <class T>
Array<T> triangular_value(const Array<T>& a, const Array<T>& b, bool lower) {
    Array<T> x = b;
    const std::size_t n = a.shape().back(), k = b.shape().back();
    const std::size_t matrices = count(leading_axes(a.shape()));
    for (std::size_t matrix = 0; matrix < matrices; ++matrix) {
        const T* at = a.data() + matrix * n * n;
        for (std::size_t i = 0; i < n; ++i) {
            if (at[i * n + i] == T(0))
                fail_singular("triangular_solve", matrix, n, static_cast<std::ptrdiff_t>(i));
        }
        detail::triangular_solve(at, n, lower, x.data() + matrix * n * k, k);
    }
    return x;
}

template <class T>
Variable<T> triangular_columns(
    const Variable<T>& a, const Variable<T>& b, bool lower, Where where) {
    return record(triangular_solve_op, triangular_value(a.value(), b.value(), lower), where)
        .wrt(
            a,
            [a = keep(a), lower](const Variable<T>& g, const Variable<T>& x) {
                const Variable<T> db = triangular_columns(turned(*a), g, !lower, Where::current());
                const Variable<T> da = neg(matmul(db, turned(x)));
                return lower ? tril(da) : triu(da);
            })
        .wrt(b, [a = keep(a), lower](const Variable<T>& g) {
            return triangular_columns(turned(*a), g, !lower, Where::current());
        });
}

}  // namespace

template <class T>
Variable<T> solve(const Variable<T>& a, const std::type_identity_t<Variable<T>>& b, Where where) {
    return with_columns("solve", a, b, where, [&](const auto& a, const auto& b) {
        return solve_columns(a, b, where);
    });
}
template Variable<float> solve(const Variable<float>&, const Variable<float>&, Where);
template Variable<double> solve(const Variable<double>&, const Variable<double>&, Where);

template <class T>
Variable<T> triangular_solve(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    Triangle triangle,
    Where where) {
    return with_columns("triangular_solve", a, b, where, [&](const auto& a, const auto& b) {
        return triangular_columns(a, b, triangle == Triangle::lower, where);
    });
}
template Variable<float> triangular_solve(
    const Variable<float>&, const Variable<float>&, Triangle, Where);
template Variable<double> triangular_solve(
    const Variable<double>&, const Variable<double>&, Triangle, Where);

static const Op cholesky_op(
    "cholesky",
    {on({{3, 3}}, [](const auto& in) { return cholesky(definite(in[0])); }).between(-1, 1),
     on({{2, 2, 2}}, [](const auto& in) { return cholesky(definite(in[0])); }).between(-1, 1)});
template <class T>
Variable<T> cholesky(const Variable<T>& x, Where where) {
    detail::check_square("cholesky", x);
    const std::size_t n = x.shape().back();
    Array<T> y = x.value();
    each_matrix(y, [n](std::size_t i, T* matrix) {
        if (const std::size_t minor = detail::cholesky_factor(matrix, n); minor > 0) {
            fail<std::domain_error>(
                "cholesky: matrix {} of shape {} has a leading minor of order {} that is not "
                "positive; need a positive definite matrix",
                i,
                Shape{n, n},
                minor);
        }
        for (std::size_t row = 0; row < n; ++row)
            std::fill(matrix + row * n + row + 1, matrix + (row + 1) * n, T(0));
    });
    return record(cholesky_op, std::move(y), where)
        .wrt(x, [n](const Variable<T>& g, const Variable<T>& y) {
            const Variable<T> yt = turned(y), phi(identity<T>(n, T(0.5), T(1)));
            const Variable<T> p = mul(matmul(yt, tril(g)), phi);
            const Variable<T> z = triangular_solve(yt, p, Triangle::upper);
            const Variable<T> s = triangular_solve(yt, turned(z), Triangle::upper);
            return mul(add(s, turned(s)), T(0.5));
        });
}
template Variable<float> cholesky(const Variable<float>&, Where);
template Variable<double> cholesky(const Variable<double>&, Where);

static const Op cholesky_solve_op("cholesky_solve", on({{3, 3}, {3, 2}}, [](const auto& in) {
                                                        return cholesky_solve(
                                                            regular(in[0]), in[1]);
                                                    }).between(-1, 1));
template <class T>
Variable<T> cholesky_solve(
    const Variable<T>& l, const std::type_identity_t<Variable<T>>& b, Where where) {
    return with_columns("cholesky_solve", l, b, where, [&](const auto& l, const auto& b) {
        const Variable<T> half = triangular_columns(l, b, true, where);
        return triangular_columns(turned(l), half, false, where);
    });
}
template Variable<float> cholesky_solve(const Variable<float>&, const Variable<float>&, Where);
template Variable<double> cholesky_solve(const Variable<double>&, const Variable<double>&, Where);

}  // namespace xgrad
