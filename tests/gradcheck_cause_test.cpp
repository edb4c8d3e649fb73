// From the elements that are off to the likely cause.
#include <tools/gradcheck_cause.hpp>

#include <doctest/doctest.h>

#include <cmath>

namespace xgrad::detail {
namespace {

// What is said of a gradient `wrong(k)` of elements whose slope is numeric[k].
template <class Wrong>
std::string cause_of(const Shape& shape, const std::vector<double>& values, Wrong wrong) {
    Compared all;
    all.shape = shape;
    for (std::size_t k = 0; k < values.size(); ++k) {
        const double slope = 1 + 0.37 * std::sin(3.0 * static_cast<double>(k) + 1);
        all.at.push_back(k);
        all.numeric.push_back(slope);
        all.value.push_back(values[k]);
    }
    for (std::size_t k = 0; k < values.size(); ++k) {
        all.analytic.push_back(wrong(k, all.numeric));
        all.off.push_back(std::abs(all.analytic[k] - all.numeric[k]) > 1e-9);
    }
    return likely_cause(all).text;
}

const std::vector<double> six{0.5, -0.4, 1.5, -1.2, 0.3, 1.9};

}  // namespace

TEST_CASE("cause: a factor, in all elements or in some that have something in common") {
    const auto& x = six;
    CHECK(cause_of({6}, x, [](auto k, auto& n) { return 2 * n[k]; }) == "off by the factor 2");
    CHECK(cause_of({6}, x, [](auto k, auto& n) {
              return (1 + 2e-6) * n[k];
          }) == "off by the factor 1 + 2e-06");
    CHECK(cause_of({6}, x, [](auto k, auto& n) {
              return (1 - 1e-5) * n[k];
          }) == "off by the factor 1 - 1e-05");
    CHECK(cause_of({6}, x, [&](auto k, auto& n) {
              return x[k] < 0 ? -n[k] : n[k];
          }) == "the sign is wrong where the input is negative");
    CHECK(cause_of({6}, x, [&](auto k, auto& n) {
              return x[k] > 1 ? 3 * n[k] : n[k];
          }) == "off by the factor 3 where the input is 1.5 or more in size");
}

TEST_CASE("cause: what sets the wrong elements apart") {
    std::vector<double> x(9, 0.0);
    for (std::size_t k = 0; k < x.size(); ++k)
        x[k] = std::cos(2.3 * static_cast<double>(k));
    const auto odd = [](auto k, auto& n) { return n[k] + 0.1 * static_cast<double>(1 + k * k); };
    const auto only = [&](auto is) {
        return cause_of({3, 3}, x, [&](auto k, auto& n) { return is(k) ? odd(k, n) : n[k]; });
    };
    CHECK(
        only([](std::size_t k) { return k / 3 == k % 3; }) ==
        "only 3 of 9 elements are off: look at masks, edges and indices (they are those on the "
        "diagonal)");
    CHECK(
        only([](std::size_t k) { return k / 3 == 2; }) ==
        "only 3 of 9 elements are off: look at masks, edges and indices (they are those at the end "
        "of axis 0)");
    CHECK(
        only([](std::size_t k) { return k == 8; }) ==
        "only 1 of 9 elements are off: look at masks, edges and indices (they are those in the "
        "last "
        "element)");
}

TEST_CASE("cause: a constant, a shift, the other branch") {
    const auto& x = six;
    CHECK(cause_of({6}, x, [](auto k, auto& n) {
              return n[k] + 2.5;
          }) == "-2.5 is missing everywhere: the share through a mean or a sum");
    CHECK(cause_of({6}, x, [](auto k, auto& n) {
              return k + 1 < 6 ? n[k + 1] : 0.0;
          }) == "looks shifted by one along axis 0");
    CHECK(cause_of({6}, x, [](auto k, auto& n) {
              return n[(k + 5) % 6];
          }) == "looks shifted by one along axis 0");
    CHECK(cause_of({6}, x, [](auto k, auto& n) {
              return n[k] * n[k] + static_cast<double>(k * k);
          }) == "no simple relation: another formula, or a saved value that is stale");
}

}  // namespace xgrad::detail
