// Softmax and its logarithm along one axis; dropout.
#pragma once

#include <autograd/grad.hpp>
#include <autograd/variable.hpp>

#include <cstdint>

namespace xgrad {

/// exp(x) / sum(exp(x)) along an axis, without overflow. Gradient: y (g - sum(g y)). Throws
/// ShapeError for an axis that does not exist.
template <class T>
[[nodiscard]] Variable<T> softmax(
    const Variable<T>& x, std::ptrdiff_t axis = -1, Where where = Where::current());

/// log(softmax(x)), without the cancellation of the composite. Gradient: g - exp(y) sum(g).
/// Throws ShapeError for an axis that does not exist.
template <class T>
[[nodiscard]] Variable<T> log_softmax(
    const Variable<T>& x, std::ptrdiff_t axis = -1, Where where = Where::current());

/// What a dropout mask is a function of: element i is kept where word i of the Philox stream
/// (seed, stream) says so. The same key gives the same mask.
struct DropoutKey {
    std::uint64_t seed = 0;
    std::uint64_t stream = 0;
};

/// Inverted dropout [Srivastava et al. 2014]: each element is kept with probability `keep_prob`
/// and divided by it, else 0. keep_prob = 1 returns x. Gradient: g through the same mask, which is
/// made again, not stored. Throws std::invalid_argument unless 0 < keep_prob <= 1.
template <class T>
[[nodiscard]] Variable<T> dropout(
    const Variable<T>& x, double keep_prob, DropoutKey key, Where where = Where::current());

}  // namespace xgrad
