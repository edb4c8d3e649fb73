// Internal: the usual loss of a batch.
#pragma once

#include <nn/data.hpp>
#include <ops/loss.hpp>

namespace xgrad::train {

/// cross_entropy for labels, mse_loss for targets.
template <class T>
[[nodiscard]] Variable<T> loss_of(const data::Batch<T>& batch, const Variable<T>& output) {
    return batch.y.empty() ? mse_loss(output, Variable<T>(batch.targets))
                           : cross_entropy(output, batch.y);
}

}  // namespace xgrad::train
