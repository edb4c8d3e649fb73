// Internal to the sources: what the losses share.
#pragma once

#include <autograd/fail.hpp>
#include <ops/loss.hpp>
#include <ops/reduce.hpp>

#include <utility>
#include <vector>

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

/// (classes,), all 1 when none are given. Throws ShapeError unless there is one for each class of
/// scores (N, classes).
template <class T>
Variable<T> checked_weights(
    const char* loss, const Variable<T>& scores, const std::vector<double>& class_weights) {
    const std::size_t classes = scores.shape()[1];
    if (!class_weights.empty() && class_weights.size() != classes) {
        fail<ShapeError>(
            "{}: shape {} has {} classes, there are {} class weights; need one for each",
            loss,
            scores.shape(),
            classes,
            class_weights.size());
    }
    Array<T> weights(Shape{classes}, T(1));
    for (std::size_t i = 0; i < class_weights.size(); ++i)
        weights.data()[i] = static_cast<T>(class_weights[i]);
    return Variable<T>(std::move(weights));
}

}  // namespace xgrad::detail
