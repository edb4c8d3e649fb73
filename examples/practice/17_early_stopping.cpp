// Early stopping (practice P9): a large network on few rows goes on lowering its cost on train long
// after dev has stopped gaining. Training ends when dev has not improved for ten epochs, with the
// weights of the best one.
#include <autograd/parallel.hpp>
#include <examples/fashion_mnist.hpp>
#include <examples/practice/lesson.hpp>

#include <algorithm>
#include <cstdio>

using namespace xgrad;

namespace {

// Single epochs are noisy: the mean of the five around that one, of fewer at the ends.
double around(const std::vector<double>& costs, std::size_t epoch) {
    const std::size_t first = std::max<std::size_t>(epoch, 2) - 2;
    const std::size_t last = std::min(epoch + 3, costs.size());
    double sum = 0;
    for (std::size_t k = first; k < last; ++k)
        sum += costs[k];
    return sum / static_cast<double>(last - first);
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

    Rng rng(1);
    nn::Sequential net(
        nn::Dense(28 * 28, 256, rng), nn::Relu(), nn::Dense(256, fashion_mnist::classes, rng));
    optim::Adam adam(net.parameters(), {.lr = 2e-3});
    const data::DataLoader loader(train, {.batch_size = 50});
    train::EarlyStopping<float> stopping({.patience = 10});
    std::vector<double> epochs, train_costs, dev_costs, train_errors, dev_errors;
    for (bool done = false; !done && stopping.epoch() < 100;) {
        for (auto& [x, y] : loader.epoch(stopping.epoch())) {
            cross_entropy(net(Variable<float>(std::move(x))), y).backward();
            adam.step();
            adam.zero_grad();
        }
        const auto on_train = train::evaluate(net, train), on_dev = train::evaluate(net, dev);
        done = stopping.update(on_dev.error, net);
        epochs.push_back(static_cast<double>(stopping.epoch()));
        train_costs.push_back(on_train.cost);
        dev_costs.push_back(on_dev.cost);
        train_errors.push_back(on_train.error);
        dev_errors.push_back(on_dev.error);
    }
    stopping.restore(net);
    const double restored = train::evaluate(net, dev).error;

    const std::size_t best = stopping.best_epoch(), last = stopping.epoch();
    for (const std::size_t epoch : {std::size_t{1}, best, last})
        std::printf(
            "epoch %3zu: cost %.3f on train, %.3f on dev; error %.3f on train, %.3f on dev%s\n",
            epoch,
            train_costs[epoch - 1],
            dev_costs[epoch - 1],
            train_errors[epoch - 1],
            dev_errors[epoch - 1],
            epoch == best ? ", the best" : "");
    std::printf("stopped after epoch %zu, error %.3f with the weights restored\n", last, restored);

    lesson.check(last == best + 10, "it stopped ten epochs after the best one");
    lesson.check(
        restored == *std::ranges::min_element(dev_errors), "the weights are those of the best");
    lesson.check(dev_errors.back() > restored, "the last ones are worse");
    const auto lowest = std::ranges::min_element(dev_costs);
    const auto turn = static_cast<std::size_t>(lowest - dev_costs.begin());
    lesson.check(
        dev_costs.back() > 1.1 * *lowest &&
            around(train_costs, last - 3) < around(train_costs, turn),
        "cost rises again on dev while it falls on train");
    const report::Mark mark{static_cast<double>(best), "best epoch " + std::to_string(best)};
    lesson.picture(
        "17_early_stopping",
        report::svg_file(
            {{.title = "cost",
              .x_label = "epoch",
              .series = {{"train", epochs, train_costs}, {"dev", epochs, dev_costs}},
              .vertical = {mark}},
             {.title = "error",
              .x_label = "epoch",
              .y_label = "share of wrong rows",
              .series = {{"train", epochs, train_errors}, {"dev", epochs, dev_errors}},
              .vertical = {mark}}}));
    return lesson.end();
}
