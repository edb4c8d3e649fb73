#include <autograd/fail.hpp>
#include <nn/idx.hpp>
#include <nn/progress.hpp>
#include <tools/demo_train.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <numeric>

namespace xgrad::demo {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

data::Dataset<float> first_rows(const data::Dataset<float>& from, std::size_t rows) {
    if (from.size() <= rows)
        return from;
    data::Rows first(rows);
    std::iota(first.begin(), first.end(), std::size_t{0});
    return from.subset(first);
}

std::filesystem::path idx_file(const std::filesystem::path& folder, const std::string& name) {
    const std::filesystem::path plain = folder / name;
    return std::filesystem::exists(plain) ? plain : folder / (name + ".gz");
}

data::Dataset<float> load_pair(
    const std::filesystem::path& folder, const std::string& name, std::size_t rows) {
    const auto set = data::load_images<float>(
        idx_file(folder, name + "-images-idx3-ubyte"),
        idx_file(folder, name + "-labels-idx1-ubyte"),
        classes);
    return first_rows(set, rows);
}

// The sides of a picture of so many pixels: a square, or what comes closest.
Shape sides_of(std::size_t pixels) {
    auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(pixels))));
    while (pixels % side != 0)
        --side;
    return {pixels / side, side};
}

}  // namespace

Data load_data(const Settings& settings) {
    constexpr std::size_t all = 1'000'000;
    constexpr double dev_share = 1.0 / 12;
    const auto parts = data::split_dataset(
        load_pair(settings.data, "train", settings.quick ? 6'000 : all),
        {1 - dev_share, dev_share},
        {.seed = settings.seed, .stratify = true});
    const auto test = load_pair(settings.data, "t10k", settings.quick ? 1'000 : all);
    data::Normalizer<float> normalizer({.per_feature = false});
    normalizer.fit(parts.train.x());
    const auto normalised = [&](const data::Dataset<float>& set) {
        return data::Dataset<float>(normalizer.transform(set.x()), set.y(), classes);
    };
    return {
        normalised(parts.train),
        normalised(*parts.dev),
        normalised(test),
        test,
        normalizer,
        sides_of(test.x().shape()[1])};
}

template <class T>
nn::Sequential<T> build_network(std::size_t features, const Settings& settings) {
    Rng rng(settings.seed);
    nn::Sequential<T> net;
    std::size_t in = features;
    for (const std::size_t out : settings.hidden) {
        net.add(nn::Dense<T>(in, out, rng))
            .add(nn::Relu<T>())
            .add(nn::Dropout<T>(settings.keep_prob, rng));
        in = out;
    }
    net.add(nn::Dense<T>(in, classes, rng));
    return net;
}

template nn::Sequential<float> build_network(std::size_t, const Settings&);
template nn::Sequential<double> build_network(std::size_t, const Settings&);

namespace {

class Trainer {
public:
    Trainer(nn::Sequential<float>& net, const Data& data, const Settings& settings)
        : net_(net),
          data_(data),
          settings_(settings),
          loader_(data.train, {.batch_size = settings.batch, .seed = settings.seed}),
          sample_(first_rows(data.train, data.dev.size())),
          optimizer_(net.parameters(), {.lr = settings.lr, .weight_decay = settings.weight_decay}) {
    }

    train::EpochRecord epoch(std::size_t number) {
        const Clock::time_point start = Clock::now();
        steps(number);
        return {
            train::evaluate(net_, sample_), train::evaluate(net_, data_.dev), seconds_since(start)};
    }

private:
    void steps(std::size_t number) {
        ProgressBar bar(
            stdout, fmt::format("epoch {:3}/{}", number, settings_.epochs), loader_.batches());
        const std::size_t total = settings_.epochs * loader_.batches();
        std::size_t done = 0;
        double cost = 0;  // smoothed, for the bar only
        for (data::Batch<float>& batch : loader_.epoch(number)) {
            const double share = static_cast<double>(step_++) / static_cast<double>(total);
            optimizer_.set_lr(settings_.lr * (1 + std::cos(std::numbers::pi * share)) / 2);
            optimizer_.zero_grad();
            const auto loss = cross_entropy(net_(Variable<float>(std::move(batch.x))), batch.y);
            loss.backward();
            optimizer_.step();
            const auto now = static_cast<double>(loss.item());
            cost = done == 0 ? now : 0.95 * cost + 0.05 * now;
            bar.update(++done, fmt::format("cost {:.4f}", cost));
        }
    }

    nn::Sequential<float>& net_;
    const Data& data_;
    const Settings& settings_;
    data::DataLoader<float> loader_;
    data::Dataset<float> sample_;
    optim::AdamW<float> optimizer_;
    std::size_t step_ = 0;
};

void print_epoch(std::size_t number, const Settings& settings, const train::EpochRecord& record) {
    fmt::print(
        "epoch {:3}/{}  cost: train {:.4f}, dev {:.4f}  error: train {:5.2f} %, dev {:5.2f} %  "
        "{:.1f} s\n",
        number,
        settings.epochs,
        record.train.cost,
        record.dev.cost,
        100 * record.train.error,
        100 * record.dev.error,
        record.seconds);
    std::fflush(stdout);
}

}  // namespace

Training train_network(nn::Sequential<float>& net, const Data& data, const Settings& settings) {
    const Clock::time_point start = Clock::now();
    Trainer trainer(net, data, settings);
    train::EarlyStopping<float> stopping({.patience = settings.patience});
    Training training;
    for (std::size_t epoch = 1; epoch <= settings.epochs; ++epoch) {
        training.history.push_back(trainer.epoch(epoch));
        print_epoch(epoch, settings, training.history.back());
        if (!std::isfinite(training.history.back().dev.cost)) {
            fail<std::runtime_error>(
                "train_network: the dev cost of epoch {} is {}, the training diverged; need a "
                "lower learning rate than {}",
                epoch,
                training.history.back().dev.cost,
                settings.lr);
        }
        if (stopping.update(training.history.back().dev.error, net)) {
            training.stopped_early = epoch < settings.epochs;
            break;
        }
    }
    stopping.restore(net);
    training.best_epoch = stopping.best_epoch();
    training.seconds = seconds_since(start);
    return training;
}

std::uint64_t hash_of(const nn::StateDict<float>& state) {
    std::uint64_t hash = 0xCBF29CE484222325;
    const auto add = [&hash](const void* data, std::size_t bytes) {
        for (std::size_t i = 0; i < bytes; ++i)
            hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 0x100000001B3;
    };
    for (const auto& [name, value] : state) {
        add(name.data(), name.size());
        add(value.data(), value.size() * sizeof(float));
    }
    return hash;
}

}  // namespace xgrad::demo
