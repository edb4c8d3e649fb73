// What gradcheck() finds without differences, plain functions, and spot checks in training.
#include <autograd/record.hpp>
#include <nn/layers.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck_plain.hpp>
#include <tools/spot_check.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>

namespace xgrad {
namespace {

using V = Variable<double>;

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

V leaf(Array<double> value) { return {std::move(value), true}; }

const Op& copy_op() {
    static const Op op("copy_for_test", on({{2}}, [](const auto& in) { return 2 * in[0]; }));
    return op;
}

// x as it is, with any rule.
template <class Rule>
V copied(const V& x, Rule rule) {
    return record(copy_op(), Array<double>(x.value())).wrt(x, rule);
}

std::string text_of(const GradcheckReport& report, const std::string& check) {
    for (const GradcheckFinding& finding : report.findings) {
        if (finding.check == check)
            return finding.text;
    }
    return "none: " + report.to_string();
}

}  // namespace

#define CHECK_SAYS(text, part) CHECK_MESSAGE(says(text, part), text)

TEST_CASE("gradcheck: a rule that is not linear in g fails where a seed of 1 hides it") {
    const V w = leaf({0.5, 2});
    // Right for g = 1 alone.
    const auto loss = [&] { return sum(copied(w, [](const V& g) { return g * g; })); };
    const auto report = gradcheck(loss, {{"w", w}});
    CHECK(report.verdict() == GradcheckVerdict::fail);
    CHECK_SAYS(text_of(report, "adjoint"), "<v, J u> is ");
    CHECK_SAYS(text_of(report, "adjoint"), "some rule is not linear in g");
    const auto right = gradcheck([&] { return sum(exp(w) * w); }, {{"w", w}});
    CHECK_MESSAGE(right.ok(), right.to_string());
}

TEST_CASE("gradcheck: an output without a gradient counts as one of zero") {
    const GradcheckFunction wrong = [](const Variables& in) {
        const auto last = std::make_shared<double>(0);
        // Takes what the other rule left behind.
        const V b = copied(in[0], [last](const V& g) { return g + 0.001 * *last; });
        const V a = copied(in[0], [last](const V& g) {
            *last = g.value()(0);
            return g;
        });
        return Variables{b, a};
    };
    const auto report = gradcheck(wrong, Variables{leaf({1, -2})});
    CHECK_SAYS(text_of(report, "missing seed"), "where no gradient comes to output ");
    CHECK_SAYS(text_of(report, "missing seed"), "the gradient of input 0 at (0,) is ");
    const GradcheckFunction right = [](const Variables& in) {
        return Variables{in[0] * 2, exp(in[0]), sum(in[0])};
    };
    CHECK(gradcheck(right, Variables{leaf({1, -2})}).ok());
}

TEST_CASE("gradcheck: a function used twice has twice the gradient") {
    const auto calls = std::make_shared<int>(0);
    const auto f = [calls](const Variables& in) {
        const int call = grad_enabled() ? ++*calls : 0;
        return copied(in[0], [call](const V& g) { return call > 1 ? 3 * g : V(g); });
    };
    const auto report = gradcheck(f, Variables{leaf({1, -2})});
    CHECK_SAYS(
        text_of(report, "accumulation"), "where the function is used twice, the gradient of");
}

TEST_CASE("gradcheck: notes name a constant that drowns the loss and a term that hides another") {
    const V w = leaf({0.5, 2});
    const auto drowned = gradcheck([&] { return 1e-3 * sum(square(w)) + 1e9; }, {{"w", w}});
    REQUIRE(drowned.notes.size() == 1);
    CHECK_SAYS(drowned.notes[0], "a step of w changes the function by ");
    CHECK_SAYS(drowned.notes[0], "take the large constant out of it");
    const GradcheckFunction terms = [](const Variables& in) {
        return Variables{sum(square(in[0])), 1e5 * sum(square(in[0]))};
    };
    const auto hidden = gradcheck(terms, {{"w", w}});
    REQUIRE(hidden.notes.size() == 1);
    CHECK_SAYS(hidden.notes[0], "the gradient of w is ");
    CHECK_SAYS(hidden.notes[0], "which hides errors of the former; check the terms apart");
}

TEST_CASE("gradcheck: a report says that what dropout drew was repeated") {
    Rng rng(7);
    nn::Dropout<double> dropout(0.5, rng);
    const V w = leaf({0.5, 2, -1, 3, 1, 0.25});
    const auto loss = [&] { return sum(square(dropout(w))); };
    const auto report = gradcheck(loss, {{"w", w}}, {.allow_zero = true});
    CHECK_MESSAGE(report.ok(), report.to_string());
    REQUIRE(report.notes.size() == 1);
    CHECK_SAYS(report.notes[0], "dropout or noise is on: what it drew in 1 calls was repeated");
    dropout.eval();
    CHECK(gradcheck(loss, {{"w", w}}).notes.empty());
}

TEST_CASE("gradcheck: plain functions are checked like any other") {
    const auto f = [](const PlainArrays& x) { return x[0][0] * x[0][0] * x[1][0] + x[1][1]; };
    const auto right = [](const PlainArrays& x) {
        return PlainArrays{{2 * x[0][0] * x[1][0]}, {x[0][0] * x[0][0], 1}};
    };
    const PlainArrays x = {{1.5}, {-2, 0.5}};
    const auto report = gradcheck(f, right, x, {.order = 2});
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(report.orders.size() == 1);
    CHECK(report.orders[0].inputs[1].checked == 2);
    const auto wrong = [](const PlainArrays& x) {
        return PlainArrays{{2 * x[0][0] * x[1][0]}, {-x[0][0] * x[0][0], 1}};
    };
    const auto caught = gradcheck(f, wrong, x);
    CHECK(caught.verdict() == GradcheckVerdict::fail);
    CHECK_SAYS(text_of(caught, "gradient"), "gradient of input 1, shape (2,): 1 of 2 elements");
    CHECK_FALSE(says(text_of(caught, "gradient"), "plain_gradient"));
    CHECK_SAYS(text_of(caught, "gradient"), "worst input 1 at (0,): analytic -2.25, numeric 2.25");
    const auto few = [](const PlainArrays&) { return PlainArrays{{1}}; };
    CHECK_SAYS(
        text_of(gradcheck(f, few, x), "gradient"),
        "the backward pass threw: gradcheck: the gradient has 1 arrays; need 2, one an input");
}

TEST_CASE("spot_check: a rule that turns wrong during training is found at the next check") {
    const V w = leaf({0.5, -1}), b = leaf({0.25});
    const V x(Array<double>{{1, 2}, {-1, 0.5}, {0.5, 1}}), y(Array<double>{1, -1, 2});
    int step = 0, calls = 0;
    const auto loss = [&] {
        ++calls;
        const double factor = step >= 7 ? 1.01 : 1;
        const V h = copied(matmul(x, w) + b, [factor](const V& g) { return factor * g; });
        return mse_loss(h, y);
    };
    SpotCheck spot_check(5, 3);
    int found = -1;
    for (; step < 20 && found < 0; ++step) {
        if (const auto finding = spot_check(loss, NamedVariables{{"w", w}, {"b", b}})) {
            found = step;
            CHECK_SAYS(finding->text, "step 10: along a random direction the gradient is ");
            CHECK_SAYS(finding->advice, "run gradcheck(loss, parameters)");
            break;
        }
        for (const V& p : {w, b}) {
            const V g = grad(loss(), p);
            p.assign(Array<double>(p.value() - 0.05 * g.value()));
        }
    }
    CHECK(found == 10);
    CHECK(calls == 3 * 3 + 2 * 10);  // three passes a check, at 0, 5 and 10
}

TEST_CASE("spot_check: kinks, dropout and values that stay are no finding") {
    Rng rng(3);
    nn::Dropout<double> dropout(0.5, rng);
    const V w = leaf({0, 0.5, -1, 2});
    const Array<double> before = w.value();
    SpotCheck spot_check(1);
    for (int k = 0; k < 20; ++k) {
        const auto finding = spot_check(
            [&] { return sum(relu(w)) + sum(square(dropout(w))); }, NamedVariables{{"w", w}});
        CHECK_MESSAGE(!finding, (finding ? finding->text : ""));
    }
    CHECK(w.value() == before);
    CHECK_FALSE(w.has_grad());
    CHECK_THROWS_WITH_AS(
        SpotCheck(0), "spot_check: every is 0; need at least 1", std::invalid_argument);
}

}  // namespace xgrad
