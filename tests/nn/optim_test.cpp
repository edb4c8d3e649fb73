#include <nn/layers.hpp>
#include <tests/nn/optim_makers.hpp>
#include <tests/nn/optim_problem.hpp>

#include <cmath>
#include <memory>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using V = Variable<double>;
using Json = nlohmann::json;
using Parameters = std::vector<nn::Parameter<double>>;

// Both parameters after a few steps.
template <class Optimizer, class Options>
std::vector<Array<double>> after_steps(const Options& options) {
    const Problem problem;
    Optimizer optimizer(problem.parameters(), options);
    for (int step = 0; step < 5; ++step) {
        optimizer.zero_grad();
        problem.backward();
        optimizer.step();
    }
    return {problem.w.value(), problem.b.value()};
}

}  // namespace

TEST_CASE("SGD: one step by hand, also in float") {
    const Variable<float> x(Array<float>{1, 2}, true);
    sum(x * x).backward();
    optim::SGD<float> sgd({{"x", x}}, {.lr = 0.25});
    sgd.step();
    check_same(x.value(), {0.5f, 1});
}

TEST_CASE("plain SGD: l2 and weight_decay are the same; Adam: they differ") {
    using optim::Adam, optim::SGD;
    const auto l2 = after_steps<SGD<double>>(optim::SGDOptions{.lr = 0.05, .l2 = 0.3});
    const auto decay = after_steps<SGD<double>>(optim::SGDOptions{.lr = 0.05, .weight_decay = 0.3});
    check_close(l2[0], decay[0], 1e-12);
    const auto adam = after_steps<Adam<double>>(optim::AdamOptions{.lr = 0.05, .l2 = 0.3});
    const auto adam_decay =
        after_steps<Adam<double>>(optim::AdamOptions{.lr = 0.05, .weight_decay = 0.3});
    CHECK(difference(adam[0], adam_decay[0], 1e-3) != "");
}

TEST_CASE("biases do not decay") {
    const Problem problem;
    for (const V& leaf : {problem.w, problem.b})
        leaf.backward(V(Array<double>(leaf.shape(), 0.0)));
    const Array<double> w = problem.w.value(), b = problem.b.value();
    optim::SGD<double> sgd(problem.parameters(), {.lr = 0.1, .l2 = 0.5, .weight_decay = 0.5});
    sgd.step();
    optim::AdamW<double> adam(problem.parameters(), {.lr = 0.1, .weight_decay = 0.5});
    adam.step();
    check_same(problem.b.value(), b);
    CHECK(difference(problem.w.value(), w, 1e-3) != "");
    // lambda / 2m of the squares of what decays
    const V penalty = optim::l2_penalty(problem.parameters(), 3, 10);
    CHECK(penalty.item() == doctest::Approx(0.15 * sum(square(problem.w)).item()));
}

TEST_CASE("a parameter with requires_grad(false) stays") {
    Problem problem;
    problem.backward();
    problem.b.requires_grad(false);
    const Array<double> b = problem.b.value(), w = problem.w.value();
    optim::SGD<double> sgd(problem.parameters(), {.lr = 0.1});
    sgd.step();
    check_same(problem.b.value(), b);
    CHECK(difference(problem.w.value(), w, 0) != "");
}

TEST_CASE("a missing gradient names the parameter and nothing has changed") {
    const Problem problem;
    sum(problem.w).backward();
    const Array<double> w = problem.w.value();
    optim::Adam<double> adam(problem.parameters(), {.lr = 0.1});
    CHECK(
        text_of_error<GraphError>([&] { adam.step(); }) ==
        "Adam: parameter \"b\" has no gradient; call backward() on a loss that depends on it "
        "before "
        "step(), or requires_grad(false) to leave it out");
    check_same(problem.w.value(), w);
    CHECK(problem.w.version() == 0);
    adam.zero_grad();
    CHECK_FALSE(problem.w.has_grad());
}

