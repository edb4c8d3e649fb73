#include <nn/init.hpp>
#include <nn/layers.hpp>
#include <nn/lsuv.hpp>
#include <tests/support.hpp>

#include <algorithm>
#include <cmath>

using namespace xgrad;
using namespace xgrad::test;

namespace {

double variance_of(const Array<double>& x) {
    double mean = 0, total = 0;
    for (const double v : x)
        mean += v / static_cast<double>(x.size());
    for (const double v : x)
        total += (v - mean) * (v - mean);
    return total / static_cast<double>(x.size());
}

// Products of rows i and j of a (rows, columns) matrix.
double product(const Array<double>& x, std::size_t columns, std::size_t i, std::size_t j) {
    double total = 0;
    for (std::size_t k = 0; k < columns; ++k)
        total += x.data()[i * columns + k] * x.data()[j * columns + k];
    return total;
}

}  // namespace

TEST_CASE("truncated_normal is cut, and has the variance asked for") {
    Rng rng(1);
    const double n = 60000;
    const Array<double> x = init::truncated_normal<double>({200, 300}, rng, 0.5);
    const auto [low, high] = std::minmax_element(x.begin(), x.end());
    // Two deviations of the normal variable that was cut, 0.5 / 0.8796.
    const double cut = 2 * 0.5 / 0.8796256610342398;
    CHECK(*low >= -cut);
    CHECK(*high <= cut);
    CHECK(*high > 0.99 * cut);
    // The fourth moment of the cut variable, in units of the variance squared, is 2.37 (kurtosis of
    // a normal cut at 2).
    CHECK(std::abs(variance_of(x) / 0.25 - 1) < 5 * std::sqrt(1.4 / n));
    CHECK(std::abs(variance_of(init::he_truncated<double>({200, 300}, rng)) * 150 - 1) < 0.03);
    CHECK(std::abs(variance_of(init::xavier_truncated<double>({200, 300}, rng)) * 250 - 1) < 0.03);
    CHECK(std::abs(variance_of(init::lecun_truncated<double>({200, 300}, rng)) * 300 - 1) < 0.03);
}

TEST_CASE("he by fan_out keeps the scale of gradients") {
    Rng rng(2);
    const Array<double> x = init::he_normal<double>({200, 300}, rng, 1, init::Fan::out);
    CHECK(std::abs(variance_of(x) * 200 - 1) < 5 * std::sqrt(2.0 / 60000));
    const Array<double> u = init::he_uniform<double>({200, 300}, rng, 1, init::Fan::out);
    CHECK(std::abs(variance_of(u) * 200 - 1) < 5 * std::sqrt(0.8 / 60000));
}

TEST_CASE("gains are PyTorch's") {
    using init::Nonlinearity;
    CHECK(init::gain(Nonlinearity::linear) == 1);
    CHECK(init::gain(Nonlinearity::sigmoid) == 1);
    CHECK(init::gain(Nonlinearity::tanh) == 5.0 / 3);
    CHECK(init::gain(Nonlinearity::relu) == std::sqrt(2.0));
    CHECK(init::gain(Nonlinearity::leaky_relu, 0.2) == std::sqrt(2 / 1.04));
    CHECK(init::gain(Nonlinearity::selu) == 0.75);
}

TEST_CASE("orthogonal: orthonormal rows, or columns where there are more rows") {
    Rng rng(3);
    const Array<double> wide = init::orthogonal<double>({4, 3, 2}, rng, 2);
    CHECK(wide.shape() == Shape{4, 3, 2});
    for (std::size_t i = 0; i < 4; ++i)
        for (std::size_t j = 0; j < 4; ++j)
            CHECK(std::abs(product(wide, 6, i, j) - (i == j ? 4 : 0)) < 1e-12);
    const Array<double> tall = init::orthogonal<double>({7, 3}, rng);
    const Array<double> turned = xt::transpose(tall);
    for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t j = 0; j < 3; ++j)
            CHECK(std::abs(product(turned, 7, i, j) - (i == j ? 1 : 0)) < 1e-12);
    // Each matrix equally likely: a corner has mean 0 and mean square 1 / n. (Without the signs of
    // R's diagonal it is never positive.)
    double sum = 0, squares = 0;
    const int draws = 2000;
    for (int i = 0; i < draws; ++i) {
        const double corner = init::orthogonal<double>({3, 3}, rng).data()[0];
        sum += corner;
        squares += corner * corner;
    }
    CHECK(std::abs(sum / draws) < 5 * std::sqrt(1.0 / 3 / draws));
    // The square of a corner has variance 4 / 45.
    CHECK(std::abs(squares / draws - 1.0 / 3) < 5 * std::sqrt(4.0 / 45 / draws));
    CHECK(init::orthogonal<double>({0, 3}, rng).size() == 0);
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(init::orthogonal<double>({3}, rng));
          }) == "orthogonal: the weight has shape (3,); need at least (out, in)");
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(init::orthogonal<double>({3, 3}, rng, -1));
          }) == "orthogonal: the gain is -1; need >= 0");
}

