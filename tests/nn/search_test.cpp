#include <nn/rng.hpp>
#include <nn/search.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <stdexcept>
#include <thread>

using xgrad::Rng;
using xgrad::test::text_of_error;
using namespace xgrad::search;

namespace {

/// The error of a model whose best lambda is 1e-3, after some epochs: it falls towards its floor.
double made_error(const Trial& trial, std::size_t epoch) {
    const double off = std::log10(trial.value("lambda")) + 3;
    const double noise = 0.001 * Rng(trial.seed()).split(epoch).uniform();
    return 0.05 + 0.04 * off * off + 0.5 / static_cast<double>(epoch) + noise;
}

TrialFunction made_problem(std::size_t epochs) {
    return [epochs](const Trial& trial) {
        double error = 0;
        for (std::size_t epoch = 1; epoch <= epochs; ++epoch)
            trial.report(epoch, error = made_error(trial, epoch));
        return error;
    };
}

Space lambda_space() { return Space().log_uniform("lambda", 1e-6, 1e-1); }

/// Reports these errors, one list per trial.
TrialFunction scripted(std::vector<std::vector<double>> errors) {
    return [errors = std::move(errors)](const Trial& trial) {
        const auto& own = errors.at(trial.number());
        for (std::size_t i = 0; i < own.size(); ++i)
            trial.report(i + 1, own[i]);
        return own.back();
    };
}

std::vector<Outcome> outcomes(const SearchResult& result) {
    std::vector<Outcome> all;
    for (const TrialResult& trial : result.trials)
        all.push_back(trial.outcome);
    return all;
}

std::vector<double> numbers(const std::vector<Values>& grid, const std::string& name) {
    std::vector<double> all;
    for (const Values& values : grid) {
        for (const auto& [key, value] : values) {
            if (key == name)
                all.push_back(std::get<double>(value));
        }
    }
    return all;
}

}  // namespace

TEST_CASE("a drawn value is in its range and has its distribution") {
    Space space;
    space.uniform("u", -2, 3)
        .log_uniform("l", 1e-4, 1e2)
        .integer("i", -1, 2)
        .choice("c", {"sgd", "adam"});
    const std::size_t n = 4000;
    std::vector<double> u, l;
    std::map<double, int> i;
    std::map<std::string, int> c;
    for (std::size_t number = 0; number < n; ++number) {
        const Trial trial(number, 0, space.draw(7, number), nullptr);
        u.push_back((trial.value("u") + 2) / 5);
        l.push_back((std::log10(trial.value("l")) + 4) / 6);
        ++i[trial.value("i")];
        ++c[trial.text("c")];
    }
    for (auto* shares : {&u, &l}) {  // Kolmogorov-Smirnov, at one in a thousand
        std::ranges::sort(*shares);
        CHECK(shares->front() >= 0);
        CHECK(shares->back() <= 1);
        double distance = 0;
        for (std::size_t k = 0; k < n; ++k) {
            const double uniform = static_cast<double>(k) / n;
            distance = std::max(distance, std::abs((*shares)[k] - uniform));
        }
        CHECK(distance < 1.95 / std::sqrt(n));
    }
    CHECK(i.size() == 4);
    CHECK(i.begin()->first == -1);
    for (const auto& [value, count] : i)  // five deviations
        CHECK(std::abs(count - 1000) < 5 * std::sqrt(750));
    CHECK(std::abs(c["adam"] - 2000) < 5 * std::sqrt(1000));
    CHECK(c["adam"] + c["sgd"] == 4000);
}

TEST_CASE("a draw depends on seed and number, and not on later parameters") {
    Space space = lambda_space();
    const Values first = space.draw(1, 5);
    CHECK(first == space.draw(1, 5));
    CHECK(first != space.draw(1, 6));
    CHECK(first != space.draw(2, 5));
    space.integer("units", 8, 256);
    CHECK(space.draw(1, 5).front() == first.front());
    CHECK(Space().uniform("x", 2, 2).draw(0, 0) == Values{{"x", 2.0}});
}

