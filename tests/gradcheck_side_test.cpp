// What gradcheck() leaves as it was, kinks that no op notes, elements that tie, and what its
// findings say.
#include <nn/layers.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck_plain.hpp>
#include <tools/spot_check.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace xgrad {
namespace {

using V = Variable<double>;
using A = Array<double>;

struct Batch {
    A x, y;
};

V leaf(A value) { return {std::move(value), true}; }

A ramp(Shape shape) {
    A x = empty<double>(std::move(shape));
    for (std::size_t i = 0; i < x.size(); ++i)
        x.data()[i] = std::sin(1.7 * static_cast<double>(i) + 0.3);
    return x;
}

std::vector<A> values(const std::vector<nn::NamedBuffer<double>>& buffers) {
    std::vector<A> all;
    for (const auto& buffer : buffers)
        all.push_back(buffer.value.value());
    return all;
}

// max over all, whose rule gives `share` of g to each of the largest.
V wrong_max(const V& x, double share) {
    const double largest = max(x.detach()).item();
    const V mask = equal(x.detach(), V(largest));
    const V y = max(x);
    // The value is max's, the gradient that of mask * share.
    const V linear = sum(x * mask) * share;
    return y.detach() + linear - linear.detach();
}

}  // namespace

#define CHECK_SAYS(text, part) CHECK_MESSAGE((text).find(part) != std::string::npos, text)

TEST_CASE("gradcheck: a module's running means are those of before") {
    Rng rng(1);
    nn::Sequential<double> net(
        nn::Dense<double>(3, 4, rng), nn::BatchNorm1d<double>(4), nn::Tanh<double>());
    const auto before = values(net.buffers());
    REQUIRE(before.size() == 2);
    const Batch batch{ramp({5, 3}), ramp({5, 4})};
    const auto loss = [](const V& y, const A& target) { return mse_loss(y, V(target)); };
    const auto report = gradcheck(net, loss, batch, {.allow_zero = true});
    CHECK_MESSAGE(report.ok(), report.to_string());
    CHECK(values(net.buffers()) == before);
    SpotCheck spot_check(1);
    const auto finding = spot_check(net, loss, batch);
    CHECK_MESSAGE(!finding, finding->text);
    CHECK(values(net.buffers()) == before);
    static_cast<void>(net(V(batch.x)));
    CHECK(values(net.buffers()) != before);
}

TEST_CASE("gradcheck: a bias that a normalisation takes away again leaves the check open") {
    Rng rng(1);
    nn::Sequential<double> net(nn::Dense<double>(3, 4, rng), nn::BatchNorm1d<double>(4));
    const auto loss = [](const V& y, const A& target) { return mse_loss(y, V(target)); };
    const auto report = gradcheck(net, loss, Batch{ramp({5, 3}), ramp({5, 4})});
    CHECK(report.verdict() == GradcheckVerdict::inconclusive);
    REQUIRE(report.findings.size() == 1);
    CHECK_SAYS(report.findings[0].text, "gradient of 0.bias, shape (4,)");
    CHECK_SAYS(report.findings[0].advice, "a bias before a normalisation");
}

TEST_CASE("gradcheck: constants keep their bits, too") {
    V constant(A{1, 2});
    const auto report = gradcheck(
        [](const Variables& in) {
            in[1].update([](std::span<double> x) { x[0] += 1; });
            return in[0] * in[0];
        },
        Variables{leaf({1, 2}), constant});
    REQUIRE(!report.findings.empty());
    CHECK(report.findings[0].check == "mutation");
    CHECK(report.findings[0].text == "the forward pass changed input 1 at (0,) from 1 to 2");
    CHECK(constant.value() == A{1, 2});
}

TEST_CASE("gradcheck: a function that throws where it is recorded") {
    const auto report = gradcheck(
        [](const Variables& in) -> V {
            if (grad_enabled())
                throw std::runtime_error("not today");
            return in[0] * 2;
        },
        Variables{leaf({1, 2})});
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].check == "recording");
    CHECK(
        report.findings[0].text ==
        "the function throws where it is recorded, and not elsewhere: not today");
}

