#include <nn/fit.hpp>
#include <nn/noise_guard.hpp>
#include <nn/sanity.hpp>
#include <tests/nn/fit_data.hpp>
#include <tests/nn/resume_run.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace xgrad;
using namespace xgrad::train;
using namespace xgrad::test;

namespace {

// Every step's loss.
class Losses : public Callback<double> {
public:
    void on_step(FitState<double>& state) override { losses.push_back(state.loss); }
    std::vector<double> losses;
};

nn::Sequential<double> net_with_dropout(std::uint64_t seed) {
    Rng rng(seed);
    return nn::Sequential<double>(
        nn::Dense<double>(2, 16, rng),
        nn::Tanh<double>(),
        nn::Dropout<double>(0.5, rng),
        nn::DropConnect<double>(nn::Dense<double>(16, 3, rng), 0.8, rng));
}

// The losses of small steps on all rows.
std::vector<double> descent(nn::Sequential<double>& net) {
    const auto train = clouds<double>(30, 1);
    const auto losses = std::make_shared<Losses>();
    fit(net,
        {train},
        {.epochs = 30,
         .batch_size = train.size(),
         .shuffle = false,
         .optimizer =
             [](nn::Module<double>& model) {
                 return std::make_unique<optim::SGD<double>>(
                     model.parameters(), optim::SGDOptions{.lr = 0.05});
             },
         .callbacks = {losses}});
    return losses->losses;
}

bool falls(const std::vector<double>& losses) {
    for (std::size_t i = 1; i < losses.size(); ++i) {
        if (!(losses[i] < losses[i - 1]))
            return false;
    }
    return true;
}

}  // namespace

TEST_CASE("with dropout J goes up and down; off or frozen it falls at every small step") {
    auto noisy = net_with_dropout(1), off = net_with_dropout(1), frozen = net_with_dropout(1);
    CHECK_FALSE(falls(descent(noisy)));
    {
        const nn::NoiseGuard guard(off, nn::Noise::off);
        CHECK(falls(descent(off)));
    }
    {
        const nn::NoiseGuard guard(frozen, nn::Noise::frozen);
        CHECK(falls(descent(frozen)));
    }
}

TEST_CASE("NoiseGuard leaves every module as it was, and the noise where it stood") {
    auto net = noisy_net<double>(1), twin = noisy_net<double>(1);
    const auto x = Variable<double>(clouds<double>(5, 1).x());
    net.children()[3].second->freeze_noise();
    {
        const nn::NoiseGuard guard(net, nn::Noise::off);
        CHECK(net.children()[1].second->is_training());
        CHECK_FALSE(net.children()[3].second->is_training());
        test::check_same(net(x).value(), net(x).value());
    }
    CHECK(net.children()[3].second->is_training());
    CHECK(net.children()[3].second->noise_is_frozen());
    CHECK_FALSE(net.children()[1].second->noise_is_frozen());
    net.freeze_noise(false);
    {
        const nn::NoiseGuard guard(net, nn::Noise::frozen);
        static_cast<void>(net(x));
    }
    test::check_same(net(x).value(), twin(x).value());
}

TEST_CASE("a sound model knows a small batch by heart, and is left as it was") {
    const auto net = noisy_net<double>(1);
    const auto before = net.state_dict();
    const auto result = overfit_batch(net, clouds<double>(100, 1), {.rows = 10, .lr = 0.05});
    CHECK(result.passed);
    CHECK(result.losses.back() < 0.05 * std::log(3));
    CHECK(result.below == doctest::Approx(0.05 * std::log(3)));
    CHECK(result.losses.front() > result.below);
    CHECK(result.text.starts_with("passed: 10 rows are known by heart after "));
    CHECK(same_bits(net.state_dict(), before));
    CHECK(overfit_batch(plain_net<float>(1, 1), plane<float>(50, 1)).passed);
}

TEST_CASE("one class is known by heart from the start") {
    const data::Dataset<double> rows(random_array<double>({10, 2}, 1), data::Labels(10, 0), 1);
    const auto result = overfit_batch(plain_net<double>(1, 1), rows);
    CHECK(result.passed);
    CHECK(result.losses == std::vector<double>{0});
    CHECK(result.below == 0);
}

TEST_CASE("a model that sees nothing of x does not pass") {
    auto net = plain_net<double>(1);
    net.children()[0].second->parameters()[0].value.assign(Array<double>({8, 2}, 0.0));
    net.children()[0].second->freeze();
    const auto result = overfit_batch(net, clouds<double>(100, 1), {.steps = 50});
    CHECK_FALSE(result.passed);
    CHECK(result.losses.size() == 51);
    CHECK(result.text.starts_with("failed: after 50 steps on 20 rows the loss went from "));
}

