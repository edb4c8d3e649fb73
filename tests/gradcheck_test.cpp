// gradcheck() on functions and closures: names, places, verdicts, and what it leaves behind.
#include <ops/ops.hpp>
#include <tools/gradcheck.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <string>

namespace xgrad {
namespace {

using V = Variable<double>;

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

V leaf(Array<double> value) { return {std::move(value), true}; }

const V matrix = leaf({{0.5, -1, 2}, {1.5, 0.25, -0.75}});
const V row = leaf({1, -2, 0.5});

// 2 a b, of which a gets half.
V wrong_product(const V& a, const V& b) { return a.detach() * b + a * b; }

}  // namespace

#define CHECK_SAYS(text, part) CHECK_MESSAGE(says(text, part), text)

TEST_CASE("gradcheck: a right function passes to any order, and every input is named") {
    const auto report = gradcheck(
        [](const Variables& in) { return exp(in[0]) * in[1] * in[1]; },
        {{"0.weight", matrix}, {"0.bias", row}},
        {.order = 3});
    CHECK_MESSAGE(report.ok(), report.to_string());
    REQUIRE(report.orders.size() == 3);
    const GradcheckOrder& first = report.orders[0];
    REQUIRE(first.inputs.size() == 2);
    CHECK(first.inputs[0].name == "0.weight");
    CHECK(first.inputs[0].shape == Shape{2, 3});
    CHECK(first.inputs[0].checked == 6);
    CHECK(first.inputs[1].checked == 3);
    CHECK(first.relative_error() < 1e-9);
    CHECK(norm_band(first.norm_ratio) == NormBand::fine);
    CHECK(report.orders[1].inputs[2].name == "seed 0");
    CHECK_SAYS(report.to_string(), "gradcheck: PASS\n");
    CHECK_SAYS(report.to_string(), "    0.bias (3,): 3 of 3 elements, worst relative error");
}

TEST_CASE("gradcheck: a wrong gradient is reported by name, index and both values") {
    const auto report = gradcheck(
        [](const Variables& in) { return wrong_product(in[0], in[1]); },
        {{"0.weight", matrix}, {"0.bias", row}});
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].check == "gradient");
    CHECK_SAYS(report.findings[0].text, "gradient of 0.weight, shape (2, 3): 6 of 6 elements");
    CHECK_SAYS(report.findings[0].text, "likely cause: off by the factor 0.5");
    const GradcheckEntry& worst = report.orders[0].worst.front();
    CHECK(worst.input == "0.weight");
    CHECK(worst.index.size() == 2);
    CHECK(worst.numeric == doctest::Approx(2 * worst.analytic));
    CHECK(worst.absolute == doctest::Approx(std::abs(worst.analytic)));
    CHECK(report.orders[0].inputs[0].off == 6);
    CHECK(report.orders[0].inputs[1].off == 0);
    CHECK(report.orders[0].worst.size() == 5);
    CHECK_SAYS(report.to_string(), "gradcheck: FAIL\n");
    CHECK_SAYS(report.to_string(), "worst entries:\n      0.weight at (");
}

TEST_CASE("gradcheck: several outputs are weighed together") {
    const GradcheckFunction both = [](const Variables& in) {
        return Variables{in[0] * in[0], exp(in[1]), sum(in[0] * in[1])};
    };
    const auto report = gradcheck(both, {matrix, row}, {.order = 2});
    CHECK_MESSAGE(report.ok(), report.to_string());
    const GradcheckFunction wrong = [](const Variables& in) {
        return Variables{in[0] * in[0], exp(in[1]).detach(), sum(in[0])};
    };
    const auto caught = gradcheck(wrong, {matrix, row});
    REQUIRE(caught.findings.size() == 1);
    CHECK_SAYS(caught.findings[0].text, "gradient of input 1, shape (3,): 3 of 3 elements");
    CHECK_SAYS(caught.findings[0].text, "no gradient arrives");
}

