// 20 steps of training of every layer against PyTorch's, as reference/make_modules.py stored them.
#include <nn/optim.hpp>
#include <ops/loss.hpp>
#include <tests/nn/trajectory.hpp>
#include <tests/nn/zoo_values.hpp>

#include <algorithm>
#include <map>

using namespace xgrad;
using namespace xgrad::test;

namespace {

// Trains the row's weights, and its input beside, so that a layer without weights moves, too.
double follow(const ZooRow& row, const Json& run) {
    INFO(row.name);
    const auto module = fresh(row, true);
    const Variable<double> x = input_of(row, row.input);
    std::vector<nn::Parameter<double>> trained = module->parameters();
    if (x.requires_grad())
        trained.push_back({"x", x});
    optim::SGD<double> sgd(trained, {.lr = run.at("lr").get<double>()});
    const Json& losses = run.at("losses");
    CHECK(losses.size() == 20);
    double worst = 0;
    for (std::size_t t = 0; t < losses.size(); ++t) {
        INFO("step ", t);
        const Variable<double> y = (*module)(x);
        const Variable<double> loss = mse_loss(y, seed_of(y));
        worst = std::max(worst, compare(loss.value(), Json::array({losses[t]})));
        if (t + 1 == losses.size())
            worst = std::max(worst, compare(y.value(), run.at("y")));
        sgd.zero_grad();
        loss.backward();
        sgd.step();
    }
    if (x.requires_grad())
        worst = std::max(worst, compare(x.value(), run.at("x")));
    const auto state = module->state_dict();
    CHECK(state.size() == run.at("state").size());
    for (const auto& entry : state) {
        INFO(entry.first);
        worst = std::max(worst, compare(entry.second, run.at("state").at(entry.first)));
    }
    return worst;
}

}  // namespace

TEST_CASE("layers follow PyTorch's through 20 steps of training") {
    std::map<std::string, ZooRow> rows;
    for (const ZooRow& row : all_rows())
        rows.emplace(row.name, row);
    const Json runs = stored("layers.json");
    double worst = 0;
    for (const Json& run : runs)
        worst = std::max(worst, follow(rows.at(run.at("name")), run));
    MESSAGE(runs.size(), " runs of layers, worst relative difference ", worst);
}

TEST_CASE("every layer that PyTorch has, too, has a stored run") {
    std::set<std::string> names;
    for (const ZooRow& row : all_rows()) {
        if (row.has_reference)
            names.insert(row.name);
    }
    CHECK(names.size() >= 60);
    check_covered(names, stored("layers.json"), "make_modules.py");
}
