// Recurrent layers: what they refuse, in full, and what they do that no reference has.
#include <autograd/grad.hpp>
#include <tests/ops/errors.hpp>

#include <type_traits>

using namespace xgrad;
using namespace xgrad::test;

namespace {

template <class T>
struct Case {
    Variable<T> x, h, c;
    RecurrentWeights<T> weights;
    bool reverse;

    Case(
        std::size_t gates,
        std::size_t steps,
        std::size_t rows,
        std::size_t in,
        std::size_t hidden,
        bool reverse)
        : x(random_array<T>({steps, rows, in}, 1), true),
          h(random_array<T>({rows, hidden}, 2), true),
          c(random_array<T>({rows, hidden}, 3), true),
          weights{
              Variable<T>(random_array<T>({gates * hidden, in}, 4, -0.3, 0.3), true),
              Variable<T>(random_array<T>({gates * hidden, hidden}, 5, -0.3, 0.3), true),
              Variable<T>(random_array<T>({gates * hidden}, 6), true),
              Variable<T>(random_array<T>({gates * hidden}, 7), true)},
          reverse(reverse) {}

    [[nodiscard]] Variable<T> lstm_results() const {
        const auto steps = lstm(x, h, c, weights, reverse);
        return concatenate<T>({steps.y, unsqueeze(steps.c, 0)});
    }
    [[nodiscard]] Variable<T> gru_results() const { return gru(x, h, weights, reverse); }
    [[nodiscard]] std::vector<Variable<T>> leaves(bool with_c) const {
        std::vector<Variable<T>> all{
            x, h, weights.ih, weights.hh, weights.bias_ih, weights.bias_hh};
        if (with_c)
            all.push_back(c);
        return all;
    }
};

// Under create_graph the gradients come from the formula in public ops.
template <class T>
void check_against_public_ops(const Variable<T>& y, const std::vector<Variable<T>>& leaves) {
    const Variable<T> seed(random_array<T>(y.shape(), 8));
    const auto slow = grad<T>({y}, leaves, {.seeds = {seed}, .create_graph = true});
    const auto fast = grad<T>({y}, leaves, {.seeds = {seed}});
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        CAPTURE(i);
        check_close(fast[i].value(), slow[i].value(), std::is_same_v<T, float> ? 3e-4 : 1e-11);
    }
}

}  // namespace

// The reference cases stay below a kernel's batch and below two blocks of rows.
TEST_CASE_TEMPLATE("long recurrences have the gradients of their steps", T, float, double) {
    for (const bool reverse : {false, true}) {
        const Case<T> of_lstm(4, 7, 67, 5, 21, reverse), of_gru(3, 7, 67, 5, 21, reverse);
        check_against_public_ops(of_lstm.lstm_results(), of_lstm.leaves(true));
        check_against_public_ops(of_gru.gru_results(), of_gru.leaves(false));
    }
}

TEST_CASE("recurrent layers: an array may come as several inputs") {
    const Variable<double> h(random_array<double>({2, 3}, 1), true);
    const Variable<double> x(random_array<double>({4, 2, 3}, 2));
    const Variable<double> w(random_array<double>({12, 3}, 3), true);
    const auto f = [&](const auto& a, const auto& b, const auto& ih, const auto& hh) {
        return sum(square(lstm(x, a, b, {ih, hh, {}, {}}).y));
    };
    const auto one = [](const Variable<double>& v) { return Variable<double>(v.value(), true); };
    const std::vector apart{one(h), one(h), one(w), one(w)};
    for (const bool recorded : {false, true}) {
        const auto shared =
            grad<double>({f(h, h, w, w)}, std::vector{h, w}, {.create_graph = recorded});
        const auto single = grad<double>({f(apart[0], apart[1], apart[2], apart[3])}, apart);
        check_close(shared[0].value(), (single[0] + single[1]).value());
        check_close(shared[1].value(), (single[2] + single[3]).value());
    }
}

TEST_CASE("recurrent layers: nothing is kept where nothing is recorded") {
    const Case<double> c(4, 5, 2, 3, 4, false);
    const Variable<double> recorded = c.lstm_results();
    const NoGradGuard no_grad;
    const Variable<double> plain = c.lstm_results();
    CHECK_FALSE(plain.requires_grad());
    check_same(plain.value(), recorded.value());
}

TEST_CASE("recurrent layers: an overwritten weight stops backward") {
    const Case<double> c(3, 2, 1, 2, 2, false);
    const Variable<double> y = sum(c.gru_results());
    c.weights.hh.assign(c.weights.hh.value() * 2);
    const std::string text = text_of_error<GraphError>([&] { y.backward(); });
    CHECK(text.starts_with("backward: gru ("));
    CHECK(text.ends_with(
        " needs a value of shape (6, 2) that was overwritten after it was recorded (version 0, "
        "now 1); run backward before the update, or compute on a copy"));
}

TEST_CASE("recurrent layers name the shapes that do not fit") {
    const auto x = of({5, 2, 3}), h = of({2, 4}), ih = of({16, 3}), hh = of({16, 4});
    CHECK_SHAPE_ERROR(
        lstm(of({5, 3}), h, h, {ih, hh, {}, {}}),
        "lstm: x is (5, 3), h is (2, 4); need x (steps, N, in), at least one step, and h (N, "
        "hidden)");
    CHECK_SHAPE_ERROR(
        gru(of({0, 2, 3}), h, {ih, hh, {}, {}}),
        "gru: x is (0, 2, 3), h is (2, 4); need x (steps, N, in), at least one step, and h (N, "
        "hidden)");
    CHECK_SHAPE_ERROR(
        gru(x, of({3, 4}), {ih, hh, {}, {}}),
        "gru: x is (5, 2, 3), h is (3, 4); need x (steps, N, in), at least one step, and h (N, "
        "hidden)");
    CHECK_SHAPE_ERROR(
        gru(x, h, {ih, hh, {}, {}}),
        "gru: ih is (16, 3), hh is (16, 4); need (12, 3) and (12, 4) for x (5, 2, 3) and h (2, 4)");
    CHECK_SHAPE_ERROR(lstm(x, h, h, {ih, hh, of({4}), {}}), "lstm: bias_ih is (4,); need (16,)");
    CHECK_SHAPE_ERROR(lstm(x, h, h, {ih, hh, {}, of({4})}), "lstm: bias_hh is (4,); need (16,)");
    CHECK_SHAPE_ERROR(
        lstm(x, h, of({2, 3}), {ih, hh, {}, {}}), "lstm: c is (2, 3), h is (2, 4); need one shape");
}
