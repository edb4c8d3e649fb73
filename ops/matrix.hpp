// Internal to the sources of linear algebra: arrays as stacks of square matrices.
#pragma once

#include <autograd/fail.hpp>
#include <ops/arithmetic.hpp>
#include <ops/linalg.hpp>
#include <ops/shape.hpp>

#include <algorithm>

namespace xgrad::detail {

template <class T>
[[nodiscard]] bool is_square(const Variable<T>& x) {
    return x.rank() >= 2 && x.shape()[x.rank() - 1] == x.shape()[x.rank() - 2];
}

template <class T>
void check_square(const char* op, const Variable<T>& x) {
    if (!is_square(x))
        fail<ShapeError>("{}: x has shape {}; need square matrices (..., N, N)", op, x.shape());
}

template <class T>
[[nodiscard]] Variable<T> turned(const Variable<T>& x) {
    return transpose(x, -2, -1);
}

[[nodiscard]] inline Shape leading_axes(const Shape& shape) {
    return Shape(shape.begin(), shape.end() - 2);
}

template <class T>
[[nodiscard]] Array<T> identity(std::size_t n, T on_diagonal = T(1), T below = T(0)) {
    Array<T> y(Shape{n, n}, T(0));
    for (std::size_t i = 0; i < n; ++i) {
        std::fill_n(y.data() + i * n, i, below);
        y.data()[i * n + i] = on_diagonal;
    }
    return y;
}

/// For samples: matrices far from singular. What is not square is left for the op to refuse.
template <class T>
[[nodiscard]] Variable<T> regular(const Variable<T>& x) {
    return is_square(x) ? add(x, Variable<T>(identity<T>(x.shape().back(), T(4)))) : x;
}
template <class T>
[[nodiscard]] Variable<T> definite(const Variable<T>& x) {
    if (!is_square(x))
        return x;
    return add(matmul(x, turned(x)), Variable<T>(identity<T>(x.shape().back())));
}

/// Calls f(index, matrix) for each matrix of an array.
template <class T, class F>
void each_matrix(Array<T>& x, F f) {
    const std::size_t n = x.shape().back(), matrices = count(leading_axes(x.shape()));
    for (std::size_t i = 0; i < matrices; ++i)
        f(i, x.data() + i * n * n);
}

}  // namespace xgrad::detail