TEST_CASE("a grid has evenly spaced numbers or logarithms, whole numbers once, and all choices") {
    const auto log = numbers(lambda_space().grid(6), "lambda");
    CHECK(log == std::vector<double>{1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1});
    CHECK(
        numbers(Space().uniform("x", -1, 1).grid(5), "x") ==
        std::vector<double>{-1, -0.5, 0, 0.5, 1});
    CHECK(numbers(Space().integer("n", 1, 3).grid(9), "n") == std::vector<double>{1, 2, 3});
    CHECK(numbers(Space().integer("n", 1, 8).grid(3), "n") == std::vector<double>{1, 5, 8});
    CHECK(Space().uniform("x", 0, 1).points(7).grid(2).size() == 7);
    Space space;
    space.choice("a", {1.0, 2.0}).choice("b", {"x", "y", "z"});
    const auto grid = space.grid();
    REQUIRE(grid.size() == 6);
    CHECK(grid[1] == Values{{"a", 1.0}, {"b", "y"}});
    CHECK(grid[5] == Values{{"a", 2.0}, {"b", "z"}});
}

TEST_CASE("a conditional parameter is there when its condition holds") {
    Space space;
    space.choice("optimizer", {"sgd", "adam"})
        .choice("momentum", {0.5, 0.9})
        .when("optimizer", "sgd")
        .choice("nesterov", {"no", "yes"})
        .when("momentum", 0.9);
    const auto grid = space.grid();
    REQUIRE(grid.size() == 4);  // sgd 0.5, sgd 0.9 no, sgd 0.9 yes, adam
    CHECK(grid[0] == Values{{"optimizer", "sgd"}, {"momentum", 0.5}});
    CHECK(grid[3] == Values{{"optimizer", "adam"}});
    std::set<std::size_t> sizes;
    for (std::size_t number = 0; number < 100; ++number) {
        const Trial trial(number, 0, space.draw(0, number), nullptr);
        CHECK(trial.has("momentum") == (trial.text("optimizer") == "sgd"));
        sizes.insert(trial.values().size());
    }
    CHECK(sizes == std::set<std::size_t>{1, 2, 3});
    const Trial adam(0, 0, grid[3], nullptr);
    CHECK(
        text_of_error<std::invalid_argument>([&] { static_cast<void>(adam.value("momentum")); }) ==
        "Trial: there is no \"momentum\" in this trial; need a parameter of the space that exists "
        "here");
}

TEST_CASE("a space refuses what does not fit") {
    using Error = std::invalid_argument;
    const auto says = [](auto f) {
        return text_of_error<Error>([&] {
            Space space;
            space.integer("n", 1, 3).choice("c", {"a", "b"});
            f(space);
        });
    };
    CHECK(says([](Space& s) {
              s.uniform("", 0, 1);
          }) == "Space::uniform: the name is empty; need one");
    CHECK(says([](Space& s) {
              s.uniform("n", 0, 1);
          }) == "Space::uniform: there is a \"n\" already; need another name");
    CHECK(says([](Space& s) {
              s.uniform("x", 1, 0);
          }) == "Space::uniform: \"x\" goes from 1 to 0; need low <= high, both finite");
    CHECK(says([](Space& s) {
              s.log_uniform("x", 0, 1);
          }) == "Space::log_uniform: \"x\" goes from 0 to 1; need 0 < low <= high, both finite");
    CHECK(
        says([](Space& s) { s.integer("x", 0, std::int64_t{1} << 53); }) ==
        "Space::integer: \"x\" goes from 0 to 9007199254740992; need less than 2^53 in magnitude");
    CHECK(says([](Space& s) {
              s.choice("x", std::vector<Value>());
          }) == "Space::choice: \"x\" has no values; need at least 1");
    CHECK(says([](Space& s) {
              s.choice("x", {"a", "b", "a"});
          }) == "Space::choice: \"x\" has a twice; need each value once");
    CHECK(says([](Space& s) {
              s.choice("x", {1.0, NAN});
          }) == "Space::choice: \"x\" has the value nan; need finite ones");
    CHECK(says([](Space& s) {
              s.uniform("x", 0, 1).when("y", "a");
          }) == "Space::when: there is no \"y\" before \"x\"; need an earlier parameter");
    CHECK(says([](Space& s) {
              s.uniform("x", 0, 1).when("n", 4);
          }) == "Space::when: \"n\" is never exactly 4; need a value of a choice or an integer");
    CHECK(says([](Space& s) {
              s.points(3);
          }) == "Space::points: 3 points for \"c\"; need at least 2, for a range");
    CHECK(says([](Space& s) {
              static_cast<void>(s.grid(1));
          }) == "Space::grid: 1 points; need at least 2");
    CHECK(says([](Space& s) {
              s.uniform("x", 0, 1).uniform("y", 0, 1);
              static_cast<void>(s.grid(200));
          }) == "Space::grid: there are more than 100000 combinations; need fewer points");
}

