// Internal: one step of a recurrent cell, and its shares, on rows of `hidden` elements.
#pragma once

#include <autograd/isa.hpp>

#include <cstddef>

namespace xgrad::detail {

/// All arrays are contiguous rows: `gates` and what has its shape of gates * hidden elements, the
/// others of `hidden`. `before` is the state before the step that the formula needs: an LSTM's c, a
/// GRU's h. `inner` is what backward needs beside the gates: an LSTM's new c, a GRU's
/// W_hn h + b_hn.
template <class T>
struct RecurrentKernels {
    /// gates: W_ih x + b_ih before, the gates after. `bias`, a row, may be null.
    using Step = void (*)(
        T* gates,
        T* inner,
        T* h,
        const T* from_h,
        const T* bias,
        const T* before,
        std::size_t rows,
        std::size_t hidden);
    /// g: the gradient of h from outside, dh: that from the next step.
    struct Shares {
        T* from_x;  ///< to W_ih x + b_ih
        T* from_h;  ///< to W_hh h + b_hh; null for an LSTM, where the two are one
        T* dh;      ///< before: from the next step; after, of a GRU: what passes by the products
        T* dc;      ///< of an LSTM, from the next step, then to the one before
        const T *g, *gates, *before, *inner;
    };
    using Share = void (*)(const Shares& at, std::size_t rows, std::size_t hidden);

    Step lstm, gru;
    Share lstm_share, gru_share;
};

}  // namespace xgrad::detail
