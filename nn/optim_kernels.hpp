// Internal: the updates over raw arrays. An optimiser is its states and a formula for one element.
#pragma once

#include <autograd/isa.hpp>

#include <cstddef>

namespace xgrad::detail {

/// What happens before every formula: g += l2 w, w *= shrink, with shrink = 1 - lr weight_decay.
struct DecayStep {
    double l2, shrink;
};

// The coefficients of one step, and how many states the formula has. A state that an option leaves
// out is a null pointer: it reads as 0.

struct SgdStep {
    static constexpr std::size_t states = 1;  // velocity
    double lr, momentum, take;                // take: 1 - dampening, in the first step 1
    bool nesterov;
};

struct LionStep {
    static constexpr std::size_t states = 1;  // mean
    double lr, beta1, beta2;
};

struct AdagradStep {
    static constexpr std::size_t states = 1;  // sum
    double lr, epsilon;
};

struct AdadeltaStep {
    static constexpr std::size_t states = 2;  // square, delta
    double lr, rho, epsilon;
};

struct RmspropStep {
    static constexpr std::size_t states = 3;  // square, velocity, mean
    double lr, alpha, epsilon, momentum;
    bool centred;
};

struct AdamStep {
    static constexpr std::size_t states = 3;  // mean, square, peak
    double beta1, beta2, epsilon;
    double mean_rate, gradient_rate;  // what the mean and the gradient are multiplied by
    double root_scale;                // 1 / sqrt(1 - beta2^t)
    bool amsgrad;
};

struct RadamStep {
    static constexpr std::size_t states = 2;  // mean, square
    double beta1, beta2, epsilon;
    double plain_rate, adaptive_rate;  // one of them is 0
};

struct AdamaxStep {
    static constexpr std::size_t states = 2;  // mean, peak
    double lr, beta1, beta2, epsilon;         // lr: over 1 - beta1^t
};

/// Updates n weights and their states.
template <class T, class Step>
using Update = void (*)(
    T* w, const T* g, T* const* states, std::size_t n, const DecayStep& decay, const Step& step);

template <class T>
struct OptimKernels {
    Update<T, SgdStep> sgd;
    Update<T, LionStep> lion;
    Update<T, AdagradStep> adagrad;
    Update<T, AdadeltaStep> adadelta;
    Update<T, RmspropStep> rmsprop;
    Update<T, AdamStep> adam;
    Update<T, RadamStep> radam;
    Update<T, AdamaxStep> adamax;
};

}  // namespace xgrad::detail
