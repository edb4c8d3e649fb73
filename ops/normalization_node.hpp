// Internal to the sources: a normalization as one node, one pass each way.
#pragma once

#include <autograd/op.hpp>

namespace xgrad::detail {

/// How the elements of x fall into groups, each with a mean and a variance of its own. x is a row
/// of runs of `length` contiguous elements; group q is the runs first(q), first(q) + step, ...
struct Groups {
    std::size_t count;         ///< of groups
    std::size_t runs, length;  ///< of one group
    std::size_t step = 1;
    std::size_t channels = 0;  ///< run r has weight and bias r % channels; 0: one an element
    bool centered = true;      ///< without it the mean is taken to be 0
    double epsilon;            ///< added to the variance

    // The same in public ops: x, weight and bias reshaped, and the axes of a group.
    Shape view, affine;
    Axes axes;

    [[nodiscard]] std::size_t first(std::size_t q) const noexcept {
        return step == 1 ? q * runs : q;
    }
    [[nodiscard]] std::size_t elements() const noexcept { return runs * length; }
};

template <class T>
struct GroupsNormalized {
    Variable<T> y;
    Array<T> mean, variance;  ///< of each group
};

/// (x - mean) / sqrt(variance + epsilon) weight + bias, recorded as `op`. weight and bias may be
/// undefined, for 1 and 0.
template <class T>
[[nodiscard]] GroupsNormalized<T> normalize_groups(
    const Op& op,
    Groups groups,
    const Variable<T>& x,
    const Variable<T>& weight,
    const Variable<T>& bias,
    Where where);

}  // namespace xgrad::detail
