// gradcheck() of whole models: which op is to blame, what was forgotten, and hygiene of any
// function.
#include <autograd/call_trace.hpp>
#include <autograd/record.hpp>
#include <nn/nn.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck.hpp>

#include <doctest/doctest.h>

#include <string>

namespace xgrad {
namespace {

using V = Variable<double>;

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

V leaf(Array<double> value) { return {std::move(value), true}; }

const Op& skewed_op() {
    static const Op op("skewed", on({{2}}, [](const auto& in) { return 2 * in[0]; }));
    return op;
}

// x as it is, with a gradient `factor` times too large.
V skewed(const V& x, double factor, Where where = Where::current()) {
    return record(skewed_op(), Array<double>(x.value()), where).wrt(x, [factor](const V& g) {
        return factor * g;
    });
}

std::string first_text(const GradcheckReport& report) {
    return report.findings.empty() ? "" : report.findings.front().text;
}

}  // namespace

#define CHECK_SAYS(text, part) CHECK_MESSAGE(says(text, part), text)

TEST_CASE("gradcheck: the first wrong op of a model is named with its line") {
    const V w = leaf({{0.5, -0.25}, {0.75, 1}, {-0.5, 0.25}});
    const V b = leaf({0.1, -0.2, 0.3});
    const V x(Array<double>{{1, 2}, {-1, 0.5}});
    int line = 0;
    const auto loss = [&] {
        const V h = tanh(linear(x, w, b));
        line = __LINE__ + 1;
        const V k = skewed(h * h, 1.5);
        return mean(exp(k) * sin(h));
    };
    const auto report = gradcheck(loss, {{"w", w}, {"b", b}});
    REQUIRE(report.verdict() == GradcheckVerdict::fail);
    CHECK_SAYS(
        first_text(report),
        "the first wrong rule is that of skewed (gradcheck_model_test.cpp:" + std::to_string(line) +
            "), in its share for the result of mul (gradcheck_model_test.cpp:" +
            std::to_string(line) + ")");
}

TEST_CASE("gradcheck: an op that reads a parameter wrongly is named") {
    const V w = leaf({0.5, 2});
    const auto report = gradcheck([&] { return sum(exp(skewed(w, -1))); }, {{"w", w}});
    CHECK_SAYS(first_text(report), "the first wrong rule is that of skewed (");
    CHECK_SAYS(first_text(report), "in its share for w");
    CHECK_SAYS(first_text(report), "likely cause: the sign is wrong");
    CHECK(report.findings[0].advice == "turn the sign of this input's share");
}

TEST_CASE("gradcheck: of several ops that read an input the wrong one is named") {
    const V x = leaf({{1, -2, 0.5}, {0.25, 3, -1}});
    // What is missing, x, looks like a penalty's share.
    const auto half_square = [](const V& in) {
        return V(record(skewed_op(), Array<double>(square(in.detach()).value()))
                     .wrt(in, [kept = keep(in)](const V& g) { return g * *kept; }));
    };
    const auto report = gradcheck([&] { return sum(sin(x)) + sum(half_square(x)); }, {{"x", x}});
    CHECK_SAYS(first_text(report), "the first wrong rule is that of skewed (gradcheck_model_test");
    CHECK_SAYS(first_text(report), "in its share for x");
    CHECK_FALSE(says(first_text(report), " or "));
    CHECK_FALSE(says(first_text(report), "regularisation"));
}

TEST_CASE("gradcheck: each input's failure names what is wrong on that input's way") {
    const V x = leaf({0.5, 2}), y = leaf({1.5, -0.75}), z = leaf({1, 3});
    const auto loss = [&] {
        return sum(exp(skewed(x, 2))) + sum(sin(skewed(y * y, 3))) + sum(z * z);
    };
    const auto report = gradcheck(loss, {{"x", x}, {"y", y}, {"z", z}});
    REQUIRE(report.findings.size() == 2);
    CHECK_SAYS(report.findings[0].text, "gradient of x, ");
    CHECK_SAYS(report.findings[0].text, "in its share for x");
    CHECK_SAYS(report.findings[1].text, "gradient of y, ");
    CHECK_SAYS(report.findings[1].text, "in its share for the result of mul (");
}

TEST_CASE("gradcheck: where part of the way is off the tape no op is accused") {
    const V x = leaf({{1, -2, 0.5}, {0.25, 3, -1}});
    const auto report = gradcheck([&] { return sum(sin(x)) + sum(sin(x.detach())); }, {{"x", x}});
    CHECK_SAYS(first_text(report), "every rule is right, and part of this input's way is off the");
    CHECK_FALSE(says(first_text(report), "the first wrong rule"));
    CHECK(report.findings[0].advice == "look for detach(), item() and value() on its way");
}

TEST_CASE("call trace: results are listed in order, and one of them can be moved") {
    const V x = leaf({1, 2});
    const auto f = [&] { return sum(exp(x) * 2); };
    double before = 0;
    {
        const detail::CallTrace trace;
        before = f().item();
        REQUIRE(trace.calls().size() == 3);
        CHECK(trace.calls()[0].op->name() == "exp");
        CHECK(trace.calls()[2].op->name() == "sum");
        CHECK(trace.calls()[1].node != nullptr);
    }
    {
        const detail::CallTrace moved(0, [](Array<double>& value) { value += 1.0; });
        CHECK(f().item() == doctest::Approx(before + 4));
    }
    CHECK(f().item() == before);
}

TEST_CASE("gradcheck: a penalty that the gradient leaves out is recognised") {
    const V w = leaf({0.5, -2, 1.25, 3});
    // The loss has 0.05 w^2, its gradient does not.
    const auto loss = [&] { return sum(sin(w)) + 0.05 * sum(square(w.detach())); };
    const auto report = gradcheck(loss, {{"w", w}});
    CHECK_SAYS(
        first_text(report),
        "a regularisation term is missing: the difference is 0.1 times the value");
    CHECK_SAYS(report.findings[0].advice, "add the penalty's derivative to the gradient");
}

TEST_CASE("gradcheck: dropout is checked, not switched off: its masks are drawn once") {
    Rng rng(3);
    nn::Dense<double> dense(6, 5, rng);
    nn::Dropout<double> dropout(0.5, rng);
    const V x(Array<double>(Shape{4, 6}, 0.7));
    const auto report =
        gradcheck([&] { return mean(square(dropout(dense(x)))); }, dense.parameters());
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(report.orders[0].norm_ratio < 1e-7);
    // The layer itself goes on drawing new ones.
    CHECK(dropout(dense(x)).value() != dropout(dense(x)).value());
}

TEST_CASE("gradcheck: a backward pass that does not repeat is named") {
    double state = 1;
    const auto f = [&](const Variables& in) {
        return V(record(skewed_op(), Array<double>(in[0].value())).wrt(in[0], [&state](const V& g) {
            return g * (state += 1e-12);
        }));
    };
    const auto report = gradcheck(f, Variables{leaf({1, 2})});
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].check == "determinism");
    CHECK_SAYS(first_text(report), "two backward passes through one graph differ: the gradient of");
    CHECK(report.findings.front().advice == "look for state that a rule keeps");
}

