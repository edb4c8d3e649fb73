// 20 steps of training through every loss against PyTorch's, as reference/loss_trajectories.py
// stored them.
#include <nn/optim.hpp>
#include <tests/nn/trajectory.hpp>
#include <tests/nn/zoo_values.hpp>
#include <tests/ops/reference_calls.hpp>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using V = Variable<double>;

// Values around 0 by a formula of their place, as a leaf.
V spread_leaf(const Shape& shape, std::size_t step, std::size_t start, bool trained) {
    Array<double> value = empty<double>(shape);
    for (std::size_t i = 0; i < value.size(); ++i)
        value.data()[i] = spread(i, step, start, 64, 64);
    return V(value, trained);
}

// What the losses of distributions take: probabilities, their logarithms, positive numbers.
V linked(const std::string& link, const V& z) {
    if (link == "sigmoid")
        return sigmoid(z);
    if (link == "log_softmax")
        return log_softmax(z);
    if (link == "exp")
        return exp(z);
    REQUIRE(link == "identity");
    return z;
}

// The sum of the elements' losses, each times another factor, for Reduction::none.
V total(const V& loss) { return sum(loss * (spread_leaf(loss.shape(), 13, 3, false) + 1)); }

double follow(const Json& run, const std::map<std::string, Call<double>>& calls) {
    INFO(run.at("name").get<std::string>(), " ", run.at("p").dump());
    const V x = spread_leaf({5, 3}, 29, 7, false);
    const V w = spread_leaf({3, 4}, 37, 5, true), b = spread_leaf({4}, 37, 16, true);
    optim::SGD<double> sgd({{"w", w}, {"b", b}}, {.lr = run.at("lr").get<double>()});
    const Call<double>& call = calls.at(run.at("name"));
    const Json& losses = run.at("losses");
    CHECK(losses.size() == 20);
    double worst = 0;
    for (std::size_t t = 0; t < losses.size(); ++t) {
        INFO("step ", t);
        std::vector<V> in{linked(run.at("link"), matmul(x, w) + b)};
        for (const Json& constant : run.at("constants"))
            in.emplace_back(array_of(constant));
        const V loss = total(call(in, run.at("p")));
        worst = std::max(worst, compare(loss.value(), Json::array({losses[t]})));
        sgd.zero_grad();
        loss.backward();
        sgd.step();
    }
    return std::max({worst, compare(w.value(), run.at("w")), compare(b.value(), run.at("b"))});
}

}  // namespace

TEST_CASE("losses train a linear model as PyTorch's do") {
    const auto calls = reference_calls<double>();
    const Json runs = stored("losses.json");
    double worst = 0;
    for (const Json& run : runs)
        worst = std::max(worst, follow(run, calls));
    MESSAGE(runs.size(), " runs of losses, worst relative difference ", worst);
}

TEST_CASE("every loss has a stored run of each reduction") {
    const auto names = declared(
        {"ops/likelihood_loss.hpp", "ops/loss.hpp", "ops/margin_loss.hpp"},
        R"(\]\] Variable<T> (\w+)\()");
    CHECK(names.size() >= 17);
    const Json runs = stored("losses.json");
    for (const std::string reduction : {"none", "mean", "sum"}) {
        INFO(reduction);
        Json of_reduction = Json::array();
        for (const Json& run : runs) {
            if (run.at("p").at("reduction") == reduction)
                of_reduction.push_back(run);
        }
        check_covered(names, of_reduction, "loss_trajectories.py");
    }
}
