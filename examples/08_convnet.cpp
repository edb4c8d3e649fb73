// A small convolutional network on Fashion-MNIST. Minutes for 91 % of the test images; `--quick`
// learns from a few images in seconds.
#include <autograd/parallel.hpp>
#include <examples/fashion_mnist.hpp>
#include <examples/quick_option.hpp>
#include <nn/progress.hpp>

#include <chrono>
#include <cstdio>

using namespace xgrad;

namespace {

// Two rounds of convolution and pooling, (1, 28, 28) to (64, 7, 7), then two dense layers.
nn::Sequential<float> network(Rng& rng) {
    return nn::Sequential(
        nn::Conv2d(1, 32, 3, rng, {.padding = 1}),
        nn::BatchNorm2d(32),
        nn::Relu(),
        nn::MaxPool2d(2),
        nn::Conv2d(32, 64, 3, rng, {.padding = 1}),
        nn::BatchNorm2d(64),
        nn::Relu(),
        nn::MaxPool2d(2),
        nn::Flatten(),
        nn::Dense(64 * 7 * 7, 128, rng),
        nn::Relu(),
        nn::Dropout(0.5, rng),
        nn::Dense(128, fashion_mnist::classes, rng));
}

// One pass over the training images; the rate moves with every step.
void learn(
    nn::Sequential<float>& net,
    const data::DataLoader<float>& loader,
    std::size_t epoch,
    optim::AdamW<float>& adam,
    optim::Scheduler& scheduler) {
    ProgressBar bar(stdout, "epoch " + std::to_string(epoch), loader.batches());
    std::size_t done = 0;
    for (auto& [x, y] : loader.epoch(epoch)) {
        const auto loss = cross_entropy(net(Variable<float>(std::move(x))), y);
        loss.backward();
        adam.step();
        adam.zero_grad();
        scheduler.step();
        bar.update(++done, "cost " + std::to_string(loss.item()));
    }
}

}  // namespace

int main(int argc, char** argv) {
    const bool quick = quick_option(argc, argv);
    if (!fashion_mnist::installed())
        return fashion_mnist::say_missing();
    const auto start = std::chrono::steady_clock::now();
    set_num_threads(2);  // the result does not depend on it, not by a bit

    const auto sets = fashion_mnist::load({1, 28, 28}, quick);
    Rng rng(1);
    auto net = network(rng);
    std::printf("%s\n", nn::summary(net, {1, 1, 28, 28}).c_str());

    const std::size_t epochs = quick ? 3 : 10;
    const data::DataLoader loader(sets.train, {.batch_size = quick ? 32U : 128U});
    optim::AdamW adam(net.parameters(), {.lr = 2e-3, .weight_decay = 0.02});
    optim::Scheduler scheduler(adam, optim::schedule::one_cycle(epochs * loader.batches()));
    train::EarlyStopping<float> best({.patience = 3});
    for (std::size_t epoch = 1; epoch <= epochs; ++epoch) {
        learn(net, loader, epoch, adam, scheduler);
        const auto dev = train::evaluate(net, sets.dev);
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        std::printf(
            "epoch %2zu: on dev cost %.4f, accuracy %.4f; %.0f s\n",
            epoch,
            dev.cost,
            1 - dev.error,
            seconds.count());
        std::fflush(stdout);
        if (best.update(dev.error, net))
            break;
    }

    // The dev images chose the epoch; the test images are looked at once, here.
    best.restore(net);
    const double accuracy = 1 - train::evaluate(net, sets.test).error;
    const double needed = quick ? 0.7 : 0.91;
    std::printf(
        "accuracy %.4f on test, with the weights of epoch %zu; need %.2f\n",
        accuracy,
        best.best_epoch(),
        needed);
    return accuracy >= needed ? 0 : 1;
}
