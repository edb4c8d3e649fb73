// Initial weights from data.
#pragma once

#include <nn/module.hpp>
#include <nn/rng.hpp>

#include <cstddef>

namespace xgrad::init {

struct LsuvOptions {
    double tolerance = 0.1;       ///< a layer is done when its variance is this close to 1
    std::size_t max_passes = 10;  ///< through the model, for each layer
};

/// Layer-sequential unit variance [Mishkin and Matas 2016]: gives each Dense and convolution of the
/// model, in the order of its tree, an orthogonal weight, then divides it by the deviation of the
/// layer's results for the batch x, which goes through the model in evaluation mode, until that is
/// 1. Right for any activation, since it measures instead of assuming. Biases stay. Throws
/// std::invalid_argument, naming the layer, for one that the model does not call or whose results
/// do not vary or are not finite, and unless the tolerance is positive; and what the model throws.
template <class T>
void lsuv(nn::Module<T>& model, const Array<T>& x, Rng& rng, const LsuvOptions& options = {});

}  // namespace xgrad::init
