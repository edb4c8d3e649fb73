#include <nn/layer_report.hpp>
#include <nn/nn.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace xgrad;
using namespace xgrad::train;
using xgrad::test::text_of_error;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool slow = true;
#elif defined(__has_feature)
constexpr bool slow = __has_feature(address_sanitizer);
#else
constexpr bool slow = false;
#endif

// 50 layers of one width, their weights drawn once and scaled to variance factor / width; and what
// the loss sends back: noise.
class Deep {
public:
    Deep(std::size_t width, std::size_t rows) : width_(width) {
        Rng rng(7);
        for (std::size_t i = 0; i < 50; ++i)
            weights_.push_back(init::normal<float>({width, width}, rng));
        x_ = init::normal<float>({rows, width}, rng);
        noise_ = init::normal<float>({rows, width}, rng);
    }
    LayerReport report(double factor, const std::function<nn::Lambda<float>()>& activation) const {
        const auto deviation = static_cast<float>(std::sqrt(factor / double(width_)));
        Rng rng(0);
        nn::Sequential<float> net;
        for (const Array<float>& weight : weights_) {
            net.add(nn::Dense<float>(width_, width_, rng, true, [&](const Shape&, Rng&) {
                Array<float> scaled = weight;
                float* const data = scaled.data();  // by hand: tests are not optimised
                for (std::size_t k = 0; k < weight.size(); ++k)
                    data[k] *= deviation;
                return scaled;
            }));
            net.add(activation());
        }
        const Variable<float> noise(noise_);
        return layer_report<float>(
            net, x_, [&](const Variable<float>& y) { return sum(y * noise); });
    }

private:
    std::size_t width_;
    std::vector<Array<float>> weights_;
    Array<float> x_, noise_;
};

nn::Dense<double> dense(const Array<double>& weight, const Array<double>& bias) {
    Rng rng(0);
    nn::Dense<double> layer(weight.shape()[1], weight.shape()[0], rng);
    layer.weight.assign(weight);
    layer.bias.assign(bias);
    return layer;
}

}  // namespace

TEST_CASE("layer_report gives the figures of each layer, by hand") {
    // x W^T + b = {{1, -3}, {3, -5}} for the rows (1, 1) and (2, 2); the relu leaves 1 and 3.
    nn::Sequential<double> net(
        dense(test::array({2, 2}, {1, 1, -1, -1}), test::array({2}, {-1, -1})), nn::Relu<double>());
    const LayerReport report = layer_report<double>(
        net,
        test::array({2, 2}, {1, 1, 2, 2}),
        [](const Variable<double>& y) { return sum(y); },
        {.dead = 0.25});
    REQUIRE(report.layers.size() == 2);
    const LayerFigures& first = report.layers[0];
    CHECK(first.path == "0");
    CHECK(first.layer == "Dense(2, 2)");
    CHECK(first.results.mean == doctest::Approx(-1));
    CHECK(first.results.deviation == doctest::Approx(std::sqrt(11 - 1)));
    CHECK(first.results.rms == doctest::Approx(std::sqrt((1 + 9 + 9 + 25) / 4.)));
    CHECK(first.results.zeros == 0);
    CHECK(first.units == 2);
    CHECK(first.dead == 0);
    CHECK_FALSE(first.saturated.has_value());
    // The gradient of the results is 1 where the relu is open: {{1, 0}, {1, 0}}.
    REQUIRE(first.gradient.has_value());
    CHECK(first.gradient->mean == 0.5);
    CHECK(first.gradient->zeros == 0.5);
    CHECK(first.gradient->rms == doctest::Approx(std::sqrt(0.5)));
    // That of the weights {{3, 3}, {0, 0}}, rms sqrt(4.5); the weights have rms 1.
    CHECK(*first.gradient_ratio == doctest::Approx(std::sqrt(4.5)));
    CHECK_FALSE(first.update_ratio.has_value());
    const LayerFigures& second = report.layers[1];
    CHECK(second.results.zeros == 0.5);
    CHECK(second.dead == 1);
    CHECK(second.state == LayerState::dead_units);
    CHECK(second.reason == "1 of 2 units are 0 for every row");
    CHECK_FALSE(second.gradient_ratio.has_value());
    CHECK(report.verdict() == "dead units: 1.Relu, 1 of 2 units are 0 for every row");
    // Input rms sqrt(2.5), its gradient {{1, 1}, {1, 1}}.
    CHECK(report.forward_ratio() == doctest::Approx(std::sqrt(2.5) / std::sqrt(2.5)));
    CHECK(report.backward_ratio() == doctest::Approx(1));
}

