// Internal: the one door to LAPACK. Matrices are row-major and contiguous, and overwritten.
#pragma once

#include <cstddef>
#include <vector>

namespace xgrad::detail {

/// The factors of an n x n matrix whose rows are LAPACK's columns: what `a` holds is the LU factors
/// of its transpose, with the interchanges.
template <class T>
struct Lu {
    Lu(T* a, std::size_t n);
    /// a becomes its inverse; no pivot may be 0.
    void invert();
    /// The k vectors that are the rows of x become the x with a x = b.
    void solve(T* x, std::size_t k) const;

    T* a;
    std::size_t n;
    std::vector<int> interchanges;  ///< counted from 1
    std::ptrdiff_t zero = -1;       ///< the first pivot that is 0, or -1
};

/// The lower triangle of a becomes Cholesky's factor. Returns the order of the first minor that is
/// not positive, counted from 1, or 0.
template <class T>
[[nodiscard]] std::size_t cholesky_factor(T* a, std::size_t n);

/// b (n, k) becomes the x with a x = b, a triangular with no 0 on the diagonal.
template <class T>
void triangular_solve(const T* a, std::size_t n, bool lower, T* b, std::size_t k);

/// a (m, n), m >= n, as q (m, n) with orthonormal columns times r (n, n), 0 below the diagonal.
template <class T>
void qr_factors(const T* a, std::size_t m, std::size_t n, T* q, T* r);

/// The rows of a symmetric a, of which the lower triangle is read, become its eigenvectors, w the
/// eigenvalues, ascending. False when it does not converge.
template <class T>
[[nodiscard]] bool symmetric_eigen(T* a, std::size_t n, T* w);

/// a (m, n) = u diag(s) vt with k = min(m, n) values, descending: u is (m, k), vt (k, n). False
/// when it does not converge.
template <class T>
[[nodiscard]] bool singular_values(T* a, std::size_t m, std::size_t n, T* u, T* s, T* vt);

}  // namespace xgrad::detail
