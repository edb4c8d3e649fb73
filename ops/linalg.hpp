// Matrix products.
#pragma once

#include <autograd/grad.hpp>
#include <autograd/variable.hpp>

namespace xgrad {

/// Matrix product. a: (..., M, K), b: (..., K, N), the leading axes broadcast; returns
/// (..., M, N). A vector is taken as a row on the left, (K,), and as a column on the right, and
/// its axis is absent from the result. Gradients: dA = g B^T, dB = A^T g [Giles 2008, 2.2.2].
/// Throws ShapeError when a or b is a scalar, the inner sizes differ, or the leading axes do not
/// broadcast.
template <class T>
[[nodiscard]] Variable<T> matmul(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    Where where = Where::current());

/// The same with a constant on the left.
template <class T>
[[nodiscard]] Variable<T> matmul(
    const Array<T>& a, const Variable<T>& b, Where where = Where::current()) {
    return matmul(Variable<T>(a), b, where);
}

/// x W^T + bias, a dense layer. x: (..., in), weight: (out, in), bias: (out,) or undefined for
/// none; returns (..., out). Gradients: g W, g^T x, and the sum of g over all but the last axis.
/// Throws ShapeError when the shapes do not fit.
template <class T>
[[nodiscard]] Variable<T> linear(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const std::type_identity_t<Variable<T>>& bias = {},
    Where where = Where::current());

/// Inner product of two vectors (N,), a scalar. Gradients: g b, g a.
template <class T>
[[nodiscard]] Variable<T> dot(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    Where where = Where::current());

/// Outer product of vectors (M,) and (N,): (M, N). Gradients: g b, g^T a.
template <class T>
[[nodiscard]] Variable<T> outer(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    Where where = Where::current());

}  // namespace xgrad
