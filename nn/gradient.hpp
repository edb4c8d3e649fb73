// Gradients between backward() and step(): their norm, and how to bound it.
#pragma once

#include <nn/module.hpp>

#include <vector>

namespace xgrad::optim {

/// The 2-norm of all gradients as one vector, summed in double; parameters without one are left
/// out. NaN or infinite where a gradient is.
template <class T>
[[nodiscard]] double grad_norm(const std::vector<nn::Parameter<T>>& parameters);

/// Scales all gradients by min(1, max_norm / (norm + 1e-6)) and returns the norm that they had
/// [Pascanu et al. 2013, algorithm 1]. A norm that is not finite changes nothing: see
/// Optimizer::skip_nonfinite(). Throws std::invalid_argument unless max_norm is positive.
template <class T>
double clip_grad_norm(const std::vector<nn::Parameter<T>>& parameters, double max_norm);

/// Moves every element of every gradient into [-bound, bound]; NaN stays. Throws
/// std::invalid_argument unless bound is positive.
template <class T>
void clip_grad_value(const std::vector<nn::Parameter<T>>& parameters, double bound);

namespace detail {

/// True when no element is NaN or infinite.
template <class T>
[[nodiscard]] bool all_finite(const Array<T>& array) noexcept;

}  // namespace detail

}  // namespace xgrad::optim
