// Internal: kernels for the distances between the rows of two matrices.
#pragma once

#include <autograd/isa.hpp>

#include <cstddef>

namespace xgrad::detail {

template <class T>
struct DistanceKernels {
    /// y[j] = |a - b_j|^2 for a row a and the rows of b, (n, k).
    void (*squares)(T* y, const T* a, const T* b, std::size_t n, std::size_t k);
    /// y = the sum over j of weights[j] (a - b_j), for the same.
    void (*pulls)(T* y, const T* weights, const T* a, const T* b, std::size_t n, std::size_t k);
};

}  // namespace xgrad::detail