TEST_CASE("gradcheck: a rule that is not zero for a zero gradient is named") {
    const auto f = [&](const Variables& in) {
        return V(record(skewed_op(), Array<double>(in[0].value())).wrt(in[0], [](const V& g) {
            return g + 0.5;
        }));
    };
    const auto report = gradcheck(f, Variables{leaf({1, 2})});
    REQUIRE(report.findings.size() == 1);
    CHECK(
        first_text(report) ==
        "where the output's gradient is zero, the gradient of input 0 at (0,) is 0.5");
}

TEST_CASE("gradcheck: where f rejects inputs nearby, the domain ends") {
    const auto f = [](const Variables& in) {
        for (const double x : in[0].value()) {
            if (x < 0)
                throw std::invalid_argument("f: negative");
        }
        return exp(in[0]);
    };
    const auto report = gradcheck(f, Variables{leaf({0, 1e-9, 1})});
    CHECK_MESSAGE(report.ok(), report.to_string());
}

TEST_CASE("gradcheck: a module is checked with its loss and a batch") {
    Rng rng(5);
    nn::Sequential<double> net(
        nn::Dense<double>(4, 8, rng), nn::Relu<double>(), nn::Dense<double>(8, 3, rng));
    const data::Batch<double> batch{Array<double>(Shape{2, 4}, 0.5), {0, 2}};
    const auto report = gradcheck(
        net, [](const V& logits, const auto& y) { return cross_entropy(logits, y); }, batch);
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(report.orders[0].inputs.size() == 4);
    CHECK(report.orders[0].inputs[0].name == "0.weight");
}

TEST_CASE("gradcheck: a function in float is judged by the slopes of the one in double") {
    const auto f = [](const auto& in) { return tanh(in[0]) * in[1]; };
    const Variables x = {leaf({0.5, -1.25}), leaf({2, 0.75})};
    const auto report = gradcheck(judged_in_double(f, f), x, float_options());
    CHECK_MESSAGE(report.ok(), report.to_string());
    // A rule that is wrong in float only.
    const auto wrong = [](const auto& in) {
        using T = typename std::decay_t<decltype(in[0])>::value_type;
        const T factor = sizeof(T) == 4 ? T(1.001) : T(1);
        return record(skewed_op(), Array<T>(in[0].value()))
            .wrt(in[0], [factor](const Variable<T>& g) { return factor * g; });
    };
    const auto caught = gradcheck(judged_in_double(wrong, wrong), Variables{x[0]}, float_options());
    CHECK(caught.verdict() == GradcheckVerdict::fail);
    CHECK_SAYS(first_text(caught), "off by the factor 1.001");
    const auto first = gradcheck(wrong, Variables{x[0]});
    CHECK(first.ok());
}

TEST_CASE("gradcheck: dead units and gradients near zero are noted") {
    const V w = leaf({0.5, 2});
    const auto dead = gradcheck([&] { return sum(relu(w * -1.0)) + sum(w); }, {{"w", w}});
    REQUIRE(dead.notes.size() == 1);
    CHECK_SAYS(dead.notes[0], "all 2 results of relu (gradcheck_model_test.cpp:");
    const auto tiny = gradcheck([&] { return 1e-12 * sum(square(w)); }, {{"w", w}});
    REQUIRE(tiny.notes.size() == 1);
    CHECK_SAYS(tiny.notes[0], "the gradient of w is at most 4e-12, where rounding hides errors");
    CHECK_SAYS(tiny.to_string(), "  note: the gradient of w");
}

}  // namespace xgrad
