// Recurrent layers and attention beyond what the zoo checks.
#include <autograd/grad.hpp>
#include <nn/attention.hpp>
#include <nn/recurrent.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <cmath>
#include <limits>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using V = Variable<double>;

// The layer step by step is the cell with its weights.
template <class Layer, class Cell>
void check_unrolled() {
    Rng rng(1);
    Layer layer(3, 4, rng);
    Cell cell(3, 4, rng);
    auto state = layer.state_dict();
    nn::StateDict<double> own;
    for (const auto& [name, value] : state)
        own.emplace(name.substr(0, name.size() - 3), value);  // without "_l0"
    cell.load_state_dict(own);
    const V x(random_array<double>({2, 5, 3}, 1));
    const nn::RecurrentState<double> first{
        V(random_array<double>({1, 2, 4}, 2)),
        cell.describe().starts_with("LSTM") ? V(random_array<double>({1, 2, 4}, 3)) : V()};
    const auto whole = layer.run(x, first);
    nn::RecurrentState<double> now{
        squeeze(first.h, {0}), first.c.defined() ? squeeze(first.c, {0}) : V()};
    for (std::size_t t = 0; t < 5; ++t) {
        now = cell.step(squeeze(slice(x, 1, t, t + 1), {1}), now);
        check_close(now.h.value(), squeeze(slice(whole.y, 1, t, t + 1), {1}).value());
    }
    check_close(unsqueeze(now.h, 0).value(), whole.state.h.value());
    CHECK(now.c.defined() == whole.state.c.defined());
    if (now.c.defined())
        check_close(unsqueeze(now.c, 0).value(), whole.state.c.value());
}

}  // namespace

TEST_CASE("recurrent layers are their cells, step by step, from any state") {
    check_unrolled<nn::RNN<double>, nn::RNNCell<double>>();
    check_unrolled<nn::LSTM<double>, nn::LSTMCell<double>>();
    check_unrolled<nn::GRU<double>, nn::GRUCell<double>>();
}

TEST_CASE("recurrent layers: a sequence in two parts is the whole") {
    Rng rng(1);
    nn::LSTM<double> lstm(3, 4, rng, {.layers = 2});
    const V x(random_array<double>({2, 6, 3}, 1));
    const auto whole = lstm.run(x);
    const auto first = lstm.run(slice(x, 1, 0, 2));
    const auto rest = lstm.run(slice(x, 1, 2, 6), first.state);
    check_close(concatenate(std::vector{first.y, rest.y}, 1).value(), whole.y.value());
    check_close(rest.state.h.value(), whole.state.h.value());
    check_close(rest.state.c.value(), whole.state.c.value());
}

TEST_CASE("recurrent layers: gates start orthogonal, an LSTM remembers") {
    Rng rng(1);
    const nn::LSTM<double> lstm(3, 4, rng);
    const auto state = lstm.state_dict();
    const Array<double>& hh = state.at("weight_hh_l0");
    for (std::size_t gate = 0; gate < 4; ++gate) {
        const V w = slice(V(hh), 0, 4 * gate, 4 * gate + 4);
        const Array<double> product = matmul(w, transpose(w)).value();
        for (std::size_t i = 0; i < 16; ++i)
            CHECK(std::abs(product.data()[i] - (i % 5 == 0)) < 1e-12);
    }
    check_same(state.at("bias_ih_l0"), {0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("recurrent layers refuse what does not fit") {
    Rng rng(1);
    nn::GRU<double> gru(3, 4, rng, {.bidirectional = true});
    CHECK(gru.describe() == "GRU(3, 4, bidirectional)");
    CHECK(
        text_of_error<ShapeError>([&] {
            static_cast<void>(gru(V(random_array<double>({2, 3}, 1))));
        }) ==
        "GRU(3, 4, bidirectional): x has shape (2, 3); need (N, steps, 3), at least one "
        "step");
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(gru.run(
                  V(random_array<double>({2, 5, 3}, 1)),
                  {V(random_array<double>({1, 2, 4}, 1)), {}}));
          }) == "GRU(3, 4, bidirectional): h has shape (1, 2, 4); need (2, 2, 4)");
    nn::LSTMCell<double> cell(3, 4, rng);
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(cell(V(random_array<double>({2, 4}, 1))));
          }) == "LSTMCell(3, 4): x has shape (2, 4); need (N, 3)");
    CHECK(text_of_error<std::invalid_argument>([&] {
              const nn::RNN<double> none(0, 4, rng);
          }) == "RNN: in is 0, hidden is 4; both need at least 1");
    CHECK(text_of_error<std::invalid_argument>([&] {
              const nn::RNN<double> none(3, 4, rng, {.layers = 0});
          }) == "RNN: layers is 0; need at least 1");
}