TEST_CASE("options out of range are refused") {
    const Problem problem;
    const auto sgd = [&](const optim::SGDOptions& options) {
        return text_of_error<std::invalid_argument>(
            [&] { optim::SGD<double> made(problem.parameters(), options); });
    };
    const auto adam = [&](const optim::AdamOptions& options) {
        return text_of_error<std::invalid_argument>(
            [&] { optim::Adam<double> made(problem.parameters(), options); });
    };
    CHECK(sgd({.lr = -0.1}) == "SGD: lr is -0.1; need a finite lr >= 0");
    CHECK(sgd({.lr = std::nan("")}) == "SGD: lr is nan; need a finite lr >= 0");
    CHECK(sgd({.lr = 1.0 / 0.0}) == "SGD: lr is inf; need a finite lr >= 0");
    CHECK(sgd({.momentum = 1.5}) == "SGD: momentum is 1.5; need 0 <= momentum <= 1");
    CHECK(sgd({.l2 = -1}) == "SGD: l2 is -1; need a finite l2 >= 0");
    CHECK(sgd({.nesterov = true}) == "SGD: nesterov is on with momentum 0; need momentum > 0");
    CHECK(adam({.lr = -1}) == "Adam: lr is -1; need a finite lr >= 0");
    CHECK(adam({.beta1 = 1}) == "Adam: beta1 is 1; need 0 <= beta1 <= 0.9999999");
    CHECK(adam({.beta2 = -0.5}) == "Adam: beta2 is -0.5; need 0 <= beta2 <= 0.9999999");
    CHECK(adam({.epsilon = -1}) == "Adam: epsilon is -1; need a finite epsilon >= 0");
    CHECK(adam({.l2 = -1}) == "Adam: l2 is -1; need a finite l2 >= 0");
    CHECK(
        adam({.weight_decay = -1}) == "Adam: weight_decay is -1; need a finite weight_decay >= 0");
    CHECK(sgd({.weight_decay = -1}) == "SGD: weight_decay is -1; need a finite weight_decay >= 0");
    CHECK(text_of_error<std::invalid_argument>([] {
              optim::SGD<double> made({}, {});
          }) == "SGD: there are no parameters; pass module.parameters()");
    optim::SGD<double> good(problem.parameters(), {.lr = 0.1});
    CHECK(text_of_error<std::invalid_argument>([&] {
              good.set_lr(-1);
          }) == "SGD: lr is -1; need a finite lr >= 0");
    CHECK(good.lr() == 0.1);
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(optim::l2_penalty(problem.parameters(), 1, 0));
          }) == "l2_penalty: m is 0; need at least one example");
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(optim::l2_penalty(problem.parameters(), -1, 1));
          }) == "l2_penalty: lambda is -1; need a finite lambda >= 0");
}

TEST_CASE("the parameters of a module that is used twice are stepped and penalised once") {
    Rng rng(1);
    const auto shared = std::make_shared<nn::Dense<double>>(1, 1, rng, false);
    shared->weight.assign(array({1, 1}, {3}));
    nn::Sequential<double> twice;
    twice.add(shared).add(shared);
    CHECK(optim::l2_penalty(twice.parameters(), 1, 1).item() == 4.5);
    sum(twice(V(array({1, 1}, {1})))).backward();  // w^2, of gradient 6
    optim::SGD<double> sgd(twice.parameters(), {.lr = 0.25});
    sgd.step();
    check_same(shared->weight.value(), array({1, 1}, {1.5}));
}

