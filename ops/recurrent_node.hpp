// Internal to the sources: all steps of a recurrent layer as one node.
#pragma once

#include <autograd/op.hpp>

#include <array>

namespace xgrad::detail {

/// The inputs of a recurrence, by place: x (steps, N, in), h (N, hidden), the weights (gates
/// hidden, in) and (gates hidden, hidden), the biases (gates hidden,) or undefined, and of an LSTM
/// c (N, hidden).
enum RecurrentInput : std::size_t { at_x, at_h, at_ih, at_hh, at_bias_ih, at_bias_hh, at_c };
template <class T>
using RecurrentInputs = std::array<Variable<T>, 7>;

template <class T>
struct RecurrentCall {
    const Op* op;
    std::size_t gates;  ///< 4: an LSTM's, 3: a GRU's
    bool reverse;       ///< from the last step to the first
    /// The same in public ops, for gradients of gradients.
    Variable<T> (*by_ops)(const RecurrentInputs<T>& in, bool reverse);
};

/// h of every step, (steps, N, hidden), recorded; of an LSTM one more, the last c.
template <class T>
[[nodiscard]] Variable<T> run_recurrence(
    const RecurrentCall<T>& call, const RecurrentInputs<T>& in, Where where);

}  // namespace xgrad::detail
