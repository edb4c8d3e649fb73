// All steps of a recurrent layer as one op, in the layout of PyTorch's modules, time first.
#pragma once

#include <autograd/variable.hpp>

namespace xgrad {

/// Of a layer of `hidden` units: ih (gates hidden, in), hh (gates hidden, hidden), the biases
/// (gates hidden,) or undefined. The gates stand one after another.
template <class T>
struct RecurrentWeights {
    Variable<T> ih, hh, bias_ih, bias_hh;
};

/// What lstm() gives: h of each step, (steps, N, hidden), and the last c, (N, hidden).
template <class T>
struct LstmSteps {
    Variable<T> y, c;
};

/// A long short-term memory [Hochreiter and Schmidhuber 1997; Gers et al. 2000] over the steps of
/// x (steps, N, in), from h and c (N, hidden), with the gates i, f, g, o:
///     (i, f, g, o) = W_ih x + b_ih + W_hh h + b_hh,
///     c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c').
/// With `reverse` from the last step to the first; y stays in x's order. Gradient: back through
/// the steps. Throws ShapeError for shapes that do not fit and for no steps.
template <class T>
[[nodiscard]] LstmSteps<T> lstm(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& h,
    const std::type_identity_t<Variable<T>>& c,
    const std::type_identity_t<RecurrentWeights<T>>& weights,
    bool reverse = false,
    Where where = Where::current());

/// Gated recurrent units [Cho et al. 2014, with the reset after the product] in the same way, with
/// the gates r, z, n, W_ih x + b_ih = (x_r, x_z, x_n), and W_hh h + b_hh = (h_r, h_z, h_n):
///     r = sigmoid(x_r + h_r), z = sigmoid(x_z + h_z), n = tanh(x_n + r h_n),
///     h' = (1 - z) n + z h.
/// Gives h of each step, (steps, N, hidden). Gradient and errors as lstm().
template <class T>
[[nodiscard]] Variable<T> gru(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& h,
    const std::type_identity_t<RecurrentWeights<T>>& weights,
    bool reverse = false,
    Where where = Where::current());

}  // namespace xgrad
