#include <autograd/record.hpp>
#include <ops/decomposition.hpp>
#include <ops/lapack.hpp>
#include <ops/matrix.hpp>
#include <ops/pick.hpp>
#include <ops/reduce.hpp>
#include <ops/solve.hpp>

#include <cmath>
#include <limits>

namespace xgrad {

using detail::definite, detail::identity, detail::leading_axes, detail::turned;

// An op has one result, so a decomposition is recorded as its parts below one another, and slices
// of that are returned.
namespace {

template <class T>
void check_matrices(const char* op, const Variable<T>& x) {
    if (x.rank() < 2)
        fail<ShapeError>("{}: x has shape {}; need matrices (..., M, N)", op, x.shape());
}

Shape with_matrix(const Shape& like, std::size_t rows, std::size_t columns) {
    Shape shape = leading_axes(like);
    shape.push_back(rows);
    shape.push_back(columns);
    return shape;
}

template <class T>
Variable<T> rows_of(const Variable<T>& x, std::size_t begin, std::size_t end) {
    return slice(x, -2, begin, end);
}

[[noreturn]] void fail_to_converge(
    const char* op, std::size_t matrix, std::size_t m, std::size_t n) {
    fail<std::domain_error>(
        "{}: matrix {} of shape {} did not converge; need finite elements",
        op,
        matrix,
        Shape{m, n});
}

// 1 / x, and 0 where x is 0.
template <class T>
Variable<T> reciprocal_or_zero(const Variable<T>& x) {
    const Variable<T> zero = equal(x, T(0));
    return where(zero, T(0), reciprocal(where(zero, T(1), x)));
}

// 1 / (w_j - w_i) for a row w, and 0 where they are equal.
template <class T>
Variable<T> gaps(const Variable<T>& w) {
    return reciprocal_or_zero(sub(w, turned(w)));
}

// A row as a diagonal.
template <class T>
Variable<T> as_diagonal(const Variable<T>& row) {
    return mul(Variable<T>(identity<T>(row.shape().back())), row);
}

// For samples: the parts in one array, whatever the signs.
template <class T>
Variable<T> joined(const Svd<T>& x) {
    return concatenate(std::vector{square(x.u), unsqueeze(x.s, -2), square(turned(x.vt))}, -2);
}
template <class T>
Variable<T> joined(const Eigh<T>& x) {
    return concatenate(std::vector{square(x.vectors), unsqueeze(x.values, -2)}, -2);
}
template <class T>
Variable<T> joined(const Qr<T>& x) {
    return concatenate(std::vector{x.q, x.r}, -1);
}

// Makes samples regular: in steps of 2 along the diagonal.
template <class T>
Variable<T> graded(const Variable<T>& x) {
    if (x.rank() < 2)
        return x;
    const std::size_t m = x.shape()[x.rank() - 2], n = x.shape().back();
    Array<T> steps(Shape{m, n}, T(0));
    for (std::size_t i = 0; i < std::min(m, n); ++i)
        steps.data()[i * n + i] = static_cast<T>(2 * (i + 1));
    return add(x, Variable<T>(std::move(steps)));
}

}  // namespace

static const Op qr_op(
    "qr",
    {on({{3, 3}}, [](const auto& in) { return joined(qr(graded(in[0]))); }).between(-1, 1),
     on({{2, 3, 2}}, [](const auto& in) { return qr(graded(in[0])).q; }).between(-1, 1),
     on({{2, 3}}, [](const auto& in) { return joined(qr(graded(in[0]))); }).between(-1, 1)});

namespace {

// For M >= N: q above r.
template <class T>
Variable<T> packed_qr(const Variable<T>& x, Where where) {
    const std::size_t m = x.shape()[x.rank() - 2], n = x.shape().back();
    Array<T> y = empty<T>(with_matrix(x.shape(), m + n, n));
    for (std::size_t i = 0; i < count(leading_axes(x.shape())); ++i) {
        T* to = y.data() + i * (m + n) * n;
        detail::qr_factors(x.value().data() + i * m * n, m, n, to, to + m * n);
    }
    return record(qr_op, std::move(y), where)
        .wrt(x, [m, n](const Variable<T>& g, const Variable<T>& y) {
            const Variable<T> q = rows_of(y, 0, m), r = rows_of(y, m, m + n);
            const Variable<T> gq = rows_of(g, 0, m), gr = triu(rows_of(g, m, m + n));
            const Variable<T> both = sub(matmul(r, turned(gr)), matmul(turned(gq), q));
            const Variable<T> c = add(tril(both), turned(tril(both, -1)));
            const Variable<T> left = add(gq, matmul(q, c));
            return turned(triangular_solve(r, turned(left), Triangle::upper));
        });
}

}  // namespace

template <class T>
Qr<T> qr(const Variable<T>& x, Where where) {
    check_matrices("qr", x);
    const std::size_t m = x.shape()[x.rank() - 2], n = x.shape().back(), k = std::min(m, n);
    const Variable<T> tall = k == n ? x : slice(x, -1, 0, k, 1, where);
    const Variable<T> y = packed_qr(tall, where);
    const Variable<T> q = slice(y, -2, 0, m, 1, where), r = slice(y, -2, m, m + k, 1, where);
    if (k == n)
        return {q, r};
    const Variable<T> rest = matmul(turned(q), slice(x, -1, k, n, 1, where), where);
    return {q, concatenate(std::vector{r, rest}, -1, where)};
}
template Qr<float> qr(const Variable<float>&, Where);
template Qr<double> qr(const Variable<double>&, Where);

static const Op eigh_op(
    "eigh",
    {on({{3, 3}}, [](const auto& in) { return joined(eigh(definite(graded(in[0])))); })
         .between(-1, 1),
     on({{2, 2, 2}}, [](const auto& in) {
         return joined(eigh(definite(graded(in[0]))));
     }).between(-1, 1)});
template <class T>
Eigh<T> eigh(const Variable<T>& x, Where where) {
    detail::check_square("eigh", x);
    const std::size_t n = x.shape().back();
    Array<T> vectors = x.value(), packed = empty<T>(with_matrix(x.shape(), n + 1, n));
    detail::each_matrix(vectors, [&](std::size_t matrix, T* at) {
        T* to = packed.data() + matrix * (n + 1) * n;
        if (!detail::symmetric_eigen(at, n, to + n * n))
            fail_to_converge("eigh", matrix, n, n);
        for (std::size_t i = 0; i < n * n; ++i)
            to[i] = at[i % n * n + i / n];
    });
    const Variable<T> y =
        record(eigh_op, std::move(packed), where)
            .wrt(x, [n](const Variable<T>& g, const Variable<T>& y) {
                const Variable<T> v = rows_of(y, 0, n), w = rows_of(y, n, n + 1);
                const Variable<T> gv = rows_of(g, 0, n), gw = rows_of(g, n, n + 1);
                const Variable<T> core = add(as_diagonal(gw), mul(gaps(w), matmul(turned(v), gv)));
                const Variable<T> dx = matmul(matmul(v, core), turned(v));
                return mul(add(dx, turned(dx)), T(0.5));
            });
    return {squeeze(slice(y, -2, n, n + 1, 1, where), {-2}, where), slice(y, -2, 0, n, 1, where)};
}
template Eigh<float> eigh(const Variable<float>&, Where);
template Eigh<double> eigh(const Variable<double>&, Where);

static const Op svd_op(
    "svd",
    {on({{3, 3}}, [](const auto& in) { return joined(svd(graded(in[0]))); }).between(-0.5, 0.5),
     on({{2, 3, 2}}, [](const auto& in) { return joined(svd(graded(in[0]))); }).between(-0.5, 0.5),
     on({{2, 3}}, [](const auto& in) { return joined(svd(graded(in[0]))); }).between(-0.5, 0.5)});

namespace {

// u above s above v.
template <class T>
Array<T> packed_svd(const char* op, const Array<T>& x) {
    const std::size_t rank = x.shape().size(), m = x.shape()[rank - 2], n = x.shape()[rank - 1];
    const std::size_t k = std::min(m, n);
    Array<T> y = empty<T>(with_matrix(x.shape(), m + 1 + n, k));
    std::vector<T> a(m * n), vt(k * n);
    for (std::size_t matrix = 0; matrix < count(leading_axes(x.shape())); ++matrix) {
        std::copy_n(x.data() + matrix * m * n, m * n, a.data());
        T* u = y.data() + matrix * (m + 1 + n) * k;
        T* v = u + (m + 1) * k;
        if (!detail::singular_values(a.data(), m, n, u, u + m * k, vt.data()))
            fail_to_converge(op, matrix, m, n);
        for (std::size_t i = 0; i < n * k; ++i)
            v[i] = vt[i % k * n + i / k];
    }
    return y;
}

template <class T>
Variable<T> svd_share(std::size_t m, std::size_t n, const Variable<T>& g, const Variable<T>& y) {
    const Variable<T> u = rows_of(y, 0, m), s = rows_of(y, m, m + 1),
                      v = rows_of(y, m + 1, m + 1 + n);
    const Variable<T> gu = rows_of(g, 0, m), gs = rows_of(g, m, m + 1),
                      gv = rows_of(g, m + 1, m + 1 + n);
    const Variable<T> f = gaps(square(s)), inverse_s = reciprocal_or_zero(s);
    const Variable<T> of_u = matmul(turned(u), gu), of_v = matmul(turned(v), gv);
    const Variable<T> core =
        add(add(mul(mul(f, sub(of_u, turned(of_u))), s),
                mul(turned(s), mul(f, sub(of_v, turned(of_v))))),
            as_diagonal(gs));
    // The shares outside the spans of u and v.
    const Variable<T> beside_u = mul(sub(gu, matmul(u, of_u)), inverse_s);
    const Variable<T> beside_v = mul(sub(gv, matmul(v, of_v)), inverse_s);
    const Variable<T> inside = matmul(matmul(u, core), turned(v));
    if (m > n)
        return add(inside, matmul(beside_u, turned(v)));
    return m < n ? add(inside, matmul(u, turned(beside_v))) : inside;
}

}  // namespace

template <class T>
Svd<T> svd(const Variable<T>& x, Where where) {
    check_matrices("svd", x);
    const std::size_t m = x.shape()[x.rank() - 2], n = x.shape().back();
    const Variable<T> y = record(svd_op, packed_svd("svd", x.value()), where)
                              .wrt(x, [m, n](const Variable<T>& g, const Variable<T>& y) {
                                  return svd_share(m, n, g, y);
                              });
    return {
        slice(y, -2, 0, m, 1, where),
        squeeze(slice(y, -2, m, m + 1, 1, where), {-2}, where),
        transpose(slice(y, -2, m + 1, m + 1 + n, 1, where), -2, -1, where)};
}
template Svd<float> svd(const Variable<float>&, Where);
template Svd<double> svd(const Variable<double>&, Where);

}  // namespace xgrad
