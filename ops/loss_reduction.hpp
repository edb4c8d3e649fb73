// Internal to the sources: what the losses share.
#pragma once

#include <autograd/fail.hpp>
#include <ops/loss.hpp>
#include <ops/reduce.hpp>

namespace xgrad::detail {

/// The elements' losses as they are, their sum, or their mean.
template <class T>
Variable<T> reduce(
    const char* loss, const Variable<T>& elements, Reduction reduction, Where where) {
    if (reduction == Reduction::none)
        return elements;
    if (reduction == Reduction::sum)
        return sum(elements, where);
    if (elements.size() == 0) {
        fail<ShapeError>(
            "{}: the batch is empty, shape {}; a mean needs at least one element",
            loss,
            elements.shape());
    }
    return mean(elements, where);
}

template <class T>
void check_same(const char* loss, const Variable<T>& x, const Variable<T>& target) {
    if (x.shape() != target.shape()) {
        fail<ShapeError>(
            "{}: x has shape {}, the target {}; need one shape", loss, x.shape(), target.shape());
    }
}

}  // namespace xgrad::detail
