#include <autograd/parallel.hpp>
#include <nn/fit.hpp>
#include <nn/nn.hpp>
#include <tests/nn/fit_data.hpp>
#include <tests/nn/resume_run.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>

using namespace xgrad;
using namespace xgrad::train;
using namespace xgrad::test;

namespace {

// Notes what it is called with.
template <class T>
class Notes : public Callback<T> {
public:
    void on_start(FitState<T>& s) override { note("start", s); }
    void on_gradient(FitState<T>& s) override {
        has_gradient = s.model.parameters()[0].value.has_grad();
        note("gradient", s);
    }
    void on_step(FitState<T>& s) override { note("step", s); }
    void on_epoch(FitState<T>& s) override { note("epoch", s); }
    void on_end(FitState<T>& s) override { note("end", s); }

    std::string text;
    bool has_gradient = false;
    bool trains = true;

private:
    void note(const char* what, FitState<T>& s) {
        text += fmt::format(
            "{} {}/{} {}/{} {} {}\n",
            what,
            s.epoch,
            s.epochs,
            s.batch,
            s.batches,
            s.step,
            s.history.size());
        trains = trains && s.model.is_training();
    }
};

// Calls a function after each step.
template <class T>
class AtStep : public Callback<T> {
public:
    explicit AtStep(std::function<void(FitState<T>&)> f) : f_(std::move(f)) {}
    void on_step(FitState<T>& state) override { f_(state); }

private:
    std::function<void(FitState<T>&)> f_;
};

// What `write` writes to a file that is no terminal.
std::string written(const std::function<void(std::FILE*)>& write) {
    std::FILE* file = std::tmpfile();
    REQUIRE(file != nullptr);
    write(file);
    std::rewind(file);
    std::string text;
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file))
        text += static_cast<char>(c);
    std::fclose(file);
    return text;
}

std::size_t lines_of(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

}  // namespace

TEST_CASE_TEMPLATE("fit learns classes", T, float, double) {
    auto net = noisy_net<T>(1);
    const auto result = fit(
        net, {clouds<T>(300, 1), clouds<T>(100, 2)}, {.epochs = 8, .batch_size = 32, .lr = 0.02});
    CHECK(result.end == FitEnd::epochs);
    CHECK(result.ended == "8 epochs");
    CHECK(result.steps == 80);
    REQUIRE(result.history.size() == 8);
    CHECK(result.history.back().train.cost < result.history.front().train.cost);
    CHECK(result.history.back().dev.error < 0.15);
    CHECK(result.history.back().lr == 0.02);
    const auto& best = result.history[result.best_epoch - 1];
    for (const EpochRecord& record : result.history)
        CHECK(best.dev.error <= record.dev.error);
    CHECK(net.is_training());
}

TEST_CASE("fit learns targets, and without dev rows says nothing of them") {
    auto net = plain_net<double>(1, 1);
    const auto result =
        fit(net,
            {plane<double>(200, 1)},
            {.epochs = 30, .batch_size = 20, .lr = 0.02, .metrics = {metric::r2<double>()}});
    const EpochRecord& last = result.history.back();
    CHECK(last.train.cost < 0.1);
    CHECK(last.train.error == last.train.cost);
    CHECK(std::isnan(last.dev.cost));
    CHECK(std::isnan(last.dev.error));
    CHECK(last.metrics.at("train r2") > 0.95);
    const Evaluation score = evaluate(net, plane<double>(200, 1));
    CHECK(score.cost == doctest::Approx(last.train.cost));
    CHECK(predict(net, plane<double>(7, 1)).shape() == Shape{7, 1});
}

TEST_CASE("fit is the loop that one writes by hand, bit by bit") {
    const auto train = clouds<float>(100, 1);
    auto by_fit = noisy_net<float>(3), by_hand = noisy_net<float>(3);
    fit(by_fit,
        {train},
        {.epochs = 2,
         .batch_size = 30,
         .seed = 7,
         .schedule = [](std::uint64_t steps) { return optim::schedule::cosine(steps); },
         .clip_norm = 0.5,
         .penalty =
             [](nn::Module<float>& net) { return optim::l2_penalty(net.parameters(), 0.1, 100); }});
    optim::Adam<float> adam(by_hand.parameters(), {});
    optim::Scheduler scheduler(adam, optim::schedule::cosine(8));
    const data::DataLoader<float> loader(train, {.batch_size = 30, .seed = 7});
    for (std::uint64_t epoch = 1; epoch <= 2; ++epoch) {
        for (auto& [x, y] : loader.epoch(epoch)) {
            adam.zero_grad();
            const auto loss = cross_entropy(by_hand(Variable<float>(x)), y) +
                              optim::l2_penalty(by_hand.parameters(), 0.1, 100);
            loss.backward();
            optim::clip_grad_norm(by_hand.parameters(), 0.5);
            adam.step();
            scheduler.step();
        }
    }
    CHECK(same_bits(by_fit.state_dict(), by_hand.state_dict()));
}

