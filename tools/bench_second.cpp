// W8: the gradient of a gradient-norm penalty, through a 784-512-512-10 tanh network at batch 64.
#include <nn/nn.hpp>
#include <tools/bench.hpp>
#include <tools/bench_input.hpp>

namespace xgrad::bench {

namespace {

using V = Variable<float>;

void run_all(const Run& run) {
    Rng rng(1);
    nn::Sequential<float> net(
        nn::Dense<float>(784, 512, rng),
        nn::Tanh<float>(),
        nn::Dense<float>(512, 512, rng),
        nn::Tanh<float>(),
        nn::Dense<float>(512, 10, rng));
    const auto parameters = net.parameters();
    std::uint32_t seed = 10;
    for (const auto& parameter : parameters)
        parameter.value.assign(filled<float>(parameter.value.shape(), seed++, -0.04, 0.04));
    const V x = filled_leaf<float>({64, 784}, 1);
    const Phases::Options options{.budget = run.budget};
    if (run.wants("first_order_b64")) {
        const Stats stats = time_of(options, 1e6, [&] { static_cast<void>(grad(sum(net(x)), x)); });
        run.report({.workload = "W8", .name = "first_order_b64", .unit = "ms", .stats = stats});
    }
    if (run.wants("penalty_b64")) {
        const Stats stats = time_of(options, 1e6, [&] {
            for (const auto& parameter : parameters)
                parameter.value.zero_grad();
            const V gx = grad(sum(net(x)), x, {.create_graph = true});
            mean(square(norm(gx, 2, {1}) - 1)).backward();
        });
        run.report(
            {.workload = "W8",
             .name = "penalty_b64",
             .unit = "ms",
             .stats = stats,
             .extra = {{"grad", magnitude(parameters.front().value.grad())}}});
    }
}

}  // namespace

Workload second_order() {
    return {
        .name = "W8",
        .about = "gradient-norm penalty of 784-512-512-10, tanh, batch 64",
        .cases = {"first_order_b64", "penalty_b64"},
        .run = run_all,
        .rows =
            {{.label = "first order", .parts = {"first_order_b64"}},
             {.label = "penalty, second order",
              .parts = {"penalty_b64"},
              .kind = Row::Goal::ratio,
              .goal = 0.7}},
        .program = "w8_second_order",
        .same = {"grad"}};
}

}  // namespace xgrad::bench