TEST_CASE("gradcheck: inputs that require no gradient are constants") {
    const auto report = gradcheck(
        [](const Variables& in) { return in[0] * in[1]; }, {matrix, V(Array<double>(row.value()))});
    CHECK(report.ok());
    CHECK(report.orders[0].inputs.size() == 1);
    CHECK_THROWS_WITH_AS(
        static_cast<void>(
            gradcheck([](const Variables& in) { return in[0]; }, {V(Array<double>(row.value()))})),
        "gradcheck: 0 inputs require a gradient, with 0 elements; need at least one element, so "
        "pass requires_grad = true",
        std::invalid_argument);
}

TEST_CASE("gradcheck: gradients too small for the element's tolerance are judged by their norm") {
    const auto report = gradcheck(
        [](const Variables& in) { return (-2e-8) * in[0].detach() * in[0] - 1e-8 * (in[0] * 0); },
        Variables{row});
    REQUIRE(report.findings.size() == 1);
    CHECK_SAYS(report.findings[0].text, "(worry)");
    CHECK_SAYS(report.findings[0].text, "off by the factor 0.5");
}

TEST_CASE("gradcheck: gradients below the rounding of the function are no failure") {
    const auto report = gradcheck(
        [](const Variables& in) { return sum(in[0]) + sum(1e-14 * (in[1] * in[1])) + 1000; },
        {matrix, row},
        {.allow_zero = true});
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(report.orders[0].inputs[1].below_noise);
    CHECK_SAYS(report.to_string(), "(rounding of the differences)");
}

TEST_CASE("gradcheck: a softmax that saturates passes") {
    for (const double size : {10., 20., 24., 26., 28., 30., 32., 36., 100.}) {
        for (const double last : {0., 1.}) {
            CAPTURE(size);
            const Variables x = {{Array<double>{{size, 0, last}}, true}};
            const auto report =
                gradcheck([](const Variables& in) { return softmax(in[0], -1); }, x);
            CHECK_MESSAGE(report.ok(), report.to_string());
        }
    }
}

TEST_CASE("gradcheck: a kink between x - h and x + h is resolved by other steps") {
    const V near_zero = leaf({2e-6, -3e-6, 1});
    const auto report =
        gradcheck([](const Variables& in) { return relu(in[0]); }, Variables{near_zero});
    CHECK_MESSAGE(report.ok(), report.to_string());
}

TEST_CASE("gradcheck: a closure over parameters is checked in place and left as it was") {
    const V w = leaf({{0.1, 0.7}, {-0.3, 0.2}});
    const V b = leaf({0.3, -0.4});
    const Array<double> before = w.value();
    const V x(Array<double>{{1, 2}, {0.5, -1}});
    sum(w * 3).backward();
    const auto loss = [&] { return mean(square(tanh(linear(x, w, b)))); };
    const auto report = gradcheck(loss, {{"dense.weight", w}, {"dense.bias", b}}, {.order = 2});
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(report.orders[0].inputs[1].name == "dense.bias");
    CHECK(w.value() == before);
    CHECK(w.grad() == Array<double>{{3, 3}, {3, 3}});
}

TEST_CASE("gradcheck: a module's parameters are taken as they are listed") {
    struct Listed {
        std::string name;
        V value;
    };
    const std::vector<Listed> parameters = {{"w", leaf({0.5, 2})}, {"b", leaf({1, -1})}};
    const auto loss = [&] { return sum(exp(parameters[0].value) * parameters[1].value); };
    const auto report = gradcheck(loss, parameters);
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(report.orders[0].inputs[1].name == "b");
}

TEST_CASE("gradcheck: parameters are back when the loss throws midway") {
    const V w = leaf({0.1, 0.7, 1.0 / 3});
    const Array<double> before = w.value();
    int calls = 0;
    const auto loss = [&] {
        if (++calls == 7)
            throw std::runtime_error("midway");
        return sum(w * w);
    };
    CHECK_THROWS_WITH_AS(
        static_cast<void>(gradcheck(loss, {{"w", w}})), "midway", std::runtime_error);
    CHECK(w.value() == before);
}

TEST_CASE("gradcheck: a loss that changes its parameters is caught, and they are restored") {
    const V w = leaf({0.1, 0.7});
    const Array<double> before = w.value();
    const auto loss = [&] {
        w.update([](std::span<double> values) { values[1] += 1; });
        return sum(w * w);
    };
    const auto report = gradcheck(loss, {{"w", w}});
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].check == "mutation");
    CHECK(report.findings[0].text == "the forward pass changed w at (1,) from 0.7 to 1.7");
    CHECK(w.value() == before);
}

