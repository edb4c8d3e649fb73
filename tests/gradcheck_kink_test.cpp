// gradcheck() at kinks, borders and noise: what the tape traces, and the three verdicts.
#include <autograd/branch.hpp>
#include <autograd/record.hpp>
#include <ops/fused.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck.hpp>
#include <tools/gradcheck_case.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

namespace xgrad {
namespace {

using V = Variable<double>;

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

V leaf(Array<double> value) { return {std::move(value), true}; }

template <class F>
std::vector<BranchRecord> traced(F f, const V& x) {
    const BranchGuard guard;
    static_cast<void>(f(x));
    return guard.records();
}

// The first call that decides differently at a and at b: "relu (1,) x1"; empty without one.
template <class F>
std::string change(F f, const Array<double>& a, const Array<double>& b) {
    const auto changes = changed_branches(traced(f, V(a)), traced(f, V(b)));
    if (changes.empty())
        return "";
    const BranchChange& first = changes.front();
    std::string text = first.op + " (";
    for (const std::size_t i : first.index)
        text += std::to_string(i) + ",";
    return text + ") x" + std::to_string(first.count);
}

// y = factor x, whose gradient is `slope` times g.
V scaled(const V& x, double factor, double slope) {
    static const Op op("scaled_for_test", on({{2}}, [](const auto& in) { return 2 * in[0]; }));
    return record(op, Array<double>(factor * x.value())).wrt(x, [slope](const V& g) {
        return slope * g;
    });
}

}  // namespace

#define CHECK_SAYS(text, part) CHECK_MESSAGE(says(text, part), text)

TEST_CASE("branches: nothing is noted without a guard, and smooth ops note nothing") {
    const V x = leaf({1, -2});
    CHECK(traced([](const V& v) { return exp(v) * v + sum(v); }, x).empty());
    {
        const BranchGuard guard;
        static_cast<void>(relu(x));
        REQUIRE(guard.records().size() == 1);
        CHECK(guard.records()[0].op == "relu");
        CHECK(guard.records()[0].shape == Shape{2});
        CHECK(guard.records()[0].where.line() == __LINE__ - 4);
    }
    static_cast<void>(relu(x));
    CHECK_FALSE(detail::tracing_branches);
}

TEST_CASE("branches: every op with one names the element that changed sides") {
    const Array<double> a = {0.5, -1.25, 3};
    const auto moved = [&](std::size_t i, double to) {
        Array<double> b = a;
        b(i) = to;
        return b;
    };
    const auto at = [&](auto f, std::size_t i, double to) { return change(f, a, moved(i, to)); };
    CHECK(at([](const V& x) { return relu(x); }, 1, 0.25) == "relu (1,) x1");
    CHECK(at([](const V& x) { return relu(x); }, 1, -0.25) == "");
    CHECK(at([](const V& x) { return abs(x); }, 0, -1) == "abs (0,) x1");
    CHECK(at([](const V& x) { return clamp(x, -1, 1); }, 2, 0) == "clamp (2,) x1");
    CHECK(at([](const V& x) { return maximum(x, 1); }, 0, 2) == "maximum (0,) x1");
    CHECK(at([](const V& x) { return floor(x); }, 2, 2.5) == "floor (2,) x1");
    CHECK(at([](const V& x) { return fmod(x, 2.0); }, 2, 1.5) == "fmod (2,) x1");
    CHECK(at([](const V& x) { return where(greater(x, 0), x, -x); }, 0, -1) == "greater (0,) x1");
    CHECK(at([](const V& x) { return max(x); }, 0, 4) == "max (0,) x1");
    CHECK(at([](const V& x) { return min(x); }, 0, 0.25) == "");
    CHECK(at([](const V& x) { return sort(x).values; }, 0, 4) == "sort (1,) x2");
    CHECK(at([](const V& x) { return topk(x, 1).values; }, 0, 4) == "topk (0,) x1");
    CHECK(at([](const V& x) { return median(x); }, 0, 4) == "median (0,) x1");
    CHECK(at([](const V& x) { return cummax(x); }, 1, 1) == "cummax (1,) x1");
    CHECK(
        at([](const V& x) { return max_pool1d(x, 2, {.stride = 1}); }, 1, 4) ==
        "max_pool1d (0,) x2");
    CHECK(at([](const V& x) { return max_pool1d(x, 2, {.stride = 1}); }, 1, 0) == "");
    CHECK(
        at([](const V& x) { return adaptive_max_pool1d(x, 1); }, 1, 4) ==
        "adaptive_max_pool1d (0,) x1");
    const auto plane = [](const V& x) { return reshape(x, {1, 3}); };
    CHECK(
        at(
            [&](const V& x) {
                return max_pool2d(plane(x), {1, 3});
            },
            1,
            4) == "max_pool2d (0,0,) x1");
    CHECK(
        at([&](const V& x) { return adaptive_max_pool2d(plane(x), 1); }, 1, 4) ==
        "adaptive_max_pool2d (0,0,) x1");
    CHECK(at([](const V& x) { return V(Array<double>(argmax(x))); }, 0, 4) == "argmax () x1");
    CHECK(
        at(
            [](const V& x) {
                return huber_loss(x, V(Array<double>{0, 0, 0}), 1, Reduction::none);
            },
            0,
            2) == "huber_loss (0,) x1");
    const auto fused = elementwise([](auto x) { return where(x > 1, x * x, 2 * x); });
    CHECK(at(fused, 0, 2) == "elementwise (0,) x1");
}

TEST_CASE("branches: every op whose samples declare kinks or avoid ties notes what it decides") {
    for (const Op* op : all_ops()) {
        for (const Sample& sample : op->samples()) {
            if (sample.kinks.empty() && !sample.distinct)
                continue;
            const detail::Random random(1, op->name(), 0);
            const detail::Case one{
                *op,
                sample,
                0,
                {},
                detail::draw_inputs(sample, sample.shapes, sample.distinct, random)};
            const BranchGuard guard;
            static_cast<void>(detail::call(one, detail::leaves<double>(one.values, one.asks())));
            CHECK_MESSAGE(!guard.records().empty(), op->name());
        }
    }
}

TEST_CASE("gradcheck: a tie in a pooling window is named") {
    const auto report = gradcheck(
        [](const Variables& in) { return max_pool2d(in[0], 2); },
        Variables{leaf({{1, 1}, {0, 0.5}})});
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(report.orders[0].inputs[0].kinks == 2);
    CHECK_SAYS(report.orders[0].worst[0].kink, "max_pool2d (gradcheck_kink_test.cpp");
    CHECK_SAYS(report.orders[0].worst[0].kink, "at (0, 0)");
}

TEST_CASE("branches: a broadcast operand is read where it stands") {
    const V row = V(Array<double>{0, 10});
    const auto f = [&](const V& x) { return maximum(x, row); };
    CHECK(change(f, {{1, 1}, {1, 1}}, {{1, 1}, {1, 11}}) == "maximum (1,1,) x1");
    CHECK(change(f, {{1, 1}, {1, 1}}, {{1, 9}, {0.5, 9}}) == "");
}

TEST_CASE(
    "gradcheck: an input on a kink whose slopes cancel is not called dead without saying so") {
    const Variables x = {{Array<double>{1, 1, 1}, true}};
    const auto report = gradcheck([](const Variables& in) { return abs(in[0] - 1); }, x);
    CHECK(report.verdict() == GradcheckVerdict::inconclusive);
    REQUIRE(report.findings.size() == 1);
    const std::string& text = report.findings[0].text;
    CHECK_MESSAGE(text.find("element (0,) is on the kink of abs (gradc") != text.npos, text);
    CHECK_MESSAGE(text.find("at (0,) with slopes") != text.npos, text);
    CHECK(report.findings[0].advice.starts_with("take inputs off the kinks"));
    const auto dead = gradcheck([](const Variables& in) { return in[0] * 0.0; }, x);
    CHECK(dead.findings.at(0).text.find("kink") == std::string::npos);
}

TEST_CASE("gradcheck: on a kink the gradient must lie between the slopes of both sides") {
    const auto report =
        gradcheck([](const Variables& in) { return relu(in[0]); }, Variables{leaf({0, 1, -1})});
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(report.orders[0].inputs[0].kinks == 1);

    // abs and max at a tie of four: their headers' conventions.
    const auto ties = gradcheck(
        [](const Variables& in) {
            return Variables{abs(in[0]), max(in[1]), minimum(in[0], 0), clamp(in[0], 0, 1)};
        },
        {leaf({0, 0.5, 1}), leaf({{2, 2}, {2, 2}})});
    CHECK_MESSAGE(ties.ok(), ties.to_string());
    CHECK(ties.orders[0].inputs[1].kinks == 4);
}

TEST_CASE("gradcheck: a gradient outside the slopes of a kink fails, with op, line and element") {
    const auto wrong = [](const Variables& in) {
        return relu(scaled(in[0], 1, 1.5)) + 0.5 * in[0];
    };
    const auto report = gradcheck(wrong, Variables{leaf({1, 0})});
    REQUIRE(report.verdict() == GradcheckVerdict::fail);
    const auto negative = [](const Variables& in) { return relu(in[0]) + scaled(in[0], 1, -1); };
    const auto kink = gradcheck(negative, Variables{leaf({0.0})});
    REQUIRE(kink.verdict() == GradcheckVerdict::fail);
    CHECK_SAYS(kink.findings[0].text, "on the kink of relu (gradcheck_kink_test.cpp:");
    CHECK_SAYS(kink.findings[0].text, " at (0,) with slopes ");
}

TEST_CASE("gradcheck: beside a kink the steps stay on x's side of it") {
    for (const double x : {1e-4, 1e-6, 1e-8, 1e-10, -1e-5, -1e-9}) {
        CAPTURE(x);
        const auto f = [](const Variables& in) { return exp(in[0]) * relu(in[0]) + abs(in[0]); };
        const auto report = gradcheck(f, Variables{leaf(Array<double>{x, 1})});
        CHECK_MESSAGE(report.ok(), report.to_string());
        const auto wrong = [](const Variables& in) { return scaled(abs(in[0]), 1, 1.01); };
        CHECK(
            gradcheck(wrong, Variables{leaf(Array<double>{x, 1})}).verdict() ==
            GradcheckVerdict::fail);
    }
}

TEST_CASE("gradcheck: at a jump the slopes of both pieces count") {
    const auto f = [](const Variables& in) { return in[0] * floor(in[0]) + sign(in[0]); };
    const auto report = gradcheck(f, Variables{leaf({2, -1, 0.5})});
    CHECK_MESSAGE(report.ok(), report.to_string());
}

TEST_CASE("gradcheck: where kinks meet and the gradient is outside, it is inconclusive") {
    // Both slopes are 1, and relu(x) - relu(-x) has the gradient 0 by convention.
    const auto f = [](const Variables& in) { return sum(relu(in[0]) - relu(-in[0])); };
    const auto report = gradcheck(f, Variables{leaf({0, 1})});
    REQUIRE(report.verdict() == GradcheckVerdict::inconclusive);
    CHECK_FALSE(report.ok());
    CHECK_SAYS(report.findings[0].text, "1 of 2 elements are inconclusive");
    CHECK(report.findings[0].advice == "take inputs off the kinks, where the function has a slope");
}

TEST_CASE("gradcheck: no evaluation leaves the domain, and borders get one-sided slopes") {
    double least = 1, most = 0;
    const auto f = [&](const Variables& in) {
        for (const double x : in[0].value()) {
            least = std::min(least, x);
            most = std::max(most, x);
        }
        return sqrt(in[0] + 0.01) * sqrt(1.01 - in[0]);
    };
    const Variables x = {leaf({0, 1e-7, 0.5, 1 - 1e-7, 1})};
    const auto report = gradcheck(f, x, {.low = 0, .high = 1});
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(least >= 0);
    CHECK(most <= 1);
    CHECK_THROWS_WITH_AS(
        static_cast<void>(gradcheck(f, x, {.low = 1, .high = 0})),
        "gradcheck: low is 1, high is 0; need low <= high",
        std::invalid_argument);
}

TEST_CASE("gradcheck: steps fit inputs of any size, without a domain") {
    for (const double scale : {1e-8, 1e-4, 1.0, 1e4, 1e8}) {
        CAPTURE(scale);
        const auto smooth = [](const Variables& in) { return log(in[0]) + in[0] * in[0]; };
        const auto x = leaf(Array<double>{scale, 2.5 * scale});
        const auto report = gradcheck(smooth, Variables{x});
        CHECK_MESSAGE(report.ok(), report.to_string());
        const auto wave = gradcheck([](const Variables& in) { return sin(in[0]); }, Variables{x});
        CHECK_MESSAGE(wave.ok(), wave.to_string());
    }
}

TEST_CASE(
    "gradcheck: a function too noisy to judge is inconclusive, a wrong one fails all the same") {
    // The rounding of 1e8 hides all but six digits of the slope.
    const auto noisy = [](double slope) {
        return [slope](const Variables& in) { return scaled(sin(in[0]), 1, slope) + 1e9 - 1e9; };
    };
    CHECK(gradcheck(noisy(1), Variables{leaf({0.5, 2})}).verdict() != GradcheckVerdict::fail);
    CHECK(
        gradcheck(noisy(1 + 1e-7), Variables{leaf({0.5, 2})}).verdict() != GradcheckVerdict::fail);
    CHECK(gradcheck(noisy(1.1), Variables{leaf({0.5, 2})}).verdict() == GradcheckVerdict::fail);
}

TEST_CASE("gradcheck: a failure carries the step, the estimated error and the Taylor order") {
    const auto f = [](const Variables& in) { return scaled(exp(in[0]), 1, 1.001); };
    const auto report = gradcheck(f, Variables{leaf({0.5, 2})});
    REQUIRE(report.verdict() == GradcheckVerdict::fail);
    const GradcheckEntry& worst = report.orders[0].worst.front();
    CHECK(worst.verdict == GradcheckVerdict::fail);
    CHECK(std::abs(worst.taylor - 1) < 0.2);
    CHECK(std::abs(1.001 * worst.numeric - worst.analytic) <= 4 * worst.uncertainty);
    CHECK(worst.step > 0);
    CHECK(worst.sweep.size() >= 10);
    CHECK_SAYS(report.findings[0].text, ", Taylor order 1.0");
}

TEST_CASE("gradcheck: a small element among large ones is held to its own size") {
    const V weights(Array<double>{1, 1e-6});
    const auto f = [&](const Variables& in) { return scaled(in[0], 1, 1) * weights; };
    CHECK(gradcheck(f, Variables{leaf({1, 1})}).ok());
    const V wrong_weights(Array<double>{1, 1.001});
    const auto wrong = [&](const Variables& in) {
        const V x = in[0];
        const V off = x.detach() * (1 - wrong_weights) + x * wrong_weights;
        return off * weights;
    };
    CHECK(gradcheck(wrong, Variables{leaf({1, 1})}).verdict() == GradcheckVerdict::fail);
}

TEST_CASE("gradcheck: an infinite gradient of an infinite slope is inconclusive, NaN fails") {
    const auto root = gradcheck(
        [](const Variables& in) { return sqrt(in[0]); }, Variables{leaf({0, 1})}, {.low = 0});
    CHECK(root.verdict() == GradcheckVerdict::inconclusive);
    const auto nan = gradcheck(
        [](const Variables& in) {
            return scaled(in[0], 1, std::numeric_limits<double>::quiet_NaN());
        },
        Variables{leaf({1, 2})});
    CHECK(nan.verdict() == GradcheckVerdict::fail);
}

}  // namespace xgrad
