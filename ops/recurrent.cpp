#include <autograd/fail.hpp>
#include <ops/activation.hpp>
#include <ops/elementwise.hpp>
#include <ops/linalg.hpp>
#include <ops/operators.hpp>
#include <ops/recurrent.hpp>
#include <ops/recurrent_node.hpp>
#include <ops/shape.hpp>

#include <vector>

namespace xgrad {
namespace {

using detail::RecurrentInputs;

template <class T>
void check_weights(const char* op, const RecurrentInputs<T>& in, std::size_t gates) {
    const Variable<T>&ih = in[detail::at_ih], &hh = in[detail::at_hh];
    const std::size_t hidden = in[detail::at_h].shape()[1];
    const Shape to_ih{gates * hidden, in[detail::at_x].shape()[2]}, to_hh{gates * hidden, hidden};
    if (ih.shape() != to_ih || hh.shape() != to_hh) {
        fail<ShapeError>(
            "{}: ih is {}, hh is {}; need {} and {} for x {} and h {}",
            op,
            ih.shape(),
            hh.shape(),
            to_ih,
            to_hh,
            in[detail::at_x].shape(),
            in[detail::at_h].shape());
    }
    for (const std::size_t i : {detail::at_bias_ih, detail::at_bias_hh}) {
        if (in[i].defined() && in[i].shape() != Shape{gates * hidden}) {
            fail<ShapeError>(
                "{}: {} is {}; need ({},)",
                op,
                i == detail::at_bias_ih ? "bias_ih" : "bias_hh",
                in[i].shape(),
                gates * hidden);
        }
    }
}

template <class T>
RecurrentInputs<T> checked_inputs(
    const char* op,
    std::size_t gates,
    const Variable<T>& x,
    const Variable<T>& h,
    const RecurrentWeights<T>& weights) {
    if (x.rank() != 3 || x.shape()[0] == 0 || h.rank() != 2 || h.shape()[0] != x.shape()[1]) {
        fail<ShapeError>(
            "{}: x is {}, h is {}; need x (steps, N, in), at least one step, and h (N, hidden)",
            op,
            x.shape(),
            h.shape());
    }
    RecurrentInputs<T> in{
        x, h, weights.ih, weights.hh, weights.bias_ih, weights.bias_hh, Variable<T>()};
    check_weights(op, in, gates);
    return in;
}

// h after each step, in public ops: step(W_ih x + b_ih, W_hh h + b_hh, h) is the next h.
template <class T, class Step>
std::vector<Variable<T>> steps_by_ops(const RecurrentInputs<T>& in, bool reverse, Step step) {
    const std::size_t steps = in[detail::at_x].shape()[0];
    const Variable<T> from_x = linear(in[detail::at_x], in[detail::at_ih], in[detail::at_bias_ih]);
    std::vector<Variable<T>> all(steps);
    Variable<T> h = in[detail::at_h];
    for (std::size_t k = 0; k < steps; ++k) {
        const std::size_t t = reverse ? steps - 1 - k : k;
        const Variable<T> at = squeeze(slice(from_x, 0, t, t + 1), {0});
        h = step(at, linear(h, in[detail::at_hh], in[detail::at_bias_hh]), h);
        all[t] = h;
    }
    return all;
}

template <class T>
Variable<T> gate(const Variable<T>& all, std::size_t i, std::size_t gates) {
    const std::size_t n = all.shape()[1] / gates;
    return slice(all, 1, i * n, (i + 1) * n);
}

template <class T>
Variable<T> lstm_by_ops(const RecurrentInputs<T>& in, bool reverse) {
    Variable<T> c = in[detail::at_c];
    auto all = steps_by_ops<T>(
        in, reverse, [&c](const Variable<T>& x, const Variable<T>& from_h, const Variable<T>&) {
            const Variable<T> sum = x + from_h;
            const Variable<T> kept = sigmoid(gate(sum, 1, 4)) * c;
            c = kept + sigmoid(gate(sum, 0, 4)) * tanh(gate(sum, 2, 4));
            return sigmoid(gate(sum, 3, 4)) * tanh(c);
        });
    all.push_back(c);
    return stack(all);
}

template <class T>
Variable<T> gru_by_ops(const RecurrentInputs<T>& in, bool reverse) {
    return stack(steps_by_ops<T>(
        in, reverse, [](const Variable<T>& x, const Variable<T>& from_h, const Variable<T>& h) {
            const Variable<T> r = sigmoid(gate(x, 0, 3) + gate(from_h, 0, 3));
            const Variable<T> z = sigmoid(gate(x, 1, 3) + gate(from_h, 1, 3));
            const Variable<T> n = tanh(gate(x, 2, 3) + r * gate(from_h, 2, 3));
            return n + z * (h - n);
        }));
}

}  // namespace

// A primitive: forward and backward of 64 steps, 256 units, batch 32, 0.53 times the composite's
// time: one product for the weights of all steps, and a step's formula in one pass.
static const Op lstm_op(
    "lstm",
    {on({{3, 2, 2}, {2, 3}, {2, 3}, {12, 2}, {12, 3}, {12}, {12}},
        [](const auto& in) {
            return lstm(in[0], in[1], in[2], {in[3], in[4], in[5], in[6]}).y;
        }),
     on({{2, 3, 2}, {3, 1}, {3, 1}, {4, 2}, {4, 1}}, [](const auto& in) {
         const auto steps = lstm(in[0], in[1], in[2], {in[3], in[4], {}, {}}, true);
         return steps.c + steps.y;
     })});
template <class T>
LstmSteps<T> lstm(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& h,
    const std::type_identity_t<Variable<T>>& c,
    const std::type_identity_t<RecurrentWeights<T>>& weights,
    bool reverse,
    Where where) {
    RecurrentInputs<T> in = checked_inputs("lstm", 4, x, h, weights);
    if (c.shape() != h.shape())
        fail<ShapeError>("lstm: c is {}, h is {}; need one shape", c.shape(), h.shape());
    in[detail::at_c] = c;
    const Variable<T> all =
        detail::run_recurrence<T>({&lstm_op, 4, reverse, lstm_by_ops<T>}, in, where);
    const std::size_t steps = x.shape()[0];
    return {
        slice(all, 0, 0, steps, 1, where),
        squeeze(slice(all, 0, steps, steps + 1, 1, where), {0}, where)};
}
template LstmSteps<float> lstm(
    const Variable<float>&,
    const Variable<float>&,
    const Variable<float>&,
    const RecurrentWeights<float>&,
    bool,
    Where);
template LstmSteps<double> lstm(
    const Variable<double>&,
    const Variable<double>&,
    const Variable<double>&,
    const RecurrentWeights<double>&,
    bool,
    Where);

// A primitive for the same reason.
static const Op gru_op(
    "gru",
    {on({{3, 2, 2}, {2, 3}, {9, 2}, {9, 3}, {9}, {9}},
        [](const auto& in) {
            return gru(in[0], in[1], {in[2], in[3], in[4], in[5]});
        }),
     on({{2, 3, 2}, {3, 1}, {3, 2}, {3, 1}}, [](const auto& in) {
         return gru(in[0], in[1], {in[2], in[3], {}, {}}, true);
     })});
template <class T>
Variable<T> gru(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& h,
    const std::type_identity_t<RecurrentWeights<T>>& weights,
    bool reverse,
    Where where) {
    return detail::run_recurrence<T>(
        {&gru_op, 3, reverse, gru_by_ops<T>}, checked_inputs("gru", 3, x, h, weights), where);
}
template Variable<float> gru(
    const Variable<float>&, const Variable<float>&, const RecurrentWeights<float>&, bool, Where);
template Variable<double> gru(
    const Variable<double>&, const Variable<double>&, const RecurrentWeights<double>&, bool, Where);

}  // namespace xgrad
