#include <nn/nn.hpp>
#include <tests/practice/row.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace xgrad::practice {
namespace {

struct Problem {
    Problem()
        : net(nn::Dense<double>(6, 5, rng), nn::Tanh<double>(), nn::Dense<double>(5, 3, rng)) {
        for (std::size_t i = 0; i < rows; ++i)
            y.push_back(static_cast<std::int64_t>(rng.below(3)));
    }
    Variable<double> loss() { return cross_entropy(net(x), y); }

    static constexpr std::size_t rows = 30;
    Rng rng = Rng(7);
    Variable<double> x{init::normal<double>({rows, 6}, rng)};
    data::Labels y;
    nn::Sequential<double> net;
};

// The largest difference between the weights of two networks.
double distance(const nn::Module<double>& a, const nn::Module<double>& b) {
    double largest = 0;
    const auto left = a.parameters(), right = b.parameters();
    for (std::size_t i = 0; i < left.size(); ++i) {
        const auto& v = left[i].value.value();
        for (std::size_t k = 0; k < v.size(); ++k)
            largest = std::max(largest, std::abs(v.data()[k] - right[i].value.value().data()[k]));
    }
    return largest;
}

// Twenty steps with the penalty in the cost, and twenty with decay in the optimiser.
template <class Optimizer, class Options>
double penalty_against_decay(Options options) {
    constexpr double lambda = 3;
    Problem penalised, decayed;
    Optimizer plain(penalised.net.parameters(), options);
    options.weight_decay = lambda / Problem::rows;
    Optimizer decaying(decayed.net.parameters(), options);
    for (int step = 0; step < 20; ++step) {
        plain.zero_grad();
        decaying.zero_grad();
        (penalised.loss() + optim::l2_penalty(penalised.net.parameters(), lambda, Problem::rows))
            .backward();
        decayed.loss().backward();
        plain.step();
        decaying.step();
    }
    return distance(penalised.net, decayed.net);
}

void l2(Figures& figures) {
    const double sgd = penalty_against_decay<optim::SGD<double>>(optim::SGDOptions{.lr = 0.1});
    const double adam = penalty_against_decay<optim::Adam<double>>(optim::AdamOptions{.lr = 0.01});
    figures.say("penalty against decay after 20 steps: SGD {:.0e} apart, Adam {:.0e}", sgd, adam);
    figures.need(sgd < 1e-12, "one method for SGD");
    figures.need(adam > 1e-3, "two for Adam");
}

void l1(Figures& figures) {
    constexpr double lambda = 2;
    constexpr std::size_t m = 5;
    const Variable<double> w(Array<double>{{0.5, -0.25, 0}}, true);
    const std::vector<nn::Parameter<double>> parameters = {{"w", w}};
    const Variable<double> penalty = optim::l1_penalty(parameters, lambda, m);
    penalty.backward();
    const double value = penalty.item(), zeros = optim::zero_share(parameters);
    figures.say("penalty {:.3g} = lambda / m sum |w|, zeros {:.0f} %", value, 100 * zeros);
    figures.need(std::abs(value - lambda / m * 0.75) < 1e-15, "lambda / m sum |w|");
    figures.need(w.grad() == Array<double>{{0.4, -0.4, 0}}, "lambda / m sign(w), 0 at 0");
    figures.need(std::abs(zeros - 1.0 / 3) < 1e-15, "a third of the weights is 0");
}

bool refused(double keep_prob) {
    try {
        Rng rng(1);
        nn::Dropout<double> layer(keep_prob, rng);
        return false;
    } catch (const std::invalid_argument&) {
        return true;
    }
}

void dropout(Figures& figures) {
    Rng rng(5);
    constexpr double keep = 0.7;
    const Variable<double> ones(Array<double>(Shape{200, 500}, 1.0));
    nn::Dropout<double> layer(keep, rng), all(1, rng);
    const Array<double> first = layer(ones).value(), second = layer(ones).value();
    const bool inverted = std::all_of(first.begin(), first.end(), [](double v) {
        return v == 0 || std::abs(v - 1 / keep) < 1e-15;
    });
    const double mean_kept = mean(Variable<double>(first)).item();
    figures.say("keep_prob {}: mean of ones {:.4f}", keep, mean_kept);
    figures.need(inverted, "each element 0 or divided by keep_prob");
    // Five deviations of the mean of 100,000 draws.
    figures.need(
        std::abs(mean_kept - 1) < 5 * std::sqrt((1 - keep) / keep / 1e5), "the mean stays");
    figures.need(first != second, "a new mask at every pass");
    figures.need(all(ones).value() == ones.value(), "keep_prob 1 is the identity");
    layer.freeze_noise();
    const Array<double> frozen = layer(ones).value();
    figures.need(frozen == layer(ones).value(), "frozen masks stay");
    layer.eval();
    figures.need(layer(ones).value() == ones.value(), "the identity in evaluation");
    figures.need(refused(0) && refused(1.1) && refused(-0.5), "keep_prob outside (0, 1] refused");
    figures.say("1 and evaluation are the identity, 0 and 1.1 refused");
}

void early_stopping(Figures& figures) {
    Problem problem;
    train::EarlyStopping<double> stopping({.patience = 3});
    const Variable<double> bias = problem.net.parameters().back().value;
    std::size_t epoch = 0;
    for (const double error : {0.5, 0.4, 0.3, 0.35, 0.3, 0.31, 0.2}) {
        ++epoch;
        bias.assign(Array<double>(bias.shape(), static_cast<double>(epoch)));
        if (stopping.update(error, problem.net))
            break;
    }
    stopping.restore(problem.net);
    const double restored = bias.value().data()[0];
    figures.say(
        "patience 3 stops after epoch {}, best {}, weights of epoch {} restored",
        epoch,
        stopping.best_epoch(),
        restored);
    figures.need(epoch == 6 && stopping.best_epoch() == 3, "stop after 6, best 3");
    figures.need(restored == 3, "the best weights, not the last");
}

}  // namespace

std::vector<Row> training_rows() {
    return {
        {"P4", "L2 regularisation", {"nn/penalty_test.cpp"}, "14_l1_and_l2", l2},
        {"P5",
         "L1 regularisation",
         {"nn/penalty_test.cpp", "nn/sparsity_test.cpp"},
         "14_l1_and_l2",
         l1},
        {"P7", "dropout", {"nn/noise_test.cpp"}, "15_dropout", dropout},
        {"P9",
         "early stopping",
         {"nn/train_test.cpp", "nn/fit_test.cpp"},
         "17_early_stopping",
         early_stopping},
    };
}

}  // namespace xgrad::practice