TEST_CASE("50 layers have the figures of practice P11") {
    struct Case {
        double factor;
        bool relu;
        double forward, backward;
        LayerState state;
    };
    // Measured for width 512 and 256 rows. One draw of the weights lies within a factor of 2; a
    // smaller width scatters more, fewer rows do not.
    const Deep net(slow ? 128 : 512, 16);
    const double band = slow ? 5 : 2;
    for (const Case& c :
         {Case{1, true, 2.8e-8, 3.0e-8, LayerState::vanishing},
          Case{2, true, 0.95, 1.0, LayerState::healthy},
          Case{1, false, 0.10, 0.12, LayerState::healthy},
          Case{2, false, 0.55, 8.2, LayerState::healthy}}) {
        CAPTURE(c.factor);
        CAPTURE(c.relu);
        const LayerReport report =
            net.report(c.factor, [&] { return c.relu ? nn::Relu<float>() : nn::Tanh<float>(); });
        REQUIRE(report.layers.size() == 100);
        CAPTURE(report.forward_ratio());
        CAPTURE(report.backward_ratio());
        CHECK(report.forward_ratio() > c.forward / band);
        CHECK(report.forward_ratio() < c.forward * band);
        CHECK(report.backward_ratio() > c.backward / band);
        CHECK(report.backward_ratio() < c.backward * band);
        CHECK((report.worst ? report.layers[*report.worst].state : LayerState::healthy) == c.state);
    }
    const LayerReport grown = Deep(64, 16).report(6, [] { return nn::Relu<float>(); });
    CHECK(grown.verdict().starts_with("exploding: "));
}

TEST_CASE("layer_report tells saturated layers, of tanh and of sigmoid") {
    const auto shares = [](nn::Lambda<double> activation, const Array<double>& x) {
        return layer_report<double>(
            activation, x, [](const Variable<double>& y) { return sum(y); });
    };
    const LayerReport of_tanh = shares(nn::Tanh<double>(), test::array({4, 1}, {0.5, -3, 3, 3}));
    CHECK(*of_tanh.layers[0].saturated == 0.75);
    CHECK(of_tanh.verdict() == "saturated: Tanh, 75 % of the results are saturated");
    const LayerReport of_sigmoid =
        shares(nn::Sigmoid<double>(), test::array({4, 1}, {0.5, -1, 3, 6}));
    CHECK(*of_sigmoid.layers[0].saturated == 0.25);
    CHECK(of_sigmoid.verdict() == "healthy");
}

TEST_CASE("a unit is a channel of a picture, and features that the input lacks are not dead") {
    Rng rng(1);
    nn::Sequential<double> net(
        nn::Flatten<double>(),
        nn::Reshape<double>({1, 2, 2}),
        nn::Conv2d<double>(1, 3, 1, rng),
        nn::Relu<double>());
    auto& conv = dynamic_cast<nn::Conv2d<double>&>(*net.children()[2].second);
    conv.weight.assign(test::array({3, 1, 1, 1}, {1, -1, 2}));
    // One corner is 0 in every row: Flatten hands that on, and no channel is dead for it.
    const LayerReport report = layer_report<double>(
        net,
        test::array({2, 4}, {0, 1, 2, 3, 0, 4, 5, 6}),
        [](const Variable<double>& y) { return sum(y); },
        {.dead = 0.25});
    REQUIRE(report.layers.size() == 4);
    CHECK(report.layers[0].dead == 0);
    CHECK(report.layers[0].results.zeros == 0.25);
    CHECK(report.layers[3].units == 3);
    CHECK(report.layers[3].dead == 1);
    CHECK(report.worst == 3);
}

TEST_CASE("layer_report changes nothing: parameters, gradients, statistics, noise, hooks") {
    Rng rng(3);
    nn::Sequential<double> net(
        nn::Dense<double>(3, 4, rng),
        nn::BatchNorm1d<double>(4),
        nn::Dropout<double>(0.5, rng),
        nn::Dense<double>(4, 2, rng));
    const auto same_as = net.clone();
    const Array<double> x = init::normal<double>({8, 3}, rng);
    const LayerReport report = layer_report(net, data::Batch<double>{x, {0, 1, 0, 1, 0, 1, 0, 1}});
    CHECK(report.layers.size() == 4);
    CHECK(net.is_training());
    CHECK(net.state_dict() == same_as->state_dict());
    for (const auto& parameter : net.parameters())
        CHECK_FALSE(parameter.value.has_grad());
    test::check_same(net(Variable<double>(x)).value(), (*same_as)(Variable<double>(x)).value());
    // Targets in place of labels, and the same report twice.
    const data::Batch<double> targets{x, {}, Array<double>(Shape{8, 2}, 1.)};
    CHECK(layer_report(net, targets).text() == layer_report(net, targets).text());
}

