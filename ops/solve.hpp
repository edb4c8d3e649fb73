// Systems of linear equations and what comes with their factors: inverses, determinants, Cholesky's
// factor, powers. Matrices are the last two axes; the leading axes are a batch, and those of two
// operands broadcast. g is the gradient of the result. All throw ShapeError for matrices that are
// not square or do not fit, std::domain_error naming the first matrix that has no result.
#pragma once

#include <autograd/grad.hpp>
#include <autograd/variable.hpp>

namespace xgrad {

/// The inverse y of x (..., N, N), by LU factors with interchanges. Gradient: -y^T g y^T [Giles
/// 2008, 2.2.3]. Throws std::domain_error for a matrix with a pivot of exactly 0; one that is
/// nearly singular gives large numbers.
template <class T>
[[nodiscard]] Variable<T> inverse(const Variable<T>& x, Where where = Where::current());

/// The x with a x = b, for a (..., N, N) and b (..., N, K), or a vector b (N,). Gradients:
/// db = a^-T g, da = -db x^T [Giles 2008, 2.3.1]. Throws as inverse.
template <class T>
[[nodiscard]] Variable<T> solve(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    Where where = Where::current());

/// The determinant y of x (..., N, N): (...), 1 for N = 0. Gradient: g y x^-T [Giles 2008, 2.2.4],
/// which throws as inverse where x is singular; the value is 0 there.
template <class T>
[[nodiscard]] Variable<T> det(const Variable<T>& x, Where where = Where::current());

/// The determinant as sign * exp(log_abs), which neither overflows nor underflows.
template <class T>
struct SignLog {
    Variable<T> sign;     ///< 1, -1, or 0 where singular; a constant
    Variable<T> log_abs;  ///< -infinity where singular
};
/// det(x) in two parts. Gradient of log_abs: g x^-T, which throws as inverse if x is singular.
template <class T>
[[nodiscard]] SignLog<T> slogdet(const Variable<T>& x, Where where = Where::current());

/// The lower triangle y with y y^T = x for a symmetric x (..., N, N), of which the lower triangle
/// is read. Gradient: s = y^-T phi(y^T g) y^-1, phi the lower triangle with half the diagonal; dx =
/// (s + s^T) / 2 [Murray 2016, 3.1]. Throws std::domain_error unless x is positive definite.
template <class T>
[[nodiscard]] Variable<T> cholesky(const Variable<T>& x, Where where = Where::current());

enum class Triangle { lower, upper };

/// The x with a x = b for a triangular a (..., N, N), of which the other triangle is not read, and
/// b (..., N, K), or a vector b (N,). Gradients: db = a^-T g, da = the triangle of -db x^T [Giles
/// 2008, 2.3.1]. Throws std::domain_error for a diagonal element of exactly 0.
template <class T>
[[nodiscard]] Variable<T> triangular_solve(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    Triangle triangle = Triangle::lower,
    Where where = Where::current());

/// The x with l l^T x = b, l as cholesky gives it: two triangular solves, which have its gradients
/// and errors.
template <class T>
[[nodiscard]] Variable<T> cholesky_solve(
    const Variable<T>& l,
    const std::type_identity_t<Variable<T>>& b,
    Where where = Where::current());

/// x (..., N, N) to an integer power by squaring; of the inverse when n < 0. n = 0 gives the
/// identity, a constant. Gradient: the sum over i of (x^i)^T g (x^(n-1-i))^T, by the products.
template <class T>
[[nodiscard]] Variable<T> matrix_power(
    const Variable<T>& x, std::ptrdiff_t n, Where where = Where::current());

}  // namespace xgrad
