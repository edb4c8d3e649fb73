// Recurrent layers and their cells, with PyTorch's names and order of gates; the batch comes first.
//
// With x_t the input and h the state before, W x for x W^T, all of a cell's gates one after
// another in the rows of weight_ih (gates hidden, in) and weight_hh (gates hidden, hidden):
// - RNN [Elman 1990]: h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu of it;
// - LSTM [Hochreiter and Schmidhuber 1997; Gers et al. 2000], gates i, f, g, o, and a cell c:
//   c' = f c + i g, h' = o tanh(c'); sigmoids, but for g, which is a tanh;
// - GRU [Cho et al. 2014, with the reset after the product], gates r, z, n:
//   n = tanh(W_in x + b_in + r (W_hn h + b_hn)), h' = (1 - z) n + z h.
//
// Weights start so that the state neither dies nor explodes over many steps: weight_hh orthogonal
// in each gate [Saxe et al. 2014], weight_ih by lecun_normal (inputs of variance 1 give gates of
// variance 1), biases 0, but 1 for an LSTM's forget gate, which then remembers [Gers et al. 2000;
// Jozefowicz et al. 2015]. A relu network's hh is orthogonal, too: it keeps lengths as the identity
// of [Le et al. 2015] does.
#pragma once

#include <nn/module.hpp>

#include <string>
#include <vector>

namespace xgrad {
class Rng;
}

namespace xgrad::nn {

enum class RecurrentKind { rnn_tanh, rnn_relu, lstm, gru };

/// What is carried from step to step. Undefined stands for zeros.
template <class T>
struct RecurrentState {
    Variable<T> h;
    Variable<T> c;  ///< LSTM only
};

/// The base of the cells: one step, x (N, in), states (N, hidden).
template <class T>
class RecurrentCell : public Module<T> {
public:
    /// The state after x. Throws ShapeError for shapes that do not fit.
    [[nodiscard]] RecurrentState<T> step(const Variable<T>& x, const RecurrentState<T>& state = {});
    /// The h of the first step, from zeros.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;
    [[nodiscard]] std::size_t multiply_adds(const Shape& x, const Shape& y) const override;

    Variable<T> weight_ih, weight_hh;
    Variable<T> bias_ih, bias_hh;  ///< undefined without one

protected:
    /// Throws std::invalid_argument when in or hidden is 0.
    RecurrentCell(RecurrentKind kind, std::size_t in, std::size_t hidden, Rng& rng, bool bias);
    RecurrentKind kind_;
};

template <class T = float>
class RNNCell : public RecurrentCell<T> {
public:
    RNNCell(std::size_t in, std::size_t hidden, Rng& rng, bool relu = false, bool bias = true);

protected:
    void remake(Copier& copier) const override;
};

template <class T = float>
class LSTMCell : public RecurrentCell<T> {
public:
    LSTMCell(std::size_t in, std::size_t hidden, Rng& rng, bool bias = true);

protected:
    void remake(Copier& copier) const override;
};

template <class T = float>
class GRUCell : public RecurrentCell<T> {
public:
    GRUCell(std::size_t in, std::size_t hidden, Rng& rng, bool bias = true);

protected:
    void remake(Copier& copier) const override;
};

struct RecurrentOptions {
    std::size_t layers = 1;      ///< each takes the results of the one before
    bool bidirectional = false;  ///< a second network from the end, results side by side
    bool bias = true;
};

/// The results of all steps, (N, steps, hidden), twice that when bidirectional, and the last
/// states (layers, or twice that, N, hidden), a layer's directions together.
template <class T>
struct RecurrentOutput {
    Variable<T> y;
    RecurrentState<T> state;
};

/// The base of the layers: a sequence, x (N, steps, in). Parameters are named "weight_ih_l0",
/// "weight_ih_l0_reverse" and so on.
template <class T>
class Recurrent : public Module<T> {
public:
    /// From these states, of the shape that the output's have. Throws ShapeError for shapes that do
    /// not fit and for no steps.
    [[nodiscard]] RecurrentOutput<T> run(const Variable<T>& x, const RecurrentState<T>& state = {});
    /// The results, from zeros.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;
    [[nodiscard]] std::size_t multiply_adds(const Shape& x, const Shape& y) const override;

protected:
    /// Throws std::invalid_argument when in, hidden or layers is 0.
    Recurrent(
        RecurrentKind kind, std::size_t in, std::size_t hidden, Rng& rng, RecurrentOptions options);

    RecurrentKind kind_;
    std::size_t in_, hidden_;
    RecurrentOptions options_;

private:
    struct Direction {
        Variable<T> weight_ih, weight_hh, bias_ih, bias_hh;
    };
    std::vector<Direction> directions_;  // of layer 0, of layer 1, ...
};

template <class T = float>
class RNN : public Recurrent<T> {
public:
    RNN(std::size_t in,
        std::size_t hidden,
        Rng& rng,
        RecurrentOptions options = {},
        bool relu = false);

protected:
    void remake(Copier& copier) const override;
};

template <class T = float>
class LSTM : public Recurrent<T> {
public:
    LSTM(std::size_t in, std::size_t hidden, Rng& rng, RecurrentOptions options = {});

protected:
    void remake(Copier& copier) const override;
};

template <class T = float>
class GRU : public Recurrent<T> {
public:
    GRU(std::size_t in, std::size_t hidden, Rng& rng, RecurrentOptions options = {});

protected:
    void remake(Copier& copier) const override;
};

}  // namespace xgrad::nn
