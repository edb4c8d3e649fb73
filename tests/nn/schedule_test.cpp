// Schedules by hand at their ends, their errors, the plateau's, and the range of rates.
// trajectory_test.cpp compares them with PyTorch's.
#include <nn/layers.hpp>
#include <tests/nn/optim_problem.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace xgrad;
using namespace xgrad::test;
namespace schedule = xgrad::optim::schedule;

namespace {

template <class F>
std::string refusal(F f) {
    return text_of_error<std::invalid_argument>([&] { static_cast<void>(f()); });
}

}  // namespace

TEST_CASE("schedules hold their last value, far out too") {
    constexpr std::uint64_t far = std::uint64_t{1} << 62;
    CHECK(schedule::constant(3, 0.5)(2) == 0.5);
    CHECK(schedule::constant(3, 0.5)(3) == 1);
    CHECK(schedule::linear(4, 0.5, 2)(far) == 2);
    CHECK(schedule::polynomial(4, 0)(4) == 0);
    CHECK(schedule::one_cycle(10, {.end = 0.25})(9) == doctest::Approx(0.25));
    CHECK(schedule::one_cycle(10, {.end = 0.25})(far) == doctest::Approx(0.25));
    CHECK(schedule::exponential(0.5)(far) == 0);
    CHECK(schedule::cosine_restarts(2)(far) == 1);
    const double late = schedule::cosine_restarts(2, 3)(far);
    CHECK((late >= 0 && late <= 1));
    CHECK(schedule::warm_up(4, schedule::constant(0), 0.5)(far) == 1);
}

TEST_CASE("a schedule is a pure function of the step") {
    const optim::Schedule cycle = schedule::one_cycle(20);
    const double at = cycle(7);
    CHECK(cycle(19) < at);
    CHECK(cycle(7) == at);
    const Problem problem;
    optim::SGD<double> sgd(problem.parameters(), {.lr = 2});
    optim::Scheduler scheduler(sgd, cycle);
    CHECK(sgd.lr() == 2 * cycle(0));
    for (int i = 0; i < 7; ++i)
        scheduler.step();
    CHECK(sgd.lr() == 2 * at);
    CHECK(scheduler.steps() == 7);
    CHECK(scheduler.base_lr() == 2);
}

TEST_CASE("schedules refuse what is out of range") {
    const double nan = std::nan("");
    CHECK(refusal([&] {
              return schedule::constant(1, nan);
          }) == "constant: factor is nan; need a finite factor >= 0");
    CHECK(refusal([] { return schedule::step(0); }) == "step: period is 0; need at least 1");
    CHECK(refusal([] {
              return schedule::step(1, -1);
          }) == "step: gamma is -1; need a finite gamma >= 0");
    CHECK(refusal([] {
              return schedule::multistep({3, 5, 5});
          }) == "multistep: milestone 5 comes after 5; need milestones that increase");
    CHECK(refusal([] {
              return schedule::exponential(-1);
          }) == "exponential: gamma is -1; need a finite gamma >= 0");
    CHECK(refusal([] { return schedule::linear(0); }) == "linear: steps is 0; need at least 1");
    CHECK(refusal([] {
              return schedule::polynomial(0);
          }) == "polynomial: steps is 0; need at least 1");
    CHECK(refusal([] { return schedule::cosine(0); }) == "cosine: steps is 0; need at least 1");
    CHECK(refusal([] {
              return schedule::cosine_restarts(1, 0);
          }) == "cosine_restarts: multiple is 0; need at least 1");
    CHECK(refusal([] {
              return schedule::one_cycle(10, {.rising = 1});
          }) == "one_cycle: rising is 1; need 0 < rising < 1");
    CHECK(refusal([] {
              return schedule::one_cycle(2);
          }) == "one_cycle: rising is 0.3 of 2 steps, 0.6 steps; need more than 1");
    CHECK(refusal([] {
              return schedule::warm_up(0, schedule::exponential(1));
          }) == "warm_up: steps is 0; need at least 1");
    CHECK(refusal([] {
              return schedule::chained({});
          }) == "chained: there are no schedules; need at least 1");
    CHECK(refusal([] {
              return schedule::sequential({schedule::exponential(1)}, {3});
          }) == "sequential: there are 1 schedules and 1 milestones; need one milestone fewer");
}

TEST_CASE("a factor that is no factor stops a schedule before it changes the rate") {
    const Problem problem;
    optim::SGD<double> sgd(problem.parameters(), {.lr = 0.5});
    optim::Scheduler scheduler(sgd, [](std::uint64_t t) { return t == 0 ? 1 : -2.0; });
    CHECK(refusal([&] {
              return scheduler.step(), 0;
          }) == "Scheduler: the factor of step 1 is -2; need a finite factor >= 0");
    CHECK(scheduler.steps() == 0);
    CHECK(sgd.lr() == 0.5);
}

