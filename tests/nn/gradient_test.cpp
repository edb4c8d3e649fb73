// Between backward() and step(): clipping, accumulation, skipped steps, groups; and the average.
#include <nn/attention.hpp>
#include <nn/layers.hpp>
#include <tests/nn/optim_problem.hpp>

#include <cmath>
#include <limits>

using namespace xgrad;
using namespace xgrad::test;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

// Gives w the gradient g, and b one of zeros.
void set_gradients(const Problem& problem, const Array<double>& g) {
    problem.w.zero_grad();
    problem.b.zero_grad();
    problem.w.backward(Variable<double>(g));
    problem.b.backward(Variable<double>(Array<double>({3}, 0.0)));
}

}  // namespace

TEST_CASE("clip_grad_norm scales all gradients by one factor and returns the old norm") {
    const Problem problem;
    const Array<double> g{{3, 0, 0}, {0, -4, 0}};
    set_gradients(problem, g);
    CHECK(optim::grad_norm(problem.parameters()) == 5);
    CHECK(optim::clip_grad_norm(problem.parameters(), 10) == 5);
    check_same(problem.w.grad(), g);
    CHECK(optim::clip_grad_norm(problem.parameters(), 0.5) == 5);
    check_close(problem.w.grad(), Array<double>(g * (0.5 / (5 + 1e-6))), 1e-15);
    problem.b.zero_grad();  // left out
    CHECK(optim::clip_grad_norm(problem.parameters(), 1) == doctest::Approx(0.5).epsilon(1e-6));
    for (const double bad : {not_a_number, infinity}) {
        const Array<double> broken{{bad, 1, 1}, {1, 1, 1}};
        set_gradients(problem, broken);
        CHECK_FALSE(std::isfinite(optim::clip_grad_norm(problem.parameters(), 1)));
        check_same(problem.w.grad(), broken);
    }
    CHECK(text_of_error<std::invalid_argument>([&] {
              optim::clip_grad_norm(problem.parameters(), 0);
          }) == "clip_grad_norm: max_norm is 0; need max_norm > 0");
}

TEST_CASE("clip_grad_value bounds each element") {
    const Problem problem;
    set_gradients(problem, {{3, -0.25, infinity}, {not_a_number, -4, 0.5}});
    optim::clip_grad_value(problem.parameters(), 0.5);
    check_same(problem.w.grad(), {{0.5, -0.25, 0.5}, {not_a_number, -0.5, 0.5}});
    CHECK(text_of_error<std::invalid_argument>([&] {
              optim::clip_grad_value(problem.parameters(), not_a_number);
          }) == "clip_grad_value: bound is nan; need bound > 0");
}

TEST_CASE("clipping one leaf's gradient leaves another that had the same seed") {
    const Variable<double> a(Array<double>{1, 2}, true), b(Array<double>{3, 4}, true);
    sum(a + b).backward();
    optim::clip_grad_value(std::vector<nn::Parameter<double>>{{"a", a}}, 0.5);
    check_same(a.grad(), {0.5, 0.5});
    check_same(b.grad(), {1, 1});
}

TEST_CASE("two backwards of half the loss are one step of it") {
    const Problem once, twice;
    optim::Adam<double> adam(once.parameters(), {.lr = 0.1});
    optim::Adam<double> accumulating(twice.parameters(), {.lr = 0.1});
    once.backward();
    adam.step();
    (twice.loss() * 0.5).backward();
    (twice.loss() * 0.5).backward();
    accumulating.step();
    check_close(twice.w.value(), once.w.value(), 1e-15);
}

