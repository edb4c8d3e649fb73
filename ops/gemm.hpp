// Internal: the one door to the products of OpenBLAS, and of oneDNN where that is faster.
#pragma once

#include <cstddef>
#include <string>

namespace xgrad::detail {

/// How a matrix product reads its operands: row-major, each possibly transposed.
struct GemmShape {
    std::size_t m, n, k;  ///< op(a) is (m, k), op(b) is (k, n), c is (m, n)
    bool transpose_a = false, transpose_b = false;
};

/// c = op(a) op(b) + beta c. An extent of zero leaves beta c. The work is cut into blocks by its
/// size alone, so the result has the same bits for any number of threads. Large products in float
/// are oneDNN's where the library was built with it and the machine has AVX-512.
template <class T>
void gemm(const GemmShape& shape, const T* a, const T* b, T beta, T* c);

/// Keeps OpenBLAS to the thread that calls it: its own threads would change the bits with their
/// number, and fight ours for the cores. Call it before any of its functions.
void one_blas_thread();

/// The kernels OpenBLAS chose, "Haswell" or the like, and oneDNN's version where it takes part.
[[nodiscard]] std::string blas_name();

}  // namespace xgrad::detail
