// The weights under L2 and under L1 (practice P4, P5), as lambda grows: L2 makes all of them
// smaller, L1 takes one after the other away. And the two ways of L2, a penalty in the cost and
// decay in the update, which are one for plain SGD, and two for Adam.
#include <examples/practice/diabetes.hpp>
#include <examples/practice/lesson.hpp>
#include <nn/nn.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numbers>

using namespace xgrad;

namespace {

constexpr double near_zero = 1e-3;

using Model = nn::Dense<double>;
using Parameters = std::vector<nn::Parameter<double>>;
using Penalty = std::function<Variable<double>(const Parameters&, double lambda, std::size_t m)>;

// Columns with mean 0 and deviation 1: a lambda means the same for each of them.
Array<double> normalised(const Array<double>& x) {
    data::Normalizer<double> normalizer;
    normalizer.fit(x);
    return normalizer.transform(x);
}

struct Table {
    Variable<double> x, y;
    std::size_t m;
};

Variable<double> cost(Model& model, const Table& table) {
    return mse_loss(model(table.x), table.y);
}

// The whole table in every step, under a rate that falls to 0: L1's slope does not end in its
// minimum, it jumps at 0 from one sign to the other, and steps that stay long hop over it.
void descend(Model& model, const Table& table, const Penalty& penalty, double lambda, int steps) {
    optim::SGD sgd(model.parameters(), {.lr = 0.1});
    optim::Scheduler scheduler(sgd, optim::schedule::cosine(static_cast<std::size_t>(steps)));
    for (int step = 0; step < steps; ++step) {
        (cost(model, table) + penalty(model.parameters(), lambda, table.m)).backward();
        sgd.step();
        sgd.zero_grad();
        scheduler.step();
    }
}

struct Paths {
    std::vector<report::Series> weights;  // each over lambda
    std::vector<double> near_zeros;       // their share, for each lambda
    double excess = 0;                    // the largest slope that is left where there must be none
};

// Where J is least, the cost's slope is -lambda / m times that of the penalty: w for L2, the sign
// of w for L1, and anything up to 1 where w is 0.
double excess_slope(Model& model, const Table& table, double lambda, bool l1) {
    const Array<double> slope = grad(cost(model, table), model.weight).value();
    const double strength = lambda / static_cast<double>(table.m);
    double excess = 0;
    for (std::size_t j = 0; j < slope.size(); ++j) {
        const double w = model.weight.value().data()[j], s = slope.data()[j];
        if (!l1)
            excess = std::max(excess, std::abs(s + strength * w));
        else if (std::abs(w) <= near_zero)
            excess = std::max(excess, std::abs(s) - strength);
        else
            excess = std::max(excess, std::abs(s + strength * (w > 0 ? 1 : -1)));
    }
    return excess;
}

Paths paths(
    const Table& table, const Penalty& penalty, bool l1, const std::vector<double>& lambdas) {
    Rng rng(1);
    Model model(diabetes::features.size(), 1, rng);
    Paths paths;
    for (const char* feature : diabetes::features)
        paths.weights.push_back({feature, lambdas, {}});
    for (const double lambda : lambdas) {  // each from where the last one ended
        descend(model, table, penalty, lambda, 3000);
        for (std::size_t j = 0; j < diabetes::features.size(); ++j)
            paths.weights[j].y.push_back(model.weight.value()(0, j));
        paths.near_zeros.push_back(optim::zero_share(model.parameters(), near_zero));
        paths.excess = std::max(paths.excess, excess_slope(model, table, lambda, l1));
    }
    return paths;
}

// How far apart the weights end: lambda in the cost, and in the update of `optimizer`.
template <class Optimizer, class Options>
double difference(const Table& table, Options options) {
    const double lambda = 20;
    Rng rng(2);
    Model one(diabetes::features.size(), 1, rng);
    const auto copy = one.clone();
    auto& other = dynamic_cast<Model&>(*copy);
    Optimizer plain(one.parameters(), options);
    options.weight_decay = lambda / static_cast<double>(table.m);
    Optimizer decaying(other.parameters(), options);
    for (int step = 0; step < 300; ++step) {
        (cost(one, table) + optim::l2_penalty(one.parameters(), lambda, table.m)).backward();
        cost(other, table).backward();
        plain.step();
        decaying.step();
        plain.zero_grad();
        decaying.zero_grad();
    }
    return max(abs(one.weight - other.weight)).item();
}

report::Plot picture(const char* title, const Paths& paths) {
    return {
        .title = title,
        .x_label = "lambda",
        .y_label = "weight",
        .log_x = true,
        .series = paths.weights};
}

}  // namespace

int main(int argc, char** argv) {
    Lesson lesson(argc, argv);
    const auto all = diabetes::load();
    auto y = all.targets();
    y.reshape({all.size(), std::size_t{1}});
    const Table table{
        Variable<double>(normalised(all.x())), Variable<double>(normalised(y)), all.size()};

    std::vector<double> lambdas;
    for (double lambda = 1; lambda < 1300; lambda *= lesson.quick() ? 2 : std::numbers::sqrt2)
        lambdas.push_back(lambda);
    const Paths l2 = paths(table, optim::l2_penalty<double>, false, lambdas);
    const Paths l1 = paths(table, optim::l1_penalty<double>, true, lambdas);

    std::printf("%8s %18s %18s\n", "lambda", "near zero, L2", "near zero, L1");
    for (std::size_t i = 0; i < lambdas.size(); ++i)
        std::printf(
            "%8.1f %16.0f %% %16.0f %%\n",
            lambdas[i],
            100 * l2.near_zeros[i],
            100 * l1.near_zeros[i]);
    std::printf("slope left at the minimum: L2 %.1e, L1 %.1e\n", l2.excess, l1.excess);

    const double sgd = difference<optim::SGD<double>>(table, optim::SGDOptions{.lr = 0.05});
    const double adam = difference<optim::Adam<double>>(table, optim::AdamOptions{.lr = 0.05});
    std::printf("penalty against decay, weights differ by: SGD %.1e, Adam %.1e\n", sgd, adam);

    lesson.check(l2.excess < 1e-3 && l1.excess < 1e-2, "both paths run along their minima");
    lesson.check(
        std::ranges::all_of(l2.near_zeros, [](double share) { return share < 0.15; }),
        "L2 takes hardly a weight away");
    lesson.check(std::ranges::is_sorted(l1.near_zeros), "L1 takes more away the larger lambda is");
    lesson.check(l1.near_zeros.front() < 0.3 && l1.near_zeros.back() == 1, "in the end all");
    lesson.check(sgd < 1e-12, "for SGD, penalty and decay are one method");
    lesson.check(adam > 0.01, "for Adam they are two");
    lesson.picture(
        "14_l1_and_l2",
        report::svg_file({picture("L2: all shrink", l2), picture("L1: some go", l1)}));
    return lesson.end();
}
