// A network that tells two interleaved half circles apart.
#include <nn/nn.hpp>

#include <cmath>
#include <cstdio>
#include <numbers>

using namespace xgrad;

namespace {

// Two half circles, one upside down and reaching into the other, with noise.
data::Dataset<float> two_moons(std::size_t rows, Rng& rng) {
    Array<float> x = empty<float>({rows, 2});
    data::Labels y(rows);
    for (std::size_t i = 0; i < rows; ++i) {
        y[i] = static_cast<std::int64_t>(i % 2);
        const double angle = rng.uniform(0, std::numbers::pi);
        const double up = y[i] == 0 ? 1 : -1;
        x(i, 0) = static_cast<float>(up * std::cos(angle) + (1 - up) / 2 + 0.15 * rng.normal());
        x(i, 1) = static_cast<float>(up * std::sin(angle) + (1 - up) / 4 + 0.15 * rng.normal());
    }
    return {std::move(x), std::move(y), 2};
}

double accuracy(nn::Module<float>& net, const Array<float>& x, const data::Labels& y) {
    net.eval();
    const NoGradGuard no_grad;
    const Array<std::int64_t> guess = argmax(net(x));
    net.train();
    double right = 0;
    for (std::size_t i = 0; i < y.size(); ++i)
        right += guess(i) == y[i];
    return right / static_cast<double>(y.size());
}

}  // namespace

int main() {
    Rng rng(7);
    const auto parts = data::split_dataset(two_moons(1000, rng), {.train = 0.8, .dev = 0.2});
    const auto &train = parts.train, &dev = *parts.dev;

    // The training set's mean and deviation, for every set.
    data::Normalizer<float> normalizer;
    normalizer.fit(train.x());

    nn::Sequential net(
        nn::Dense(2, 20, rng), nn::Tanh(), nn::Dense(20, 3, rng), nn::Tanh(), nn::Dense(3, 2, rng));
    std::printf("%s\n", summary(net).c_str());

    optim::Adam adam(net.parameters(), {.lr = 0.02});
    const data::DataLoader loader(train, {.batch_size = 32});
    for (std::size_t epoch = 1; epoch <= 30; ++epoch) {
        double loss_sum = 0;
        for (const auto& [x, y] : loader.epoch(epoch)) {
            const Variable<float> loss = cross_entropy(net(normalizer.transform(x)), y);
            loss.backward();
            adam.step();
            adam.zero_grad();
            loss_sum += loss.item();
        }
        if (epoch == 1 || epoch % 10 == 0) {
            std::printf(
                "epoch %2zu: loss %.4f, accuracy on dev %.3f\n",
                epoch,
                loss_sum / static_cast<double>(loader.batches()),
                accuracy(net, normalizer.transform(dev.x()), dev.y()));
        }
    }
    return accuracy(net, normalizer.transform(dev.x()), dev.y()) >= 0.98 ? 0 : 1;
}
