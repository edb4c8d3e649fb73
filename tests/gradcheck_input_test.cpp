// gradcheck() on inputs and outputs that other checkers stumble over: a seed that is written to,
// shared memory, outputs without a gradient, elements of all sizes, ties, one input given twice.
#include <autograd/record.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck_op.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace xgrad {
namespace {

using V = Variable<double>;
using A = Array<double>;

V leaf(A value) { return {std::move(value), true}; }

// x as it is; in the gradient the element `at` is wrong by a factor.
V spoiled(const V& x, std::size_t at, double factor) {
    static const Op op("spoiled_for_inputs", on({{2}}, [](const auto& in) { return 2 * in[0]; }));
    return record(op, A(x.value())).wrt(x, [at, factor](const A& g) -> A {
        A share = g;
        share.data()[at] *= factor;
        return share;
    });
}

// The report on an op y = x^2 of one input, with a rule from x and g to x's share.
template <class Rule>
OpReport report_on_square(Rule rule) {
    const Op* self = nullptr;
    const Op op(
        "made_up_square", Samples(on({{3, 4}}, [&self, rule](const auto& in) {
            using T = typename std::decay_t<decltype(in[0])>::value_type;
            Array<T> y = in[0].value() * in[0].value();
            return Variable<T>(
                record(*self, std::move(y))
                    .wrt(in[0], [x = keep(in[0]), rule](const Variable<T>& g) -> Variable<T> {
                        return rule(*x, g);
                    }));
        })));
    self = &op;
    return check_op(op, {.order = 1});
}

std::string failure(const OpReport& report, const std::string& check) {
    for (const OpCheck& one : report.checks) {
        if (one.name == check && one.verdict == OpCheck::Verdict::failed)
            return one.text;
    }
    return "none: " + report.to_string();
}

// The names of the ops whose kinks lie at the entries.
std::vector<std::string> kinks(const GradcheckReport& report) {
    std::vector<std::string> names;
    for (const GradcheckEntry& entry : report.orders.at(0).worst) {
        if (!entry.kink.empty())
            names.push_back(entry.kink.substr(0, entry.kink.find(' ')));
    }
    return names;
}

}  // namespace

#define CHECK_SAYS(text, part) CHECK_MESSAGE((text).find(part) != std::string::npos, text)

TEST_CASE("check_op: a rule that writes to its seed is caught") {
    const OpReport report =
        report_on_square([]<class T>(const Variable<T>& x, const Variable<T>& g) {
            const Variable<T> share = 2 * x * g;
            g.update([](auto values) { values[1] = T(7); });
            return share;
        });
    CHECK(
        failure(report, "mutation") ==
        "the backward pass changed the output's seed; advice: compute on a copy");
}

TEST_CASE("check_op: a rule may hand out what it keeps or got; no gradients share memory") {
    // y = a + b: both get one Variable, once g itself and once one that the rule keeps as well.
    for (const bool keeps : {false, true}) {
        CAPTURE(keeps);
        const Op* self = nullptr;
        const Op op(
            "made_up_sum",
            Samples(on({{3, 4}, {3, 4}}, [&self, keeps](const auto& in) {
                        using T = typename std::decay_t<decltype(in[0])>::value_type;
                        const auto kept = std::make_shared<Variable<T>>();
                        const auto rule = [keeps, kept](const Variable<T>& g) {
                            if (keeps)
                                *kept = g;
                            return keeps ? *kept : g;
                        };
                        Array<T> y = (in[0].detach() + in[1].detach()).value();
                        return Variable<T>(
                            record(*self, std::move(y)).wrt(in[0], rule).wrt(in[1], rule));
                    }).linear()));
        self = &op;
        const OpReport report = check_op(op);
        CHECK_MESSAGE(report.ok(), report.to_string());
        const auto is_aliasing = [](const OpCheck& check) { return check.name == "aliasing"; };
        const auto aliasing = std::ranges::find_if(report.checks, is_aliasing);
        REQUIRE(aliasing != report.checks.end());
        CHECK(aliasing->verdict == OpCheck::Verdict::passed);
    }
}

TEST_CASE("gradcheck: an output that requires no gradient does not disturb the others") {
    A values = empty<double>({64});
    for (std::size_t i = 0; i < values.size(); ++i)
        values.data()[i] = std::sin(1.7 * static_cast<double>(i));
    const V x = leaf(values);
    for (const std::size_t limit : {std::size_t(10000), std::size_t(10)}) {
        CAPTURE(limit);
        const GradcheckFunction right = [](const Variables& in) {
            return Variables{V(A(argmax(in[0]))), exp(in[0]), V(A(argsort(in[0])))};
        };
        const auto report = gradcheck(right, Variables{x}, {.order = 2, .full_limit = limit});
        CHECK_MESSAGE(report.ok(), report.to_string());
        CHECK((report.orders.at(0).inputs.at(0).directions > 0) == (limit == 10));
        const GradcheckFunction wrong = [](const Variables& in) {
            return Variables{V(A(argmax(in[0]))), exp(spoiled(in[0], 37, 1.5))};
        };
        const auto caught = gradcheck(wrong, Variables{x}, {.full_limit = limit});
        REQUIRE(caught.verdict() == GradcheckVerdict::fail);
        CHECK(caught.orders[0].worst.front().index == std::vector<std::size_t>{37});
    }
}

