// States: what an optimiser, an EMA, a schedule needs to continue bit for bit.
#include <nn/serialize.hpp>
#include <tests/nn/optim_makers.hpp>
#include <tests/nn/optim_problem.hpp>

#include <cmath>
#include <cstdlib>
#include <fstream>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using Json = nlohmann::json;

// A problem with the weights of another.
Problem copy_of(const Problem& problem) {
    Problem copy;
    copy.w.assign(problem.w.value());
    copy.b.assign(problem.b.value());
    return copy;
}

void check_same_weights(const Problem& a, const Problem& b) {
    check_same(a.w.value(), b.w.value());
    check_same(a.b.value(), b.b.value());
}

// The arrays by way of a file.
optim::State<double> through_file(optim::State<double> state) {
    const TempFolder folder;
    nn::save(folder / "state.safetensors", state.arrays);
    state.arrays = nn::load<double>(folder / "state.safetensors");
    return state;
}

template <class Object, class Given>
std::string refusal(Object& object, const Given& state) {
    return text_of_error<std::invalid_argument>([&] { object.load_state_dict(state); });
}

bool equal(const optim::State<double>& a, const optim::State<double>& b) {
    return a.kind == b.kind && a.arrays == b.arrays && a.numbers == b.numbers;
}

}  // namespace

TEST_CASE("every optimiser, with the options of every stored run, continues bit for bit") {
    const char* folder = std::getenv("XGRAD_TEST_REFERENCE");
    std::ifstream file(std::string(folder ? folder : "tests/reference") + "/optim.json");
    REQUIRE(file.good());
    for (const Json& run : Json::parse(file)) {
        if (run.at("name") == "LBFGS")
            continue;
        INFO(run.at("name").get<std::string>(), " ", run.at("options").dump());
        const Maker& make = makers().at(run.at("name"));
        const Problem problem;
        const auto optimizer = make(problem.parameters(), run.at("options"));
        problem.train(*optimizer, 7);
        optimizer->set_lr(optimizer->lr() / 3);
        const Problem later = copy_of(problem);
        const auto resumed = make(later.parameters(), run.at("options"));
        later.train(*resumed, 2);  // what it had is overwritten
        later.w.assign(problem.w.value());
        later.b.assign(problem.b.value());
        resumed->load_state_dict(through_file(optimizer->state_dict()));
        CHECK(equal(resumed->state_dict(), optimizer->state_dict()));
        problem.train(*optimizer, 5);
        later.train(*resumed, 5);
        check_same_weights(later, problem);
    }
}

TEST_CASE("LBFGS continues bit for bit, and refuses a state of another size") {
    const optim::LBFGSOptions options{.max_iterations = 3, .history = 4};
    const Problem problem;
    optim::LBFGS lbfgs(problem.parameters(), options);
    const auto train = [](const Problem& on, optim::LBFGS<double>& by, int steps) {
        for (int i = 0; i < steps; ++i)
            by.step([&] { return on.loss(); });
    };
    train(problem, lbfgs, 2);
    const Problem later = copy_of(problem);
    optim::LBFGS resumed(later.parameters(), options);
    resumed.load_state_dict(through_file(lbfgs.state_dict()));
    CHECK(equal(resumed.state_dict(), lbfgs.state_dict()));
    train(problem, lbfgs, 2);
    train(later, resumed, 2);
    check_same_weights(later, problem);
    optim::State<double> bad = lbfgs.state_dict();
    bad.arrays.at("s") = Array<double>::from_shape({3, 9});
    bad.numbers.at("steps") = 0.5;
    CHECK(
        refusal(resumed, bad) ==
        "LBFGS::load_state_dict: \"s\" has shape (3, 9), need (4, 9); \"steps\" is 0.5, not a "
        "count; the state must come from one of the same options and parameters");
    bad = lbfgs.state_dict();
    bad.numbers.at("pairs") = 1e300;
    CHECK(refusal(resumed, bad).find("\"pairs\" is 1e+300, not a count;") != std::string::npos);
    CHECK(equal(resumed.state_dict(), lbfgs.state_dict()));
}

