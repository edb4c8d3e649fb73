// Compiled once for each instruction set.
#include <autograd/simd.hpp>
#include <nn/optim_kernels.hpp>

namespace xgrad::detail::XGRAD_ISA {
namespace {

// One element or one batch: V is T or Batch<T>.
template <class V, class T>
void sgd_one(V& w, V g, V* velocity, const SgdStep<T>& s) {
    g = g + V(s.l2) * w;
    w = V(s.shrink) * w;
    if (velocity) {
        *velocity = V(s.momentum) * *velocity + g;
        g = s.nesterov ? g + V(s.momentum) * *velocity : *velocity;
    }
    w = w - V(s.lr) * g;
}

template <class V, class T, class Root>
void adam_one(V& w, V g, V& mean, V& square, const AdamStep<T>& s, Root root) {
    g = g + V(s.l2) * w;
    mean = V(s.beta1) * mean + V(1 - s.beta1) * g;
    square = V(s.beta2) * square + V(1 - s.beta2) * g * g;
    w = V(s.shrink) * w;
    w = w - V(s.lr * s.correct1) * mean / (root(square) * V(s.correct2) + V(s.epsilon));
}

template <class B, class T = typename B::value_type>
void sgd(T* w, const T* g, T* velocity, std::size_t n, const SgdStep<T>& step) {
    std::size_t i = 0;
    for (; i + B::size <= n; i += B::size) {
        B weight = B::load_unaligned(w + i);
        B speed = velocity ? B::load_unaligned(velocity + i) : B(T(0));
        sgd_one(weight, B::load_unaligned(g + i), velocity ? &speed : nullptr, step);
        weight.store_unaligned(w + i);
        if (velocity)
            speed.store_unaligned(velocity + i);
    }
    for (; i < n; ++i)
        sgd_one(w[i], g[i], velocity ? velocity + i : nullptr, step);
}

template <class B, class T = typename B::value_type>
void adam(T* w, const T* g, T* mean, T* square, std::size_t n, const AdamStep<T>& step) {
    std::size_t i = 0;
    for (; i + B::size <= n; i += B::size) {
        B weight = B::load_unaligned(w + i);
        B m = B::load_unaligned(mean + i), v = B::load_unaligned(square + i);
        adam_one(weight, B::load_unaligned(g + i), m, v, step, [](B x) { return xsimd::sqrt(x); });
        weight.store_unaligned(w + i);
        m.store_unaligned(mean + i);
        v.store_unaligned(square + i);
    }
    for (; i < n; ++i) {
        adam_one(w[i], g[i], mean[i], square[i], step, [](T x) {
            return static_cast<T>(__builtin_sqrt(static_cast<double>(x)));
        });
    }
}

template <class B>
constexpr OptimKernels<typename B::value_type> table = {sgd<B>, adam<B>};

[[maybe_unused]] const bool offered[] = {
    offer_kernels(kernel_slot<OptimKernels<float>>, Isa::XGRAD_ISA, &table<Batch<float>>),
    offer_kernels(kernel_slot<OptimKernels<double>>, Isa::XGRAD_ISA, &table<Batch<double>>)};

}  // namespace
}  // namespace xgrad::detail::XGRAD_ISA
