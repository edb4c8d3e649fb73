// Layers that make noise: its distribution, where it acts, that it repeats.
#include <nn/layers.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <cmath>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using V = Variable<double>;

struct Moments2 {
    double mean, variance;
};

Moments2 moments(const Array<double>& x) {
    const auto n = static_cast<double>(x.size());
    double mean = 0, total = 0;
    for (const double v : x)
        mean += v / n;
    for (const double v : x)
        total += (v - mean) * (v - mean);
    return {mean, total / n};
}

// In evaluation the layer is `plain`; in training it draws anew, but not when frozen.
void check_modes(nn::Module<double>& layer, const V& x, const Array<double>& plain) {
    layer.eval();
    check_same(layer(x).value(), plain);
    layer.train();
    const Array<double> first = layer(x).value();
    CHECK(difference(first, plain, 0) != "");
    CHECK(difference(layer(x).value(), first, 0) != "");
    layer.freeze_noise();
    const Array<double> frozen = layer(x).value();
    check_same(layer(x).value(), frozen);
    layer.freeze_noise(false);
    CHECK(difference(layer(x).value(), frozen, 0) != "");
}

}  // namespace

TEST_CASE("Dropout2d keeps or drops a channel as a whole") {
    Rng rng(1);
    nn::Dropout2d<double> dropout(0.5, rng);
    const V x(Array<double>(Shape{40, 50, 2, 3}, 1.0));
    const Array<double> y = dropout(x).value();
    std::size_t kept = 0;
    for (std::size_t i = 0; i < 2000; ++i) {
        const double first = y.data()[6 * i];
        CHECK_UNARY(first == 0 || first == 2);
        for (std::size_t j = 1; j < 6; ++j)
            CHECK(y.data()[6 * i + j] == first);
        kept += first != 0;
    }
    CHECK(std::abs(double(kept) - 1000) < 5 * std::sqrt(500));
    check_modes(dropout, x, x.value());
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(dropout(V(Array<double>{1})));
          }) == "Dropout2d(keep_prob 0.5): x has shape (1,); need (N, C, ...)");
}

TEST_CASE("AlphaDropout keeps mean 0 and variance 1") {
    Rng rng(2);
    nn::AlphaDropout<double> dropout(0.8, rng);
    const V x(init::normal<double>({200000}, rng));
    const auto [mean, variance] = moments(dropout(x).value());
    // Fourth moments are below 10, so five standard errors are below these.
    CHECK(std::abs(mean) < 5 / std::sqrt(200000));
    CHECK(std::abs(variance - 1) < 5 * 3 / std::sqrt(200000));
    check_modes(dropout, x, x.value());
}

TEST_CASE("GaussianNoise adds noise of its deviation") {
    Rng rng(3);
    nn::GaussianNoise<double> noise(0.5, rng);
    const V x(Array<double>(Shape{100000}, 3.0));
    const auto [mean, variance] = moments(noise(x).value());
    CHECK(std::abs(mean - 3) < 5 * 0.5 / std::sqrt(100000));
    CHECK(std::abs(variance / 0.25 - 1) < 5 * std::sqrt(2.0 / 100000));
    check_modes(noise, x, x.value());
    CHECK(text_of_error<std::invalid_argument>([&] {
              const nn::GaussianNoise<double> bad(-1, rng);
          }) == "GaussianNoise: the deviation is -1; need 0 <= deviation < infinity");
}

TEST_CASE("DropConnect drops weights, each kept one scaled") {
    Rng rng(4);
    nn::DropConnect<double> layer(
        nn::Dense<double>(
            100, 50, rng, true, [](const Shape& s, Rng&) { return init::constant<double>(s, 1); }),
        0.25,
        rng);
    Array<double> unit(Shape{1, 100}, 0.0);
    unit.data()[7] = 1;
    const V kept = layer(V(unit));
    for (const double y : kept.value())
        CHECK_UNARY(y == 0 || y == 4);
    const V x(random_array<double>({3, 100}, 1));
    const Array<double> plain = (*layer.children()[0].second)(x).value();
    check_modes(layer, x, plain);
    const auto before = rng.state();
    CHECK(text_of_error<std::invalid_argument>([&] {
              const nn::DropConnect<double> bad(
                  std::make_shared<nn::Dense<double>>(2, 2, rng), 0, rng);
          }) == "DropConnect: keep_prob is 0; need 0 < keep_prob <= 1");
    CHECK(rng.state().position > before.position);  // the Dense's
}

TEST_CASE("a layer set to another's key makes its noise") {
    Rng rng(5), other(6);
    nn::Dropout<double> a(0.5, rng), b(0.5, other);
    const V x(Array<double>(Shape{100}, 1.0));
    static_cast<void>(a(x));
    b.set_key(a.key());
    check_same(a(x).value(), b(x).value());
}

TEST_CASE("the noise of a network goes on where that of another stands, by the layers' paths") {
    Rng rng(5), other(6);
    const auto make = [](Rng& r) {
        nn::Sequential<double> inner(nn::Dense<double>(8, 8, r), nn::Dropout<double>(0.5, r));
        return nn::Sequential<double>(
            std::move(inner), nn::GaussianNoise<double>(1, r), nn::AlphaDropout<double>(0.5, r));
    };
    nn::Sequential<double> a = make(rng), b = make(other);
    const V x(Array<double>(Shape{3, 8}, 1.0));
    static_cast<void>(a(x));
    b.load_state_dict(a.state_dict());
    const auto keys = nn::noise_keys(a);
    CHECK(keys.size() == 3);
    CHECK(keys.at("0.1").stream == 1);
    nn::set_noise_keys(b, keys);
    check_same(a(x).value(), b(x).value());
    auto bad = keys;
    bad.erase("1");
    bad["3"] = {};
    CHECK(
        text_of_error<std::invalid_argument>([&] { nn::set_noise_keys(b, bad); }) ==
        "set_noise_keys: \"1\" is missing; \"3\" is no noise layer of the module; the keys "
        "must come from a network of the same layers");
    check_same(a(x).value(), b(x).value());
}
