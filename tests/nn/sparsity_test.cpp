#include <nn/nn.hpp>
#include <nn/sparsity.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace xgrad;
using namespace xgrad::train;
using xgrad::test::text_of_error;

TEST_CASE("sparsity counts zeros and near-zeros of each parameter, and of the weights together") {
    Rng rng(1);
    nn::Sequential<double> net(nn::Dense<double>(4, 1, rng), nn::Dense<double>(1, 2, rng));
    auto& first = dynamic_cast<nn::Dense<double>&>(*net.children()[0].second);
    auto& second = dynamic_cast<nn::Dense<double>&>(*net.children()[1].second);
    // rms sqrt((4 + 4 + 0.0001) / 4) = 1.41: 0.01 is near 0, 2 is not.
    first.weight.assign(test::array({1, 4}, {2, -2, 0.01, 0}));
    second.weight.assign(test::array({2, 1}, {1, -1}));
    const SparsityReport report = sparsity<double>(net);
    REQUIRE(report.parameters.size() == 4);
    CHECK(report.parameters[0].name == "0.weight");
    CHECK(report.parameters[0].zero_share() == 0.25);
    CHECK(report.parameters[0].near_zero_share() == 0.5);
    CHECK(report.parameters[1].zero_share() == 1);  // a bias that starts at 0
    CHECK(report.weights.size == 6);
    CHECK(report.weights.zero_share() == doctest::Approx(1. / 6));
    CHECK(report.weights.near_zero_share() == doctest::Approx(2. / 6));
    CHECK(report.weights.zero_share() == optim::zero_share(net.parameters()));
    CHECK(sparsity<double>(net, 0).parameters[0].near_zeros == 1);
    CHECK(
        report.text() ==
        "parameter      numbers         0    near 0\n"
        "0.weight             4    25.0 %    50.0 %\n"
        "0.bias               1   100.0 %   100.0 %\n"
        "1.weight             2     0.0 %     0.0 %\n"
        "1.bias               2   100.0 %   100.0 %\n"
        "all weights          6    16.7 %    33.3 %\n");
}

TEST_CASE("of normal weights 0.8 % are near 0") {
    Rng rng(1);
    const nn::Dense<float> net(500, 400, rng);
    const SparsityReport report = sparsity<float>(net);
    CHECK(report.weights.zeros == 0);
    // P(|z| < 0.01) = 0.00798; the deviation of the share is 0.0002.
    CHECK(report.weights.near_zero_share() == doctest::Approx(0.00798).epsilon(0.1));
}

TEST_CASE("sparsity refuses a bound that is none") {
    Rng rng(1);
    const nn::Dense<double> net(1, 1, rng);
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(sparsity<double>(net, -1));
          }) == "sparsity: near is -1; need a finite one, not negative");
}
