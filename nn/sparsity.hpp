// How sparse a model's parameters are, L1's effect above all.
#pragma once

#include <nn/module.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace xgrad::train {

/// The zeros among some numbers.
struct Sparsity {
    std::string name;            ///< of the parameter; "all weights" for the total
    std::size_t size = 0;        ///< numbers
    std::size_t zeros = 0;       ///< that are exactly 0
    std::size_t near_zeros = 0;  ///< that are near 0, the zeros among them

    /// zeros / size and near_zeros / size; 0 for no numbers.
    [[nodiscard]] double zero_share() const noexcept;
    [[nodiscard]] double near_zero_share() const noexcept;
};

struct SparsityReport {
    std::vector<Sparsity> parameters;  ///< each, in the order of Module::parameters()
    Sparsity weights;  ///< those that decay together: biases, which start at 0, would blur it
    double near;

    /// A table with a line for each parameter, the total last.
    [[nodiscard]] std::string text() const;
};

/// Counts the zeros and near-zeros of each parameter (practice P5). Near 0 is |w| <= near times the
/// rms of its parameter, so that the scale of a layer does not matter: of normal weights that are
/// not sparse 0.8 % are within the default. Weights under an L1 penalty without a proximal step
/// swing around 0 by the learning rate times lambda / m and are near-zeros, seldom zeros. Throws
/// std::invalid_argument for a negative or non-finite `near`.
template <class T>
[[nodiscard]] SparsityReport sparsity(const nn::Module<T>& model, double near = 0.01);

}  // namespace xgrad::train