TEST_CASE("a state that does not fit is refused by name, and nothing has changed") {
    const Problem problem;
    optim::Adam<double> adam(problem.parameters(), {.lr = 0.1});
    problem.train(adam, 3);
    const optim::State<double> before = adam.state_dict();
    optim::State<double> bad = before;
    bad.arrays.erase("w.mean");
    bad.arrays["w.velocity"] = Array<double>{1};
    bad.arrays.at("b.square") = Array<double>{1, 2};
    bad.numbers.at("lr") = -1;
    bad.numbers.at("w.steps") = 1.5;
    bad.numbers.erase("skipped");
    CHECK(
        refusal(adam, bad) ==
        "Adam::load_state_dict: \"w.mean\" is missing; \"w.velocity\" is not in the state; "
        "\"b.square\" has shape (2,), need (3,); \"skipped\" is missing; \"lr\" is -1, not finite "
        "and >= 0; \"w.steps\" is 1.5, not a count; the state must come from one of the same "
        "options and parameters");
    optim::SGD<double> sgd(problem.parameters(), {.momentum = 0.9});
    CHECK(
        refusal(adam, sgd.state_dict()) ==
        "Adam::load_state_dict: the state is of \"SGD\"; need one of \"Adam\"");
    CHECK(equal(adam.state_dict(), before));
    const optim::Adam<double> twins({{"w", problem.w}, {"w", problem.b}}, {});
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(twins.state_dict());
          }) == "Adam::state_dict: two parameters are named \"w\"; need names that differ");
}

TEST_CASE("a schedule and a plateau continue where they were") {
    const Problem problem;
    optim::SGD<double> sgd(problem.parameters(), {.lr = 0.5});
    optim::Scheduler scheduler(sgd, optim::schedule::exponential(0.7));
    for (int i = 0; i < 4; ++i)
        scheduler.step();
    optim::SGD<double> other(problem.parameters(), {.lr = 0.3});
    optim::Scheduler resumed(other, optim::schedule::exponential(0.7));
    resumed.load_state_dict(scheduler.state_dict());
    CHECK(other.lr() == sgd.lr());
    CHECK(resumed.steps() == 4);
    CHECK(resumed.base_lr() == 0.5);
    CHECK(
        refusal(resumed, std::map<std::string, double>{{"steps", -1}}) ==
        "Scheduler::load_state_dict: \"base_lr\" is missing; \"steps\" is -1, not a count; the "
        "state must come from one of the same options and parameters");
    CHECK(resumed.steps() == 4);

    optim::Plateau plateau(sgd, {.patience = 2});
    for (const double value : {3.0, 2.0, 2.5, 2.5})
        CHECK_FALSE(plateau.step(value));
    optim::Plateau again(other, {.patience = 2});
    again.load_state_dict(plateau.state_dict());
    CHECK(again.step(2.5));
    std::map<std::string, double> bad = plateau.state_dict();
    bad.at("best") = std::nan("");
    CHECK(
        refusal(again, bad) ==
        "Plateau::load_state_dict: \"best\" is nan; the state must come from one of the same "
        "options and parameters");
    optim::Plateau fresh(other);  // its best value is infinite
    fresh.load_state_dict(optim::Plateau(sgd).state_dict());
}

TEST_CASE("an EMA continues bit for bit") {
    const Problem problem;
    optim::SGD<double> sgd(problem.parameters(), {.lr = 0.05});
    optim::EMA ema(problem.parameters(), {.decay = 0.9, .bias_correction = true});
    const auto train = [&](optim::EMA<double>& average) {
        problem.train(sgd, 1);
        average.update();
    };
    train(ema);
    train(ema);
    optim::EMA resumed(problem.parameters(), {.decay = 0.9, .bias_correction = true});
    resumed.load_state_dict(through_file(ema.state_dict()));
    CHECK(equal(resumed.state_dict(), ema.state_dict()));
    resumed.swap_in();
    const Array<double> averaged = problem.w.value();
    resumed.swap_out();
    ema.swap_in();
    check_same(problem.w.value(), averaged);
    ema.swap_out();
    CHECK(
        refusal(resumed, sgd.state_dict()) ==
        "EMA::load_state_dict: the state is of \"SGD\"; need one of \"EMA\"");
}