TEST_CASE("attention: a causal mask hides what comes later") {
    Rng rng(1);
    nn::MultiHeadAttention<double> attention(4, 2, rng);
    const V x(random_array<double>({2, 5, 4}, 1));
    const V whole = attention.attend(x, x, x, nn::causal_mask<double>(5));
    for (std::size_t n = 1; n <= 5; ++n) {
        const V part = slice(x, 1, 0, n);
        check_close(
            attention.attend(part, part, part, nn::causal_mask<double>(n)).value(),
            slice(whole, 1, 0, n).value());
    }
    // And so nothing goes back from an early place to a later one.
    const V input(x.value(), true);
    const V y = attention.attend(input, input, input, nn::causal_mask<double>(5));
    const Array<double> g = grad(sum(slice(y, 1, 0, 2)), input).value();
    for (std::size_t i = 0; i < g.size(); ++i)
        CHECK((g.data()[i] == 0) == (i / 4 % 5 >= 2));
}

TEST_CASE("attention: a query takes the value of the one key it is pointed to") {
    Rng rng(1);
    nn::MultiHeadAttention<double> attention(4, 2, rng);
    const V q(random_array<double>({1, 2, 4}, 1)), k(random_array<double>({1, 3, 4}, 2)),
        v(random_array<double>({1, 3, 4}, 3));
    const double no = -std::numeric_limits<double>::infinity();
    const V mask(Array<double>{{no, no, 0}, {0, no, no}});
    const V y = attention.attend(q, k, v, mask);
    const V projected = linear(v, slice(attention.in_proj_weight, 0, 8, 12));
    const V expected = (*attention.out_proj)(projected);
    check_close(slice(y, 1, 0, 1).value(), slice(expected, 1, 2, 3).value());
    check_close(slice(y, 1, 1, 2).value(), slice(expected, 1, 0, 1).value());
}

TEST_CASE("attention: dropout acts in training alone, and repeats when frozen") {
    Rng rng(1);
    nn::MultiHeadAttention<double> attention(4, 2, rng, {.keep_prob = 0.5});
    const V x(random_array<double>({2, 5, 4}, 1));
    const Array<double> a = attention(x).value();
    CHECK(difference(attention(x).value(), a, 0) != "");
    attention.freeze_noise();
    const Array<double> frozen = attention(x).value();
    check_same(attention(x).value(), frozen);
    attention.eval();
    const Array<double> plain = attention(x).value();
    CHECK(difference(plain, frozen, 0) != "");
    check_same(attention(x).value(), plain);
}

TEST_CASE("attention refuses what does not fit") {
    Rng rng(1);
    CHECK(text_of_error<std::invalid_argument>([&] {
              const nn::MultiHeadAttention<double> odd(5, 2, rng);
          }) == "MultiHeadAttention: 2 heads for width 5; heads must divide it, both at least 1");
    CHECK(text_of_error<std::invalid_argument>([&] {
              const nn::MultiHeadAttention<double> none(4, 2, rng, {.keep_prob = 0});
          }) == "MultiHeadAttention: keep_prob is 0; need 0 < keep_prob <= 1");
    nn::MultiHeadAttention<double> attention(4, 2, rng);
    const V x(random_array<double>({2, 5, 4}, 1)), y(random_array<double>({2, 3, 4}, 1));
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(attention(V(random_array<double>({2, 5, 3}, 1))));
          }) == "MultiHeadAttention(4, heads 2): x has shape (2, 5, 3); need (N, places, 4)");
    CHECK(
        text_of_error<ShapeError>([&] { static_cast<void>(attention.attend(x, x, y)); }) ==
        "MultiHeadAttention(4, heads 2): queries (2, 5, 4), keys (2, 5, 4), values (2, 3, 4); "
        "need one batch, and a value for each key");
}