TEST_CASE("a search finds the best lambda of a grid and at random") {
    const auto grid = search(lambda_space(), made_problem(5), {.grid = 6});
    CHECK(grid.trials.size() == 6);
    CHECK(grid.best == 3);
    CHECK(std::get<double>(grid.best_trial().values[0].second) == 1e-3);
    const auto points = grid.points("lambda");
    REQUIRE(points.size() == 6);
    CHECK(points[3].first == 1e-3);
    CHECK(points[3].second == grid.best_trial().error);
    CHECK(grid.epochs() == 30);
    const auto random = search(lambda_space(), made_problem(5), {.trials = 40});
    CHECK(std::ranges::is_sorted(random.points("lambda")));
    CHECK(std::abs(std::log10(std::get<double>(random.best_trial().values[0].second)) + 3) < 0.5);
}

TEST_CASE("the table is the same for any number of parallel trials, however long they take") {
    for (const int rule : {0, 1, 2}) {
        std::set<std::string> tables, texts;
        for (const std::size_t parallel : {1, 2, 5}) {
            const auto slow = [parallel](const Trial& trial) {
                double error = 0;
                Rng rng = Rng(parallel).split(trial.number());  // other delays each time
                for (std::size_t epoch = 1; epoch <= 9; ++epoch) {
                    std::this_thread::sleep_for(std::chrono::microseconds(rng.below(400)));
                    trial.report(epoch, error = made_error(trial, epoch));
                }
                return error;
            };
            Options options{.trials = 25, .seed = 3, .parallel = parallel};
            if (rule == 1)
                options.halving = Halving{.min_epochs = 1, .factor = 3};
            if (rule == 2)
                options.median = MedianRule{.first_epoch = 2, .min_trials = 3};
            const auto result = search(lambda_space(), slow, options);
            tables.insert(result.csv());
            texts.insert(result.text());
            const auto pruned = std::ranges::count(outcomes(result), Outcome::pruned);
            CHECK((pruned > 0) == (rule > 0));
        }
        CHECK(tables.size() == 1);
        CHECK(texts.size() == 1);
    }
}

TEST_CASE("halving finds what the full search finds with a fraction of its epochs") {
    for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
        const auto full = search(lambda_space(), made_problem(27), {.trials = 81, .seed = seed});
        const auto part = search(
            lambda_space(),
            made_problem(27),
            {.trials = 81, .seed = seed, .halving = Halving{.min_epochs = 1, .factor = 3}});
        CHECK(full.epochs() == 81 * 27);
        CHECK(part.best_trial().error < full.best_trial().error + 0.001);  // the noise
        CHECK(part.epochs() * 4 < full.epochs());
    }
}

