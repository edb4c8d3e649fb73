// Dropout, layer by layer (practice P7): half of the units are kept after the widest weight matrix,
// 0.7 of them after the next one, and all where there is little to learn by heart. What it brings
// is the gap between train and dev; what it takes is a cost that falls in every step, which comes
// back where the masks are turned off.
#include <autograd/parallel.hpp>
#include <examples/fashion_mnist.hpp>
#include <examples/practice/lesson.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <numeric>

using namespace xgrad;

namespace {

// 784 x 256 is the widest matrix, 256 x 64 the next one.
nn::Sequential<float> network(double after_widest, double after_next) {
    Rng rng(1);
    return nn::Sequential(
        nn::Dense(28 * 28, 256, rng),
        nn::Relu(),
        nn::Dropout(after_widest, rng),
        nn::Dense(256, 64, rng),
        nn::Relu(),
        nn::Dropout(after_next, rng),
        nn::Dense(64, fashion_mnist::classes, rng));
}

struct Run {
    report::Series train, dev;  // errors over epochs, both in evaluation mode: without masks

    [[nodiscard]] double gap() const { return dev.y.back() - train.y.back(); }
};

Run learn(
    nn::Sequential<float> net,
    const std::string& name,
    const data::Dataset<float>& train,
    const data::Dataset<float>& dev,
    std::size_t epochs) {
    optim::Adam adam(net.parameters(), {.lr = 1e-3});
    const data::DataLoader loader(train, {.batch_size = 50});
    Run run{{name + ", train", {}, {}}, {name + ", dev", {}, {}}};
    for (std::size_t epoch = 1; epoch <= epochs; ++epoch) {
        for (auto& [x, y] : loader.epoch(epoch)) {
            cross_entropy(net(Variable<float>(std::move(x))), y).backward();
            adam.step();
            adam.zero_grad();
        }
        for (const auto& [series, set] : {std::pair{&run.train, &train}, {&run.dev, &dev}}) {
            series->x.push_back(static_cast<double>(epoch));
            series->y.push_back(train::evaluate(net, *set).error);
        }
    }
    std::printf(
        "%-28s error %.3f on train, %.3f on dev, gap %.3f\n",
        name.c_str(),
        run.train.y.back(),
        run.dev.y.back(),
        run.gap());
    return run;
}

// J before each step of plain gradient descent on all rows.
std::vector<double> costs(nn::Sequential<float> net, const data::Dataset<float>& train) {
    optim::SGD sgd(net.parameters(), {.lr = 0.02});
    std::vector<double> costs;
    for (int step = 0; step < 60; ++step) {
        const auto cost = cross_entropy(net(Variable<float>(train.x())), train.y());
        costs.push_back(cost.item());
        cost.backward();
        sgd.step();
        sgd.zero_grad();
    }
    return costs;
}

// Steps after which J was higher than before.
std::size_t rises(const std::vector<double>& costs) {
    std::size_t n = 0;
    for (std::size_t i = 1; i < costs.size(); ++i)
        n += costs[i] > costs[i - 1] ? 1 : 0;
    return n;
}

}  // namespace

int main(int argc, char** argv) {
    Lesson lesson(argc, argv);
    if (!fashion_mnist::installed())
        return fashion_mnist::say_missing();
    set_num_threads(2);  // the result does not depend on it, not by a bit
    const auto sets = fashion_mnist::load({28 * 28}, lesson.quick());
    const std::size_t count = lesson.quick() ? 1000 : 4000;
    const auto train = sets.train.slice(0, count), dev = sets.train.slice(count, 1500);
    const std::size_t epochs = lesson.quick() ? 25 : 40;

    const Run without = learn(network(1, 1), "without", train, dev, epochs);
    const Run with = learn(network(0.5, 0.7), "keep_prob 0.5 and 0.7", train, dev, epochs);

    // With new masks in every step J is not one function of the weights. Two switches make it one:
    // evaluation mode turns dropout off, freeze_noise() keeps the masks.
    auto noisy = network(0.5, 0.7), off = network(0.5, 0.7), frozen = network(0.5, 0.7);
    off.eval();
    frozen.freeze_noise();
    const auto batch = train.slice(0, 300);
    report::Plot cost{.title = "J, step by step", .x_label = "step", .y_label = "J"};
    const auto falls = [&](const char* name, nn::Sequential<float> net) {
        const auto j = costs(std::move(net), batch);
        std::vector<double> step(j.size());
        std::iota(step.begin(), step.end(), 0);
        std::printf(
            "J with %-13s from %.3f to %.3f, rises %zu times\n", name, j[0], j.back(), rises(j));
        cost.series.push_back({name, step, j});
        return rises(j) == 0;
    };
    const bool noisy_falls = falls("new masks", std::move(noisy));
    const bool off_falls = falls("dropout off", std::move(off));
    const bool frozen_falls = falls("frozen masks", std::move(frozen));

    lesson.check(without.train.y.back() < 0.02, "without dropout the rows are learnt by heart");
    lesson.check(with.gap() < without.gap() - 0.01, "with dropout the gap to dev is smaller");
    lesson.check(with.dev.y.back() < without.dev.y.back() + 0.01, "and dev loses nothing");
    lesson.check(!noisy_falls, "with new masks J rises now and then");
    lesson.check(off_falls && frozen_falls, "with dropout off or its masks frozen it only falls");
    lesson.picture(
        "15_dropout",
        report::svg_file(
            {{.title = "error",
              .x_label = "epoch",
              .y_label = "share of wrong rows",
              .series = {without.train, without.dev, with.train, with.dev}},
             cost}));
    return lesson.end();
}