TEST_CASE("gradcheck: a kink that the function makes itself lets either slope pass") {
    // At 0 the slopes are 3 and 2.
    const auto f = [](double slope) {
        return [slope](const Variables& in) {
            const V& x = in[0];
            const double here = x.item();
            const V y = here > 0 ? x.detach() * 2 : x.detach() * 3;
            const V linear = x * slope;
            return here == 0 ? V(y + linear - linear.detach()) : here > 0 ? V(x * 2) : V(x * 3);
        };
    };
    for (const double slope : {2.0, 2.5, 3.0}) {
        const auto report = gradcheck(f(slope), Variables{leaf(0.0)});
        CHECK_MESSAGE(report.ok(), report.to_string());
    }
    for (const double slope : {1.9, 3.1, -2.0}) {
        const auto report = gradcheck(f(slope), Variables{leaf(0.0)});
        CHECK_MESSAGE(report.verdict() == GradcheckVerdict::fail, report.to_string());
    }
}

TEST_CASE("gradcheck of plain functions: max(0, x) at 0") {
    const auto f = [](const PlainArrays& in) { return std::max(0.0, in[0][0]) + in[0][1]; };
    const auto with = [](double slope) {
        return [slope](const PlainArrays& in) {
            return PlainArrays{{in[0][0] > 0 ? 1 : slope, 1}};
        };
    };
    for (const double slope : {0.0, 0.5, 1.0}) {
        const auto report = gradcheck(f, with(slope), {{0, 1}});
        CHECK_MESSAGE(report.ok(), report.to_string());
    }
    CHECK(gradcheck(f, with(1.5), {{0, 1}}).verdict() == GradcheckVerdict::fail);
    CHECK(gradcheck(f, with(-0.5), {{0, 1}}).verdict() == GradcheckVerdict::fail);
    // Where the function is smooth no slope but one passes.
    CHECK(gradcheck(f, with(0.5), {{-1, 1}}).verdict() == GradcheckVerdict::fail);
}

TEST_CASE("gradcheck: elements that tie, moved together, have one slope") {
    const A tied{1, 1, 0.5, 1, 1};
    for (const double share : {0.25, 0.75, 1.0}) {
        CAPTURE(share);
        const auto report = gradcheck(
            [&](const Variables& in) { return wrong_max(in[0], share); }, Variables{leaf(tied)});
        CHECK((report.verdict() == GradcheckVerdict::pass) == (share == 0.25));
        if (share != 0.25) {
            REQUIRE(!report.findings.empty());
            CHECK_SAYS(report.findings[0].text, "4 elements, the first at (0,), tie in max");
            CHECK_SAYS(report.findings[0].text, "moved together the slope is ");
        }
    }
    const auto right =
        gradcheck([](const Variables& in) { return max(in[0]); }, Variables{leaf(tied)});
    CHECK_MESSAGE(right.ok(), right.to_string());
}

TEST_CASE("gradcheck: directions on kinks pass, and no odds are told where none are known") {
    A x = ramp({300});
    for (std::size_t i = 0; i < x.size(); i += 3)
        x.data()[i] = 0.5;  // the bound of the clamp
    const auto report = gradcheck(
        [](const Variables& in) { return clamp(in[0], -0.5, 0.5) * in[0]; },
        Variables{leaf(x)},
        {.full_limit = 10});
    CHECK_MESSAGE(report.verdict() != GradcheckVerdict::fail, report.to_string());
    const GradcheckInput& input = report.orders.at(0).inputs.at(0);
    CHECK(input.directions == 4);
    CHECK((report.ok() || std::isinf(input.resolution)));
    if (std::isinf(input.resolution))
        CHECK(report.to_string().find("is missed with probability") == std::string::npos);
}

TEST_CASE("gradcheck: a penalty that a plain gradient leaves out is recognised") {
    const auto f = [](const PlainArrays& in) {
        double sum = 0;
        for (const double w : in[0])
            sum += std::sin(w) + 0.05 * w * w;
        return sum;
    };
    const auto gradient = [](const PlainArrays& in) {
        PlainArrays all = in;
        for (double& w : all[0])
            w = std::cos(w);
        return all;
    };
    const auto report = gradcheck(f, gradient, {{0.5, -1.2, 0.8}});
    REQUIRE(report.findings.size() == 1);
    CHECK_SAYS(report.findings[0].text, "a regularisation term is missing: the difference is 0.1 ");
}

TEST_CASE("gradcheck: a missing penalty blames no op") {
    const V w = leaf({0.5, -1.2, 0.8});
    const auto loss = [&] {
        const V penalty = sum(w.detach() * w.detach()) * 0.05;
        return sum(sin(w)) + penalty;
    };
    const auto report = gradcheck(loss, {{"w", w}});
    REQUIRE(report.findings.size() == 1);
    CHECK_SAYS(report.findings[0].text, "a regularisation term is missing: the difference is 0.1 ");
    CHECK(report.findings[0].text.find("the first wrong rule") == std::string::npos);
}

}  // namespace xgrad
