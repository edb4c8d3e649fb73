// Internal: the updates over raw arrays.
#pragma once

#include <autograd/isa.hpp>

#include <cstddef>

namespace xgrad::detail {

template <class T>
struct SgdStep {
    T lr, momentum, l2, shrink;  // shrink: 1 - lr weight_decay
    bool nesterov;
};

template <class T>
struct AdamStep {
    T lr, beta1, beta2, epsilon, l2, shrink;
    T correct1, correct2;  // 1 / (1 - beta1^t), 1 / sqrt(1 - beta2^t)
};

template <class T>
struct OptimKernels {
    /// velocity may be null: no momentum.
    void (*sgd)(T* w, const T* g, T* velocity, std::size_t n, const SgdStep<T>& step);
    void (*adam)(T* w, const T* g, T* mean, T* square, std::size_t n, const AdamStep<T>& step);
};

}  // namespace xgrad::detail