TEST_CASE("AdamW's errors bear its own name") {
    const Problem problem;
    const auto text = [&](const optim::AdamWOptions& options) {
        return text_of_error<std::invalid_argument>(
            [&] { optim::AdamW<double> made(problem.parameters(), options); });
    };
    CHECK(text({.lr = -1}) == "AdamW: lr is -1; need a finite lr >= 0");
    CHECK(text({.beta1 = 1}) == "AdamW: beta1 is 1; need 0 <= beta1 <= 0.9999999");
    CHECK(text({.beta2 = 1}) == "AdamW: beta2 is 1; need 0 <= beta2 <= 0.9999999");
    CHECK(text({.epsilon = -1}) == "AdamW: epsilon is -1; need a finite epsilon >= 0");
    CHECK(
        text({.weight_decay = -1}) == "AdamW: weight_decay is -1; need a finite weight_decay >= 0");
    CHECK(text_of_error<std::invalid_argument>([] {
              optim::AdamW<double> made(Parameters{});
          }) == "AdamW: there are no parameters; pass module.parameters()");
    optim::AdamW<double> good(problem.parameters());
    CHECK(text_of_error<std::invalid_argument>([&] {
              good.set_lr(-1);
          }) == "AdamW: lr is -1; need a finite lr >= 0");
    CHECK(
        text_of_error<GraphError>([&] { good.step(); }) ==
        "AdamW: parameter \"w\" has no gradient; call backward() on a loss that depends on it "
        "before step(), or requires_grad(false) to leave it out");
}

TEST_CASE("AdamW decays by 0.01 unless told otherwise") {
    const Problem problem;
    optim::AdamW<double> adam(problem.parameters(), {.lr = 0.5});
    const Array<double> before = problem.w.value();
    sum(problem.w * 0 + problem.b * 0).backward();
    adam.step();  // gradients are 0: only the decay acts
    check_close(problem.w.value(), Array<double>(before * (1 - 0.5 * 0.01)));
    check_close(problem.b.value(), {0.125, -0.5, 1.0});
}

TEST_CASE("the penalty in the loss is weight decay for SGD and something else for Adam") {
    constexpr double lambda = 3;
    constexpr std::size_t m = 10;
    const Problem penalised, decayed;
    optim::SGD<double> with(penalised.parameters(), {.lr = 0.05});
    optim::SGD<double> without(decayed.parameters(), {.lr = 0.05, .weight_decay = lambda / m});
    const Problem adam_penalised, adam_decayed;
    optim::Adam<double> adam_with(adam_penalised.parameters(), {.lr = 0.05});
    optim::Adam<double> adam_without(
        adam_decayed.parameters(), {.lr = 0.05, .weight_decay = lambda / m});
    for (int step = 0; step < 20; ++step) {
        for (const Problem* problem : {&penalised, &adam_penalised})
            (problem->loss() + optim::l2_penalty(problem->parameters(), lambda, m)).backward();
        decayed.backward();
        adam_decayed.backward();
        for (optim::Optimizer<double>* each : std::initializer_list<optim::Optimizer<double>*>{
                 &with, &without, &adam_with, &adam_without}) {
            each->step();
            each->zero_grad();
        }
    }
    check_close(penalised.w.value(), decayed.w.value(), 1e-12);
    check_close(penalised.b.value(), decayed.b.value(), 1e-12);
    CHECK(difference(adam_penalised.w.value(), adam_decayed.w.value(), 1e-3) != "");
}

TEST_CASE("a graph that needs the old weights stops after a step") {
    const Problem problem;
    const V later = sum(square(problem.w)) + sum(problem.b);
    problem.backward();
    optim::SGD<double> sgd(problem.parameters(), {.lr = 0.1});
    sgd.step();
    CHECK_THROWS_AS(later.backward(), GraphError);
}

