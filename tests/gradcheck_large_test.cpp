// gradcheck() along random directions: what it finds in a million parameters, and what it promises.
#include <autograd/record.hpp>
#include <nn/nn.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <string>

namespace xgrad {
namespace {

using V = Variable<double>;

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// x as it is; in the gradient, the listed elements come out wrong by a factor.
V spoiled(const V& x, std::vector<std::size_t> wrong, double factor) {
    static const Op op("spoiled_for_test", on({{2}}, [](const auto& in) { return 2 * in[0]; }));
    return record(op, Array<double>(x.value()))
        .wrt(x, [wrong = std::move(wrong), factor](const Array<double>& g) -> Array<double> {
            Array<double> share = g;
            for (const std::size_t at : wrong)
                share.data()[at] *= factor;
            return share;
        });
}

// Dense layers 900-700-500-10 with relu: 986,210 parameters.
struct Network {
    explicit Network(std::size_t n) : x(init::normal<double>({n, 900}, rng)) {
        for (std::size_t k = 0; k + 1 < std::size(sizes); ++k) {
            const double scale = std::sqrt(2.0 / static_cast<double>(sizes[k]));
            weights.emplace_back(init::normal<double>({sizes[k + 1], sizes[k]}, rng, scale), true);
            biases.emplace_back(init::normal<double>({sizes[k + 1]}, rng, 0.1), true);
        }
    }
    [[nodiscard]] V loss() const {
        V h = x;
        for (std::size_t k = 0; k < weights.size(); ++k) {
            const V w = k == 1 ? spoiled(weights[k], wrong, factor) : weights[k];
            h = linear(h, w, biases[k]);
            if (k + 1 < weights.size())
                h = relu(h);
        }
        return mean(square(log_softmax(h)));
    }
    [[nodiscard]] NamedVariables parameters() const {
        NamedVariables all;
        for (std::size_t k = 0; k < weights.size(); ++k) {
            all.emplace_back(std::to_string(k) + ".weight", weights[k]);
            all.emplace_back(std::to_string(k) + ".bias", biases[k]);
        }
        return all;
    }
    std::size_t sizes[4] = {900, 700, 500, 10};
    Rng rng{7};
    V x;
    Variables weights, biases;
    std::vector<std::size_t> wrong;
    double factor = 1;
};

}  // namespace

#define CHECK_SAYS(text, part) CHECK_MESSAGE(says(text, part), text)

TEST_CASE("gradcheck: a million right parameters pass, with the odds stated") {
    const Network network(4);
    const auto report = gradcheck([&] { return network.loss(); }, network.parameters());
    CHECK_MESSAGE(report.ok(), report.to_string());
    const GradcheckInput& weight = report.orders[0].inputs[2];
    CHECK(weight.name == "1.weight");
    CHECK(weight.directions == 4);
    CHECK(weight.resolution > 0);
    CHECK(weight.resolution < 1e-3);
    CHECK(report.orders[0].inputs[5].directions == 0);  // ten biases are checked one by one
    CHECK_SAYS(report.to_string(), ", along 4 directions: an element wrong by ");
    CHECK_SAYS(report.to_string(), " is missed with probability 1e-04");
    CHECK(report.orders[0].evaluations < 2000);
}

TEST_CASE("gradcheck: one wrong element of a million is found and named") {
    Network network(4);
    // An element whose gradient is not zero.
    const V gradient = grad(network.loss(), network.weights[1]);
    std::size_t at = 123456;
    while (std::abs(gradient.value().data()[at]) < 1e-4)
        ++at;
    network.wrong = {at};
    network.factor = -1;
    const auto start = std::chrono::steady_clock::now();
    const auto report = gradcheck([&] { return network.loss(); }, network.parameters());
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    MESSAGE("seconds: " << taken.count() << ", evaluations: " << report.orders[0].evaluations);
    REQUIRE(report.verdict() == GradcheckVerdict::fail);
    REQUIRE(report.findings.size() == 1);
    const GradcheckEntry& worst = report.orders[0].worst.front();
    CHECK(worst.input == "1.weight");
    CHECK(worst.index == std::vector<std::size_t>{at / 700, at % 700});
    CHECK(worst.verdict == GradcheckVerdict::fail);
    CHECK_SAYS(report.findings[0].text, "gradient of 1.weight, shape (500, 700): at least 1 of");
    // Seconds on a machine of one's own; in any case far from a look at each element.
    CHECK(report.orders[0].evaluations < 5000);
}

TEST_CASE("gradcheck: several wrong elements are found, and a common cause is named") {
    const V x(Array<double>(Shape{300, 50}, 0.5), true);
    const auto wrong_at = [&](std::vector<std::size_t> at) {
        return gradcheck(
            [at](const Variables& in) { return sum(exp(spoiled(in[0], at, 3))); },
            Variables{x},
            {.full_limit = 1000});
    };
    const auto three = wrong_at({17, 4711, 14999});
    REQUIRE(three.verdict() == GradcheckVerdict::fail);
    CHECK(three.orders[0].inputs[0].off == 3);
    std::vector<std::size_t> all(x.size());
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = i;
    const auto every = wrong_at(all);
    CHECK_SAYS(every.findings[0].text, "likely cause: off by the factor 3");
}

TEST_CASE("gradcheck: a wrong element hides from few of many runs") {
    // Of size 10 resolutions it is missed along one direction with probability 1/10 at most.
    const V x(Array<double>(Shape{2000}, 0.5), true);
    int missed = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const auto report = gradcheck(
            [](const Variables& in) { return sum(exp(spoiled(in[0], {1234}, 1.01))); },
            Variables{x},
            {.seed = seed, .directions = 1, .full_limit = 1000});
        missed += report.verdict() != GradcheckVerdict::fail;
    }
    CHECK(missed == 0);
}

}  // namespace xgrad
