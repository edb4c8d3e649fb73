// Internal to apply.cpp: a formula's kernel over the rows of an output.
#pragma once

#include <ops/apply.hpp>

#include <cstddef>

namespace xgrad::detail {

/// One call over rows of an output.
template <class T>
struct FormulaCall {
    FormulaBatches<T> row{};  ///< the first one; its count is not read
    std::size_t row_step[max_formula_operands] = {};
    std::size_t rows = 1, columns = 0;
};

/// Runs one of the kernels; `call` moves along with it. Stores past the caches only where whole
/// batches are at their boundaries.
template <class T>
void run_rows(
    const FormulaKernels<T>& kernels,
    typename FormulaKernels<T>::Kernel kernel,
    FormulaCall<T>& call);

}  // namespace xgrad::detail