TEST_CASE("sparse: the same number of zeros in each column, in other places") {
    Rng rng(4);
    const Array<double> x = init::sparse<double>({20, 30}, rng, 0.7, 0.5);
    std::vector<std::size_t> in_row(20, 0);
    for (std::size_t column = 0; column < 30; ++column) {
        std::size_t zeros = 0;
        for (std::size_t row = 0; row < 20; ++row) {
            zeros += x(row, column) == 0;
            in_row[row] += x(row, column) == 0;
        }
        CHECK(zeros == 14);
    }
    for (const std::size_t n : in_row)
        CHECK_UNARY(n > 5 && n < 30);
    CHECK(std::abs(variance_of(x) / (0.3 * 0.25) - 1) < 0.5);
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(init::sparse<double>({3, 2, 2}, rng, 0.5));
          }) == "sparse: the weight has shape (3, 2, 2); need (out, in)");
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(init::sparse<double>({3, 2}, rng, 1.5));
          }) == "sparse: zeros is 1.5; need 0 <= zeros <= 1");
}

TEST_CASE("identity and dirac pass the input on") {
    check_same(init::identity<double>({2, 3}, 2), array({2, 3}, {2, 0, 0, 0, 2, 0}));
    Rng rng(5);
    nn::Conv2d<double> conv(
        4, 4, 3, rng, {.padding = 1, .groups = 2}, false, [](const Shape& shape, Rng&) {
            return init::dirac<double>(shape, 2);
        });
    const Variable<double> x(random_array<double>({2, 4, 5, 3}, 1));
    check_same(conv(x).value(), x.value());
    CHECK(text_of_error<ShapeError>([] {
              static_cast<void>(init::dirac<double>({3, 3}));
          }) == "dirac: the weight has shape (3, 3); need (out, in, kernel...)");
    CHECK(text_of_error<std::invalid_argument>([] {
              static_cast<void>(init::dirac<double>({3, 3, 3}, 2));
          }) == "dirac: 2 groups for 3 outputs; groups must divide them");
    CHECK(text_of_error<ShapeError>([] {
              static_cast<void>(init::identity<double>({3}));
          }) == "identity: the weight has shape (3,); need (out, in)");
}

TEST_CASE("the structured initialisers are stable by seed") {
    Rng a(5), b(5), c(6);
    const auto first = init::orthogonal<double>({5, 5}, a);
    check_same(init::orthogonal<double>({5, 5}, b), first);
    CHECK(difference(init::orthogonal<double>({5, 5}, c), first, 0) != "");
    const auto cut = init::truncated_normal<double>({5, 5}, a);
    check_same(init::truncated_normal<double>({5, 5}, b), cut);
    check_same(init::sparse<double>({9, 5}, a, 0.5), init::sparse<double>({9, 5}, b, 0.5));
}

TEST_CASE("lsuv: every layer's results have variance 1, whatever the activation") {
    Rng rng(6);
    nn::Sequential net(
        nn::Dense<double>(20, 50, rng),
        nn::Tanh<double>(),
        nn::Dense<double>(50, 50, rng),
        nn::Softplus<double>(),
        nn::Dense<double>(50, 10, rng));
    const Array<double> x = 5 * random_array<double>({200, 20}, 1);
    net.train();
    init::lsuv(net, x, rng, {.tolerance = 0.01});
    CHECK(net.is_training());
    for (const auto& [name, layer] : net.children()) {
        if (layer->parameter_count() == 0)
            continue;
        layer->register_forward_hook([&](const auto&, const auto& y) {
            CHECK(std::abs(variance_of(y.value()) - 1) < 0.01);
            return Variable<double>();
        });
    }
    static_cast<void>(net(Variable<double>(x)));
}

TEST_CASE("lsuv names the layer that does not vary") {
    Rng rng(7);
    nn::Sequential net(nn::Dense<double>(3, 4, rng), nn::Dense<double>(4, 2, rng));
    CHECK(
        text_of_error<std::invalid_argument>([&] {
            init::lsuv(net, Array<double>(Shape{5, 3}, 0.0), rng);
        }) ==
        "lsuv: the results of 0.Dense(3, 4) have variance 0; need a batch that varies, and "
        "is finite");
    CHECK(text_of_error<std::invalid_argument>([&] {
              init::lsuv(net, Array<double>(Shape{5, 3}, 0.0), rng, {.tolerance = 0});
          }) == "lsuv: the tolerance is 0; need > 0");
}
