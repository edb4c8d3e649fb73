// Internal to fit(): what it refuses.
#pragma once

#include <nn/fit.hpp>

namespace xgrad::train::detail {

/// Throws std::invalid_argument for data and options that do not fit.
template <class T>
void check_fit(const FitData<T>& data, const FitOptions<T>& options);

}  // namespace xgrad::train::detail
