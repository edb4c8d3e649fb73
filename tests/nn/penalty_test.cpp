#include <tests/nn/optim_problem.hpp>

#include <cmath>
#include <limits>

using namespace xgrad;
using namespace xgrad::test;

TEST_CASE("penalties by hand: biases left out, the subgradient of |w| at 0 is 0") {
    const Variable<double> w(Array<double>{{3, -4, 0}}, true), b(Array<double>{5, 5}, true);
    const std::vector<nn::Parameter<double>> parameters{{"w", w}, {"b", b, false}};
    CHECK(optim::l2_penalty(parameters, 2, 4).item() == doctest::Approx(25 * 2 / 8.0));
    const Variable<double> l1 = optim::l1_penalty(parameters, 2, 4);
    CHECK(l1.item() == doctest::Approx(7 * 2 / 4.0));
    l1.backward();
    check_same(w.grad(), {{0.5, -0.5, 0}});
    CHECK_FALSE(b.has_grad());
    w.zero_grad();
    const Variable<double> both = optim::elastic_net_penalty(parameters, 2, 0.25, 4);
    CHECK(both.item() == doctest::Approx(0.25 * 3.5 + 0.75 * 6.25));
    both.backward();
    // 0.25 lambda / m sign(w) + 0.75 lambda / m w
    check_close(w.grad(), {{0.125 + 1.125, -0.125 - 1.5, 0}}, 1e-15);
    CHECK(optim::l1_penalty<double>({{"b", b, false}}, 1, 1).item() == 0);
}

TEST_CASE("Adam: penalty and decay differ in the first step by the known term") {
    constexpr double lr = 0.05, lambda = 3, m = 10, epsilon = 1e-3, rate = lambda / m;
    const Problem penalised, decayed;
    const Array<double> w = decayed.w.value();
    optim::Adam<double> with(penalised.parameters(), {.lr = lr, .epsilon = epsilon});
    optim::Adam<double> without(
        decayed.parameters(), {.lr = lr, .epsilon = epsilon, .weight_decay = rate});
    (penalised.loss() + optim::l2_penalty(penalised.parameters(), lambda, 10)).backward();
    decayed.backward();
    // In step 1, m' is the gradient and sqrt(v') its size.
    const Array<double> g = decayed.w.grad(), p = g + rate * w;
    const Array<double> term =
        lr * (p / (xt::abs(p) + epsilon) - g / (xt::abs(g) + epsilon) - rate * w);
    with.step();
    without.step();
    check_close(Array<double>(decayed.w.value() - penalised.w.value()), term, 1e-12);
    CHECK(xt::amax(xt::abs(term))() > 0.01);
    check_same(penalised.b.value(), decayed.b.value());
}

TEST_CASE("SGD with momentum: l2 is the penalty, decay is not") {
    constexpr double rate = 0.3;
    const Problem penalised, inside, decayed;
    optim::SGD<double> with(penalised.parameters(), {.lr = 0.02, .momentum = 0.9});
    optim::SGD<double> l2(inside.parameters(), {.lr = 0.02, .momentum = 0.9, .l2 = rate});
    optim::SGD<double> decay(
        decayed.parameters(), {.lr = 0.02, .momentum = 0.9, .weight_decay = rate});
    for (int i = 0; i < 10; ++i) {
        with.zero_grad();
        (penalised.loss() + optim::l2_penalty(penalised.parameters(), rate, 1)).backward();
        with.step();
    }
    inside.train(l2, 10);
    decayed.train(decay, 10);
    check_close(inside.w.value(), penalised.w.value(), 1e-12);
    CHECK(difference(decayed.w.value(), penalised.w.value(), 1e-3) != "");
}

TEST_CASE("apply_max_norm shortens what comes into a unit, and nothing else") {
    const Variable<double> w(Array<double>{{3, 4}, {0.3, 0.4}, {0, 0}}, true);
    const Variable<double> kernel(array({1, 1, 2, 2}, {2, 2, 2, 2}), true);
    const Variable<double> b(Array<double>{9}, true), vector(Array<double>{7}, true);
    const std::vector<nn::Parameter<double>> parameters{
        {"w", w}, {"kernel", kernel}, {"b", b, false}, {"vector", vector}};
    optim::apply_max_norm(parameters, 1);
    check_close(w.value(), {{0.6, 0.8}, {0.3, 0.4}, {0, 0}}, 1e-15);
    check_close(kernel.value(), array({1, 1, 2, 2}, {0.5, 0.5, 0.5, 0.5}), 1e-15);
    check_same(b.value(), {9});
    check_same(vector.value(), {7});
}

TEST_CASE("apply_max_norm shortens rows whose squares overflow or vanish; those not finite stay") {
    const double infinity = std::numeric_limits<double>::infinity();
    const Variable<double> w(Array<double>{{3e200, -4e200}, {1e308, 1e308}, {infinity, 1}}, true);
    optim::apply_max_norm<double>({{"w", w}}, 10);
    const double half = 10 * std::sqrt(0.5);
    check_close(w.value(), {{6, -8}, {half, half}, {infinity, 1}}, 1e-14);
    const Variable<double> small(Array<double>{{3e-200, 4e-200}}, true);
    optim::apply_max_norm<double>({{"w", small}}, 1e-200);
    check_close(Array<double>(small.value() * 1e200), {{0.6, 0.8}}, 1e-14);
    const Variable<float> high(Array<float>{{3e38F, 3e38F}}, true);
    optim::apply_max_norm<float>({{"w", high}}, 2);
    check_close(high.value(), {{std::sqrt(2.F), std::sqrt(2.F)}}, 1e-6);
}

TEST_CASE("zero_share counts the weights that are zero, or nearly") {
    const Variable<double> w(Array<double>{{0, -0.0, 1e-4, 1}}, true), b(Array<double>{0}, true);
    const std::vector<nn::Parameter<double>> parameters{{"w", w}, {"b", b, false}};
    CHECK(optim::zero_share(parameters) == 0.5);
    CHECK(optim::zero_share(parameters, 1e-3) == 0.75);
    CHECK(optim::zero_share<double>({{"b", b, false}}) == 0);
}

TEST_CASE("penalties refuse what is out of range") {
    const auto p = Problem().parameters();
    const auto text = [](const auto& f) { return text_of_error<std::invalid_argument>(f); };
    CHECK(text([&] {
              static_cast<void>(optim::l1_penalty(p, -1, 1));
          }) == "l1_penalty: lambda is -1; need a finite lambda >= 0");
    CHECK(text([&] {
              static_cast<void>(optim::l1_penalty(p, 1, 0));
          }) == "l1_penalty: m is 0; need at least one example");
    CHECK(text([&] {
              static_cast<void>(optim::elastic_net_penalty(p, 1, 1.5, 1));
          }) == "elastic_net_penalty: l1_ratio is 1.5; need 0 <= l1_ratio <= 1");
    CHECK(text([&] {
              static_cast<void>(optim::elastic_net_penalty(p, 1, 0.5, 0));
          }) == "elastic_net_penalty: m is 0; need at least one example");
    CHECK(text([&] {
              optim::apply_max_norm(p, 0);
          }) == "apply_max_norm: max_norm is 0; need max_norm > 0");
    CHECK(text([&] {
              static_cast<void>(optim::zero_share(p, -1));
          }) == "zero_share: tolerance is -1; need tolerance >= 0");
}
