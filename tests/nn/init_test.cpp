#include <nn/init.hpp>
#include <tests/support.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

using namespace xgrad;
using namespace xgrad::test;

namespace {

const Shape weight{200, 300};  // (out, in)
constexpr double n = 200 * 300;

double mean_of(const Array<double>& x) {
    double total = 0;
    for (const double v : x)
        total += v;
    return total / static_cast<double>(x.size());
}

double variance_of(const Array<double>& x) {
    const double mean = mean_of(x);
    double total = 0;
    for (const double v : x)
        total += (v - mean) * (v - mean);
    return total / static_cast<double>(x.size());
}

// Mean 0 and that variance, within five standard errors of n draws.
void check_normal(const Array<double>& x, double variance) {
    CHECK(x.shape() == weight);
    CHECK(std::abs(mean_of(x)) < 5 * std::sqrt(variance / n));
    CHECK(std::abs(variance_of(x) / variance - 1) < 5 * std::sqrt(2 / n));
    const double deviation = std::sqrt(variance);
    const auto beyond =
        std::count_if(x.begin(), x.end(), [&](double v) { return std::abs(v) > 2 * deviation; });
    // P(|z| > 2) = 0.0455
    CHECK(std::abs(double(beyond) / n - 0.0455) < 5 * std::sqrt(0.0455 / n));
}

void check_uniform(const Array<double>& x, double variance) {
    const double bound = std::sqrt(3 * variance);
    CHECK(x.shape() == weight);
    CHECK(std::abs(mean_of(x)) < 5 * std::sqrt(variance / n));
    // A uniform variable's square has relative deviation sqrt(4 / 5).
    CHECK(std::abs(variance_of(x) / variance - 1) < 5 * std::sqrt(0.8 / n));
    const auto [low, high] = std::minmax_element(x.begin(), x.end());
    CHECK(*low >= -bound);
    CHECK(*high < bound);
    CHECK(*high > 0.999 * bound);
}

}  // namespace

TEST_CASE("he: variance 2 / fan_in, the factor of relu") {
    Rng rng(1);
    check_normal(init::he_normal<double>(weight, rng), 2.0 / 300);
    check_uniform(init::he_uniform<double>(weight, rng), 2.0 / 300);
    check_normal(init::he_normal<double>(weight, rng, 1), 1.0 / 300);
}

TEST_CASE("xavier: variance 2 / (fan_in + fan_out)") {
    Rng rng(2);
    check_normal(init::xavier_normal<double>(weight, rng), 2.0 / 500);
    check_uniform(init::xavier_uniform<double>(weight, rng), 2.0 / 500);
    check_normal(init::xavier_normal<double>(weight, rng, 5.0 / 3), 25.0 / 9 * 2 / 500);
}

TEST_CASE("lecun: variance 1 / fan_in, the factor of tanh") {
    Rng rng(3);
    check_normal(init::lecun_normal<double>(weight, rng), 1.0 / 300);
    check_uniform(init::lecun_uniform<double>(weight, rng), 1.0 / 300);
}

TEST_CASE("normal, uniform, constant and zeros") {
    Rng rng(4);
    check_normal(init::normal<double>(weight, rng, 0.1), 0.01);
    check_uniform(init::uniform<double>(weight, rng, 0.3), 0.03);
    check_same(init::constant<double>({2}, 1.5), {1.5, 1.5});
    check_same(init::zeros<float>({2}), {0, 0});
    check_same(init::normal<double>({2}, rng, 0), {0, 0});
}

TEST_CASE("the same seed gives the same weights, another seed others") {
    Rng a(5), b(5), c(6);
    const auto first = init::he_normal<double>({20, 30}, a);
    check_same(init::he_normal<double>({20, 30}, b), first);
    CHECK(difference(init::he_normal<double>({20, 30}, c), first, 0) != "");
    CHECK(difference(init::he_normal<double>({20, 30}, a), first, 0) != "");
}

TEST_CASE("fans: inputs and outputs, times the receptive field") {
    CHECK(init::fans({20, 30}).in == 30);
    CHECK(init::fans({20, 30}).out == 20);
    CHECK(init::fans({8, 3, 5, 5}).in == 75);
    CHECK(init::fans({8, 3, 5, 5}).out == 200);
    CHECK(text_of_error<ShapeError>([] {
              static_cast<void>(init::fans({3}));
          }) == "fans: the weight has shape (3,); need at least (out, in)");
}

TEST_CASE("a weight without fans is refused in the name of the function called") {
    Rng rng(7);
    const auto check_refused = [&](const char* name, const auto& initializer) {
        CHECK(text_of_error<ShapeError>([&] {
                  static_cast<void>(initializer());
              }) == std::string(name) + ": the weight has shape (3,); need at least (out, in)");
    };
    const Shape shape{3};
    check_refused("he_normal", [&] { return init::he_normal<double>(shape, rng); });
    check_refused("he_uniform", [&] { return init::he_uniform<double>(shape, rng); });
    check_refused("xavier_normal", [&] { return init::xavier_normal<double>(shape, rng); });
    check_refused("xavier_uniform", [&] { return init::xavier_uniform<double>(shape, rng); });
    check_refused("lecun_normal", [&] { return init::lecun_normal<double>(shape, rng); });
    check_refused("lecun_uniform", [&] { return init::lecun_uniform<double>(shape, rng); });
    CHECK(rng.state() == Rng(7).state());
}

TEST_CASE("scales below zero are refused") {
    Rng rng(7);
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(init::normal<double>({2}, rng, -1));
          }) == "normal: the deviation is -1; need >= 0");
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(init::he_normal<double>({2, 2}, rng, -1));
          }) == "he_normal: the gain is -1; need >= 0");
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(init::he_uniform<double>({2, 2}, rng, -1));
          }) == "he_uniform: the gain is -1; need >= 0");
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(init::xavier_normal<double>({2, 2}, rng, -2));
          }) == "xavier_normal: the gain is -2; need >= 0");
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(init::xavier_uniform<double>({2, 2}, rng, -2));
          }) == "xavier_uniform: the gain is -2; need >= 0");
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(init::uniform<double>({2}, rng, -1));
          }) == "uniform: the bound is -1; need >= 0");
}
