// Pooling as layers: the functions and options of ops/pooling.hpp, with their errors.
#pragma once

#include <nn/activation.hpp>
#include <ops/pooling.hpp>

namespace xgrad::nn {

/// The largest, or the mean, of each window: x (..., length), or (..., rows, columns).
///
///     nn::MaxPool2d<float>(2)
template <class T = float>
[[nodiscard]] Lambda<T> MaxPool1d(std::size_t kernel, MaxPool1dOptions options = {});
template <class T = float>
[[nodiscard]] Lambda<T> MaxPool2d(RowsColumns kernel, MaxPool2dOptions options = {});
template <class T = float>
[[nodiscard]] Lambda<T> AvgPool1d(std::size_t kernel, AvgPool1dOptions options = {});
template <class T = float>
[[nodiscard]] Lambda<T> AvgPool2d(RowsColumns kernel, AvgPool2dOptions options = {});
/// The largest, or the mean, of `size` windows that cover an axis, or each of the last two; size 1
/// is global pooling.
template <class T = float>
[[nodiscard]] Lambda<T> AdaptiveMaxPool1d(std::size_t size);
template <class T = float>
[[nodiscard]] Lambda<T> AdaptiveMaxPool2d(RowsColumns size);
template <class T = float>
[[nodiscard]] Lambda<T> AdaptiveAvgPool1d(std::size_t size);
template <class T = float>
[[nodiscard]] Lambda<T> AdaptiveAvgPool2d(RowsColumns size);

}  // namespace xgrad::nn
