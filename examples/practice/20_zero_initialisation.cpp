// Weights that start at zero (practice P12). All hidden units compute the same, get the same
// gradient, and stay the same: the network learns as if it had one. Random weights make them
// differ.
#include <autograd/parallel.hpp>
#include <examples/fashion_mnist.hpp>
#include <examples/practice/lesson.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace xgrad;

namespace {

// In double: there the units stay the same for long. In the end rounding, which is not the same in
// every place of a product, breaks the symmetry; in float that takes a few hundred steps.
data::Dataset<double> in_double(const data::Dataset<float>& set) {
    Array<double> x = empty<double>(set.x().shape());
    std::ranges::copy(set.x(), x.begin());
    return {std::move(x), set.y(), set.classes()};
}

struct Result {
    std::vector<double> costs;  // on train, after each epoch
    train::Evaluation dev;
    double apart = 0;     // the largest difference of a hidden unit's weight from the first unit's
    double from_one = 0;  // and of the outputs from those of a single unit in the place of all
};

Result run(
    std::size_t units,
    const init::Initializer<double>& start,
    const data::Dataset<double>& train,
    const data::Dataset<double>& dev,
    std::size_t epochs) {
    Rng rng(1);
    nn::Sequential net(
        nn::Dense<double>(28 * 28, units, rng, true, start),
        nn::Sigmoid<double>(),
        nn::Dense<double>(units, fashion_mnist::classes, rng, true, start));
    optim::SGD sgd(net.parameters(), {.lr = 0.5});
    const data::DataLoader loader(train, {.batch_size = 64});
    Result result;
    for (std::size_t epoch = 1; epoch <= epochs; ++epoch) {
        for (auto& [x, y] : loader.epoch(epoch)) {
            cross_entropy(net(Variable<double>(std::move(x))), y).backward();
            sgd.step();
            sgd.zero_grad();
        }
        result.costs.push_back(train::evaluate(net, train).cost);
    }
    result.dev = train::evaluate(net, dev);
    const auto parameters = net.parameters();
    const Variable<double> w = parameters[0].value;  // (units, 28 * 28)
    result.apart = max(abs(w - slice(w, 0, 0, 1))).item();

    // The first unit, with the sum of what leads out of all units.
    nn::Sequential single(
        nn::Dense<double>(28 * 28, 1, rng),
        nn::Sigmoid<double>(),
        nn::Dense<double>(1, fashion_mnist::classes, rng));
    single.load_state_dict(
        {{"0.weight", slice(w, 0, 0, 1).value()},
         {"0.bias", slice(parameters[1].value, 0, 0, 1).value()},
         {"2.weight", sum(parameters[2].value, {1}, true).value()},
         {"2.bias", parameters[3].value.value()}});
    const Variable<double> many(train::predict(net, dev)), one(train::predict(single, dev));
    result.from_one = max(abs(many - one)).item();
    return result;
}

}  // namespace

int main(int argc, char** argv) {
    Lesson lesson(argc, argv);
    if (!fashion_mnist::installed())
        return fashion_mnist::say_missing();
    set_num_threads(2);  // the result does not depend on it, not by a bit
    const auto sets = fashion_mnist::load({28 * 28}, true);
    const auto train = in_double(sets.train), dev = in_double(sets.dev);
    const std::size_t epochs = lesson.quick() ? 6 : 10;

    const auto random = [](const Shape& shape, Rng& rng) {
        return init::xavier_normal<double>(shape, rng);
    };
    const auto zero = [](const Shape& shape, Rng&) { return init::zeros<double>(shape); };
    const Result all = run(32, random, train, dev, epochs),
                 none = run(32, zero, train, dev, epochs), one = run(1, random, train, dev, epochs);

    report::Plot plot{.title = "cost on train", .x_label = "epoch", .y_label = "cost"};
    std::printf("%-20s %8s %10s %12s\n", "", "cost", "dev error", "units apart");
    const auto show = [&](const char* name, const Result& result) {
        std::printf(
            "%-20s %8.3f %10.3f %12.2g\n",
            name,
            result.costs.back(),
            result.dev.error,
            result.apart);
        std::vector<double> epoch;
        for (std::size_t i = 1; i <= result.costs.size(); ++i)
            epoch.push_back(static_cast<double>(i));
        plot.series.push_back({name, epoch, result.costs});
    };
    show("32 units, zero", none);
    show("1 unit, random", one);
    show("32 units, random", all);

    lesson.check(none.apart < 1e-3, "units that start at zero stay one and the same");
    lesson.check(all.apart > 0.1, "units that start at random differ");
    lesson.check(none.from_one < 1e-6, "one unit in their place computes the same");
    lesson.check(none.dev.error > 0.5, "and cannot tell ten classes apart");
    lesson.check(all.dev.error < none.dev.error / 2, "different ones can");
    lesson.picture("20_zero_initialisation", report::svg_file({plot}));
    return lesson.end();
}
