// High bias and high variance, made on purpose and recognised (practice P2, P3): a network that is
// too small and one that is large, each on few rows and on many. The larger network cures the one,
// more data the other; more data for the small network cures nothing.
#include <autograd/parallel.hpp>
#include <examples/fashion_mnist.hpp>
#include <examples/practice/lesson.hpp>
#include <tools/report_plot.hpp>

#include <algorithm>
#include <cstdio>

using namespace xgrad;

namespace {

// What the authors of the data measured: people without an eye for fashion are wrong so often.
constexpr double people = 0.165;

// A network with so many hidden units after so many steps on the first rows of `train`.
train::ErrorRates errors(
    std::size_t units,
    std::size_t rows,
    std::size_t steps,
    const data::Dataset<float>& all,
    const data::Dataset<float>& dev) {
    const auto train = all.slice(0, rows);
    Rng rng(1);
    nn::Sequential net(
        nn::Dense(28 * 28, units, rng), nn::Tanh(), nn::Dense(units, fashion_mnist::classes, rng));
    optim::Adam adam(net.parameters(), {.lr = 2e-3});
    const data::DataLoader loader(train, {.batch_size = std::min<std::size_t>(rows, 64)});
    for (std::size_t step = 0, epoch = 0; step < steps; ++epoch) {
        for (auto& [x, y] : loader.epoch(epoch)) {
            cross_entropy(net(Variable<float>(std::move(x))), y).backward();
            adam.step();
            adam.zero_grad();
            if (++step == steps)
                break;
        }
    }
    return {.train = train::evaluate(net, train).error, .dev = train::evaluate(net, dev).error};
}

train::Diagnosis print(const char* what, const train::ErrorRates& rates) {
    const auto diagnosis = train::diagnose(rates);
    std::printf(
        "%-34s train %4.1f %%  dev %4.1f %%  optimal %4.1f %%: %s\n",
        what,
        100 * rates.train,
        100 * rates.dev,
        100 * rates.optimal,
        diagnosis.verdict.c_str());
    for (const std::string& step : diagnosis.steps)
        std::printf("    next: %s\n", step.c_str());
    return diagnosis;
}

}  // namespace

int main(int argc, char** argv) {
    Lesson lesson(argc, argv);
    if (!fashion_mnist::installed())
        return fashion_mnist::say_missing();
    set_num_threads(2);
    const auto sets = fashion_mnist::load({28 * 28}, false);
    const std::size_t steps = lesson.quick() ? 300 : 2000, factor = lesson.quick() ? 10 : 3;

    // Error against the number of rows, of both networks.
    constexpr std::size_t small = 2, large = 128;
    std::vector<report::Plot> plots;
    std::vector<train::ErrorRates> few, many;
    for (const std::size_t units : {small, large}) {
        report::Plot plot{
            .title = std::to_string(units) + " hidden units",
            .x_label = "rows to learn from",
            .y_label = "error",
            .log_x = true,
            .series = {{"train", {}, {}}, {"dev", {}, {}}},
            .horizontal = {{people, "people"}},
            .y_range = {{0, 0.8}}};
        for (std::size_t rows = 100;; rows = std::min(factor * rows, sets.train.size())) {
            const auto rates = errors(units, rows, steps, sets.train, sets.dev);
            plot.series[0].x.push_back(static_cast<double>(rows));
            plot.series[1].x.push_back(static_cast<double>(rows));
            plot.series[0].y.push_back(rates.train);
            plot.series[1].y.push_back(rates.dev);
            if (rows == 100)
                few.push_back(rates);
            if (rows == sets.train.size()) {
                many.push_back(rates);
                break;
            }
        }
        plots.push_back(plot);
    }

    const auto both = print("small network, few rows:", few[0]);
    const auto bias = print("small network, many rows:", many[0]);
    const auto variance = print("large network, few rows:", few[1]);
    auto against_people = many[1];
    against_people.optimal = people;
    print("large network, many rows:", many[1]);
    const auto good = print("the same, against people:", against_people);

    lesson.picture("13_bias_and_variance", report::svg_file(plots));
    lesson.check(bias.high_bias && !bias.high_variance, "too small: high bias");
    lesson.check(!variance.high_bias && variance.high_variance, "too few rows: high variance");
    lesson.check(both.high_bias && both.high_variance, "both at once");
    lesson.check(!good.high_bias && !good.high_variance, "neither, by people's measure");
    lesson.check(many[0].train >= few[0].train, "more data does not help against bias");
    lesson.check(many[1].train < many[0].train - 0.1, "a larger network does");
    lesson.check(
        many[1].dev - many[1].train < (few[1].dev - few[1].train) / 2,
        "more data helps against variance");
    return lesson.end();
}