TEST_CASE("gradcheck: randomness that does not repeat is named") {
    const V w = leaf({0.5, 0.25});
    double noise = 0;
    const auto report = gradcheck([&] { return sum(w * w) + (noise += 0.5); }, {{"w", w}});
    REQUIRE(report.findings.size() == 1);
    CHECK_MESSAGE(
        report.findings[0].text.find(
            "two calls of the function with the same inputs differ: output element 0 is 0.8125, "
            "then 1.3125; the first result that differs is that of add "
            "(gradcheck_test.cpp:") == 0,
        report.findings[0].text);
    CHECK(report.findings[0].advice == "freeze its randomness and its state");
}

TEST_CASE("gradcheck: a sample of the elements takes some of every input, and repeats") {
    const V large(Array<double>(Shape{40, 50}, 0.5), true);
    Array<double> mask(Shape{40, 50}, 0.0);
    mask(3, 7) = 1;
    const V one(std::move(mask));
    const auto f = [&](const Variables& in) { return sum(in[0] * one * in[0]) + sum(exp(in[1])); };
    const auto report = gradcheck(f, {large, row}, {.max_elements = 10});
    // The one element that matters is among those with a gradient, which make up half.
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(report.orders[0].inputs[0].checked >= 5);
    CHECK(report.orders[0].inputs[0].checked <= 10);
    CHECK(report.orders[0].inputs[1].checked == 3);
    CHECK(report.orders[0].inputs[0].has_effect);
    const auto again = gradcheck(f, {large, row}, {.max_elements = 10});
    CHECK(again.to_string() == report.to_string());
}

TEST_CASE("gradcheck: an input without effect is dead, and may be allowed") {
    const auto f = [](const Variables& in) { return in[0] * in[0] + 0 * in[1]; };
    const auto report = gradcheck(f, {matrix, row});
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].check == "dead input");
    CHECK(
        report.findings[0].text ==
        "gradient of input 1, shape (3,): all 3 differences are zero, and any rule that gives zero "
        "passes");
    CHECK(report.findings[0].advice.find("set allow_zero") != std::string::npos);
    // The gradient is right, and proven nowhere.
    CHECK(report.verdict() == GradcheckVerdict::inconclusive);
    CHECK(gradcheck(f, {matrix, row}, {.allow_zero = true}).ok());
}

TEST_CASE("gradcheck: what it cannot do, it says") {
    const auto f = [](const Variables& in) { return in[0] * in[0]; };
    CHECK_THROWS_WITH_AS(
        gradcheck(f, Variables{row}, {.order = 0}),
        "gradcheck: order is 0; need at least 1",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        gradcheck(f, Variables{row}, {.step = -1}),
        "gradcheck: step is -1; need a positive number, or 0 for the default",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        gradcheck(f, Variables{row}, {.tolerance = 0}),
        "gradcheck: tolerance is 0; need a positive number",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        gradcheck([](const Variables&) { return Variables{}; }, Variables{row}),
        "gradcheck: the function has no output element; need at least one",
        std::invalid_argument);
    const V fixed(Array<double>{1, 2});
    CHECK_THROWS_WITH_AS(
        gradcheck([&] { return sum(fixed); }, {{"w", fixed}}),
        "gradcheck: parameter \"w\", shape (2,), does not require a gradient; need a leaf with "
        "requires_grad",
        std::invalid_argument);
}

TEST_CASE("norm_band: the bands of practice") {
    CHECK(norm_band(0) == NormBand::fine);
    CHECK(norm_band(9e-8) == NormBand::fine);
    CHECK(norm_band(1e-7) == NormBand::close);
    CHECK(norm_band(1e-5) == NormBand::look);
    CHECK(norm_band(1e-3) == NormBand::worry);
    CHECK(norm_band(std::nan("")) == NormBand::worry);
    CHECK(std::string(describe(NormBand::look)) == "look at the components");
}

}  // namespace xgrad
