// Contractions: products summed over axes that the operands share. All are made of permute,
// reshape, mul, matmul and sum, so they are differentiable as often as these; the gradient of a
// contraction is g contracted with the other operands. All throw ShapeError for shapes that do not
// fit.
#pragma once

#include <autograd/grad.hpp>
#include <autograd/variable.hpp>

#include <string_view>
#include <vector>

namespace xgrad {

/// Einstein's summation. `spec` names each axis of each operand by a letter: equal letters run
/// together, and those that the result does not name are summed over. A letter twice in one operand
/// takes the diagonal. Without "->" the result has the letters that occur once, in alphabetical
/// order, capitals first. Operands are contracted in pairs, the cheapest first. Gradient of an
/// operand: g contracted with the others. Throws std::invalid_argument for a spec that cannot be
/// read, ShapeError when an operand has another rank than letters or a letter two extents.
///
///     einsum("bij,bjk->bik", std::vector{a, b})      a product of matrices for each b
///     einsum("ii", std::vector{a})                   the trace
template <class T>
[[nodiscard]] Variable<T> einsum(
    std::string_view spec,
    const std::vector<Variable<T>>& operands,
    Where where = Where::current());

/// Products summed over pairs of axes, `axes_a[i]` with `axes_b[i]`; returns the other axes of a,
/// then those of b (numpy's tensordot). Gradients: g contracted with b over b's axes in the result,
/// and with a over a's.
template <class T>
[[nodiscard]] Variable<T> tensordot(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    const Axes& axes_a,
    const Axes& axes_b,
    Where where = Where::current());

/// The last `axes` of a with the first of b. With 0 it is the product of each with each.
template <class T>
[[nodiscard]] Variable<T> tensordot(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    std::size_t axes = 2,
    Where where = Where::current());

/// Kronecker's product: b scaled by each element of a, in blocks; extents multiply. The smaller
/// rank is filled up with ones in front. Gradients: for a the sum of g b over each block, for b the
/// sum of g's blocks scaled by a.
template <class T>
[[nodiscard]] Variable<T> kron(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    Where where = Where::current());

/// Products of stacks of matrices (B, M, K) and (B, K, N): (B, M, N); matmul without broadcasting.
/// Gradients: g b^T, a^T g.
template <class T>
[[nodiscard]] Variable<T> bmm(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    Where where = Where::current());

/// beta c + alpha bmm(a, b), c broadcast to (B, M, N). Gradients: beta g, alpha g b^T, alpha a^T g.
template <class T>
[[nodiscard]] Variable<T> baddbmm(
    const Variable<T>& c,
    const std::type_identity_t<Variable<T>>& a,
    const std::type_identity_t<Variable<T>>& b,
    double beta = 1,
    double alpha = 1,
    Where where = Where::current());

/// The sum of the diagonal of x (..., M, N): (...). Gradient: g on the diagonal, 0 elsewhere.
template <class T>
[[nodiscard]] Variable<T> trace(const Variable<T>& x, Where where = Where::current());

}  // namespace xgrad