TEST_CASE("halving keeps the best third at each rung, by hand") {
    const auto result = search(
        lambda_space(),
        scripted(
            {{0.9, 0.8, 0.7},     // the first has none to beat
             {0.8, 0.7, 0.6},     // best of 2
             {0.85, 0.1, 0.1},    // second of 3
             {0.8, 0.1, 0.1},     // as good as trial 1, and later: second of 4
             {0.7, 0.6, 0.65},    // best of 5; at epoch 3 second of 3
             {0.75, 0.1, 0.1}}),  // second of 6, of whom 2 stay; at epoch 3 best of 4
        {.trials = 6, .halving = Halving{.min_epochs = 1, .factor = 3}});
    using enum Outcome;
    CHECK(outcomes(result) == std::vector{complete, complete, pruned, pruned, pruned, complete});
    CHECK(result.trials[2].why == "2 of 3 at epoch 1; the best 1 went on");
    CHECK(result.trials[3].why == "2 of 4 at epoch 1; the best 1 went on");
    CHECK(result.trials[4].why == "2 of 3 at epoch 3; the best 1 went on");
    CHECK(result.trials[4].error == 0.65);
    CHECK(result.best == 5);
}

TEST_CASE("a trial that skips epochs meets each rung it passes") {
    const auto skips = [](const Trial& trial) {
        const double error = trial.number() == 0 ? 0.5 : 0.6;
        trial.report(2, error);
        trial.report(10, error);
        return error;
    };
    const auto result = search(
        lambda_space(), skips, {.trials = 2, .halving = Halving{.min_epochs = 3, .factor = 2}});
    CHECK(result.trials[1].reports.size() == 2);
    CHECK(result.trials[1].why == "2 of 2 at epoch 3; the best 1 went on");
}

TEST_CASE("the median rule compares the best error with the running means, by hand") {
    const auto result = search(
        lambda_space(),
        scripted(
            {{0.8, 0.4},     // means 0.8, 0.6
             {0.6, 0.4},     // means 0.6, 0.5
             {0.9, 0.1},     // median at 1: 0.7
             {0.7, 0.56},    // at 1 median of 0.8 0.6 0.9: 0.8; at 2 of 0.6 0.5: 0.55
             {0.55, 0.9}}),  // best 0.55; at 2 the median of 0.6 0.5 0.63 is 0.6
        {.trials = 5, .median = MedianRule{.first_epoch = 1, .min_trials = 2}});
    using enum Outcome;
    CHECK(outcomes(result) == std::vector{complete, complete, pruned, pruned, complete});
    CHECK(result.trials[2].why == "best error 0.9 at epoch 1; the median was 0.7");
    CHECK(result.trials[3].why == "best error 0.56 at epoch 2; the median was 0.55");
    CHECK(result.trials[4].error == 0.9);
    CHECK(result.best == 0);
}

TEST_CASE("the median rule leaves out a trial that had not reported by that epoch") {
    const auto late = [](const Trial& trial) {
        const double error = trial.number() == 2 ? 0.1 : 0.5;
        for (std::size_t epoch = trial.number() == 1 ? 5 : 3; epoch <= 5; epoch += 2)
            trial.report(epoch, error);
        return error;
    };
    const auto result = search(
        lambda_space(),
        late,
        {.trials = 3, .median = MedianRule{.first_epoch = 1, .min_trials = 1}});
    using enum Outcome;
    CHECK(outcomes(result) == std::vector{complete, complete, complete});
    CHECK(result.best == 2);
}

TEST_CASE("trials that fail are kept and do not end the search") {
    const auto fails = [](const Trial& trial) -> double {
        trial.report(1, 0.5);
        switch (trial.number()) {
            case 0: throw std::runtime_error("no memory,\nor \"so\"");
            case 1: return NAN;
            case 2: trial.report(2, INFINITY); break;
            case 3: trial.report(1, 0.4); break;
            case 4: throw 5;
            case 5: try { trial.report(2, NAN);
                } catch (const std::exception&) {}
                return 0.01;  // it does not count
            case 6: throw Pruned{};
            default: return 0.25;
        }
        return 0;
    };
    const auto result = search(Space().choice("c", {"a,b"}), fails, {.trials = 8, .parallel = 2});
    std::vector<std::string> why;
    for (const TrialResult& trial : result.trials)
        why.push_back(trial.why);
    CHECK(
        why == std::vector<std::string>{
                   "no memory,\nor \"so\"",
                   "the dev error is nan; need a finite number",
                   "Trial::report: the dev error is inf at epoch 2; need a finite number",
                   "Trial::report: epoch 1 after epoch 1; need a later one, counted from 1",
                   "threw what is no std::exception",
                   "Trial::report: the dev error is nan at epoch 2; need a finite number",
                   "by itself",
                   ""});
    CHECK(result.best == 7);
    CHECK(result.csv().starts_with(
        "trial,c,outcome,error,epochs,why\n"
        "0,\"a,b\",failed,,1,\"no memory,\nor \"\"so\"\"\"\n"
        "1,\"a,b\",failed,,1,the dev error is nan; need a finite number\n"));
    CHECK(
        result.text().starts_with("trial  c    error  epochs  outcome\n"
                                  "7      a,b  0.25   1       complete\n"
                                  "6      a,b  0.5    1       pruned: by itself\n"
                                  "0      a,b         1       failed: no memory, or \"so\"\n"));
}