TEST_CASE("fit calls the callbacks at their places, and in training mode") {
    auto net = noisy_net<double>(1);
    net.eval();
    const auto notes = std::make_shared<Notes<double>>();
    fit(net, {clouds<double>(10, 1)}, {.epochs = 2, .batch_size = 5, .callbacks = {notes}});
    CHECK(
        notes->text ==
        "start 0/2 0/2 0 0\n"
        "gradient 1/2 1/2 0 0\n"
        "step 1/2 1/2 1 0\n"
        "gradient 1/2 2/2 1 0\n"
        "step 1/2 2/2 2 0\n"
        "epoch 1/2 2/2 2 1\n"
        "gradient 2/2 1/2 2 1\n"
        "step 2/2 1/2 3 1\n"
        "gradient 2/2 2/2 3 1\n"
        "step 2/2 2/2 4 1\n"
        "epoch 2/2 2/2 4 2\n"
        "end 2/2 2/2 4 2\n");
    CHECK(notes->has_gradient);
    CHECK(notes->trains);
    CHECK_FALSE(net.is_training());
    CHECK_FALSE(net.children()[1].second->is_training());
}

TEST_CASE("fit leaves a submodule in evaluation mode that is set so") {
    auto net = noisy_net<double>(1);
    net.children()[1].second->eval();
    const auto before = net.buffers()[0].value.value();
    fit(net, {clouds<double>(10, 1)}, {.epochs = 1, .batch_size = 5});
    test::check_same(net.buffers()[0].value.value(), before);
    CHECK_FALSE(net.children()[1].second->is_training());
}

TEST_CASE("a callback stops fit and its reason is said") {
    auto net = plain_net<double>(1);
    const auto stop = std::make_shared<AtStep<double>>([](FitState<double>& state) {
        if (state.step == 3)
            state.stop("three are enough");
    });
    const auto result =
        fit(net, {clouds<double>(10, 1)}, {.epochs = 9, .batch_size = 5, .callbacks = {stop}});
    CHECK(result.end == FitEnd::stopped);
    CHECK(result.ended == "stopped: three are enough");
    CHECK(result.steps == 3);
    CHECK(result.history.size() == 1);
}

TEST_CASE("early stopping ends fit, restores the best weights and says the epoch") {
    // Random labels: what is learned does not carry over.
    const auto noise = clouds<double>(40, 1, 0), dev = clouds<double>(40, 2, 0);
    auto net = plain_net<double>(1);
    const auto result =
        fit(net,
            {noise, dev},
            {.epochs = 200, .batch_size = 10, .lr = 0.05, .early_stopping = {{.patience = 3}}});
    REQUIRE(result.end == FitEnd::early_stop);
    CHECK(result.history.size() == result.best_epoch + 3);
    CHECK(
        result.ended ==
        fmt::format("early stop at epoch {}, best {}", result.best_epoch + 3, result.best_epoch));
    const Evaluation now = evaluate(net, dev);
    CHECK(now.cost == result.history[result.best_epoch - 1].dev.cost);
    CHECK(now.error == result.history[result.best_epoch - 1].dev.error);
    CHECK(result.text().starts_with(result.ended + "; epoch "));
}

