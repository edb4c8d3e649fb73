// Internal: what doctor() says of the data alone.
#pragma once

#include <nn/doctor.hpp>

#include <vector>

namespace xgrad::train {

/// A finding for each check of the data; `indices` for inputs that are rows of a table,
/// `has_train_dev` when there is a train-dev part already.
template <class T>
[[nodiscard]] std::vector<Finding> data_findings(
    const FitData<T>& data, bool indices, bool has_train_dev);

/// The error of always guessing train's most frequent label, on dev.
template <class T>
[[nodiscard]] double guessing_error(const data::Dataset<T>& train, const data::Dataset<T>& dev);

}  // namespace xgrad::train
