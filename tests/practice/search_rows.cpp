#include <nn/fit.hpp>
#include <nn/nn.hpp>
#include <nn/search.hpp>
#include <nn/test_set.hpp>
#include <tests/practice/row.hpp>
#include <tools/run_read.hpp>
#include <tools/run_record.hpp>

#include <unistd.h>

#include <cmath>
#include <concepts>
#include <filesystem>

namespace xgrad::practice {
namespace {

// Nothing that trains or chooses takes a test set: it does not compile.
static_assert(!std::convertible_to<data::TestSet<float>, data::Dataset<float>>);
static_assert(!std::constructible_from<data::DataLoader<float>, data::TestSet<float>>);

// The dev error of a ridge regression on a few noisy rows, by lambda.
double ridge_error(const search::Trial& trial) {
    Rng rng(4);
    const auto make = [&](std::size_t rows) {
        const Variable<double> x(init::normal<double>({rows, 8}, rng));
        const Variable<double> noise(init::normal<double>({rows, 1}, rng, 3));
        return std::pair(x, sum(x, {1}, true) + noise);
    };
    const auto [x, y] = make(12);
    const auto [dev_x, dev_y] = make(200);
    const Variable<double> eye(init::identity<double>({8, 8}, trial.value("lambda")));
    const Variable<double> w = solve(matmul(transpose(x), x) + eye, matmul(transpose(x), y));
    return mse_loss(matmul(dev_x, w), dev_y).item();
}

void choosing_lambda(Figures& figures) {
    search::Space space;
    space.log_uniform("lambda", 1e-3, 1e3);
    const auto run = [&](search::Options options) {
        options.grid = 13;
        return search::search(space, ridge_error, options);
    };
    const auto journal =
        std::filesystem::temp_directory_path() / fmt::format("xgrad_practice_{}", ::getpid());
    const auto one = run({.parallel = 1});
    const auto two = run({.parallel = 2, .journal = journal});
    const auto resumed = run({.journal = journal});
    std::filesystem::remove(journal);
    const auto best = std::get<double>(one.best_trial().values.at(0).second);
    figures.say(
        "{} trials on a log grid, best lambda {:.3g} with dev error {:.2f}",
        one.trials.size(),
        best,
        one.best_trial().error);
    figures.need(
        one.best_trial().error < one.points("lambda").front().second &&
            one.best_trial().error < one.points("lambda").back().second,
        "the best lambda lies within the grid");
    figures.need(one.csv() == two.csv(), "one table for one trial at a time and for two");
    figures.need(resumed.csv() == one.csv() && resumed.resumed == 13, "the same when resumed");
    figures.say("the same table side by side and resumed");
    const auto random = search::search(space, ridge_error, {.trials = 10, .seed = 1});
    figures.need(random.trials.size() == 10, "10 trials at random");
}

// A run of fit() in a folder of its own, with its learning rate as its setting.
std::filesystem::path recorded(const std::filesystem::path& top, double lr, double& last_error) {
    Rng rng(8);
    const auto x = init::normal<double>({60, 4}, rng);
    data::Labels y(60);
    for (std::size_t i = 0; i < y.size(); ++i)
        y[i] = x(i, 0) > x(i, 1);
    const data::Dataset<double> set(x, y, 2);
    nn::Dense<double> model(4, 2, rng);
    const auto folder = report::new_run_folder(top);
    train::FitOptions<double> options{.epochs = 3, .batch_size = 10, .lr = lr};
    auto recorder = std::make_shared<report::RunRecorder<double>>(
        folder, report::RunOptions{.settings = {{"lr", lr}}});
    recorder->verdict({"diagnosis", "low bias, low variance"});
    options.callbacks = {recorder};
    last_error = train::fit(model, {set, set}, options).history.back().dev.error;
    return folder;
}

void record(Figures& figures) {
    const auto top =
        std::filesystem::temp_directory_path() / fmt::format("xgrad_practice_runs_{}", ::getpid());
    double slow = 0, fast = 0;
    recorded(top, 1e-4, slow);
    recorded(top, 0.1, fast);
    std::vector<report::RunRecord> runs;
    for (const auto& folder : report::find_runs(top))
        runs.push_back(report::read_run(folder));
    figures.need(runs.size() == 2, "two runs found");
    for (const report::RunRecord& run : runs) {
        figures.say(
            "{}: lr {}, dev error {:.3f}",
            run.folder.filename().string(),
            run.settings.at("lr").text(),
            run.history.back().dev.error);
        for (const char* file :
             {"settings.json",
              "metrics.csv",
              "metrics.jsonl",
              "verdicts.json",
              "model.safetensors",
              "environment.json"})
            figures.need(std::filesystem::exists(run.folder / file), file);
        figures.need(
            run.history.size() == 3 && run.verdicts.at(0).text == "low bias, low variance",
            "all epochs and the verdict read back");
    }
    figures.need(
        runs.at(0).history.back().dev.error == slow && runs.at(1).history.back().dev.error == fast,
        "the errors read back to the bit");
    std::filesystem::remove_all(top);
}

}  // namespace

std::vector<Row> search_rows() {
    return {
        {"P6",
         "choosing lambda",
         {"nn/search_test.cpp", "nn/search_journal_test.cpp"},
         "23_lambda_search",
         choosing_lambda},
        {"P15", "the loop", {"tools/run_record_test.cpp"}, "24_the_whole_loop", record},
    };
}

}  // namespace xgrad::practice