TEST_CASE("a step with a gradient that is not finite is skipped when asked, and counted") {
    for (const double bad : {not_a_number, infinity, -infinity}) {
        const Problem problem;
        optim::Adam<double> adam(problem.parameters(), {.lr = 0.1});
        adam.skip_nonfinite();
        problem.train(adam, 1);
        const auto before = adam.state_dict();
        const Array<double> w = problem.w.value(), b = problem.b.value();
        set_gradients(problem, {{1, 2, 3}, {4, bad, 6}});
        CHECK_FALSE(adam.step());
        CHECK(adam.skipped() == 1);
        check_same(problem.w.value(), w);
        check_same(problem.b.value(), b);
        CHECK(adam.state_dict().arrays == before.arrays);
        CHECK(adam.state_dict().numbers.at("w.steps") == 1);
        CHECK(adam.state_dict().numbers.at("skipped") == 1);
        set_gradients(problem, {{1, 2, 3}, {4, 5, 6}});
        CHECK(adam.step());
        CHECK(adam.skipped() == 1);
        set_gradients(problem, {{1, 2, 3}, {4, bad, 6}});
        adam.skip_nonfinite(false);
        CHECK(adam.step());  // the weights show it
        CHECK(std::isnan(problem.w.value()(1, 1)));
    }
}

TEST_CASE("groups have their own rate and decay, and a schedule moves them all") {
    const Problem problem;
    const Array<double> w = problem.w.value(), b = problem.b.value();
    const auto step = [&](optim::Optimizer<double>& by) {
        problem.w.assign(w);
        problem.b.assign(b);
        set_gradients(problem, Array<double>({2, 3}, 1.0));
        by.step();
    };
    optim::SGD<double> sgd(problem.parameters(), {.lr = 0.5, .weight_decay = 0.25});
    sgd.group("w", {.lr_factor = 0.5, .weight_decay = 0});
    sgd.group(
        [](const nn::Parameter<double>& p) { return p.value.rank() == 1; },
        {.l2 = 0.5, .weight_decay = 0.125});
    step(sgd);
    check_close(problem.w.value(), Array<double>(w - 0.25), 1e-15);
    check_close(problem.b.value(), Array<double>(b * (1 - 0.0625) - 0.5 * 0.5 * b), 1e-15);
    sgd.set_lr(0);
    step(sgd);
    check_same(problem.w.value(), w);
    optim::SGD<double> nested({{"net.0.weight", problem.w}, {"net.01.bias", problem.b}}, {.lr = 1});
    nested.group("net.0", {.lr_factor = 0});  // not net.01
    problem.b.zero_grad();
    problem.b.backward(Variable<double>(Array<double>{1, 1, 1}));
    nested.step();
    check_same(problem.w.value(), w);
    check_close(problem.b.value(), Array<double>(b - 1), 1e-15);
}

TEST_CASE("a later group changes what it names, and nothing else") {
    const Problem problem;
    const Array<double> w = problem.w.value();
    optim::SGD<double> sgd(problem.parameters(), {.lr = 0.5});
    sgd.group("w", {.lr_factor = 0.5, .l2 = 0.25, .weight_decay = 0.25});
    const auto all = [](const nn::Parameter<double>&) { return true; };
    sgd.group(all, {.l2 = 0.5});
    sgd.group(all, {.weight_decay = 0});
    set_gradients(problem, Array<double>({2, 3}, 1.0));
    sgd.step();
    check_close(problem.w.value(), Array<double>(w - 0.25 * (1 + 0.5 * w)), 1e-15);
    sgd.group(all, {.lr_factor = 0});
    const Array<double> after = problem.w.value();
    sgd.step();
    check_same(problem.w.value(), after);
}

TEST_CASE("a group of all modules of a type") {
    Rng rng(1);
    nn::Sequential net(
        nn::Dense<double>(4, 4, rng),
        nn::TransformerEncoderLayer<double>(4, 2, rng, {.feedforward = 6, .keep_prob = 1}));
    optim::SGD<double> sgd(net.parameters(), {.lr = 1});
    optim::group_of<nn::LayerNorm<double>>(sgd, net, {.lr_factor = 0});
    const auto before = net.state_dict();
    const auto moved = [&] {
        sgd.zero_grad();
        sum(square(net(Variable<double>(random_array<double>({2, 3, 4}, 1))) - 1)).backward();
        sgd.step();
        std::vector<std::string> names;
        for (const auto& parameter : net.parameters()) {
            if (parameter.value.value() != before.at(parameter.name))
                names.push_back(parameter.name);
        }
        net.load_state_dict(before);
        return names;
    };
    const auto without_norms = moved();
    CHECK(without_norms.size() == net.parameters().size() - 4);
    for (const std::string& name : without_norms)
        CHECK_MESSAGE(name.find("norm") == std::string::npos, name);
    // A module stands for all that is inside.
    optim::group_of<nn::MultiHeadAttention<double>>(sgd, net, {.lr_factor = 0});
    for (const std::string& name : moved())
        CHECK_MESSAGE(name.find("self_attn") == std::string::npos, name);
    CHECK(text_of_error<std::invalid_argument>([&] {
              optim::group_of<nn::BatchNorm2d<double>>(sgd, net, {.l2 = 0});
          }) == "SGD: the group has none of the 14 parameters; need one that it picks");
}

