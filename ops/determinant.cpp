#include <autograd/record.hpp>
#include <ops/lapack.hpp>
#include <ops/matrix.hpp>
#include <ops/solve.hpp>

#include <cmath>

namespace xgrad {
namespace {

using detail::each_matrix, detail::identity, detail::leading_axes, detail::regular, detail::turned;

// A factor for each matrix, to scale matrices with.
template <class T>
Variable<T> as_matrices(const Variable<T>& x) {
    return unsqueeze(unsqueeze(x, -1), -1);
}

// Calls f(index, sign, factors): the determinant is the sign times the product of the pivots.
template <class T, class F>
void each_factored(const Variable<T>& x, F f) {
    const std::size_t n = x.shape().back();
    Array<T> factors = x.value();
    each_matrix(factors, [&](std::size_t matrix, T* at) {
        const detail::Lu<T> lu(at, n);
        T sign(1);
        for (std::size_t i = 0; i < n; ++i) {
            if (static_cast<std::size_t>(lu.interchanges[i]) != i + 1)
                sign = -sign;
        }
        f(matrix, sign, at);
    });
}

}  // namespace

static const Op det_op(
    "det",
    {on({{3, 3}}, [](const auto& in) { return det(regular(in[0])); }).between(-1, 1),
     on({{2, 2, 2}}, [](const auto& in) { return det(regular(in[0])); }).between(-1, 1)});
template <class T>
Variable<T> det(const Variable<T>& x, Where where) {
    detail::check_square("det", x);
    const std::size_t n = x.shape().back();
    Array<T> y = empty<T>(leading_axes(x.shape()));
    each_factored(x, [&](std::size_t matrix, T product, const T* factors) {
        for (std::size_t i = 0; i < n; ++i)
            product *= factors[i * n + i];
        y.data()[matrix] = product;
    });
    return record(det_op, std::move(y), where)
        .wrt(x, [x = keep(x)](const Variable<T>& g, const Variable<T>& y) {
            return mul(as_matrices(mul(g, y)), turned(inverse(*x)));
        });
}
template Variable<float> det(const Variable<float>&, Where);
template Variable<double> det(const Variable<double>&, Where);

static const Op slogdet_op(
    "slogdet",
    {on({{3, 3}}, [](const auto& in) { return slogdet(regular(in[0])).log_abs; }).between(-1, 1),
     on({{2, 2, 2}}, [](const auto& in) {
         return slogdet(regular(in[0])).log_abs;
     }).between(-1, 1)});
template <class T>
SignLog<T> slogdet(const Variable<T>& x, Where where) {
    detail::check_square("slogdet", x);
    const std::size_t n = x.shape().back();
    Array<T> signs = empty<T>(leading_axes(x.shape())), logs = signs;
    each_factored(x, [&](std::size_t matrix, T sign, const T* factors) {
        T log_abs(0);
        for (std::size_t i = 0; i < n; ++i) {
            const T pivot = factors[i * n + i];
            log_abs += std::log(std::abs(pivot));
            sign *= pivot > T(0) ? T(1) : pivot < T(0) ? T(-1) : pivot;
        }
        signs.data()[matrix] = sign;
        logs.data()[matrix] = log_abs;
    });
    return {
        Variable<T>(std::move(signs)),
        record(slogdet_op, std::move(logs), where).wrt(x, [x = keep(x)](const Variable<T>& g) {
            return mul(as_matrices(g), turned(inverse(*x)));
        })};
}
template SignLog<float> slogdet(const Variable<float>&, Where);
template SignLog<double> slogdet(const Variable<double>&, Where);

static const Op matrix_power_op(
    "matrix_power",
    {on({{2, 2}}, [](const auto& in) { return matrix_power(in[0], 3); }),
     on({{2, 2, 2}}, [](const auto& in) { return matrix_power(in[0], 4); }),
     on({{2, 2}}, [](const auto& in) { return matrix_power(regular(in[0]), -2); }).between(-1, 1)});
template <class T>
Variable<T> matrix_power(const Variable<T>& x, std::ptrdiff_t n, Where where) {
    detail::check_square("matrix_power", x);
    if (n == 0) {
        const Variable<T> one(identity<T>(x.shape().back()));
        return broadcast_to(one, x.shape(), where);
    }
    auto left = static_cast<std::size_t>(n);
    if (n < 0)
        left = 0 - left;
    // The squares of x whose exponents add up to n.
    Variable<T> square = n < 0 ? inverse(x, where) : reshape(x, x.shape(), where), y;
    for (;; square = matmul(square, square, where)) {
        if (left % 2 == 1)
            y = y.defined() ? matmul(y, square, where) : square;
        left /= 2;
        if (left == 0)
            return y;
    }
}
template Variable<float> matrix_power(const Variable<float>&, std::ptrdiff_t, Where);
template Variable<double> matrix_power(const Variable<double>&, std::ptrdiff_t, Where);

}  // namespace xgrad
