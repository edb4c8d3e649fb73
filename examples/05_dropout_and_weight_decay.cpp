// A network too large for its data learns the noise; dropout and weight decay keep it from that.
#include <nn/nn.hpp>

#include <cmath>
#include <cstdio>
#include <memory>

using namespace xgrad;

namespace {

constexpr std::size_t features = 20;

// Only the first two features matter, and one label in ten is wrong.
data::Dataset<float> noisy_data(std::size_t rows, Rng& rng) {
    Array<float> x = init::normal<float>({rows, features}, rng);
    data::Labels y(rows);
    for (std::size_t i = 0; i < rows; ++i) {
        const bool wrong = rng.uniform() < 0.1;
        y[i] = (x(i, 0) + x(i, 1) > 0) != wrong;
    }
    return {std::move(x), std::move(y), 2};
}

struct Setting {
    const char* name;
    bool adam = true;
    double keep_prob = 1;
    double l2 = 0;            // adds l2 w to the gradient
    double weight_decay = 0;  // multiplies w by 1 - lr weight_decay, beside the gradient
};

struct Result {
    double train, test;  // share of rows it gets wrong
    double norm;         // of all weights, as one vector
};

Result run(const Setting& s, const data::Dataset<float>& train, const data::Dataset<float>& test) {
    Rng rng(3);
    nn::Sequential net(
        nn::Dense(features, 64, rng),
        nn::Relu(),
        nn::Dropout(s.keep_prob, rng),
        nn::Dense(64, 64, rng),
        nn::Relu(),
        nn::Dropout(s.keep_prob, rng),
        nn::Dense(64, 2, rng));

    std::unique_ptr<optim::Optimizer<float>> optimizer;
    if (s.adam) {
        optimizer = std::make_unique<optim::Adam<float>>(
            net.parameters(),
            optim::AdamOptions{.lr = 0.005, .l2 = s.l2, .weight_decay = s.weight_decay});
    } else {
        optimizer = std::make_unique<optim::SGD<float>>(
            net.parameters(),
            optim::SGDOptions{.lr = 0.05, .l2 = s.l2, .weight_decay = s.weight_decay});
    }

    const data::DataLoader loader(train, {.batch_size = 20});
    for (std::size_t epoch = 0; epoch < 80; ++epoch) {
        for (const auto& [x, y] : loader.epoch(epoch)) {
            cross_entropy(net(x), y).backward();
            optimizer->step();
            optimizer->zero_grad();
        }
    }

    double squares = 0;
    for (const auto& parameter : net.parameters()) {
        if (parameter.decays)  // weights do, biases do not
            squares += sum(square(parameter.value)).item();
    }
    const Result result{
        train::evaluate(net, train).error, train::evaluate(net, test).error, std::sqrt(squares)};
    std::printf("%-28s %9.3f %9.3f %9.3f\n", s.name, result.train, result.test, result.norm);
    return result;
}

}  // namespace

int main() {
    Rng rng(5);
    const auto train = noisy_data(200, rng);
    const auto test = noisy_data(2000, rng);

    std::printf("%-28s %9s %9s %9s\n", "error on", "train", "test", "|W|");
    const Result plain = run({.name = "nothing"}, train, test);
    const Result dropout = run({.name = "dropout, keep_prob 0.3", .keep_prob = 0.3}, train, test);
    const Result l2 = run({.name = "l2 0.1", .l2 = 0.1}, train, test);
    const Result decay = run({.name = "weight_decay 5", .weight_decay = 5}, train, test);

    // For plain SGD the two are one method. Adam divides the gradient by its size, and with it
    // the l2 term, but not the decay.
    const Result sgd_l2 = run({.name = "SGD, l2 0.02", .adam = false, .l2 = 0.02}, train, test);
    const Result sgd_decay =
        run({.name = "SGD, weight_decay 0.02", .adam = false, .weight_decay = 0.02}, train, test);
    const Result adam_l2 = run({.name = "Adam, l2 0.02", .l2 = 0.02}, train, test);
    const Result adam_decay =
        run({.name = "Adam, weight_decay 0.02", .weight_decay = 0.02}, train, test);

    const bool overfits = plain.train < 0.01 && plain.test > 0.23;
    const bool helps = dropout.test < plain.test - 0.02 && l2.test < plain.test - 0.02 &&
                       decay.test < plain.test - 0.02;
    const bool one_for_sgd = std::abs(sgd_l2.norm - sgd_decay.norm) < 1e-3;
    const bool two_for_adam = adam_decay.norm > 2 * adam_l2.norm;
    return overfits && helps && one_for_sgd && two_for_adam ? 0 : 1;
}
