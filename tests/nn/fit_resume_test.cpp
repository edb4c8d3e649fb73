// fit() that is interrupted, goes on, or meets a NaN.
#include <nn/checkpoint_file.hpp>
#include <nn/checkpoint_folder.hpp>
#include <nn/fit.hpp>
#include <nn/nn.hpp>
#include <tests/nn/fit_data.hpp>
#include <tests/nn/resume_run.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace xgrad;
using namespace xgrad::train;
using namespace xgrad::test;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

// Calls a function after each step.
template <class T>
class AtStep : public Callback<T> {
public:
    explicit AtStep(std::function<void(FitState<T>&)> f) : f_(std::move(f)) {}
    void on_step(FitState<T>& state) override { f_(state); }

private:
    std::function<void(FitState<T>&)> f_;
};

std::shared_ptr<Callback<float>> raise_at(std::uint64_t step) {
    return std::make_shared<AtStep<float>>([step](FitState<float>& state) {
        if (state.step == step)
            ::raise(SIGINT);
    });
}

// All that has a state: 4 batches an epoch.
FitOptions<float> all_options(const std::filesystem::path& folder) {
    return {
        .epochs = 5,
        .batch_size = 10,
        .lr = 0.01,
        .schedule = [](std::uint64_t steps) { return optim::schedule::cosine(steps, 0.1); },
        .early_stopping = EarlyStoppingOptions{.patience = 20},
        .metrics = {metric::accuracy<float>()},
        .checkpoint = folder};
}

FitData<float> rows() { return {clouds<float>(40, 1), clouds<float>(20, 2)}; }

// The same but for the seconds.
bool same_history(const History& a, const History& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
        return x.train.cost == y.train.cost && x.train.error == y.train.error &&
               x.dev.cost == y.dev.cost && x.dev.error == y.dev.error && x.lr == y.lr &&
               x.metrics == y.metrics;
    });
}

volatile sig_atomic_t own_handler_ran = 0;
void own_handler(int /*signal*/) { own_handler_ran = 1; }

// SIGINT does that, for a while.
class Handler {
public:
    explicit Handler(void (*handler)(int)) {
        struct sigaction action {};
        action.sa_handler = handler;
        ::sigaction(SIGINT, &action, &before_);
    }
    Handler(const Handler&) = delete;
    Handler& operator=(const Handler&) = delete;
    ~Handler() { ::sigaction(SIGINT, &before_, nullptr); }
    static auto now() {
        struct sigaction action {};
        ::sigaction(SIGINT, nullptr, &action);
        return action.sa_handler;
    }

private:
    struct sigaction before_ {};
};

}  // namespace

TEST_CASE("Ctrl-C ends fit after the step, the state is saved, and it goes on bit for bit") {
    const test::TempFolder folder;
    auto whole = noisy_net<float>(1);
    const auto uninterrupted = fit(whole, rows(), all_options({}));
    // In the middle of an epoch, after its last step, and in the first.
    for (const std::uint64_t step : {6, 8, 1}) {
        auto options = all_options(folder.path() / std::to_string(step));
        auto first = noisy_net<float>(1);
        options.callbacks = {raise_at(step)};
        const auto broken = fit(first, rows(), options);
        CHECK(broken.end == FitEnd::interrupted);
        CHECK(broken.ended == "interrupted");
        CHECK(broken.steps == step);
        CHECK(broken.history.size() == (step - 1) / 4);
        // What the program has built before it goes on is of another seed.
        auto second = noisy_net<float>(2);
        options.callbacks.clear();
        const auto resumed = fit(second, rows(), options);
        CHECK(resumed.end == FitEnd::epochs);
        CHECK(resumed.steps == uninterrupted.steps);
        CHECK(resumed.best_epoch == uninterrupted.best_epoch);
        CHECK(same_bits(second.state_dict(), whole.state_dict()));
        CHECK(same_history(resumed.history, uninterrupted.history));
        // And a run that has ended stays as it is.
        auto third = noisy_net<float>(3);
        const auto again = fit(third, rows(), options);
        CHECK(again.steps == uninterrupted.steps);
        CHECK(again.ended == "5 epochs");
        CHECK(same_bits(third.state_dict(), whole.state_dict()));
    }
}

TEST_CASE("a run that stopped early stays stopped, and more patience lets it go on") {
    const test::TempFolder folder;
    auto options = all_options(folder.path());
    options.epochs = 60;
    options.early_stopping = EarlyStoppingOptions{.patience = 2};
    const FitData<float> noise{clouds<float>(40, 1, 0), clouds<float>(20, 2, 0)};
    auto net = noisy_net<float>(1), again = noisy_net<float>(2);
    const auto first = fit(net, noise, options);
    REQUIRE(first.end == FitEnd::early_stop);
    const auto second = fit(again, noise, options);
    CHECK(second.ended == first.ended);
    CHECK(second.steps == first.steps);
    CHECK(same_bits(again.state_dict(), net.state_dict()));
    options.early_stopping = EarlyStoppingOptions{.patience = 4};
    CHECK(fit(again, noise, options).history.size() > first.history.size());
}