TEST_CASE("fit takes an optimiser, a loss and metrics of the program's") {
    auto net = plain_net<double>(1, 1);
    // How far the outputs are on the wrong side of the label's sign.
    const auto loss = [](const Variable<double>& outputs, const data::Batch<double>& batch) {
        auto signs = empty<double>({batch.y.size(), 1});
        for (std::size_t i = 0; i < batch.y.size(); ++i)
            signs.data()[i] = batch.x.data()[2 * i] > 0 ? 1 : 0;
        return binary_cross_entropy_with_logits(outputs, Variable<double>(std::move(signs)));
    };
    const auto result = fit<double>(
        net,
        {clouds<double>(90, 1), clouds<double>(30, 2)},
        {.epochs = 3,
         .batch_size = 30,
         .optimizer =
             [](nn::Module<double>& model) {
                 return std::make_unique<optim::SGD<double>>(
                     model.parameters(), optim::SGDOptions{.lr = 0.5});
             },
         .loss = loss,
         .metrics = {
             {"rows", [](const Array<double>& outputs, const data::Dataset<double>& dataset) {
                  return static_cast<double>(10 * outputs.shape()[0] + dataset.size());
              }}}});
    const EpochRecord& last = result.history.back();
    CHECK(last.lr == 0.5);
    CHECK(last.dev.cost < result.history.front().dev.cost);
    CHECK(last.dev.error == last.dev.cost);  // one output is no score of three classes
    CHECK(last.metrics == std::map<std::string, double>{{"dev rows", 330}});
}

TEST_CASE("fit scores so many training rows") {
    auto net = plain_net<double>(1);
    const auto result =
        fit(net,
            {clouds<double>(50, 1)},
            {.epochs = 1,
             .metrics =
                 {{"rows",
                   [](const Array<double>& outputs, const data::Dataset<double>&) {
                       return static_cast<double>(outputs.shape()[0]);
                   }}},
             .train_rows = 20});
    CHECK(result.history[0].metrics.at("train rows") == 20);
}

TEST_CASE("fit writes a line an epoch where there is no terminal, and nothing unasked") {
    auto net = plain_net<double>(1);
    FitResult result;
    const std::string text = written([&](std::FILE* file) {
        result =
            fit(net,
                {clouds<double>(50, 1), clouds<double>(20, 2)},
                {.epochs = 3, .metrics = {metric::accuracy<double>()}, .progress = file});
    });
    CHECK(lines_of(text) == 4);
    CHECK(text.starts_with("epoch 1/3  cost: train "));
    CHECK(text.find(", dev ") != std::string::npos);
    CHECK(text.find("  dev accuracy ") != std::string::npos);
    CHECK(text.find(" rows/s") != std::string::npos);
    CHECK(text.find(" left\n") != std::string::npos);
    CHECK(text.ends_with(result.text() + "\n"));
    CHECK(text.find('\r') == std::string::npos);
}

TEST_CASE("fit refuses the test rows, and what does not fit") {
    auto net = plain_net<double>(1);
    const auto rows = clouds<double>(10, 1);
    const auto refusal = [&](FitData<double> data, FitOptions<double> options = {}) {
        return text_of_error<std::invalid_argument>([&] { fit(net, data, options); });
    };
    CHECK(
        refusal({rows.as(data::Part::test)}) ==
        "fit: the rows to train on are the test part; need the train part, or rows of none");
    CHECK(
        refusal({rows.as(data::Part::dev)}) ==
        "fit: the rows to train on are the dev part; need the train part, or rows of none");
    CHECK(
        refusal({rows, rows.as(data::Part::test)}) ==
        "fit: the dev rows are the test part; need the dev or train-dev part, or rows of none: the "
        "test rows judge once, in the end");
    CHECK(
        refusal({rows, rows.as(data::Part::train)}) ==
        "fit: the dev rows are the train part; need the dev or train-dev part, or rows of none");
    CHECK(
        refusal({rows, plane<double>(5, 1)}) ==
        "fit: the training rows have 3 classes, the dev rows 0; need the same number");
    CHECK(refusal({rows}, {.epochs = 0}) == "fit: epochs is 0; need at least 1");
    CHECK(refusal({rows}, {.train_rows = 0}) == "fit: train_rows is 0; need at least 1");
    CHECK(
        refusal({rows}, {.checkpoint_every = 0}) == "fit: checkpoint_every is 0; need at least 1");
    CHECK(
        refusal({rows}, {.clip_norm = -1.0}) ==
        "fit: clip_norm is -1; need a positive one, or none");
    CHECK(
        refusal({rows}, {.early_stopping = EarlyStoppingOptions{}}) ==
        "fit: early_stopping is set and there are no dev rows; need some");
    CHECK(
        refusal({rows}, {.callbacks = {nullptr}}) ==
        "fit: a callback is null; need one that is there");
    CHECK(
        refusal({rows}, {.metrics = {metric::accuracy<double>(), metric::accuracy<double>()}}) ==
        "fit: metric 1 is called \"accuracy\" and has a function; need a name that is not empty or "
        "taken, and a function");
    CHECK(refusal({rows}, {.optimizer = [](nn::Module<double>&) {
                      return std::unique_ptr<optim::Optimizer<double>>();
                  }}) == "fit: `optimizer` made none; need one");
}