TEST_CASE("Plateau: what it refuses, and a negative best value") {
    const Problem problem;
    optim::SGD<double> sgd(problem.parameters(), {.lr = 1});
    const auto text = [&](const optim::PlateauOptions& options) {
        return refusal([&] { return optim::Plateau(sgd, options).state_dict(); });
    };
    CHECK(text({.factor = 1}) == "Plateau: factor is 1; need 0 < factor < 1");
    CHECK(text({.threshold = -1}) == "Plateau: threshold is -1; need a finite threshold >= 0");
    CHECK(text({.min_lr = -1}) == "Plateau: min_lr is -1; need a finite min_lr >= 0");
    CHECK(text({.epsilon = -1}) == "Plateau: epsilon is -1; need a finite epsilon >= 0");
    optim::Plateau plateau(sgd, {.patience = 0, .threshold = 0.1});
    CHECK(refusal([&] {
              return plateau.step(std::nan(""));
          }) == "Plateau::step: the value is nan; need a number (did the training diverge?)");
    CHECK_FALSE(plateau.step(-10));
    CHECK_FALSE(plateau.step(-11.5));  // a tenth lower is better below 0, too
    CHECK(plateau.step(-12));
    CHECK(sgd.lr() == 0.1);
}

TEST_CASE("lr_range tells where training turns up, and leaves all as it was") {
    const Problem problem;
    optim::Adam<double> adam(problem.parameters(), {.lr = 0.125});
    problem.train(adam, 2);
    const Array<double> w = problem.w.value();
    const auto before = adam.state_dict();
    const std::function<Variable<double>()> loss = [&] {
        return sum(square(problem.w)) + sum(square(problem.b));
    };
    const auto table =
        optim::lr_range(adam, loss, {.low = 1e-3, .high = 1e3, .steps = 13, .stop = 2});
    REQUIRE(table.size() >= 8);
    CHECK(table.size() < 13);  // it stopped early
    CHECK(table[0].lr == 1e-3);
    CHECK(table[2].lr == doctest::Approx(1e-2).epsilon(1e-12));
    CHECK(table[0].loss == loss().item());
    CHECK(table[4].loss < table[0].loss);
    CHECK(table.back().loss > 2 * table[4].loss);
    check_same(problem.w.value(), w);
    CHECK(adam.state_dict().arrays == before.arrays);
    CHECK(adam.state_dict().numbers == before.numbers);
    CHECK_FALSE(problem.w.has_grad());

    int calls = 0;
    const auto breaks = [&]() -> Variable<double> {
        if (++calls == 3)
            throw std::runtime_error("no more batches");
        return loss();
    };
    CHECK(text_of_error<std::runtime_error>([&] {
              static_cast<void>(optim::lr_range<double>(adam, breaks));
          }) == "no more batches");
    check_same(problem.w.value(), w);
    CHECK(adam.lr() == 0.125);
}

TEST_CASE("lr_range leaves running statistics and noise as they were") {
    Rng rng(1);
    nn::Sequential net(
        nn::Dense<double>(3, 8, rng),
        nn::BatchNorm1d<double>(8),
        nn::Dropout<double>(0.5, rng),
        nn::Dense<double>(8, 2, rng));
    const Variable<double> x(random_array<double>({5, 3}, 1)), y(random_array<double>({5, 2}, 2));
    optim::SGD<double> sgd(net.parameters(), {.lr = 0.1});
    bool diverged = false;
    const std::function<Variable<double>()> loss = [&] {
        const Variable<double> value = mse_loss(net(x), y);
        const auto infinite = [](double each) { return !std::isfinite(each); };
        for (const auto& buffer : net.buffers())
            diverged = diverged || std::ranges::any_of(buffer.value.value(), infinite);
        return value;
    };
    loss().backward();
    const auto before = net.state_dict();
    const auto streams = [&] {
        std::vector<std::uint64_t> all;
        for (const auto& [path, key] : nn::noise_keys<double>(net))
            all.push_back(key.stream);
        return all;
    };
    const auto noise = streams();
    const auto table = optim::lr_range<double>(
        sgd, net, loss, {.low = 1, .high = 1e300, .stop = std::numeric_limits<double>::infinity()});
    CHECK(table.size() < 100);
    CHECK(diverged);
    CHECK(net.state_dict() == before);
    CHECK(noise == std::vector<std::uint64_t>{1});
    CHECK(streams() == noise);
    for (const auto& parameter : net.parameters())
        CHECK_FALSE(parameter.value.has_grad());
}

TEST_CASE("lr_range refuses options out of range") {
    const Problem problem;
    optim::SGD<double> sgd(problem.parameters(), {.lr = 1});
    const auto text = [&](const optim::LRRangeOptions& options) {
        return refusal([&] {
            return optim::lr_range<double>(
                sgd, [&] { return problem.loss(); }, options);
        });
    };
    CHECK(text({.low = 0}) == "lr_range: the rates go from 0 to 10; need 0 < low < high, finite");
    CHECK(text({.steps = 1}) == "lr_range: steps is 1; need at least 2");
    CHECK(text({.stop = 1}) == "lr_range: stop is 1; need stop > 1");
}
