// Internal: matrix products too small for a call to BLAS, by hand.
#pragma once

#include <autograd/isa.hpp>
#include <ops/gemm.hpp>

namespace xgrad::detail {

template <class T>
struct SmallGemm {
    /// Whether run() takes this shape and is faster than OpenBLAS at it; always up to 512
    /// multiply-adds.
    bool (*fits)(const GemmShape& shape);
    /// c = op(a) op(b) + beta c, as gemm().
    void (*run)(const GemmShape& shape, const T* a, const T* b, T beta, T* c);
};

}  // namespace xgrad::detail
