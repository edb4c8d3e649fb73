// The whole loop (practice P15): split, normalise, a first network, its diagnosis, regularisation
// chosen by a search on dev, early stopping, one look at the test set, and a folder for each run,
// so that the next time round starts from what is known.
#include <examples/fashion_mnist.hpp>
#include <examples/practice/lesson.hpp>
#include <nn/diagnose.hpp>
#include <nn/fit.hpp>
#include <nn/sanity.hpp>
#include <nn/search.hpp>
#include <nn/test_set.hpp>
#include <tools/report_plot.hpp>
#include <tools/run_page.hpp>
#include <tools/run_read.hpp>
#include <tools/run_record.hpp>

#include <algorithm>
#include <cstdio>

using namespace xgrad;

namespace {

struct Data {
    train::FitData<float> fit;
    data::TestSet<float> test;
};

data::Dataset<float> images(const std::string& name, std::size_t rows) {
    const auto set = data::load_images(
        fashion_mnist::folder / (name + "-images-idx3-ubyte.gz"),
        fashion_mnist::folder / (name + "-labels-idx1-ubyte.gz"),
        fashion_mnist::classes);
    return set.slice(0, std::min(rows, set.size()));
}

// Split, then normalise by the figures of the training rows.
Data prepared(bool quick) {
    const auto parts = data::split_dataset(
        images("train", quick ? 4'000 : 60'000),
        quick ? data::Fractions{0.75, 0.25} : data::Fractions{0.9, 0.1},
        {.stratify = true});
    data::Normalizer<float> normalizer({.per_feature = false});
    normalizer.fit(parts.train);
    return {
        {normalizer.transform(parts.train), normalizer.transform(*parts.dev)},
        data::TestSet<float>(normalizer.transform(images("t10k", quick ? 1'000 : 10'000)))};
}

struct Setting {
    double keep_prob = 1, lambda = 0;
};

nn::Sequential<float> network(const Setting& setting) {
    Rng rng(1);
    return nn::Sequential(
        nn::Dense(28 * 28, 128, rng),
        nn::Relu(),
        nn::Dropout(setting.keep_prob, rng),
        nn::Dense(128, fashion_mnist::classes, rng));
}

train::FitOptions<float> options_for(const Setting& setting, const Data& data, bool quick) {
    train::FitOptions<float> options;
    options.epochs = quick ? 15 : 25;
    options.batch_size = 64;
    options.penalty = [lambda = setting.lambda, m = data.fit.train.size()](auto& net) {
        return optim::l2_penalty(net.parameters(), lambda, m);
    };
    options.early_stopping = {{.patience = 4}};
    return options;
}

struct Run {
    nn::Sequential<float> net;
    train::FitResult result;
    train::Diagnosis diagnosis;
    std::shared_ptr<report::RunRecorder<float>> record;
};

// Trains, diagnoses, and leaves a folder that says so.
Run recorded(
    const char* name,
    const Setting& setting,
    bool stops_early,
    const Data& data,
    const Lesson& lesson) {
    const auto folder = report::new_run_folder(lesson.folder() / "runs", name);
    auto record = std::make_shared<report::RunRecorder<float>>(
        folder,
        report::RunOptions{
            .settings = {{"keep_prob", setting.keep_prob}, {"lambda", setting.lambda}}});
    auto net = network(setting);
    auto options = options_for(setting, data, lesson.quick());
    if (!stops_early)
        options.early_stopping.reset();
    options.callbacks = {record};
    auto result = train::fit(net, data.fit, options);
    auto diagnosis = train::diagnose(
        {.train = train::evaluate(net, data.fit.train).error,
         .dev = train::evaluate(net, *data.fit.dev).error,
         .train_rows = data.fit.train.size(),
         .dev_rows = data.fit.dev->size()});
    record->verdict({"diagnosis", diagnosis.verdict, diagnosis.steps});
    std::printf("%s: %s\n%s\n", name, result.text().c_str(), diagnosis.text().c_str());
    return {std::move(net), std::move(result), std::move(diagnosis), std::move(record)};
}

Setting searched(const Data& data, bool quick) {
    search::Space space;
    space.choice("keep_prob", {0.5, 0.8}).log_uniform("lambda", 0.1, 10);
    const auto result = search::search(
        space,
        [&](const search::Trial& trial) {
            const Setting setting{trial.value("keep_prob"), trial.value("lambda")};
            auto net = network(setting);
            const auto run = train::fit(net, data.fit, options_for(setting, data, quick));
            return run.history.at(run.best_epoch - 1).dev.error;
        },
        {.grid = quick ? 2U : 3U, .parallel = 2});
    std::printf("%s\n", result.text().c_str());
    const auto& values = result.best_trial().values;
    return {std::get<double>(values.at(0).second), std::get<double>(values.at(1).second)};
}

report::Plot curves(const char* title, const train::History& history) {
    report::Series train{"train", {}, {}}, dev{"dev", {}, {}};
    for (const train::EpochRecord& epoch : history) {
        for (report::Series* series : {&train, &dev})
            series->x.push_back(static_cast<double>(series->x.size() + 1));
        train.y.push_back(epoch.train.error);
        dev.y.push_back(epoch.dev.error);
    }
    return {
        .title = title,
        .x_label = "epoch",
        .y_label = "error",
        .series = {train, dev},
        .y_range = {{0, 0.2}}};
}

}  // namespace

