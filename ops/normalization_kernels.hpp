// Internal: kernels of the normalizations, over runs of contiguous elements.
#pragma once

#include <autograd/isa.hpp>

#include <cstddef>

namespace xgrad::detail {

template <class T>
struct NormalizationKernels {
    /// Sets moments[0], moments[1] to the mean and the mean squared distance from it, in two
    /// passes, over `runs` runs of n elements that begin `step` apart. Without `centered` the mean
    /// is taken to be 0.
    void (*moments)(
        double* moments,
        const T* x,
        std::size_t runs,
        std::size_t n,
        std::size_t step,
        bool centered);
    /// y_i = (x_i - mean) scale w_i + b_i + shift; w and b may be null, for 1 and 0. Past the
    /// caches where `past_caches`: drain() has to follow.
    void (*normalize)(
        T* y,
        const T* x,
        std::size_t n,
        T mean,
        T scale,
        T shift,
        const T* w,
        const T* b,
        bool past_caches);
    /// sums[0] = sum of g_i w_i, sums[1] = sum of g_i w_i (x_i - mean); and, where they are not
    /// null, dw_i += g_i (x_i - mean) scale and db_i += g_i.
    void (*sums)(
        double* sums,
        const T* g,
        const T* x,
        std::size_t n,
        T mean,
        T scale,
        const T* w,
        T* dw,
        T* db);
    /// dx_i = a (slope g_i w_i - c) + b (x_i - mean). In float a g - a c would not be 0 where g is
    /// c. Past the caches like normalize().
    void (*share)(
        T* dx,
        const T* g,
        const T* x,
        std::size_t n,
        T mean,
        const T* w,
        T slope,
        T a,
        T b,
        T c,
        bool past_caches);
};

}  // namespace xgrad::detail