TEST_CASE("a group that picks nothing is an error") {
    const Problem problem;
    optim::SGD<double> sgd(problem.parameters(), {.lr = 0.5});
    const auto text = [&](const optim::GroupOptions& options) {
        return text_of_error<std::invalid_argument>([&] { sgd.group("w", options); });
    };
    CHECK(text_of_error<std::invalid_argument>([&] {
              sgd.group("head", {});
          }) == "SGD: no parameter is \"head\" or below it; the first is \"w\"");
    CHECK(text_of_error<std::invalid_argument>([&] {
              sgd.group([](const nn::Parameter<double>&) { return false; }, {});
          }) == "SGD: the group has none of the 2 parameters; need one that it picks");
    CHECK(text({.lr_factor = -1}) == "SGD: lr_factor is -1; need a finite lr_factor >= 0");
    CHECK(text({.l2 = not_a_number}) == "SGD: l2 is nan; need a finite l2 >= 0");
    CHECK(text({.weight_decay = -1}) == "SGD: weight_decay is -1; need a finite weight_decay >= 0");
}

TEST_CASE("EMA: the average by hand, in and out") {
    const Variable<double> x(Array<double>{1, 2}, true);
    const std::vector<nn::Parameter<double>> parameters{{"x", x}};
    optim::EMA ema(parameters, {.decay = 0.75});
    optim::EMA corrected(parameters, {.decay = 0.75, .bias_correction = true});
    for (const double value : {3.0, 5.0}) {
        x.assign({value, value + 1});
        ema.update();
        corrected.update();
    }
    // 0.75 (0.75 1 + 0.25 3) + 0.25 5 = 2.375; (0.75 0.25 3 + 0.25 5) / (1 - 0.75^2) = 29 / 7
    ema.swap_in();
    CHECK(ema.is_swapped_in());
    check_close(x.value(), {2.375, 3.375}, 1e-15);
    CHECK(text_of_error<std::logic_error>([&] {
              ema.update();
          }) == "EMA::update: the averages are swapped in; need swap_out() before");
    CHECK(text_of_error<std::logic_error>([&] {
              ema.swap_in();
          }) == "EMA::swap_in: the averages are swapped in; need swap_out() before");
    ema.swap_out();
    check_same(x.value(), {5, 6});
    CHECK(text_of_error<std::logic_error>([&] {
              ema.swap_out();
          }) == "EMA::swap_out: the parameters have their own weights; need swap_in() before");
    corrected.swap_in();
    check_close(x.value(), {29.0 / 7, 36.0 / 7}, 1e-15);
    corrected.swap_out();
}

TEST_CASE("EMA: what it refuses") {
    const Problem problem;
    CHECK(text_of_error<std::invalid_argument>([] {
              optim::EMA<double> made({}, {});
          }) == "EMA: there are no parameters; pass module.parameters()");
    CHECK(text_of_error<std::invalid_argument>([&] {
              optim::EMA<double> made(problem.parameters(), {.decay = 1});
          }) == "EMA: decay is 1; need 0 <= decay <= 0.9999999");
    optim::EMA<double> early(problem.parameters(), {.bias_correction = true});
    CHECK(
        text_of_error<std::logic_error>([&] { early.swap_in(); }) ==
        "EMA::swap_in: no step was seen, the corrected average is 0 / 0; need an update() before");
    CHECK_FALSE(early.is_swapped_in());
}
