// W3: a training step of a dense network 784-512-512-10 in float: relu, dropout of one half,
// softmax cross entropy, weight decay 1e-4 in the gradient (l2) on every parameter, the biases
// too, since that is what the peer's optimisers do.
#include <nn/nn.hpp>
#include <tools/bench.hpp>

#include <fmt/format.h>

#include <cmath>
#include <memory>

namespace xgrad::bench {

namespace {

constexpr std::size_t batches[] = {32, 128, 1024};

struct Case {
    bool adam;
    std::size_t batch;
    bool dropout = true;

    [[nodiscard]] std::string name() const {
        return fmt::format("{}_b{}{}", adam ? "adam" : "sgd", batch, dropout ? "" : "_nodropout");
    }
};

std::vector<Case> all_cases() {
    std::vector<Case> all;
    for (const std::size_t batch : batches) {
        all.push_back({.adam = true, .batch = batch});
        all.push_back({.adam = false, .batch = batch});
    }
    all.push_back({.adam = false, .batch = 128, .dropout = false});
    return all;
}

nn::Sequential<float> make_network(bool dropout, Rng& rng) {
    nn::Sequential<float> net;
    const auto hidden = [&](std::size_t in) {
        net.add(nn::Dense<float>(in, 512, rng)).add(nn::Relu<float>());
        if (dropout)
            net.add(nn::Dropout<float>(0.5, rng));
    };
    hidden(784);
    hidden(512);
    net.add(nn::Dense<float>(512, 10, rng));
    return net;
}

std::unique_ptr<optim::Optimizer<float>> make_optimizer(
    bool adam, const nn::Sequential<float>& net) {
    auto parameters = net.parameters();
    for (auto& parameter : parameters)
        parameter.decays = true;
    if (adam) {
        return std::make_unique<optim::Adam<float>>(
            std::move(parameters), optim::AdamOptions{.lr = 1e-3, .l2 = 1e-4});
    }
    return std::make_unique<optim::SGD<float>>(
        std::move(parameters), optim::SGDOptions{.lr = 1e-2, .l2 = 1e-4});
}

struct Data {
    Variable<float> x;
    std::vector<std::int64_t> labels;
};

Data make_data(std::size_t batch, Rng& rng) {
    Array<float> x(Shape{batch, 784});
    for (float& value : x)
        value = static_cast<float>(rng.uniform());
    std::vector<std::int64_t> labels(batch);
    for (auto& label : labels)
        label = static_cast<std::int64_t>(rng.below(10));
    return {std::move(x), std::move(labels)};
}

void run_step(const Run& run, const Case& c) {
    Rng rng(1);
    auto net = make_network(c.dropout, rng);
    const auto optimizer = make_optimizer(c.adam, net);
    const Data data = make_data(c.batch, rng);
    double first = 0, loss_now = 0;
    // A step is long: the budget is three times a small case's, as the peer's.
    Phases phases(3, {.budget = 3 * run.budget, .warmup = 10, .min_samples = 15});
    while (phases.next()) {
        phases.start();
        optimizer->zero_grad();
        auto loss = cross_entropy(net(data.x), data.labels);
        phases.end(0);
        loss.backward();
        phases.end(1);
        optimizer->step();
        phases.end(2);
        loss_now = static_cast<double>(loss.item());
        if (first == 0)
            first = loss_now;
    }
    Measure measure{
        .workload = "W3", .name = c.name(), .unit = "ms", .stats = phases.stats(0, 3, 1e6)};
    const char* parts[] = {"fwd", "bwd", "opt"};
    for (std::size_t part = 0; part < 3; ++part) {
        measure.extra[fmt::format("{}_cpu_ms", parts[part])] =
            phases.stats(part, part + 1, 1e6).cpu_median;
    }
    measure.extra["peak_rss_mib"] = peak_rss_kib() / 1024;
    measure.extra["first_loss"] = first;
    measure.extra["last_loss"] = loss_now;
    run.report(std::move(measure));
}

void run_all(const Run& run) {
    for (const Case& c : all_cases()) {
        if (run.wants(c.name()))
            run_step(run, c);
    }
}

void add_rows(Workload& to, const Case& c) {
    std::string label = fmt::format("{} batch {}", c.adam ? "Adam" : "SGD", c.batch);
    if (!c.dropout)
        label += ", no dropout";
    Row step{.label = label, .parts = {c.name()}};
    step.kind = Row::Goal::ratio;
    step.goal = c.batch == 1024 ? 0.85 : 0.7;
    to.cases.push_back(c.name());
    to.rows.push_back(step);
    const auto detail = [&](const char* what, const char* field, const char* unit) {
        to.rows.push_back(
            {.label = label + what,
             .parts = {c.name()},
             .field = field,
             .unit = unit,
             .detail = true});
    };
    detail(", forward (CPU)", "fwd_cpu_ms", "ms");
    detail(", backward (CPU)", "bwd_cpu_ms", "ms");
    detail(", optimiser (CPU)", "opt_cpu_ms", "ms");
}

}  // namespace

Workload dense_step() {
    Workload workload{
        .name = "W3",
        .about = "training step of 784-512-512-10, relu, dropout 0.5, cross entropy, l2 1e-4",
        .cases = {},
        .run = run_all,
        .rows = {},
        .program = "w3_mlp_step"};
    for (const Case& c : all_cases())
        add_rows(workload, c);
    return workload;
}

}  // namespace xgrad::bench