TEST_CASE("a fresh model loses what chance costs") {
    auto net = plain_net<double>(3);
    const auto rows = clouds<double>(200, 1);
    const auto fresh = loss_at_chance(net, rows);
    CHECK(fresh.passed);
    CHECK(fresh.chance == doctest::Approx(std::log(3)));
    CHECK(fresh.low == doctest::Approx(std::log(3) / 2));
    CHECK(fresh.high == doctest::Approx(std::log(3) + 1.5));
    CHECK(fresh.text.starts_with("passed: the loss is "));
    CHECK(fresh.text.ends_with("; knowing nothing costs 1.099, ln(3)"));

    fit(net, {rows}, {.epochs = 20, .batch_size = 20, .lr = 0.02});
    const auto trained = loss_at_chance(net, rows);
    CHECK_FALSE(trained.passed);
    CHECK(trained.loss == doctest::Approx(evaluate(net, rows).cost));
    CHECK(trained.text.find("less says that the model is trained already") != std::string::npos);

    auto loud = plain_net<double>(1);
    auto weight = loud.parameters()[2].value;
    weight.assign(Array<double>(30.0 * weight.value()));
    CHECK(loss_at_chance(loud, rows).text.find("its scores are too large") != std::string::npos);
}

TEST_CASE("for targets chance is their variance") {
    auto net = plain_net<double>(1, 1);
    net.parameters()[2].value.assign(Array<double>({1, 8}, 0.0));
    const auto result = loss_at_chance(net, plane<double>(500, 1));
    CHECK(result.passed);
    CHECK(result.chance == doctest::Approx(5).epsilon(0.1));
    CHECK(result.text.ends_with("the variance of the targets"));
}

TEST_CASE("targets that are all one number have variance 0, whatever the number") {
    auto net = plain_net<double>(1, 1);
    const data::Dataset<double> same(Array<double>({10, 2}, 1.0), Array<double>({10, 1}, 0.1));
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(loss_at_chance(net, same));
          }) == "loss_at_chance: the targets of 10 rows have variance 0; need rows that differ");
}

TEST_CASE("targets that are not finite are told as such") {
    auto net = plain_net<double>(1, 1);
    for (const double bad : {std::nan(""), HUGE_VAL}) {
        Array<double> targets({10, 1}, 0.1);
        targets.data()[3] = bad;
        const data::Dataset<double> rows(Array<double>({10, 2}, 1.0), targets);
        CHECK(
            text_of_error<std::invalid_argument>([&] {
                static_cast<void>(loss_at_chance(net, rows));
            }) == "loss_at_chance: the targets of 10 rows hold NaN or infinity; need finite ones");
    }
}

TEST_CASE("overfit_batch refuses a loss that begins below 0: it is nothing to get near 0") {
    auto net = plain_net<double>(1);
    OverfitOptions<double> options;
    options.loss = [](const Variable<double>& y, const data::Batch<double>&) {
        return mean(y) * 0.0 - 2.0;
    };
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(overfit_batch(net, clouds<double>(20, 1), options));
          }) == "overfit_batch: the first loss is -2; need one above 0 that falls to 0");
}

TEST_CASE("the sanity tests refuse the test rows and what is out of range") {
    auto net = plain_net<double>(1);
    const auto rows = clouds<double>(20, 1);
    const auto text = [](auto f) { return text_of_error<std::invalid_argument>(f); };
    CHECK(text([&] {
              static_cast<void>(overfit_batch(net, rows.as(data::Part::test)));
          }) == "overfit_batch: the rows are the test part; need any others");
    CHECK(text([&] {
              static_cast<void>(loss_at_chance(net, rows.as(data::Part::test)));
          }) == "loss_at_chance: the rows are the test part; need any others");
    CHECK(text([&] {
              static_cast<void>(overfit_batch(net, rows, {.rows = 0}));
          }) == "overfit_batch: rows is 0; need at least 1");
    CHECK(text([&] {
              static_cast<void>(overfit_batch(net, rows, {.steps = 0}));
          }) == "overfit_batch: steps is 0; need at least 1");
    CHECK(text([&] {
              static_cast<void>(overfit_batch(net, rows, {.share = 0}));
          }) == "overfit_batch: share is 0; need a positive one");
    const data::Dataset<double> same(Array<double>({4, 2}, 1.0), Array<double>({4, 1}, 3.0));
    CHECK(text([&] {
              static_cast<void>(loss_at_chance(net, same));
          }) == "loss_at_chance: the targets of 4 rows have variance 0; need rows that differ");
}
