// W12: an epoch of 60,000 rows of 784 floats in random order, in batches of 128, as they are and
// augmented, without threads that work ahead and with one and two; and training steps fed by one
// such thread beside the same steps on one batch.
#include <nn/nn.hpp>
#include <tools/bench.hpp>
#include <tools/bench_input.hpp>

#include <fmt/format.h>

#include <numeric>
#include <optional>

namespace xgrad::bench {

namespace {

using Chain = data::Augmentation<float>;

struct Case {
    const char* name;
    const char* label;
    std::optional<Chain> chain;
    bool alone = false;
};

const std::vector<Case>& cases() {
    const auto chain = [] { return Chain(1, {.height = 28, .width = 28}); };
    static const std::vector<Case> list{
        {"deal", "batches", {}},
        {"crop", "batches, flipped and cropped", chain().flip().crop(2)},
        {"turn",
         "batches, turned, zoomed and shifted",
         chain().rotate(10).zoom(0.9, 1.1).shift(2),
         true}};
    return list;
}

const std::vector<std::size_t> worker_counts{0, 1, 2};

std::string case_name(const Case& c, std::size_t workers) {
    return fmt::format("{}_w{}", c.name, workers);
}

// The steps of a 784-512-512-10 network, in turn on one batch and on those of an epoch.
void run_fed(const Run& run, const Case& c) {
    const std::string alone = fmt::format("step_{}_alone", c.name),
                      fed = fmt::format("step_{}_fed", c.name);
    if (!run.wants(alone) && !run.wants(fed))
        return;
    constexpr std::size_t rows = 6400;
    const data::Dataset<float> dataset(filled<float>({rows, 784}, 1, 0, 1), labels(rows), 10);
    const data::DataLoader<float> loader(dataset, {.batch_size = 128, .workers = 1}, c.chain);
    Rng rng(1);
    nn::Sequential<float> net(
        nn::Dense<float>(784, 512, rng),
        nn::Relu<float>(),
        nn::Dense<float>(512, 512, rng),
        nn::Relu<float>(),
        nn::Dense<float>(512, 10, rng));
    optim::SGD<float> sgd(net.parameters(), {.lr = 1e-3});
    const auto step = [&](const data::Batch<float>& batch) {
        sgd.zero_grad();
        cross_entropy(net(batch.x), batch.y).backward();
        sgd.step();
    };
    const data::Batch<float> only = [&] {
        data::Epoch<float> first = loader.epoch(0);
        return *first.begin();
    }();
    std::uint64_t epoch = 1;
    Phases phases(2, {.budget = run.budget, .warmup = 1, .min_samples = 3});
    while (phases.next()) {
        phases.start();
        for (std::size_t done = 0; done < rows; done += 128)
            step(only);
        phases.end(0);
        for (const auto& batch : loader.epoch(epoch++))
            step(batch);
        phases.end(1);
    }
    run.report({.workload = "W12", .name = alone, .unit = "ms", .stats = phases.stats(0, 1, 1e6)});
    run.report({.workload = "W12", .name = fed, .unit = "ms", .stats = phases.stats(1, 2, 1e6)});
}

void run_all(const Run& run) {
    for (const Case& c : cases())
        run_fed(run, c);
    constexpr std::size_t rows = 60'000;
    const data::Dataset<float> dataset(filled<float>({rows, 784}, 1, 0, 1), labels(rows), 10);
    for (const Case& c : cases()) {
        for (const std::size_t workers : worker_counts) {
            if (!run.wants(case_name(c, workers)))
                continue;
            const data::DataLoader<float> loader(
                dataset, {.batch_size = 128, .workers = workers}, c.chain);
            std::uint64_t epoch = 0;
            double sum = 0;
            const Stats stats =
                time_of({.budget = run.budget, .warmup = 1, .min_samples = 3}, 1e6, [&] {
                    sum = 0;
                    for (const auto& batch : loader.epoch(epoch++))
                        sum += static_cast<double>(
                            std::accumulate(batch.y.begin(), batch.y.end(), std::int64_t{0}));
                });
            run.report(
                {.workload = "W12",
                 .name = case_name(c, workers),
                 .unit = "ms",
                 .stats = stats,
                 .extra = {{"labels", sum}}});
        }
    }
}

}  // namespace

Workload data_loader() {
    Workload workload{
        .name = "W12",
        .about =
            "an epoch of 60,000 x 784 floats in batches of 128, as they are and augmented; fed "
            "steps",
        .cases = {},
        .run = run_all,
        .rows = {},
        .program = "w12_loader",
        .rounds = 3,
        .tuned = false,
        .same = {"labels"}};
    for (const Case& c : cases()) {
        for (const std::size_t workers : worker_counts) {
            const std::string name = case_name(c, workers);
            workload.cases.push_back(name);
            workload.rows.push_back(
                {.label = fmt::format("{}, {} workers", c.label, workers),
                 .parts = {name},
                 .alone = c.alone});
        }
        const std::string fed = fmt::format("step_{}_fed", c.name),
                          alone = fmt::format("step_{}_alone", c.name);
        workload.cases.insert(workload.cases.end(), {alone, fed});
        workload.rows.push_back(
            {.label = fmt::format("50 steps fed {}, by those on one batch", c.label),
             .parts = {fed},
             .kind = Row::Goal::ratio,
             .goal = 1.05,
             .floor = {alone}});
    }
    return workload;
}

}  // namespace xgrad::bench
