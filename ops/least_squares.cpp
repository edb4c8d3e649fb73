#include <autograd/record.hpp>
#include <ops/decomposition.hpp>
#include <ops/matrix.hpp>
#include <ops/solve.hpp>

#include <cmath>
#include <limits>

namespace xgrad {

using detail::identity, detail::turned;

namespace {

// For samples: of full rank.
template <class T>
Variable<T> with_diagonal(const Variable<T>& x) {
    if (x.rank() < 2)
        return x;
    const std::size_t m = x.shape()[x.rank() - 2], n = x.shape().back();
    Array<T> four(Shape{m, n}, T(0));
    for (std::size_t i = 0; i < std::min(m, n); ++i)
        four.data()[i * n + i] = T(4);
    return add(x, Variable<T>(std::move(four)));
}

// 1 - x for matrices.
template <class T>
Variable<T> complement(const Variable<T>& x) {
    return sub(Variable<T>(identity<T>(x.shape().back())), x);
}

// v diag(1 / s) u^T, the smallest s left out.
template <class T>
Array<T> pinv_value(const Variable<T>& x) {
    const NoGradGuard guard;
    const Svd<T> parts = svd(x);
    Array<T> inverse_s = parts.s.value();
    const std::size_t k = inverse_s.shape().back();
    const std::size_t longer = std::max(x.shape().back(), x.shape()[x.rank() - 2]);
    const T part = static_cast<T>(longer) * std::numeric_limits<T>::epsilon();
    for (std::size_t i = 0; i < inverse_s.size(); i += k) {
        T* s = inverse_s.data() + i;
        const T least = part * s[0];
        for (std::size_t j = 0; j < k; ++j)
            s[j] = s[j] > least ? T(1) / s[j] : T(0);
    }
    const Variable<T> scaled = mul(parts.u, unsqueeze(Variable<T>(std::move(inverse_s)), -2));
    return matmul(turned(parts.vt), turned(scaled)).value();
}

}  // namespace

static const Op pinv_op(
    "pinv",
    {on({{3, 2}}, [](const auto& in) { return pinv(with_diagonal(in[0])); }).between(-1, 1),
     on({{2, 2, 3}}, [](const auto& in) { return pinv(with_diagonal(in[0])); }).between(-1, 1)});
template <class T>
Variable<T> pinv(const Variable<T>& x, Where where) {
    if (x.rank() < 2)
        fail<ShapeError>("pinv: x has shape {}; need matrices (..., M, N)", x.shape());
    return record(pinv_op, pinv_value(x), where)
        .wrt(x, [x = keep(x)](const Variable<T>& g, const Variable<T>& y) {
            const Variable<T> yt = turned(y), gt = turned(g);
            const Variable<T> inside = neg(matmul(matmul(yt, g), yt));
            const Variable<T> left = matmul(matmul(complement(matmul(*x, y)), gt), matmul(y, yt));
            const Variable<T> right = matmul(matmul(matmul(yt, y), gt), complement(matmul(y, *x)));
            return add(inside, add(left, right));
        });
}
template Variable<float> pinv(const Variable<float>&, Where);
template Variable<double> pinv(const Variable<double>&, Where);

static const Op lstsq_op(
    "lstsq",
    {on({{3, 2}, {3, 2}}, [](const auto& in) { return lstsq(with_diagonal(in[0]), in[1]); })
         .between(-1, 1),
     on({{2, 2, 3}, {2}}, [](const auto& in) {
         return lstsq(with_diagonal(in[0]), in[1]);
     }).between(-1, 1)});
template <class T>
Variable<T> lstsq(const Variable<T>& a, const std::type_identity_t<Variable<T>>& b, Where where) {
    const bool is_vector = b.rank() == 1;
    if (a.rank() < 2 || b.rank() == 0 ||
        b.shape()[is_vector ? 0 : b.rank() - 2] != a.shape()[a.rank() - 2]) {
        fail<ShapeError>(
            "lstsq: a is {}, b is {}; need a (..., M, N) and b (..., M, K) or (M,)",
            a.shape(),
            b.shape());
    }
    const Variable<T> columns = is_vector ? unsqueeze(b, 1, where) : b;
    Variable<T> x;
    if (a.shape()[a.rank() - 2] >= a.shape().back()) {
        const Qr<T> parts = qr(a, where);
        const Variable<T> seen = matmul(turned(parts.q), columns, where);
        x = triangular_solve(parts.r, seen, Triangle::upper, where);
    } else {
        const Qr<T> parts = qr(turned(a), where);
        const Variable<T> inside =
            triangular_solve(turned(parts.r), columns, Triangle::lower, where);
        x = matmul(parts.q, inside, where);
    }
    return is_vector ? squeeze(x, {-1}, where) : x;
}
template Variable<float> lstsq(const Variable<float>&, const Variable<float>&, Where);
template Variable<double> lstsq(const Variable<double>&, const Variable<double>&, Where);

namespace {

// How often to halve so that Pade's approximation holds: the largest column sum at most 5.37
// [Higham 2005, table 2.3].
template <class T>
int halvings(const Array<T>& x) {
    const std::size_t n = x.shape().back();
    double largest = 0;
    for (std::size_t matrix = 0; n > 0 && matrix < x.size() / (n * n); ++matrix) {
        for (std::size_t column = 0; column < n; ++column) {
            double total = 0;
            for (std::size_t row = 0; row < n; ++row)
                total += std::abs(static_cast<double>(x.data()[(matrix * n + row) * n + column]));
            largest = std::max(largest, total);
        }
    }
    if (!std::isfinite(largest) || largest <= 5.37)
        return 0;
    return static_cast<int>(std::ceil(std::log2(largest / 5.37)));
}

// c0 + c1 x2 + c2 x4 + c3 x6.
template <class T>
Variable<T> polynomial(
    const std::vector<Variable<T>>& powers, double c0, double c1, double c2, double c3) {
    Variable<T> y = mul(powers[0], static_cast<T>(c0));
    y = add(y, mul(powers[1], static_cast<T>(c1)));
    y = add(y, mul(powers[2], static_cast<T>(c2)));
    return add(y, mul(powers[3], static_cast<T>(c3)));
}

}  // namespace

static const Op matrix_exp_op(
    "matrix_exp",
    {on({{3, 3}}, [](const auto& in) { return matrix_exp(in[0]); }).between(-1, 1),
     on({{2, 2, 2}}, [](const auto& in) { return matrix_exp(in[0]); }).between(-1, 1),
     on({{2, 2}}, [](const auto& in) { return matrix_exp(mul(in[0], 4)); }).between(0.5, 1)});
template <class T>
Variable<T> matrix_exp(const Variable<T>& x, Where where) {
    detail::check_square("matrix_exp", x);
    const int times = halvings(x.value());
    const Variable<T> a = mul(x, static_cast<T>(std::ldexp(1.0, -times)), where);
    const Variable<T> a2 = matmul(a, a, where), a4 = matmul(a2, a2, where),
                      a6 = matmul(a4, a2, where);
    const std::vector<Variable<T>> powers{Variable<T>(identity<T>(x.shape().back())), a2, a4, a6};
    // The coefficients of [Higham 2005, 2.3], divided by the first.
    constexpr double b0 = 64764752532480000, b1 = 32382376266240000 / b0,
                     b2 = 7771770303897600 / b0, b3 = 1187353796428800 / b0,
                     b4 = 129060195264000 / b0, b5 = 10559470521600 / b0, b6 = 670442572800 / b0,
                     b7 = 33522128640 / b0, b8 = 1323241920 / b0, b9 = 40840800 / b0,
                     b10 = 960960 / b0, b11 = 16380 / b0, b12 = 182 / b0, b13 = 1 / b0;
    const Variable<T> odd = add(
        matmul(a6, polynomial(powers, 0, b9, b11, b13)), polynomial(powers, b1, b3, b5, b7), where);
    const Variable<T> u = matmul(a, odd, where);
    const Variable<T> v = add(
        matmul(a6, polynomial(powers, 0, b8, b10, b12)), polynomial(powers, 1, b2, b4, b6), where);
    Variable<T> y = solve(sub(v, u, where), add(v, u, where), where);
    for (int i = 0; i < times; ++i)
        y = matmul(y, y, where);
    return y;
}
template Variable<float> matrix_exp(const Variable<float>&, Where);
template Variable<double> matrix_exp(const Variable<double>&, Where);

}  // namespace xgrad