TEST_CASE("TransformerEncoderLayer: the mask goes to its attention") {
    Rng rng(1);
    nn::TransformerEncoderLayer<double> layer(4, 2, rng, {.feedforward = 6, .keep_prob = 1});
    const V x(random_array<double>({2, 5, 4}, 1));
    const V masked = layer.forward(x, nn::causal_mask<double>(5));
    const V part = slice(x, 1, 0, 2);
    check_close(
        layer.forward(part, nn::causal_mask<double>(2)).value(), slice(masked, 1, 0, 2).value());
    check_close(layer.forward(x, V(0.0)).value(), layer(x).value());
    CHECK(difference(layer(x).value(), masked.value(), 1e-6) != "");
}

TEST_CASE("TransformerEncoderLayer: a call with a mask runs the hooks, and errors have the path") {
    Rng rng(1);
    nn::TransformerEncoderLayer<double> layer(4, 2, rng, {.feedforward = 6, .keep_prob = 1});
    nn::Module<double>& attention = *layer.children()[0].second;
    int forward = 0, backward = 0;
    Array<double> of_attention, of_layer;
    const auto count = [&](const V&, const V&) {
        ++forward;
        return V();
    };
    const auto a = attention.register_forward_hook(count), b = layer.register_forward_hook(count);
    const auto c = attention.register_backward_hook([&](const V& dx, const V&) {
        ++backward;
        of_attention = dx.value();
        return V();
    });
    const auto d = layer.register_backward_hook([&](const V& dx, const V&) {
        ++backward;
        of_layer = dx.value();
        return V();
    });
    const V x(random_array<double>({2, 5, 4}, 1), true);
    const auto backward_through = [&](const V& y) {
        x.zero_grad();
        sum(square(y)).backward();
        return std::vector<Array<double>>{of_attention, of_layer, x.grad()};
    };
    const auto masked = backward_through(layer(x, V(0.0)));
    CHECK(forward == 2);
    CHECK(backward == 2);
    const auto plain = backward_through(layer(x));
    for (std::size_t i = 0; i < 3; ++i)
        check_close(masked[i], plain[i]);
    CHECK(
        text_of_error<ShapeError>([&] {
            static_cast<void>(layer(x, V(Array<double>{1, 2})));
        }) ==
        "self_attn.MultiHeadAttention(4, heads 2): add: shapes (2, 2, 5, 5) and (2,) do not "
        "broadcast: axis 3 has 5 and 2; extents must be equal or 1, counted from the last axis");
}

TEST_CASE("attend runs the hooks, once") {
    Rng rng(1);
    nn::MultiHeadAttention<double> attention(4, 2, rng);
    const V q(random_array<double>({1, 2, 4}, 1)), k(random_array<double>({1, 3, 4}, 2));
    std::vector<Shape> seen;
    const auto handle = attention.register_forward_hook([&](const V& x, const V&) {
        seen.push_back(x.shape());
        return V();
    });
    static_cast<void>(attention.attend(q, k, k));
    static_cast<void>(attention(k));
    CHECK(seen == std::vector<Shape>{{1, 2, 4}, {1, 3, 4}});
}

TEST_CASE("PositionalEncoding: sines and cosines of the place") {
    auto encoding = nn::PositionalEncoding<double>(4, 100);
    const Array<double> y = encoding(V(Array<double>(Shape{1, 60, 4}, 0.0))).value();
    check_same(slice(V(y), 1, 0, 1).value(), array({1, 1, 4}, {0, 1, 0, 1}));
    // Wavelengths 2 pi and 100 times that.
    CHECK(std::abs(y(0, 50, 0) - std::sin(50.0)) < 1e-15);
    CHECK(std::abs(y(0, 50, 1) - std::cos(50.0)) < 1e-15);
    CHECK(std::abs(y(0, 50, 2) - std::sin(0.5)) < 1e-15);
    CHECK(std::abs(y(0, 50, 3) - std::cos(0.5)) < 1e-15);
    CHECK(
        text_of_error<ShapeError>([&] {
            static_cast<void>(encoding(V(Array<double>(Shape{1, 101, 4}, 0.0))));
        }) == "PositionalEncoding(4): x has shape (1, 101, 4); need (..., at most 100 places, 4)");
}
