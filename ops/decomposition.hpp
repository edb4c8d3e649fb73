// Orthogonal decompositions and what is made of them. Matrices are the last two axes, the leading
// axes a batch. g is the gradient of the result, gq that of q and so on. All throw ShapeError for
// shapes that do not fit. Signs of vectors are LAPACK's.
#pragma once

#include <autograd/grad.hpp>
#include <autograd/variable.hpp>

namespace xgrad {

template <class T>
struct Qr {
    Variable<T> q;  ///< (..., M, K), its columns orthonormal; K = min(M, N)
    Variable<T> r;  ///< (..., K, N), 0 below the diagonal
};
/// x (..., M, N) = q r, by reflections. Gradient: (gq + q c) r^-T, c the lower triangle of r gr^T -
/// gq^T q mirrored upwards [Walter and Lehmann 2013; Seeger et al. 2017]; for M < N that of the
/// first M columns, the others being q^T x. It throws std::domain_error where those columns are
/// dependent.
template <class T>
[[nodiscard]] Qr<T> qr(const Variable<T>& x, Where where = Where::current());

template <class T>
struct Eigh {
    Variable<T> values;   ///< (..., N), ascending
    Variable<T> vectors;  ///< (..., N, N), a column each
};
/// Eigenvalues and vectors of a symmetric x (..., N, N), of which the lower triangle is read.
/// Gradient: v (diag(gw) + f * (v^T gv)) v^T, f_ij = 1 / (w_j - w_i) [Giles 2008, 3.1], made
/// symmetric. Where values are equal f_ij is 0: right for functions that do not depend on the
/// choice of vectors there. Throws std::domain_error when the iteration does not converge, as for
/// NaN.
template <class T>
[[nodiscard]] Eigh<T> eigh(const Variable<T>& x, Where where = Where::current());

template <class T>
struct Svd {
    Variable<T> u;   ///< (..., M, K), its columns orthonormal; K = min(M, N)
    Variable<T> s;   ///< (..., K), descending
    Variable<T> vt;  ///< (..., K, N), its rows orthonormal
};
/// x (..., M, N) = u diag(s) vt, thin. Gradient: u (f * (u^T gu - gu^T u) s + s f * (v^T gv - gv^T
/// v)
/// + diag(gs)) v^T + (1 - u u^T) gu s^-1 v^T + u s^-1 gv^T (1 - v v^T), f_ij = 1 / (s_j^2 - s_i^2)
/// [Townsend 2016]; f_ij is 0 where values are equal, 1 / s where it is 0, as in eigh. Throws as
/// eigh.
template <class T>
[[nodiscard]] Svd<T> svd(const Variable<T>& x, Where where = Where::current());

/// The pseudoinverse y of x (..., M, N): (..., N, M), by singular values above max(M, N) times the
/// spacing of 1 times the largest; the others count as 0. Gradient: -y^T g y^T + (1 - x y) g^T y
/// y^T
/// + y^T y g^T (1 - y x), for a rank that does not change [Golub and Pereyra 1973]. Throws as eigh.
template <class T>
[[nodiscard]] Variable<T> pinv(const Variable<T>& x, Where where = Where::current());

/// The x that makes the norm of a x - b least, of those the one with the least norm, for a (..., M,
/// N) of full rank and b (..., M, K), or a vector b (M,). By qr of a, or of its transpose when M <
/// N, which has its gradients. Throws std::domain_error where a pivot is exactly 0.
template <class T>
[[nodiscard]] Variable<T> lstsq(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    Where where = Where::current());

/// The sum of x^k / k!, for x (..., N, N): Pade's approximation of order 13 with scaling and
/// squaring [Higham 2005], in public ops that are differentiated one by one.
template <class T>
[[nodiscard]] Variable<T> matrix_exp(const Variable<T>& x, Where where = Where::current());

}  // namespace xgrad
