#include <nn/init.hpp>
#include <nn/layers.hpp>
#include <nn/lsuv.hpp>
#include <tests/support.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <type_traits>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

namespace {

const Shape matrix{200, 300};  // (out, in)

double mean_of(const Array<double>& x) {
    return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

double variance_of(const Array<double>& x) {
    const double mean = mean_of(x);
    double total = 0;
    for (const double v : x)
        total += (v - mean) * (v - mean);
    return total / static_cast<double>(x.size());
}

// Within five standard errors. The kurtosis of a normal variable that is cut at 2 is 2.366.
void check_truncated(const Array<double>& x, double variance) {
    const double n = 60000;
    REQUIRE(x.shape() == matrix);
    CHECK(std::abs(mean_of(x)) < 5 * std::sqrt(variance / n));
    CHECK(std::abs(variance_of(x) / variance - 1) < 5 * std::sqrt(1.366 / n));
    // Two deviations of the normal variable that was cut.
    const double cut = 2 * std::sqrt(variance) / 0.8796256610342398;
    const auto [low, high] = std::minmax_element(x.begin(), x.end());
    CHECK(*low >= -cut);
    CHECK(*low < -0.99 * cut);
    CHECK(*high <= cut);
    CHECK(*high > 0.99 * cut);
}

// Products of rows i and j of a (rows, columns) matrix.
double product(const Array<double>& x, std::size_t columns, std::size_t i, std::size_t j) {
    double total = 0;
    for (std::size_t k = 0; k < columns; ++k)
        total += x.data()[i * columns + k] * x.data()[j * columns + k];
    return total;
}

template <class T>
struct First {
    const char* name;
    double value;
    Array<T> (*draw)(const Shape&, Rng&);
};

// The first element, other than 0, that each draws from the seed 2026.
template <class T>
std::vector<First<T>> first_elements() {
    using S = const Shape&;
    return {
        {"normal", -0.35038835684444991, [](S s, Rng& r) { return init::normal<T>(s, r); }},
        {"uniform", 0.044669909137803332, [](S s, Rng& r) { return init::uniform<T>(s, r); }},
        {"truncated_normal",
         -0.39833803442304411,
         [](S s, Rng& r) { return init::truncated_normal<T>(s, r); }},
        {"he_normal", -0.28609089536037735, [](S s, Rng& r) { return init::he_normal<T>(s, r); }},
        {"he_uniform", 0.063172791332655326, [](S s, Rng& r) { return init::he_uniform<T>(s, r); }},
        {"he_truncated",
         -0.32524164315988635,
         [](S s, Rng& r) { return init::he_truncated<T>(s, r); }},
        {"xavier_normal",
         -0.17519417842222496,
         [](S s, Rng& r) { return init::xavier_normal<T>(s, r); }},
        {"xavier_uniform",
         0.038685276098080312,
         [](S s, Rng& r) { return init::xavier_uniform<T>(s, r); }},
        {"xavier_truncated",
         -0.19916901721152205,
         [](S s, Rng& r) { return init::xavier_truncated<T>(s, r); }},
        {"lecun_normal",
         -0.20229681214505379,
         [](S s, Rng& r) { return init::lecun_normal<T>(s, r); }},
        {"lecun_uniform",
         0.044669909137803332,
         [](S s, Rng& r) { return init::lecun_uniform<T>(s, r); }},
        {"lecun_truncated",
         -0.22998057140261091,
         [](S s, Rng& r) { return init::lecun_truncated<T>(s, r); }},
        {"orthogonal", -0.16636087816296818, [](S s, Rng& r) { return init::orthogonal<T>(s, r); }},
        {"sparse", 0.011640099085444462, [](S s, Rng& r) { return init::sparse<T>(s, r, 0.2); }},
    };
}

}  // namespace

TEST_CASE("truncated: mean 0, the variance asked for, and cut") {
    Rng rng(1);
    using init::Fan;
    check_truncated(init::truncated_normal<double>(matrix, rng, 0.5), 0.25);
    check_truncated(init::he_truncated<double>(matrix, rng), 2.0 / 300);
    check_truncated(init::he_truncated<double>(matrix, rng, 1, Fan::out), 1.0 / 200);
    check_truncated(init::xavier_truncated<double>(matrix, rng), 2.0 / 500);
    check_truncated(init::xavier_truncated<double>(matrix, rng, 5.0 / 3), 25.0 / 9 * 2 / 500);
    check_truncated(init::lecun_truncated<double>(matrix, rng), 1.0 / 300);
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
    const Array<double> x = init::sparse<double>(matrix, rng, 0.7, 0.5);
    std::vector<std::size_t> in_row(200, 0);
    for (std::size_t column = 0; column < 300; ++column) {
        std::size_t zeros = 0;
        for (std::size_t row = 0; row < 200; ++row) {
            zeros += x(row, column) == 0;
            in_row[row] += x(row, column) == 0;
        }
        CHECK(zeros == 140);
    }
    // A row's zeros are binomial, of 300 columns; the others normal, 60 in each column.
    for (const std::size_t zeros : in_row)
        CHECK(std::abs(static_cast<double>(zeros) - 210) < 5 * std::sqrt(300 * 0.7 * 0.3));
    std::vector<double> others;
    std::copy_if(x.begin(), x.end(), std::back_inserter(others), [](double v) { return v != 0; });
    REQUIRE(others.size() == 18000);
    Array<double> normal = empty<double>({18000});
    std::copy(others.begin(), others.end(), normal.data());
    CHECK(std::abs(mean_of(normal)) < 5 * 0.5 / std::sqrt(18000));
    CHECK(std::abs(variance_of(normal) / 0.25 - 1) < 5 * std::sqrt(2.0 / 18000));
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

TEST_CASE_TEMPLATE("a seed gives the same weights in every build", T, float, double) {
    for (const First<T>& expected : first_elements<T>()) {
        Rng rng(2026);
        const Array<T> drawn = expected.draw({5, 3}, rng);
        const auto first =
            static_cast<double>(*std::ranges::find_if(drawn, [](T v) { return v != 0; }));
        const double tolerance = std::is_same_v<T, float> ? 1e-7 : 1e-14;
        CHECK_MESSAGE(
            std::abs(first - expected.value) <= tolerance * std::abs(expected.value),
            fmt::format("{}: {:.17g}", expected.name, first));
    }
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
