// 20 steps of every optimiser and schedule against PyTorch's, as reference/trajectories.py stored
// them.
#include <tests/nn/optim_makers.hpp>
#include <tests/nn/optim_problem.hpp>
#include <tests/nn/trajectory.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using optim::Schedule;

// Follows a run: `step` is one step of training.
double follow(
    const Problem& problem, const Json& run, const std::function<void(std::size_t)>& step) {
    INFO(run.at("name").get<std::string>(), " ", run.at("options").dump());
    CHECK(run.at("steps").size() == 20);
    double worst = 0;
    for (std::size_t t = 0; t < run.at("steps").size(); ++t) {
        INFO("step ", t);
        step(t);
        const Json& weights = run.at("steps")[t];
        worst = std::max(
            {worst,
             compare(problem.w.value(), weights.at("w")),
             compare(problem.b.value(), weights.at("b"))});
    }
    return worst;
}

double follow_optimizer(const Json& run) {
    const Problem problem;
    const Json& o = run.at("options");
    if (run.at("name") == "LBFGS") {
        optim::LBFGSOptions options;
        take(o, "lr", options.lr);
        take(o, "max_iterations", options.max_iterations);
        take(o, "max_evaluations", options.max_evaluations);
        take(o, "history", options.history);
        optim::LBFGS lbfgs(problem.parameters(), options);
        return follow(
            problem, run, [&](std::size_t) { lbfgs.step([&] { return problem.loss(); }); });
    }
    const auto optimizer = makers().at(run.at("name"))(problem.parameters(), o);
    return follow(problem, run, [&](std::size_t) { problem.train(*optimizer, 1); });
}

Schedule compound_of(const std::string& name, const Json& o) {
    namespace schedule = optim::schedule;
    if (name == "warm_up")
        return schedule::warm_up(o.at("steps"), schedule::cosine(o.at("cosine")), o.at("start"));
    if (name == "chained") {
        return schedule::chained(
            {schedule::exponential(o.at("gamma")), schedule::linear(o.at("steps"), o.at("start"))});
    }
    REQUIRE(name == "sequential");
    return schedule::sequential(
        {schedule::constant(100, 0.5),
         schedule::exponential(o.at("gammas")[0]),
         schedule::exponential(o.at("gammas")[1])},
        o.at("milestones"));
}

Schedule schedule_of(const std::string& name, const Json& o) {
    namespace schedule = optim::schedule;
    if (name == "lambda")
        return [](std::uint64_t t) { return 1 / (1 + static_cast<double>(t)); };
    if (name == "constant")
        return schedule::constant(o.at("steps"));
    if (name == "step")
        return schedule::step(o.at("period"), o.at("gamma"));
    if (name == "multistep")
        return schedule::multistep(o.at("milestones"));
    if (name == "exponential")
        return schedule::exponential(o.at("gamma"));
    if (name == "linear")
        return schedule::linear(o.at("steps"), o.value("start", 1.0 / 3), o.value("end", 1.0));
    if (name == "polynomial")
        return schedule::polynomial(o.at("steps"), o.at("power"));
    if (name == "cosine")
        return schedule::cosine(o.at("steps"), o.value("end", 0.0));
    if (name == "cosine_restarts")
        return schedule::cosine_restarts(
            o.at("first"), o.value("multiple", 1), o.value("end", 0.0));
    if (name == "one_cycle") {
        optim::schedule::OneCycleOptions options;
        take(o, "rising", options.rising);
        take(o, "start", options.start);
        take(o, "end", options.end);
        take(o, "linear", options.linear);
        return schedule::one_cycle(o.at("steps"), options);
    }
    return compound_of(name, o);
}

optim::PlateauOptions plateau_of(const Json& o) {
    optim::PlateauOptions options;
    take(o, "factor", options.factor);
    take(o, "patience", options.patience);
    take(o, "threshold", options.threshold);
    take(o, "relative", options.relative);
    take(o, "maximize", options.maximize);
    take(o, "cooldown", options.cooldown);
    take(o, "min_lr", options.min_lr);
    return options;
}

// The rates and the weights of an SGD that follows them.
double follow_schedule(const Json& run) {
    const Problem problem;
    optim::SGD<double> sgd(problem.parameters(), {.lr = 0.05});
    std::function<void(std::size_t)> advance;
    if (run.at("name") == "Plateau") {
        advance = [&,
                   plateau = std::make_shared<optim::Plateau>(sgd, plateau_of(run.at("options")))](
                      std::size_t t) { plateau->step(run.at("metric")[t]); };
    } else {
        advance = [scheduler = std::make_shared<optim::Scheduler>(
                       sgd, schedule_of(run.at("name"), run.at("options")))](std::size_t) {
            scheduler->step();
        };
    }
    return follow(problem, run, [&](std::size_t t) {
        const double rate = run.at("lr")[t];
        CHECK(std::abs(sgd.lr() - rate) <= tolerance * rate + 1e-18);
        problem.train(sgd, 1);
        advance(t);
    });
}

}  // namespace

TEST_CASE("optimisers follow PyTorch's step by step") {
    const Json runs = stored("optim.json");
    double worst = 0;
    for (const Json& run : runs)
        worst = std::max(worst, follow_optimizer(run));
    MESSAGE(runs.size(), " runs of optimisers, worst relative difference ", worst);
}

TEST_CASE("schedules follow PyTorch's step by step") {
    const Json runs = stored("schedule.json");
    double worst = 0;
    for (const Json& run : runs)
        worst = std::max(worst, follow_schedule(run));
    MESSAGE(runs.size(), " runs of schedules, worst relative difference ", worst);
}

TEST_CASE("every optimiser and every schedule has a stored run") {
    std::vector<std::string> headers;
    std::ifstream all(reference_folder() + "/../../nn/optim.hpp");
    for (std::string line; std::getline(all, line);) {
        if (line.starts_with("#include <nn/"))
            headers.push_back("nn/" + line.substr(13, line.size() - 14));
    }
    const auto optimizers =
        declared(headers, R"(class (\w+)(?: final)? : public (?:\w+<T>|LearningRate) )");
    CHECK(optimizers.size() >= 11);
    std::set<std::string> trained = optimizers;
    trained.erase("Optimizer");  // the base
    check_covered(trained, stored("optim.json"), "trajectories.py");
    std::set<std::string> schedules = declared(headers, R"(\]\] Schedule (\w+)\()");
    CHECK(schedules.size() >= 11);
    schedules.insert({"lambda", "Plateau"});
    check_covered(schedules, stored("schedule.json"), "trajectories.py");
}