TEST_CASE("layer_report sees a layer of a custom model, called twice, and not one that is not") {
    class Twice : public nn::Module<double> {
    public:
        explicit Twice(Rng& rng)
            : used_(this->register_module("used", std::make_shared<nn::Dense<double>>(2, 2, rng))) {
            static_cast<void>(
                this->register_module("unused", std::make_shared<nn::Dense<double>>(2, 2, rng)));
        }
        Variable<double> forward(const Variable<double>& x) override {
            return (*used_)((*used_)(x)) * scale_;
        }
        std::string describe() const override { return "Twice"; }

    private:
        std::shared_ptr<nn::Dense<double>> used_;
        Variable<double> scale_ = this->register_parameter("scale", Array<double>(Shape{}, 2.));
    };
    Rng rng(5);
    Twice net(rng);
    const LayerReport report = layer_report<double>(
        net, init::normal<double>({5, 2}, rng), [](const Variable<double>& y) { return sum(y); });
    REQUIRE(report.layers.size() == 2);
    CHECK(report.layers[0].path == "used");
    CHECK(report.layers[1].path == "");
    CHECK(report.layers[1].layer == "Twice");
    CHECK(report.text().find("\nused Dense(2, 2) ") != std::string::npos);
}

TEST_CASE("what is not finite explodes") {
    const double infinite = std::numeric_limits<double>::infinity();
    auto net = dense(test::array({1, 1}, {infinite}), test::array({1}, {0.}));
    const LayerReport report = layer_report<double>(
        net, test::array({2, 1}, {1, 2}), [](const Variable<double>& y) { return sum(y); });
    CHECK(report.verdict() == "exploding: Dense(1, 1), results of rms inf, the first layer's inf");
}

TEST_CASE("LayerMonitor looks every k steps, with the step's change, and sees no evaluation") {
    Rng rng(2);
    nn::Sequential<double> net(
        nn::Dense<double>(2, 8, rng), nn::Relu<double>(), nn::Dense<double>(8, 2, rng));
    const data::Dataset<double> dataset(init::normal<double>({6, 2}, rng), {0, 1, 0, 1, 0, 1}, 2);
    optim::SGD<double> sgd(net.parameters(), {.lr = 0.125});
    const History history;
    FitState<double> state{net, sgd, dataset, nullptr, history};
    std::vector<std::uint64_t> looks;
    LayerMonitor<double> monitor(
        {.every = 2, .on_look = [&](std::uint64_t step, const LayerReport& report) {
             CHECK_FALSE(report.worst.has_value());
             looks.push_back(step);
         }});
    monitor.on_start(state);
    for (state.step = 0; state.step < 5;) {
        static_cast<void>(evaluate(net, dataset));
        sgd.zero_grad();
        cross_entropy(net(Variable<double>(dataset.x())), dataset.y()).backward();
        monitor.on_gradient(state);
        sgd.step();
        ++state.step;
        monitor.on_step(state);
    }
    monitor.on_end(state);
    REQUIRE(monitor.history().size() == 3);
    CHECK(looks == std::vector<std::uint64_t>{1, 3, 5});
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(monitor.history()[i].step == looks[i]);
    for (const auto& look : monitor.history()) {
        REQUIRE(look.report.layers.size() == 3);
        for (const std::size_t i : {0, 2}) {
            const LayerFigures& layer = look.report.layers[i];
            REQUIRE(layer.gradient_ratio.has_value());
            REQUIRE(layer.update_ratio.has_value());
            // A plain step is lr times the gradient.
            CHECK(*layer.update_ratio == doctest::Approx(0.125 * *layer.gradient_ratio));
        }
        CHECK_FALSE(look.report.layers[1].update_ratio.has_value());
    }
    CHECK(monitor.text().starts_with("step      1  healthy\nstep      3  healthy\n"));
    CHECK(text_of_error<std::invalid_argument>([] {
              LayerMonitor<double> never({.every = 0});
          }) == "LayerMonitor: every is 0; need at least 1 step");
}
