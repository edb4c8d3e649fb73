// A training run with everything that has a state, for the tests of checkpoints.
#pragma once

#include <nn/checkpoint.hpp>
#include <nn/nn.hpp>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace xgrad::test {

template <class T>
using MakeOptimizer =
    std::function<std::unique_ptr<optim::Optimizer<T>>(std::vector<nn::Parameter<T>>)>;

template <template <class> class Optimizer, class T, class Options>
MakeOptimizer<T> maker_of(const Options& options) {
    return [options](std::vector<nn::Parameter<T>> parameters) {
        return std::make_unique<Optimizer<T>>(std::move(parameters), options);
    };
}

/// Every optimiser that steps on gradients, with options that add to its state.
template <class T>
std::vector<std::pair<std::string, MakeOptimizer<T>>> all_optimizers() {
    using namespace optim;
    const SGDOptions nesterov{.momentum = 0.9, .nesterov = true, .l2 = 0.01};
    return {
        {"SGD", maker_of<SGD, T>(SGDOptions())},
        {"SGD with momentum", maker_of<SGD, T>(nesterov)},
        {"Lion", maker_of<Lion, T>(LionOptions())},
        {"Adagrad", maker_of<Adagrad, T>(AdagradOptions{.lr_decay = 0.1, .start = 0.1})},
        {"Adadelta", maker_of<Adadelta, T>(AdadeltaOptions())},
        {"RMSprop", maker_of<RMSprop, T>(RMSpropOptions{.momentum = 0.5, .centred = true})},
        {"Adam", maker_of<Adam, T>(AdamOptions{.weight_decay = 0.1})},
        {"AMSGrad", maker_of<Adam, T>(AdamOptions{.amsgrad = true})},
        {"AdamW", maker_of<AdamW, T>(AdamWOptions())},
        {"NAdam", maker_of<NAdam, T>(NAdamOptions())},
        {"RAdam", maker_of<RAdam, T>(RAdamOptions())},
        {"Adamax", maker_of<Adamax, T>(AdamaxOptions())}};
}

/// Every schedule, moving within a few steps.
inline std::vector<std::pair<std::string, optim::Schedule>> all_schedules() {
    using namespace optim::schedule;
    return {
        {"constant", constant(4)},
        {"step", step(2, 0.5)},
        {"multistep", multistep({2, 4}, 0.5)},
        {"exponential", exponential(0.8)},
        {"linear", linear(5)},
        {"polynomial", polynomial(7, 2)},
        {"cosine", cosine(7, 0.1)},
        {"cosine_restarts", cosine_restarts(2, 2)},
        {"one_cycle", one_cycle(7, {.rising = 0.4})},
        {"warm_up", warm_up(2, cosine(5))},
        {"chained", chained({exponential(0.9), linear(4)})},
        {"sequential", sequential({constant(2), exponential(0.5)}, {3})}};
}

template <class T>
data::Dataset<T> resume_data(std::size_t rows, std::size_t features) {
    Rng rng(11);
    data::Labels labels(rows);
    for (std::size_t i = 0; i < rows; ++i)
        labels[i] = static_cast<std::int64_t>(rng.below(3));
    return {init::normal<T>({rows, features}, rng), std::move(labels), 3};
}

struct RunOptions {
    std::uint64_t seed = 1;  ///< of what a resumed run takes from the file
    std::size_t width = 8;   ///< of the layers
    std::size_t rows = 20;
    std::size_t batch_size = 4;
};

template <class T>
struct Run {
    Rng rng;
    nn::Sequential<T> net;
    data::DataLoader<T> loader;
    data::Normalizer<T> normalizer;
    std::unique_ptr<optim::Optimizer<T>> optimizer;
    optim::Scheduler scheduler;
    optim::Plateau plateau;
    optim::EMA<T> ema;
    train::EarlyStopping<T> stopping;
    train::History history;
    std::uint64_t epoch = 0, batch = 0;
    double last_loss = 0, last_noise = 0;
    train::Checkpoint<T> checkpoint;

    Run(const RunOptions& o, const MakeOptimizer<T>& make, optim::Schedule schedule)
        : rng(o.seed),
          net(nn::Dense<T>(6, o.width, rng),
              nn::BatchNorm1d<T>(o.width),
              nn::Relu<T>(),
              nn::Dropout<T>(0.7, rng),
              nn::DropConnect<T>(nn::Dense<T>(o.width, o.width, rng), 0.8, rng),
              nn::GaussianNoise<T>(0.1, rng),
              nn::Dense<T>(o.width, 3, rng)),
          loader(resume_data<T>(o.rows, 6), {.batch_size = o.batch_size, .seed = 5}),
          optimizer(make(net.parameters())),
          scheduler(*optimizer, std::move(schedule)),
          plateau(*optimizer, {.factor = 0.7, .patience = 0, .threshold = 0.5}),
          ema(net.parameters(), {.decay = 0.9}),
          stopping({.patience = 100}) {
        checkpoint.track("rng", rng).track("model", net).track("optimizer", *optimizer);
        checkpoint.track("scheduler", scheduler).track("plateau", plateau).track("ema", ema);
        checkpoint.track("data", loader).track("normalizer", normalizer).track("loss", last_loss);
        checkpoint.track("stopping", stopping).track("history", history);
        checkpoint.track("epoch", epoch).track("batch", batch).track("noise", last_noise);
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    void step(const data::Batch<T>& rows) {
        if (!normalizer.fitted())
            normalizer.fit(loader.dataset().x());
        // Noise of the program's own: an odd number of normal values, so that one is owed or not.
        Array<T> x = normalizer.transform(rows.x);
        for (T& value : x.storage())
            value += static_cast<T>(0.01 * rng.normal());
        last_noise = rng.normal();
        const Variable<T> loss = cross_entropy(net(Variable<T>(std::move(x))), rows.y);
        optimizer->zero_grad();
        loss.backward();
        optimizer->step();
        scheduler.step();
        ema.update();
        last_loss = static_cast<double>(loss.item());
        ++batch;
    }
    void end_epoch() {
        plateau.step(last_loss);
        history.push_back({{last_loss, 0.5}, {last_loss / 3, 0.25}, 1.5});
        static_cast<void>(stopping.update(last_loss, net));
        ++epoch;
        batch = 0;
    }
    /// From wherever it stands, across epochs.
    void train(std::size_t steps) {
        while (steps > 0) {
            for (const data::Batch<T>& rows : loader.epoch(epoch, batch)) {
                step(rows);
                if (--steps == 0)
                    break;
            }
            if (batch == loader.batches())
                end_epoch();
        }
    }
};

template <class T>
bool same_bits(const nn::StateDict<T>& a, const nn::StateDict<T>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
        return x.first == y.first && x.second.shape() == y.second.shape() &&
               std::memcmp(x.second.data(), y.second.data(), x.second.size() * sizeof(T)) == 0;
    });
}

}  // namespace xgrad::test