TEST_CASE("fit saves every so many epochs and in the end, and refuses a folder when told so") {
    const test::TempFolder folder;
    auto options = all_options(folder.path());
    options.checkpoint_every = 2;
    auto net = noisy_net<float>(1);
    fit(net, rows(), options);
    std::vector<std::uint64_t> steps;
    for (const CheckpointFile& file : CheckpointFolder(folder.path()).files())
        steps.push_back(file.step);
    CHECK(steps == std::vector<std::uint64_t>{8, 16, 20});
    options.resume = false;
    const std::string text =
        text_of_error<std::invalid_argument>([&] { fit(net, rows(), options); });
    CHECK(text.starts_with("fit: \""));
    CHECK(text.ends_with("\" has 3 checkpoints and resume is false; need an empty folder"));
}

TEST_CASE("Ctrl-C in the last epoch's last step is said, and the epoch is scored by the next run") {
    const test::TempFolder folder;
    auto options = all_options(folder.path());
    options.callbacks = {raise_at(20)};
    auto net = noisy_net<float>(1), whole = noisy_net<float>(1);
    const auto broken = fit(net, rows(), options);
    CHECK(broken.end == FitEnd::interrupted);
    CHECK(broken.history.size() == 4);
    options.callbacks.clear();
    const auto resumed = fit(net, rows(), options);
    const auto uninterrupted = fit(whole, rows(), all_options({}));
    CHECK(resumed.ended == "5 epochs");
    CHECK(same_history(resumed.history, uninterrupted.history));
    CHECK(same_bits(net.state_dict(), whole.state_dict()));
}

TEST_CASE("a run of another augmentation is not resumed") {
    const test::TempFolder folder;
    auto options = all_options(folder.path());
    options.augmentation.emplace(5, data::ImageOptions{.height = 1, .width = 2});
    options.augmentation->flip();
    auto net = noisy_net<float>(1);
    fit(net, rows(), options);
    options.augmentation.reset();
    const std::string text =
        text_of_error<std::invalid_argument>([&] { fit(net, rows(), options); });
    CHECK_MESSAGE(
        text.find("\"augmentation\" is flip(0.5), the loader's is missing; \"augmentation_seed\" "
                  "is 5, the loader's is missing") != std::string::npos,
        text);
}

TEST_CASE("fit leaves SIGINT to the program before and after, and altogether when told so") {
    const Handler handler(own_handler);
    auto net = noisy_net<float>(1);
    auto options = all_options({});
    options.callbacks = {raise_at(3)};
    own_handler_ran = 0;
    CHECK(fit(net, rows(), options).steps == 3);
    CHECK(own_handler_ran == 0);
    CHECK((Handler::now() == own_handler));
    options.handle_interrupt = false;
    CHECK(fit(net, rows(), options).steps == 20);
    CHECK(own_handler_ran == 1);
    const Handler ignoring(SIG_IGN);
    options.handle_interrupt = true;
    CHECK(fit(net, rows(), options).steps == 20);
}

TEST_CASE("a checkpoint keeps rates and metrics of the history, and reads files without") {
    const test::TempFolder folder;
    History history{{{1, 0.5}, {2, 0.25}, 3, 0.01, {{"dev f1", 0.75}, {"dev a.b", infinite}}}};
    history.push_back({{4, 0.5}, {5, 0.25}, 6, 0.005});
    Checkpoint<double> checkpoint;
    checkpoint.track("history", history);
    checkpoint.save(folder.path() / "h");
    const History before = std::exchange(history, {});
    checkpoint.load(folder.path() / "h");
    REQUIRE(history.size() == 2);
    CHECK(same_history(history, before));
    CHECK(history[1].seconds == 6);
    train::detail::write_contents<double>(
        folder / "old", {{"history", {"History", {}, {{"0", "1 0.5 2 0.25 3"}}}}}, {});
    checkpoint.load(folder / "old");
    REQUIRE(history.size() == 1);
    CHECK(history[0].dev.error == 0.25);
    CHECK(history[0].seconds == 3);
    CHECK(history[0].lr == 0);
    CHECK(history[0].metrics.empty());
    train::detail::write_contents<double>(
        folder / "bad", {{"history", {"History", {}, {{"3.dev f1", "0.5"}}}}}, {});
    const std::string text =
        text_of_error<std::invalid_argument>([&] { checkpoint.load(folder / "bad"); });
    CHECK_MESSAGE(
        text.find("\"3.dev f1\" is of an epoch that is missing") != std::string::npos, text);
    CHECK(history.size() == 1);
}