TEST_CASE("gradcheck: one array of sizes from 1e-8 to 1e8") {
    A sizes = empty<double>({17});
    for (std::size_t i = 0; i < sizes.size(); ++i)
        sizes.data()[i] = std::pow(10.0, static_cast<double>(i) - 8);
    const V x = leaf(sizes);
    for (const auto& f :
         {GradcheckFunction([](const Variables& in) { return log(in[0]); }),
          GradcheckFunction([](const Variables& in) { return square(in[0]); }),
          GradcheckFunction([](const Variables& in) { return in[0] * sin(log(in[0])); })}) {
        const auto right = gradcheck(f, Variables{x});
        CHECK_MESSAGE(right.ok(), right.to_string());
    }
    // The gradient of log is from 1e8 to 1e-8. Each wrong element is found down to where the
    // tolerance is that of a thousandth of the largest.
    std::size_t found = 0;
    for (std::size_t at = 0; at < sizes.size(); ++at) {
        CAPTURE(at);
        const auto wrong = gradcheck(
            [&](const Variables& in) { return log(spoiled(in[0], at, 1.03)); }, Variables{x});
        const double gap = 0.03 / sizes.data()[at];
        const bool is_visible = gap > 1e-6 * 1e-3 * 1e8;
        CHECK((wrong.verdict() == GradcheckVerdict::fail) == is_visible);
        if (wrong.verdict() == GradcheckVerdict::fail) {
            ++found;
            CHECK(wrong.orders[0].inputs[0].off == 1);
            CHECK(wrong.orders[0].worst.front().index == std::vector<std::size_t>{at});
        }
    }
    CHECK(found == 8);
    // Where the large results drown the small ones the check stays open; it never passes.
    for (std::size_t at = 0; at < sizes.size(); ++at) {
        CAPTURE(at);
        const auto wrong = gradcheck(
            [&](const Variables& in) {
                const V& y = spoiled(in[0], at, 1.01);
                return y * sin(log(y));
            },
            Variables{x});
        CHECK_MESSAGE(wrong.verdict() != GradcheckVerdict::pass, wrong.to_string());
    }
}

TEST_CASE("gradcheck: ties of sort, max and min pass, and are named") {
    const V x = leaf({2, 1, 3, 1, 3});
    const V weights(A{1, -2, 0.5, 3, -1});
    const auto sorted =
        gradcheck([&](const Variables& in) { return sort(in[0]).values * weights; }, Variables{x});
    CHECK_MESSAGE(sorted.verdict() != GradcheckVerdict::fail, sorted.to_string());
    CHECK(sorted.orders[0].inputs[0].kinks == 4);
    CHECK(kinks(sorted) == std::vector<std::string>(4, "sort"));
    const auto check = [&](const std::string& name, std::size_t at, auto f) {
        CAPTURE(name);
        const auto right = gradcheck([&](const Variables& in) { return f(in[0]); }, Variables{x});
        CHECK_MESSAGE(right.ok(), right.to_string());
        // One of two that tie gets three halves of g, and may get at most all of it.
        const auto wrong =
            gradcheck([&](const Variables& in) { return f(spoiled(in[0], at, 3)); }, Variables{x});
        REQUIRE(wrong.verdict() == GradcheckVerdict::fail);
        CHECK_SAYS(wrong.to_string(), "on the kink of " + name + " (gradcheck_input_test.cpp:");
    };
    check("max", 2, [](const V& v) { return max(v, {0}); });
    check("min", 3, [](const V& v) { return min(v, {0}); });
}

TEST_CASE("gradcheck: one Variable given as two inputs is two inputs") {
    const V x = leaf({0.5, -1, 2});
    const auto f = [](const Variables& in) { return exp(in[0]) * in[1]; };
    const auto report = gradcheck(f, {x, x}, {.order = 2});
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(report.orders[0].inputs.size() == 2);
    const auto half = [](const Variables& in) { return in[0] * in[1].detach(); };
    const auto caught = gradcheck(half, {x, x});
    REQUIRE(caught.findings.size() == 1);
    CHECK_SAYS(caught.findings[0].text, "gradient of input 1, shape (3,): 3 of 3 elements");
}

TEST_CASE("gradcheck: one parameter listed under two names has the gradient of both") {
    const V w = leaf({0.5, -1, 2});
    const A before = w.value();
    const auto report = gradcheck([&] { return sum(exp(w) * w); }, {{"a", w}, {"b", w}});
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(report.orders[0].inputs[1].name == "b");
    CHECK(w.value() == before);
}

TEST_CASE("gradcheck: an expanded input is copied, and each of its elements moves alone") {
    const V x = leaf({0.5, -1, 2});
    const V wide = expand(x, {4, 3});
    const auto report = gradcheck([](const Variables& in) { return sin(in[0]); }, Variables{wide});
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(report.orders[0].inputs[0].checked == 12);
    CHECK(x.value() == A{0.5, -1, 2});
    // Inside the function the shares add up.
    const auto inside = gradcheck(
        [](const Variables& in) {
            return sin(expand(in[0], {4, 3}));
        },
        Variables{x},
        {.order = 2});
    CHECK_MESSAGE(inside.ok(), inside.to_string());
    CHECK_THROWS_WITH_AS(
        static_cast<void>(gradcheck([&] { return sum(wide); }, {{"wide", wide}})),
        "gradcheck: parameter \"wide\", shape (4, 3), is the result of an op; need a leaf with "
        "requires_grad",
        std::invalid_argument);
}

}  // namespace xgrad
