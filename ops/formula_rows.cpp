#include <ops/formula_rows.hpp>

#include <xmmintrin.h>

#include <algorithm>
#include <cstdint>

namespace xgrad::detail {
namespace {

constexpr std::size_t operands = max_formula_operands, rows_together = 8;

// The elements beyond whole batches, of so many rows. They run through the same kernel, a batch a
// row, padded with the last one: an element's result does not depend on where it stands.
template <class T>
void run_tails(
    const FormulaKernels<T>& kernels,
    typename FormulaKernels<T>::Kernel kernel,
    const FormulaCall<T>& call,
    std::size_t rows) {
    constexpr std::size_t most = rows_together * 64 / sizeof(T);
    const std::size_t batch = kernels.batch, n = call.columns, left = n % batch, whole = n - left;
    alignas(64) T padded[operands][most], result[most];
    FormulaBatches<T> tails;
    for (std::size_t k = 0; k < operands; ++k) {
        const T* from = call.row.at[k];
        const bool moves = call.row.step[k] > 0, differs = moves || call.row_step[k] > 0;
        tails.at[k] = differs ? padded[k] : from;
        tails.step[k] = differs ? batch : 0;
        for (std::size_t r = 0; differs && r < rows; ++r, from += call.row_step[k])
            kernels.pad(padded[k] + r * batch, moves ? from + whole : from, moves ? left : 1);
    }
    tails.params = call.row.params;
    tails.out = result;
    tails.count = rows;
    tails.store = FormulaStore::plain;
    kernel(tails);
    const bool adds = call.row.store == FormulaStore::add;
    for (std::size_t r = 0; r < rows; ++r) {
        T* const out = call.row.out + r * n + whole;
        for (std::size_t j = 0; j < left; ++j)
            out[j] = adds ? out[j] + result[r * batch + j] : result[r * batch + j];
    }
}

}  // namespace

template <class T>
void run_rows(
    const FormulaKernels<T>& kernels,
    typename FormulaKernels<T>::Kernel kernel,
    FormulaCall<T>& call) {
    const std::size_t batch = kernels.batch, n = call.columns, left = n % batch;
    FormulaBatches<T>& row = call.row;
    const bool streams = row.store == FormulaStore::past_caches &&
                         reinterpret_cast<std::uintptr_t>(row.out) % (batch * sizeof(T)) == 0 &&
                         (call.rows == 1 || left == 0);
    if (row.store == FormulaStore::past_caches && !streams)
        row.store = FormulaStore::plain;
    row.count = n / batch;
    for (std::size_t done = 0; done < call.rows; done += rows_together) {
        const std::size_t rows = std::min(rows_together, call.rows - done);
        if (left > 0)
            run_tails(kernels, kernel, call, rows);
        for (std::size_t r = 0; r < rows; ++r) {
            if (row.count > 0)
                kernel(row);
            row.out += n;
            for (std::size_t k = 0; k < operands; ++k)
                row.at[k] += call.row_step[k];
        }
    }
    if (streams)
        _mm_sfence();
}

template void run_rows(
    const FormulaKernels<float>&, FormulaKernels<float>::Kernel, FormulaCall<float>&);
template void run_rows(
    const FormulaKernels<double>&, FormulaKernels<double>::Kernel, FormulaCall<double>&);

}  // namespace xgrad::detail
