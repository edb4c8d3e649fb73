// Norms, distances and moments. Axes may be negative. All throw ShapeError for an axis that does
// not exist or is named twice, and for shapes that do not fit. g is the gradient of the result y.
#pragma once

#include <autograd/grad.hpp>
#include <autograd/variable.hpp>

namespace xgrad {

/// The p-norm over the axes, (sum |x|^p)^(1/p), for any p > 0; p = 1 the sum of |x|, p = infinity
/// the largest |x|, p = -infinity the smallest; p = 2 over two axes is the Frobenius norm. Without
/// overflow where y itself does not. Gradient: g sign(x) |x / y|^(p - 1), 0 where y = 0 and for an
/// element 0; for infinity g sign(x) in equal shares to the ties. NaN if there is one; 0 over
/// nothing, for p = +-infinity ShapeError. Throws std::invalid_argument for other p.
template <class T>
[[nodiscard]] Variable<T> norm(
    const Variable<T>& x,
    double p,
    const Axes& axes,
    bool keep_dims = false,
    Where where = Where::current());
/// Over all elements.
template <class T>
[[nodiscard]] Variable<T> norm(const Variable<T>& x, double p = 2, Where where = Where::current());

/// x / max(norm(x, p), epsilon) along an axis. Gradient, p = 2: (g - y sum(g y)) / norm(x), and
/// g / epsilon for a norm below epsilon.
template <class T>
[[nodiscard]] Variable<T> normalize(
    const Variable<T>& x,
    double p = 2,
    std::ptrdiff_t axis = -1,
    double epsilon = 1e-12,
    Where where = Where::current());

/// sum(a b) / (max(|a|, epsilon) max(|b|, epsilon)) along an axis; a and b broadcast, and the axis
/// is absent from the result. Gradient for a: g (b / |b| - y a / |a|) / |a|.
template <class T>
[[nodiscard]] Variable<T> cosine_similarity(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    std::ptrdiff_t axis = -1,
    double epsilon = 1e-8,
    Where where = Where::current());

/// norm(a - b, p) along the last axis; a and b broadcast. Gradients: norm's, 0 at distance 0.
/// (PyTorch adds 1e-6 to a - b.)
template <class T>
[[nodiscard]] Variable<T> pairwise_distance(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    double p = 2,
    Where where = Where::current());

/// All distances between rows: a (..., M, K), b (..., N, K), the leading axes broadcast; element
/// (..., i, j) is norm(a_i - b_j, p). Gradients: norm's, 0 at distance 0. From the
/// differences: exact for near rows, where |a|^2 + |b|^2 - 2 a b cancels. Where p is not 2 or the
/// leading axes differ, and for derivatives of derivatives, it makes all (..., M, N, K) of them.
template <class T>
[[nodiscard]] Variable<T> cdist(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    double p = 2,
    Where where = Where::current());

/// The variance and the mean of the same elements.
template <class T>
struct Moments {
    Variable<T> variance;
    Variable<T> mean;
};

/// variance and mean of ops/reduce.hpp, with their gradients and errors; the mean is computed once.
template <class T>
[[nodiscard]] Moments<T> var_mean(
    const Variable<T>& x,
    const Axes& axes,
    bool keep_dims = false,
    std::size_t ddof = 0,
    Where where = Where::current());

/// Covariances of the rows of x (variables, observations), or of the one row that a vector is:
/// (x - mean) (x - mean)^T / (observations - ddof), a scalar for a vector. Gradient:
/// (g + g^T) (x - mean) / (observations - ddof). Throws ShapeError for other ranks,
/// std::invalid_argument unless ddof < observations.
template <class T>
[[nodiscard]] Variable<T> covariance(
    const Variable<T>& x, std::size_t ddof = 1, Where where = Where::current());

/// Correlations of the rows of x (variables, observations): the covariances of rows scaled to
/// variance 1. 1 for a vector. A constant row has none: NaN. Errors as covariance, with ddof 0.
template <class T>
[[nodiscard]] Variable<T> corrcoef(const Variable<T>& x, Where where = Where::current());

}  // namespace xgrad
