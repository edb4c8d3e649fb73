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

}  // namespace

int main() {
    Rng rng(7);
    const auto parts = data::split_dataset(two_moons(1000, rng), {.train = 0.8, .dev = 0.2});

    // The training set's mean and deviation, for every set.
    data::Normalizer<float> normalizer;
    normalizer.fit(parts.train.x());
    const auto normalized = [&](const data::Dataset<float>& set) {
        return data::Dataset<float>(normalizer.transform(set.x()), set.y(), set.classes());
    };
    const auto train = normalized(parts.train), dev = normalized(*parts.dev);

    nn::Sequential net(
        nn::Dense(2, 20, rng), nn::Tanh(), nn::Dense(20, 3, rng), nn::Tanh(), nn::Dense(3, 2, rng));
    std::printf("%s\n", summary(net).c_str());

    optim::Adam adam(net.parameters(), {.lr = 0.02});
    const data::DataLoader loader(train, {.batch_size = 32});
    for (std::size_t epoch = 1; epoch <= 30; ++epoch) {
        for (const auto& [x, y] : loader.epoch(epoch)) {
            cross_entropy(net(x), y).backward();
            adam.step();
            adam.zero_grad();
        }
        if (epoch == 1 || epoch % 10 == 0) {
            const auto on_train = train::evaluate(net, train), on_dev = train::evaluate(net, dev);
            std::printf(
                "epoch %2zu: cost %.4f on train, %.4f on dev, error %.3f on dev\n",
                epoch,
                on_train.cost,
                on_dev.cost,
                on_dev.error);
        }
    }
    return train::evaluate(net, dev).error <= 0.02 ? 0 : 1;
}
