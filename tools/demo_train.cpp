#include <nn/compare.hpp>
#include <nn/guards.hpp>
#include <nn/idx.hpp>
#include <tools/demo_train.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace xgrad::demo {
namespace {

data::Dataset<float> first_rows(const data::Dataset<float>& from, std::size_t rows) {
    return from.size() <= rows ? from : from.slice(0, rows);
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
    auto parts = data::split_dataset(
        load_pair(settings.data, "train", settings.quick ? 6'000 : all),
        {1 - dev_share, dev_share},
        {.seed = settings.seed, .stratify = true});
    parts.test =
        load_pair(settings.data, "t10k", settings.quick ? 1'000 : all).as(data::Part::test);
    std::vector<std::string> report = {
        data::find_duplicates(parts).text(),
        data::compare_distributions(*parts.dev, *parts.test).text()};
    data::Normalizer<float> normalizer({.per_feature = false});
    normalizer.fit(parts.train);
    return {
        normalizer.transform(parts.train),
        normalizer.transform(*parts.dev),
        data::TestSet<float>(normalizer.transform(*parts.test)),
        normalizer,
        sides_of(parts.train.x().shape()[1]),
        std::move(report)};
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

train::FitOptions<float> fit_options(const Settings& settings, std::size_t epochs) {
    train::FitOptions<float> options;
    options.epochs = epochs;
    options.batch_size = settings.batch;
    options.seed = settings.seed;
    options.optimizer = [settings](nn::Module<float>& net) {
        return std::make_unique<optim::AdamW<float>>(
            net.parameters(),
            optim::AdamWOptions{.lr = settings.lr, .weight_decay = settings.weight_decay});
    };
    options.schedule = [](std::uint64_t steps) { return optim::schedule::cosine(steps); };
    return options;
}

namespace {

// Reports each epoch to the search, which may end the trial there.
class Reporter : public train::Callback<float> {
public:
    explicit Reporter(const search::Trial& trial) : trial_(trial) {}
    void on_epoch(train::FitState<float>& state) override {
        trial_.report(state.epoch, state.history.back().dev.error);
    }

private:
    const search::Trial& trial_;
};

}  // namespace

search::SearchResult search_regularisation(const Data& data, const Settings& settings) {
    search::Space space;
    space.uniform("keep_prob", 0.6, 1).log_uniform("weight_decay", 3e-2, 1);
    const train::FitData<float> part = {first_rows(data.train, settings.trial_rows), data.dev};
    const auto trial = [&](const search::Trial& trial) {
        Settings tried = settings;
        tried.seed = trial.seed();
        tried.keep_prob = trial.value("keep_prob");
        tried.weight_decay = trial.value("weight_decay");
        auto net = build_network<float>(data.features(), tried);
        train::FitOptions<float> options = fit_options(tried, settings.trial_epochs);
        options.handle_interrupt = false;  // the program's own, which ends it
        options.callbacks.push_back(std::make_shared<Reporter>(trial));
        const train::History history = train::fit(net, part, options).history;
        return std::ranges::min(
                   history, {}, [](const train::EpochRecord& epoch) { return epoch.dev.error; })
            .dev.error;
    };
    return search::search(
        space,
        trial,
        {.trials = settings.trials,
         .seed = settings.seed,
         .parallel = settings.threads,
         .halving = search::Halving{.min_epochs = (settings.trial_epochs + 2) / 3},
         .progress = stdout});
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
