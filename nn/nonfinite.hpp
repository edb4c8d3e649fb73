// Internal to fit(): where a NaN or an infinity comes from.
#pragma once

#include <nn/data.hpp>
#include <nn/module.hpp>

#include <functional>
#include <string>

namespace xgrad::train::detail {

/// Runs the batch through the model once more, in its modes and with the noise of the last forward,
/// and says what it finds, a line each: the batch itself, the first layer whose result is not
/// finite, the largest parameter, what AnomalyGuard says of loss and gradients. What the run
/// changes in the model (running statistics) stays changed.
template <class T>
[[nodiscard]] std::string trace_nonfinite(
    nn::Module<T>& model,
    const data::Batch<T>& batch,
    const std::function<Variable<T>(const Variable<T>& outputs)>& loss);

/// The first parameter whose gradient is not finite; "" when there is none.
template <class T>
[[nodiscard]] std::string nonfinite_gradient(const std::vector<nn::Parameter<T>>& parameters);

}  // namespace xgrad::train::detail
