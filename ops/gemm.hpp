// Internal: the one door to BLAS's products.
#pragma once

#include <cstddef>

namespace xgrad::detail {

/// How a matrix product reads its operands: row-major, each possibly transposed.
struct GemmShape {
    std::size_t m, n, k;  ///< op(a) is (m, k), op(b) is (k, n), c is (m, n)
    bool transpose_a = false, transpose_b = false;
};

/// c = op(a) op(b) + beta c. An extent of zero leaves beta c. The work is cut into blocks by its
/// size alone, so the result has the same bits for any number of threads.
template <class T>
void gemm(const GemmShape& shape, const T* a, const T* b, T beta, T* c);

/// Keeps OpenBLAS to the thread that calls it: its own threads would change the bits with their
/// number, and fight ours for the cores. Call it before any of its functions.
void one_blas_thread();

/// The kernels OpenBLAS chose, "Haswell" or the like.
[[nodiscard]] const char* blas_core();

}  // namespace xgrad::detail
