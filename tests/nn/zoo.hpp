// The zoo: every module of the library with an input, one row each, for the checks of
// nn/zoo_main.cpp.
#pragma once

#include <nn/module.hpp>
#include <nn/rng.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace xgrad::test {

struct ZooRow {
    std::string name;
    std::function<std::shared_ptr<nn::Module<double>>(Rng&)> make;
    Shape input;  ///< the batch comes first
    /// What an empty batch says; when there is nothing, it gives an empty result.
    std::string empty_batch_error = {};
    bool whole_numbers = false;  ///< the input is indices, without a gradient
    bool from_zeros = false;     ///< a state of zeros hides a weight
    bool has_reference = true;   ///< PyTorch has the module
};

/// Layers of products, convolutions and pooling; activations and changes of shape; recurrent layers
/// and attention; normalizations, noise and containers.
[[nodiscard]] std::vector<ZooRow> product_rows();
[[nodiscard]] std::vector<ZooRow> activation_rows();
[[nodiscard]] std::vector<ZooRow> sequence_rows();
[[nodiscard]] std::vector<ZooRow> other_rows();

/// All of them.
[[nodiscard]] std::vector<ZooRow> all_rows();

}  // namespace xgrad::test
