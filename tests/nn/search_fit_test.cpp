#include <nn/nn.hpp>
#include <nn/penalty.hpp>
#include <nn/search_fit.hpp>
#include <tests/nn/fit_data.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>
#include <string>

using namespace xgrad;
using namespace xgrad::search;
using xgrad::data::Dataset;
using xgrad::data::Part;
using xgrad::test::clouds;
using xgrad::test::noisy_net;
using xgrad::test::TempFolder;
using xgrad::test::text_of_error;

namespace {

/// Few training rows, so that lambda matters, and more dev rows.
train::FitData<double> made_data() {
    return {clouds<double>(40, 1, 1.5).as(Part::train), clouds<double>(300, 2, 1.5).as(Part::dev)};
}

Space lambda_space() { return Space().log_uniform("lambda", 1e-3, 30); }

FitTrial<double> make(const Trial& trial) {
    const double lambda = trial.value("lambda");
    FitTrial<double> made{
        std::make_unique<nn::Sequential<double>>(noisy_net<double>(trial.seed()))};
    made.options.epochs = 6;
    made.options.batch_size = 20;
    made.options.lr = 0.03;
    made.options.penalty = [lambda](nn::Module<double>& model) {
        return optim::l2_penalty(model.parameters(), lambda, 40);
    };
    return made;
}

std::string bits(const FitSearchResult<double>& result) {
    std::string all = result.search.csv();
    for (const auto& [name, value] : result.model->state_dict())
        all.append(reinterpret_cast<const char*>(value.data()), value.size() * sizeof(double));
    return all;
}

}  // namespace

TEST_CASE("a search trains by fit() and leaves the best model, the same bits however many run") {
    const auto data = made_data();
    std::set<std::string> all;
    for (const std::size_t parallel : {1, 2, 3}) {
        const auto result = search_fit<double>(
            lambda_space(), data, make, {.trials = 8, .seed = 4, .parallel = parallel});
        CHECK(result.search.epochs() == 48);
        CHECK(train::evaluate(*result.model, *data.dev).error == result.search.best_trial().error);
        CHECK(result.fit.history.back().dev.error == result.search.best_trial().error);
        all.insert(bits(result));
    }
    CHECK(all.size() == 1);
}

TEST_CASE("a search by fit() that goes on trains its best model again, to the same bits") {
    const auto data = made_data();
    const TempFolder folder;
    Options options{.trials = 8, .seed = 4, .halving = Halving{.min_epochs = 1, .factor = 2}};
    const std::string whole = bits(search_fit<double>(lambda_space(), data, make, options));
    options.journal = folder / "j";
    CHECK(bits(search_fit<double>(lambda_space(), data, make, options)) == whole);
    const auto again = search_fit<double>(lambda_space(), data, make, options);
    CHECK(again.search.resumed == 8);
    CHECK(bits(again) == whole);
}

TEST_CASE("with early stopping a trial's error is that of the weights it ends with") {
    const auto data = made_data();
    const auto stops = [](const Trial& trial) {
        auto made = make(trial);
        made.options.early_stopping = {{.patience = 2}};
        return made;
    };
    const auto result = search_fit<double>(lambda_space(), data, stops, {.trials = 4});
    CHECK(train::evaluate(*result.model, *data.dev).error == result.search.best_trial().error);
    for (const TrialResult& trial : result.search.trials) {
        double least = 1;
        for (const Report& report : trial.reports)
            least = std::min(least, report.error);
        CHECK(trial.error == least);
    }
}

TEST_CASE("trials that go on from a fit's checkpoint report the epochs before it too") {
    const auto data = made_data();
    const TempFolder folder;
    const auto keeps = [&](const Trial& trial) {
        auto made = make(trial);
        made.options.checkpoint = folder / std::to_string(trial.number());
        return made;
    };
    const auto first = search_fit<double>(lambda_space(), data, keeps, {.trials = 2});
    const auto again = search_fit<double>(lambda_space(), data, keeps, {.trials = 2});
    CHECK(bits(again) == bits(first));
    CHECK(again.search.epochs() == 12);
}

TEST_CASE("a search by fit() refuses the test set, and rows for the wrong use") {
    const auto data = made_data();
    const auto says = [](const train::FitData<double>& of) {
        return text_of_error<std::invalid_argument>([&] {
            static_cast<void>(search_fit<double>(lambda_space(), of, make, {.trials = 1}));
        });
    };
    const Dataset<double>& dev = *data.dev;
    CHECK(
        says({data.train, dev.as(Part::test)}) ==
        "search_fit: the dev rows are of part test; need part dev: the test set judges what was "
        "chosen");
    CHECK(
        says({data.train, data.train}) ==
        "search_fit: the dev rows are of part train; need part dev");
    CHECK(
        says({dev.as(Part::test), dev}) ==
        "search_fit: the training rows are of part test; need part train, or none");
    CHECK(says({data.train}) == "search_fit: there are no dev rows; need them for the scores");
}

TEST_CASE("a fit that diverges is a failed trial") {
    const auto data = made_data();
    const auto diverges = [](const Trial& trial) {
        auto made = make(trial);
        if (trial.number() == 0)
            made.options.loss = [](const Variable<double>& outputs, const data::Batch<double>&) {
                return sum(outputs) * NAN;
            };
        return made;
    };
    const auto result = search_fit<double>(lambda_space(), data, diverges, {.trials = 3});
    CHECK(result.search.trials[0].outcome == Outcome::failed);
    CHECK(result.search.trials[0].why.starts_with("fit: "));
    CHECK(result.search.best != 0);
}
