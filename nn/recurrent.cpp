#include <autograd/fail.hpp>
#include <nn/init.hpp>
#include <nn/recurrent.hpp>
#include <ops/activation.hpp>
#include <ops/arithmetic.hpp>
#include <ops/elementwise.hpp>
#include <ops/linalg.hpp>
#include <ops/operators.hpp>
#include <ops/recurrent.hpp>
#include <ops/shape.hpp>

#include <algorithm>

namespace xgrad::nn {

namespace {

std::size_t gates_of(RecurrentKind kind) {
    switch (kind) {
        case RecurrentKind::lstm: return 4;
        case RecurrentKind::gru: return 3;
        default: return 1;
    }
}

std::string name_of(RecurrentKind kind) {
    switch (kind) {
        case RecurrentKind::lstm: return "LSTM";
        case RecurrentKind::gru: return "GRU";
        default: return "RNN";
    }
}

template <class T>
Array<T> first_hh(std::size_t gates, std::size_t hidden, Rng& rng) {
    Array<T> weight = empty<T>({gates * hidden, hidden});
    for (std::size_t gate = 0; gate < gates; ++gate) {
        const Array<T> block = init::orthogonal<T>({hidden, hidden}, rng);
        std::copy(block.begin(), block.end(), weight.data() + gate * hidden * hidden);
    }
    return weight;
}

template <class T>
Array<T> first_bias(RecurrentKind kind, std::size_t hidden) {
    Array<T> bias = init::zeros<T>({gates_of(kind) * hidden});
    if (kind == RecurrentKind::lstm)
        std::fill_n(bias.data() + hidden, hidden, T(1));  // the forget gate's
    return bias;
}

// h of each step, time first, and the last c of an LSTM.
template <class T>
LstmSteps<T> run_steps(
    RecurrentKind kind,
    const Variable<T>& x,
    const RecurrentState<T>& state,
    const RecurrentWeights<T>& weights,
    bool reverse) {
    if (kind == RecurrentKind::lstm)
        return lstm(x, state.h, state.c, weights, reverse);
    if (kind == RecurrentKind::gru)
        return {gru(x, state.h, weights, reverse), {}};
    const std::size_t steps = x.shape()[0];
    const Variable<T> from_x = linear(x, weights.ih, weights.bias_ih);
    std::vector<Variable<T>> all(steps);
    Variable<T> h = state.h;
    for (std::size_t k = 0; k < steps; ++k) {
        const std::size_t t = reverse ? steps - 1 - k : k;
        const Variable<T> sum =
            squeeze(slice(from_x, 0, t, t + 1), {0}) + linear(h, weights.hh, weights.bias_hh);
        h = kind == RecurrentKind::rnn_relu ? relu(sum) : tanh(sum);
        all[t] = h;
    }
    return {stack(all), {}};
}

// The state, zeros where it is undefined. Throws for another shape.
template <class T>
RecurrentState<T> whole(
    const Module<T>& layer, RecurrentKind kind, RecurrentState<T> state, const Shape& shape) {
    const auto complete = [&](Variable<T>& part, const char* name) {
        if (!part.defined())
            part = Variable<T>(Array<T>(shape, T(0)));
        if (part.shape() != shape) {
            fail<ShapeError>(
                "{}: {} has shape {}; need {}", layer.describe(), name, part.shape(), shape);
        }
    };
    complete(state.h, "h");
    if (kind == RecurrentKind::lstm)
        complete(state.c, "c");
    return state;
}

void check_extents(RecurrentKind kind, const char* what, std::size_t in, std::size_t hidden) {
    if (in == 0 || hidden == 0) {
        fail<std::invalid_argument>(
            "{}{}: in is {}, hidden is {}; both need at least 1", name_of(kind), what, in, hidden);
    }
}

}  // namespace

template <class T>
RecurrentCell<T>::RecurrentCell(
    RecurrentKind kind, std::size_t in, std::size_t hidden, Rng& rng, bool bias)
    : kind_(kind) {
    check_extents(kind, "Cell", in, hidden);
    const std::size_t gates = gates_of(kind);
    weight_ih =
        this->register_parameter("weight_ih", init::lecun_normal<T>({gates * hidden, in}, rng));
    weight_hh = this->register_parameter("weight_hh", first_hh<T>(gates, hidden, rng));
    if (bias) {
        bias_ih = this->register_parameter("bias_ih", first_bias<T>(kind, hidden), false);
        bias_hh = this->register_parameter("bias_hh", init::zeros<T>({gates * hidden}), false);
    }
}

template <class T>
RecurrentState<T> RecurrentCell<T>::step(const Variable<T>& x, const RecurrentState<T>& state) {
    if (x.rank() != 2 || x.shape()[1] != weight_ih.shape()[1]) {
        fail<ShapeError>(
            "{}: x has shape {}; need (N, {})", describe(), x.shape(), weight_ih.shape()[1]);
    }
    const Shape shape{x.shape()[0], weight_hh.shape()[1]};
    const LstmSteps<T> one = run_steps(
        kind_,
        unsqueeze(x, 0),
        whole(*this, kind_, state, shape),
        {weight_ih, weight_hh, bias_ih, bias_hh},
        false);
    return {squeeze(one.y, {0}), one.c};
}

template <class T>
Variable<T> RecurrentCell<T>::forward(const Variable<T>& x) {
    return step(x).h;
}

template <class T>
std::string RecurrentCell<T>::describe() const {
    return fmt::format(
        "{}Cell({}, {}{}{})",
        name_of(kind_),
        weight_ih.shape()[1],
        weight_hh.shape()[1],
        kind_ == RecurrentKind::rnn_relu ? ", relu" : "",
        bias_ih.defined() ? "" : ", no bias");
}

template <class T>
std::size_t RecurrentCell<T>::multiply_adds(const Shape& x, const Shape&) const {
    return x[0] * (weight_ih.size() + weight_hh.size());
}

template class RecurrentCell<float>;
template class RecurrentCell<double>;

template <class T>
RNNCell<T>::RNNCell(std::size_t in, std::size_t hidden, Rng& rng, bool relu, bool bias)
    : RecurrentCell<T>(
          relu ? RecurrentKind::rnn_relu : RecurrentKind::rnn_tanh, in, hidden, rng, bias) {}
template <class T>
void RNNCell<T>::remake(Copier& copier) const {
    copier.make<nn::RNNCell>(
        this->weight_ih.shape()[1],
        this->weight_hh.shape()[1],
        copier.rng(),
        this->kind_ == RecurrentKind::rnn_relu,
        this->bias_ih.defined());
}

template <class T>
LSTMCell<T>::LSTMCell(std::size_t in, std::size_t hidden, Rng& rng, bool bias)
    : RecurrentCell<T>(RecurrentKind::lstm, in, hidden, rng, bias) {}
template <class T>
void LSTMCell<T>::remake(Copier& copier) const {
    copier.make<nn::LSTMCell>(
        this->weight_ih.shape()[1],
        this->weight_hh.shape()[1],
        copier.rng(),
        this->bias_ih.defined());
}

template <class T>
GRUCell<T>::GRUCell(std::size_t in, std::size_t hidden, Rng& rng, bool bias)
    : RecurrentCell<T>(RecurrentKind::gru, in, hidden, rng, bias) {}
template <class T>
void GRUCell<T>::remake(Copier& copier) const {
    copier.make<nn::GRUCell>(
        this->weight_ih.shape()[1],
        this->weight_hh.shape()[1],
        copier.rng(),
        this->bias_ih.defined());
}

template class RNNCell<float>;
template class RNNCell<double>;
template class LSTMCell<float>;
template class LSTMCell<double>;
template class GRUCell<float>;
template class GRUCell<double>;

template <class T>
Recurrent<T>::Recurrent(
    RecurrentKind kind, std::size_t in, std::size_t hidden, Rng& rng, RecurrentOptions options)
    : kind_(kind),
      in_(in),
      hidden_(hidden),
      options_(options) {
    check_extents(kind, "", in, hidden);
    if (options.layers == 0)
        fail<std::invalid_argument>("{}: layers is 0; need at least 1", name_of(kind));
    const std::size_t gates = gates_of(kind), sides = options.bidirectional ? 2 : 1;
    for (std::size_t i = 0; i < options.layers * sides; ++i) {
        const std::size_t width = i < sides ? in : hidden * sides;
        const std::string end = fmt::format("_l{}{}", i / sides, i % sides ? "_reverse" : "");
        Direction d;
        d.weight_ih = this->register_parameter(
            "weight_ih" + end, init::lecun_normal<T>({gates * hidden, width}, rng));
        d.weight_hh = this->register_parameter("weight_hh" + end, first_hh<T>(gates, hidden, rng));
        if (options.bias) {
            d.bias_ih =
                this->register_parameter("bias_ih" + end, first_bias<T>(kind, hidden), false);
            d.bias_hh =
                this->register_parameter("bias_hh" + end, init::zeros<T>({gates * hidden}), false);
        }
        directions_.push_back(std::move(d));
    }
}

template <class T>
RecurrentOutput<T> Recurrent<T>::run(const Variable<T>& x, const RecurrentState<T>& state) {
    if (x.rank() != 3 || x.shape()[2] != in_ || x.shape()[1] == 0) {
        fail<ShapeError>(
            "{}: x has shape {}; need (N, steps, {}), at least one step",
            describe(),
            x.shape(),
            in_);
    }
    const std::size_t n = x.shape()[0], steps = x.shape()[1];
    const std::size_t sides = options_.bidirectional ? 2 : 1;
    const RecurrentState<T> first =
        whole(*this, kind_, state, Shape{directions_.size(), n, hidden_});
    const auto part = [&](const Variable<T>& all, std::size_t i) {
        return squeeze(slice(all, 0, i, i + 1), {0});
    };
    std::vector<Variable<T>> h, c, results;
    Variable<T> y = transpose(x, 0, 1);  // time first, so that a step is one piece
    for (std::size_t i = 0; i < directions_.size(); ++i) {
        const Direction& d = directions_[i];
        const bool back = i % sides == 1;
        RecurrentState<T> from{part(first.h, i), {}};
        if (kind_ == RecurrentKind::lstm)
            from.c = part(first.c, i);
        const LstmSteps<T> all =
            run_steps(kind_, y, from, {d.weight_ih, d.weight_hh, d.bias_ih, d.bias_hh}, back);
        const std::size_t last = back ? 0 : steps - 1;
        h.push_back(squeeze(slice(all.y, 0, last, last + 1), {0}));
        c.push_back(all.c);
        results.push_back(all.y);
        if (results.size() == sides) {
            y = sides == 1 ? results[0] : concatenate(results, 2);
            results.clear();
        }
    }
    return {
        transpose(y, 0, 1), {stack(h), kind_ == RecurrentKind::lstm ? stack(c) : Variable<T>()}};
}

template <class T>
Variable<T> Recurrent<T>::forward(const Variable<T>& x) {
    return run(x).y;
}

template <class T>
std::string Recurrent<T>::describe() const {
    return fmt::format(
        "{}({}, {}{}{}{}{})",
        name_of(kind_),
        in_,
        hidden_,
        kind_ == RecurrentKind::rnn_relu ? ", relu" : "",
        options_.layers > 1 ? fmt::format(", layers {}", options_.layers) : "",
        options_.bidirectional ? ", bidirectional" : "",
        options_.bias ? "" : ", no bias");
}

template <class T>
std::size_t Recurrent<T>::multiply_adds(const Shape& x, const Shape&) const {
    std::size_t weights = 0;
    for (const Direction& d : directions_)
        weights += d.weight_ih.size() + d.weight_hh.size();
    return x[0] * x[1] * weights;
}

template class Recurrent<float>;
template class Recurrent<double>;

template <class T>
RNN<T>::RNN(std::size_t in, std::size_t hidden, Rng& rng, RecurrentOptions options, bool relu)
    : Recurrent<T>(
          relu ? RecurrentKind::rnn_relu : RecurrentKind::rnn_tanh, in, hidden, rng, options) {}
template <class T>
void RNN<T>::remake(Copier& copier) const {
    copier.make<nn::RNN>(
        this->in_,
        this->hidden_,
        copier.rng(),
        this->options_,
        this->kind_ == RecurrentKind::rnn_relu);
}

template <class T>
LSTM<T>::LSTM(std::size_t in, std::size_t hidden, Rng& rng, RecurrentOptions options)
    : Recurrent<T>(RecurrentKind::lstm, in, hidden, rng, options) {}
template <class T>
void LSTM<T>::remake(Copier& copier) const {
    copier.make<nn::LSTM>(this->in_, this->hidden_, copier.rng(), this->options_);
}

template <class T>
GRU<T>::GRU(std::size_t in, std::size_t hidden, Rng& rng, RecurrentOptions options)
    : Recurrent<T>(RecurrentKind::gru, in, hidden, rng, options) {}
template <class T>
void GRU<T>::remake(Copier& copier) const {
    copier.make<nn::GRU>(this->in_, this->hidden_, copier.rng(), this->options_);
}

template class RNN<float>;
template class RNN<double>;
template class LSTM<float>;
template class LSTM<double>;
template class GRU<float>;
template class GRU<double>;

}  // namespace xgrad::nn
