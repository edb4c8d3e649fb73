#include <nn/initial_scale.hpp>
#include <nn/nn.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

using namespace xgrad;
using namespace xgrad::train;
using State = xgrad::train::InitialScale::State;

namespace {

using Init = init::Initializer<float>;

Init variance(double factor) {
    return [factor](const Shape& shape, Rng& rng) {
        return init::normal<float>(shape, rng, std::sqrt(factor / double(init::fans(shape).in)));
    };
}

// `hidden` layers of 64 units, then 4 classes.
InitialScale scale_of(
    std::size_t hidden, const Init& weight, const std::function<nn::Lambda<float>()>& activation) {
    Rng rng(3);
    nn::Sequential<float> net;
    for (std::size_t i = 0; i < hidden; ++i) {
        net.add(nn::Dense<float>(i == 0 ? 8 : 64, 64, rng, true, weight));
        net.add(activation());
    }
    net.add(nn::Dense<float>(64, 4, rng, true, weight));
    data::Batch<float> batch{init::normal<float>({32, 8}, rng), {}};
    for (std::int64_t i = 0; i < 32; ++i)
        batch.y.push_back(i % 4);
    return initial_scale(net, batch);
}

}  // namespace

TEST_CASE("initial_scale: he_normal suits relu and xavier_normal tanh, the swap does not") {
    CHECK(scale_of(30, variance(2), nn::Relu<float>).state == State::good);
    const Init xavier = [](const Shape& shape, Rng& rng) {
        return init::xavier_normal<float>(shape, rng);
    };
    CHECK(scale_of(30, xavier, nn::Tanh<float>).state == State::good);
    const InitialScale swapped = scale_of(30, variance(1), nn::Relu<float>);
    CHECK(swapped.state == State::vanishing);
    CHECK(swapped.verdict.starts_with("vanishing: the signal shrinks to "));
    CHECK(swapped.verdict.ends_with(" of its rms from 0 to 60"));
    CHECK(swapped.advice == "initialise with init::he_normal, variance 2 / fan_in, for relu");
    CHECK(swapped.forward < 1e-2);
    CHECK(swapped.backward < 1e-2);
    const InitialScale large = scale_of(30, variance(6), nn::Relu<float>);
    CHECK(large.state == State::exploding);
    CHECK(large.verdict.starts_with("exploding: the signal grows to "));
    // tanh holds the signal, but not the gradient.
    const InitialScale of_tanh = scale_of(30, variance(6), nn::Tanh<float>);
    CHECK(of_tanh.verdict.starts_with("exploding: the gradient grows to "));
    CHECK(of_tanh.verdict.ends_with(" of its rms from 60 to 0"));
    CHECK(
        of_tanh.advice ==
        "initialise with init::xavier_normal, variance 2 / (fan_in + fan_out), for tanh");
    CHECK(of_tanh.text().find(of_tanh.advice + "\n") != std::string::npos);
}

TEST_CASE("initial_scale: a signal that overflows explodes, and NaN weights are not symmetric") {
    Rng rng(1);
    const auto constant = [](float value) {
        return Init(
            [value](const Shape& shape, Rng&) { return init::constant<float>(shape, value); });
    };
    const auto loud = Init([](const Shape& shape, Rng& draws) {
        return Array<float>(1e25F * init::normal<float>(shape, draws));
    });
    const data::Batch<float> batch{init::normal<float>({4, 8}, rng), {0, 1, 1, 0}};
    nn::Sequential<float> net(
        nn::Dense<float>(8, 8, rng, true, loud),
        nn::Dense<float>(8, 8, rng, true, loud),
        nn::Dense<float>(8, 8, rng, true, loud),
        nn::Dense<float>(8, 2, rng, true, loud));
    CHECK(initial_scale(net, batch).state == State::exploding);
    nn::Sequential<float> broken(
        nn::Dense<float>(8, 8, rng, true, constant(NAN)), nn::Dense<float>(8, 2, rng));
    CHECK(initial_scale(broken, batch).symmetric.empty());
    // A model of one layer has no hidden one.
    nn::Dense<float> alone(8, 2, rng, true, constant(0));
    CHECK(initial_scale(alone, batch).symmetric.empty());
}

TEST_CASE("initial_scale recognises units that stay the same: zeros and constants") {
    const auto constant = [](double value) {
        return Init(
            [value](const Shape& shape, Rng&) { return init::constant<float>(shape, value); });
    };
    for (const double value : {0., 0.1}) {
        const InitialScale scale = scale_of(2, constant(value), nn::Tanh<float>);
        CHECK(scale.state == State::symmetric);
        CHECK(scale.symmetric == std::vector<std::string>{"0.weight", "2.weight"});
        CHECK(
            scale.verdict ==
            "symmetric: all units of 0.weight are the same, and get the same gradient (and of 1 "
            "more)");
        CHECK_FALSE(scale.advice.empty());
    }
    // A last layer of zeros is a choice: its classes differ by their labels.
    Rng rng(3);
    nn::Sequential<float> net(
        nn::Dense<float>(8, 16, rng),
        nn::Relu<float>(),
        nn::Dense<float>(16, 2, rng, true, constant(0)));
    const data::Batch<float> batch{init::normal<float>({4, 8}, rng), {0, 1, 1, 0}};
    CHECK(initial_scale(net, batch).symmetric.empty());
}