TEST_CASE("a loss that is not finite stops fit, with advice, at the last good weights") {
    auto net = plain_net<double>(1);
    const auto start = net.state_dict();
    const FitData<double> data{clouds<double>(20, 1)};
    FitOptions<double> options{.epochs = 3, .batch_size = 10};
    options.loss = [](const Variable<double>& y, const data::Batch<double>& batch) {
        return log(mean(y) * 0.0 - 1.0) + cross_entropy(y, batch.y);
    };
    try {
        fit(net, data, options);
        FAIL("nothing was thrown");
    } catch (const NonFiniteError& error) {
        const std::string text = error.what();
        CHECK(error.epoch == 1);
        CHECK(error.batch == 1);
        CHECK_MESSAGE(
            text.find("is nan in epoch 1, batch 1 of 2, step 1, learning rate 0.001; need finite "
                      "numbers\n") != std::string::npos,
            text);
        CHECK_MESSAGE(text.find("the results of all layers are finite") != std::string::npos, text);
        CHECK_MESSAGE(text.find("AnomalyGuard says: ") != std::string::npos, text);
        CHECK_MESSAGE(text.find("log") != std::string::npos, text);
        CHECK_MESSAGE(text.ends_with("the model has the weights that it began with"), text);
    }
    CHECK(same_bits(net.state_dict(), start));
    CHECK_FALSE(net.parameters()[0].value.has_grad());
}

TEST_CASE("a rate that is far too high is told, with the layer where it began") {
    auto net = plain_net<float>(1);
    FitOptions<float> options{.epochs = 3, .batch_size = 10};
    nn::StateDict<float> after_first;
    // The second epoch's first step goes astray.
    const auto astray = std::make_shared<AtStep<float>>([&](FitState<float>& state) {
        if (state.step == 2)
            after_first = state.model.state_dict();
        if (state.step == 3) {
            const auto weight = state.model.parameters()[2].value;
            Array<float> large = weight.value();
            std::fill_n(large.data(), large.size(), 3e38F);
            weight.assign(large);
        }
    });
    options.callbacks = {astray};
    try {
        fit(net, {clouds<float>(20, 1)}, options);
        FAIL("nothing was thrown");
    } catch (const NonFiniteError& error) {
        const std::string text = error.what();
        CHECK(error.epoch == 2);
        CHECK(error.batch == 2);
        CHECK_MESSAGE(
            text.find("the first layer with a result that is not: \"2\", Dense(8, 3)") !=
                std::string::npos,
            text);
        CHECK_MESSAGE(
            text.find("the largest weight is 3e+38, in \"2.weight\"") != std::string::npos, text);
        CHECK_MESSAGE(text.ends_with("the model has the weights of the end of epoch 1"), text);
    }
    CHECK(same_bits(net.state_dict(), after_first));
}

TEST_CASE("a run resumed in mid-epoch says of which step the last good weights are") {
    const test::TempFolder folder;
    auto options = all_options(folder.path());
    auto first = noisy_net<float>(1), second = noisy_net<float>(2);
    options.early_stopping.reset();  // which would restore the best weights
    options.callbacks = {raise_at(6)};
    REQUIRE(fit(first, rows(), options).history.size() == 1);
    options.callbacks.clear();
    options.loss = [](const Variable<float>& y, const data::Batch<float>& batch) {
        return log(mean(y) * 0.0F - 1.0F) + cross_entropy(y, batch.y);
    };
    const std::string text = text_of_error<NonFiniteError>([&] { fit(second, rows(), options); });
    CHECK_MESSAGE(text.ends_with("the model has the weights of step 6"), text);
    check_same(second.parameters()[0].value.value(), first.parameters()[0].value.value());
}

TEST_CASE("a number in the data that is not finite is named as such") {
    auto x = clouds<double>(20, 1).x();
    x.data()[7] = infinite;
    const data::Dataset<double> rows(x, data::Labels(20, 1), 3);
    auto net = plain_net<double>(1);
    const std::string text =
        text_of_error<NonFiniteError>([&] { fit(net, {rows}, {.epochs = 1, .batch_size = 20}); });
    CHECK_MESSAGE(
        text.find("the batch's x is itself not finite: look at the data") != std::string::npos,
        text);
}

TEST_CASE("a gradient that is not finite stops fit before the step") {
    auto net = plain_net<double>(1);
    const auto start = net.state_dict();
    // sqrt has an infinite slope at 0.
    FitOptions<double> options{.epochs = 1, .batch_size = 20};
    options.loss = [](const Variable<double>& y, const data::Batch<double>&) {
        return sqrt(square(mean(y) * 0.0));
    };
    const std::string text =
        text_of_error<NonFiniteError>([&] { fit(net, {clouds<double>(20, 1)}, options); });
    CHECK_MESSAGE(
        text.starts_with("fit: the gradient of \"0.weight\" is not finite in epoch 1"), text);
    CHECK(same_bits(net.state_dict(), start));
    options.optimizer = [](nn::Module<double>& model) {
        auto adam = std::make_unique<optim::Adam<double>>(model.parameters(), optim::AdamOptions{});
        adam->skip_nonfinite();
        return adam;
    };
    CHECK(fit(net, {clouds<double>(20, 1)}, options).end == FitEnd::epochs);
    CHECK(same_bits(net.state_dict(), start));
}