int main(int argc, char** argv) {
    Lesson lesson(argc, argv);
    if (!fashion_mnist::installed())
        return fashion_mnist::say_missing();
    Data data = prepared(lesson.quick());

    // Seconds that may save hours: does the network lose what knowing nothing costs, and can it
    // learn twenty rows by heart?
    auto net = network({});
    const auto chance = train::loss_at_chance(net, data.fit.train);
    const auto overfit = train::overfit_batch(net, data.fit.train);
    std::printf("%s\n%s\n\n", chance.text.c_str(), overfit.text.c_str());

    const Run first = recorded("first", {}, false, data, lesson);
    const Setting best = searched(data, lesson.quick());
    Run second = recorded("regularised", best, true, data, lesson);
    const auto dev_error = [](const Run& run) {
        return run.result.history.at(run.result.best_epoch - 1).dev.error;
    };

    const double error =
        train::evaluate(second.net, data.test.look("the score of the chosen network")).error;
    second.record->result("test error", error);
    std::printf("error %.4f on test\n\n", error);

    // What the folders have to tell; `xgrad-runs` compares them in one table.
    for (const Run* run : {&first, &std::as_const(second)}) {
        const auto read = report::read_run(run->record->folder());
        const auto page = run->record->folder() / "report.html";
        report::write_file(page, report::run_page(report::page_of(read)));
        std::printf(
            "%s: best epoch %zu, %s; report: %s\n",
            read.folder.filename().c_str(),
            read.best_epoch(),
            read.verdicts.at(0).text.c_str(),
            page.c_str());
        lesson.check(
            read.history.size() == run->result.history.size() &&
                read.verdicts.at(0).text == run->diagnosis.verdict,
            "the folder has all epochs and the verdict");
    }
    lesson.picture(
        "24_the_whole_loop",
        report::svg_file(
            {curves("first network", first.result.history),
             curves("regularised, stopped early", second.result.history)}));

    lesson.check(chance.passed && overfit.passed, "the network can learn");
    lesson.check(first.diagnosis.high_variance, "the first network overfits");
    lesson.check(second.diagnosis.variance < first.diagnosis.variance, "the second one less");
    lesson.check(dev_error(second) < dev_error(first) + 0.01, "and it is no worse on dev");
    lesson.check(error < (lesson.quick() ? 0.2 : 0.12), "and good on test");
    lesson.check(data.test.looks() == 1, "the test set was looked at once");
    return lesson.end();
}