TEST_CASE("a search in which all trials fail says why") {
    const auto text = text_of_error<std::runtime_error>([] {
        static_cast<void>(search(
            lambda_space(),
            [](const Trial&) -> double { throw std::runtime_error("out of paper"); },
            {.trials = 3}));
    });
    CHECK(
        text ==
        "search: no trial of 3 was complete, and trial 0 failed with \"out of paper\"; need one "
        "that returns its error");
}

TEST_CASE("a search refuses options out of range") {
    const auto says = [](const Space& space, const Options& options) {
        return text_of_error<std::invalid_argument>(
            [&] { static_cast<void>(search(space, made_problem(1), options)); });
    };
    CHECK(says({}, {}) == "search: the space is empty; need at least one parameter");
    const Space space = lambda_space();
    CHECK(says(space, {.trials = 0}) == "search: 0 trials; need at least 1");
    CHECK(says(space, {.parallel = 0}) == "search: 0 parallel trials; need at least 1");
    CHECK(
        says(space, {.grid = 1}) ==
        "search: a grid of 1 point; need at least 2, or 0 for a random search");
    CHECK(
        says(space, {.halving = Halving{}, .median = MedianRule{}}) ==
        "search: both halving and the median rule are given; need at most one of them");
    CHECK(
        says(space, {.halving = Halving{.factor = 1}}) ==
        "search: halving needs min_epochs of at least 1 and a factor of at least 2");
    CHECK(
        says(space, {.median = MedianRule{.min_trials = 0}}) ==
        "search: the median rule needs min_trials of at least 1");
}

TEST_CASE("on_trial hears of each trial, and what it throws ends the search") {
    std::atomic<int> started = 0;
    std::vector<std::size_t> heard;
    const auto count = [&](const Trial& trial) {
        ++started;
        return made_problem(3)(trial);
    };
    Options options{.trials = 12, .parallel = 2};
    options.on_trial = [&](const TrialResult& trial) { heard.push_back(trial.number); };
    static_cast<void>(search(lambda_space(), count, options));
    std::ranges::sort(heard);
    CHECK(heard.size() == 12);
    CHECK(heard.back() == 11);
    started = 0;
    options.on_trial = [](const TrialResult&) { throw std::runtime_error("enough"); };
    CHECK(text_of_error<std::runtime_error>([&] {
              static_cast<void>(search(lambda_space(), count, options));
          }) == "enough");
    CHECK(started <= 3);
}

TEST_CASE("a line per trial goes to the progress file") {
    std::FILE* file = std::tmpfile();
    REQUIRE(file);
    static_cast<void>(search(
        Space().choice("units", {64.0}).choice("act", {"relu"}),
        scripted({{0.5}, {0.25, 0.125}}),
        {.trials = 2, .progress = file}));
    std::rewind(file);
    std::string text(1000, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);
    CHECK(
        text ==
        "search: trial 0: units=64 act=relu: complete, error 0.5; best 0.5, trial 0; 1 of 2 done\n"
        "search: trial 1: units=64 act=relu: complete, error 0.125; best 0.125, trial 1; 2 of 2 "
        "done\n");
}