TEST_CASE("fit gives the same bits for 1 and 2 threads") {
    const std::size_t before = num_threads();
    const auto train_with = [](std::size_t threads) {
        set_num_threads(threads);
        Rng rng(1);
        nn::Sequential<float> net(
            nn::Dense<float>(2, 128, rng),
            nn::BatchNorm1d<float>(128),
            nn::Relu<float>(),
            nn::Dropout<float>(0.5, rng),
            nn::Dense<float>(128, 64, rng),
            nn::Relu<float>(),
            nn::Dense<float>(64, 3, rng));
        const auto result =
            fit(net,
                {clouds<float>(600, 1), clouds<float>(300, 2)},
                {.epochs = 2, .batch_size = 256, .clip_norm = 1.0});
        return std::pair(net.state_dict(), result.history.back().dev.cost);
    };
    const auto one = train_with(1), two = train_with(2);
    set_num_threads(before);
    CHECK(same_bits(one.first, two.first));
    CHECK(one.second == two.second);
}

TEST_CASE("on a terminal fit draws a bar with throughput and time left, and clears it") {
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
    REQUIRE(master >= 0);
    REQUIRE(::grantpt(master) == 0);
    REQUIRE(::unlockpt(master) == 0);
    std::FILE* terminal = std::fopen(::ptsname(master), "w");
    REQUIRE(terminal != nullptr);
    auto net = plain_net<double>(1);
    fit(net,
        {clouds<double>(50, 1)},
        {.epochs = 1,
         .batch_size = 10,
         .callbacks = {std::make_shared<AtStep<double>>([](FitState<double>&) {
             // The bar is drawn at most ten times a second.
             std::this_thread::sleep_for(std::chrono::milliseconds(60));
         })},
         .progress = terminal});
    std::fclose(terminal);
    std::string text;
    char part[1000];
    // Ends with an error: nobody has the other side open.
    for (ssize_t size = ::read(master, part, sizeof part); size > 0;
         size = ::read(master, part, sizeof part))
        text.append(part, static_cast<std::size_t>(size));
    ::close(master);
    CHECK_MESSAGE(text.starts_with("\repoch 1/1 [="), text);
    CHECK_MESSAGE(text.find(" s left, ") != std::string::npos, text);
    CHECK_MESSAGE(text.find(" rows/s, loss ") != std::string::npos, text);
    CHECK_MESSAGE(text.find("\r\x1b[Kepoch 1/1  cost: train ") != std::string::npos, text);
}

TEST_CASE("fit gives the same bits for any number of workers, augmented or not") {
    for (const bool augmented : {false, true}) {
        std::vector<nn::StateDict<float>> states;
        for (const std::size_t workers : {0, 1, 3}) {
            FitOptions<float> options{.epochs = 2, .batch_size = 7, .workers = workers};
            if (augmented) {
                options.augmentation.emplace(5, data::ImageOptions{.height = 1, .width = 2});
                options.augmentation->noise(0.3).flip();
            }
            auto net = noisy_net<float>(1);
            fit(net, {clouds<float>(40, 1)}, options);
            states.push_back(net.state_dict());
        }
        CHECK(same_bits(states[0], states[1]));
        CHECK(same_bits(states[0], states[2]));
    }
}

TEST_CASE("fit learns from the mixed targets of mixup") {
    FitOptions<double> options{.epochs = 8, .batch_size = 30, .lr = 0.02};
    options.augmentation.emplace(5, data::ImageOptions{.height = 1, .width = 2});
    options.augmentation->mixup(0.3);
    auto net = plain_net<double>(1), by_hand = plain_net<double>(1);
    const auto train = clouds<double>(300, 1);
    const auto result = fit(net, {train, clouds<double>(100, 2)}, options);
    CHECK(result.history.back().dev.error < 0.15);
    optim::Adam<double> adam(by_hand.parameters(), {.lr = 0.02});
    const data::DataLoader<double> loader(train, {.batch_size = 30}, options.augmentation);
    for (std::uint64_t epoch = 1; epoch <= 8; ++epoch) {
        for (const data::Batch<double>& batch : loader.epoch(epoch)) {
            adam.zero_grad();
            cross_entropy(by_hand(Variable<double>(batch.x)), Variable<double>(batch.targets))
                .backward();
            adam.step();
        }
    }
    CHECK(same_bits(net.state_dict(), by_hand.state_dict()));
}