TEST_CASE("the other optimisers' options out of range are refused") {
    const Problem problem;
    const auto text = [&](const char* name, const char* option, double value) {
        return text_of_error<std::invalid_argument>([&] {
            makers().at(name)(problem.parameters(), {{option, value}});
        });
    };
    for (const auto& [name, make] : makers()) {
        const std::string who = name;
        CHECK(text(name.c_str(), "lr", -1) == who + ": lr is -1; need a finite lr >= 0");
        CHECK(
            text(name.c_str(), "weight_decay", -1) ==
            who + ": weight_decay is -1; need a finite weight_decay >= 0");
        CHECK(text_of_error<std::invalid_argument>([&, &make = make] {
                  make({}, Json::object());
              }) == who + ": there are no parameters; pass module.parameters()");
        if (name != "AdamW")
            CHECK(text(name.c_str(), "l2", -1) == who + ": l2 is -1; need a finite l2 >= 0");
        if (name != "SGD" && name != "Lion") {
            CHECK(
                text(name.c_str(), "epsilon", -1) ==
                who + ": epsilon is -1; need a finite epsilon >= 0");
        }
    }
    for (const char* name : {"Lion", "NAdam", "RAdam", "Adamax"}) {
        for (const char* beta : {"beta1", "beta2"}) {
            CHECK(
                text(name, beta, 1) ==
                std::string(name) + ": " + beta + " is 1; need 0 <= " + beta + " <= 0.9999999");
        }
    }
    CHECK(text("Adadelta", "rho", -1) == "Adadelta: rho is -1; need 0 <= rho <= 0.9999999");
    CHECK(text("RMSprop", "alpha", 1) == "RMSprop: alpha is 1; need 0 <= alpha <= 0.9999999");
    CHECK(text("RMSprop", "momentum", 2) == "RMSprop: momentum is 2; need 0 <= momentum <= 1");
    CHECK(text("SGD", "dampening", -1) == "SGD: dampening is -1; need 0 <= dampening <= 1");
    CHECK(
        text("Adagrad", "lr_decay", -1) == "Adagrad: lr_decay is -1; need a finite lr_decay >= 0");
    CHECK(text("Adagrad", "start", -1) == "Adagrad: start is -1; need a finite start >= 0");
    CHECK(
        text("NAdam", "momentum_decay", -1) ==
        "NAdam: momentum_decay is -1; need a finite momentum_decay >= 0");
    CHECK(text_of_error<std::invalid_argument>([&] {
              optim::SGD<double> made(
                  problem.parameters(), {.momentum = 0.5, .nesterov = true, .dampening = 0.5});
          }) == "SGD: nesterov is on with dampening 0.5; need dampening 0");
}

// All elements of a long weight go the same way: in batches, in the tail, with zeros and signs.
TEST_CASE_TEMPLATE("every element of a weight takes the same step", T, float, double) {
    const auto check = [](optim::Optimizer<T>&& optimizer, const Variable<T>& w) {
        INFO(optimizer.name());
        for (const T g : {T(0.5), T(0), T(-2)}) {
            w.zero_grad();
            w.backward(Variable<T>(Array<T>(w.shape(), g)));
            optimizer.step();
            check_same(w.value(), Array<T>(w.shape(), w.value().data()[w.size() - 1]));
        }
    };
    const auto fresh = [] { return Variable<T>(Array<T>({1003}, T(0.75)), true); };
    const auto run = [&]<class Optimizer, class Options>(const Options& options) {
        const Variable<T> w = fresh();
        check(Optimizer({{"w", w}}, options), w);
    };
    using namespace optim;
    run.template operator()<SGD<T>>(SGDOptions{.momentum = 0.9, .nesterov = true, .l2 = 0.1});
    run.template operator()<Lion<T>>(LionOptions{.weight_decay = 0.1});
    run.template operator()<Adagrad<T>>(AdagradOptions{});
    run.template operator()<Adadelta<T>>(AdadeltaOptions{});
    run.template operator()<RMSprop<T>>(RMSpropOptions{.momentum = 0.9, .centred = true});
    run.template operator()<Adam<T>>(AdamOptions{.amsgrad = true});
    run.template operator()<NAdam<T>>(NAdamOptions{});
    run.template operator()<RAdam<T>>(RAdamOptions{.beta2 = 0.9});
    run.template operator()<Adamax<T>>(AdamaxOptions{});
}

TEST_CASE("a parameter that thaws later counts its own steps") {
    Problem problem;
    problem.b.requires_grad(false);
    optim::Adam<double> adam(problem.parameters(), {.lr = 0.1});
    problem.train(adam, 3);
    problem.b.requires_grad(true);
    const Array<double> b = problem.b.value();
    problem.train(adam, 1);
    // its first step: lr in size, as m' / sqrt(v') is the sign
    check_close(Array<double>(xt::abs(problem.b.value() - b)), Array<double>{0.1, 0.1, 0.1}, 1e-7);
}
