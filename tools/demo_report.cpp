#include <tools/demo_report.hpp>
#include <tools/report.hpp>
#include <tools/report_figures.hpp>
#include <tools/report_mistakes.hpp>
#include <tools/report_training.hpp>
#include <tools/run_environment.hpp>
#include <tools/run_page.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace xgrad::demo {
namespace {

using report::Figure;
using report::grouped;
using report::percent;

Figure::Mood mood(bool good) { return good ? Figure::Mood::good : Figure::Mood::bad; }

std::vector<Figure> figures(const Outcome& o, const Settings& s) {
    return {
        {"test accuracy",
         percent(o.accuracy()),
         s.require_accuracy > 0 ? "needed: " + percent(s.require_accuracy) : "",
         mood(o.accuracy() >= s.require_accuracy)},
        {"variance",
         fmt::format(
             "{:.1f} → {:.1f} %",
             100 * o.first.diagnosis.variance,
             100 * o.final.diagnosis.variance),
         "first network, final network"},
        {"gradient check",
         o.gradients_ok() ? "passed" : "failed",
         fmt::format("norm ratio {:.1e}", o.norm_ratio()),
         mood(o.gradients_ok())},
        {"saved model, reloaded",
         o.reloaded_same ? "same bits" : "differs",
         fmt::format("weights {:016x}", o.hash),
         mood(o.reloaded_same)},
        {"time", fmt::format("{:.0f} s", o.seconds), fmt::format("{} threads", s.threads)}};
}

std::vector<report::ErrorBar> errors(
    const Outcome& o, const Data& data, const data::Dataset<float>& test) {
    const auto bar = [](const char* name, std::size_t rows, const train::Evaluation& score) {
        return report::ErrorBar{
            name, score.error, fmt::format("{} images, cost {:.4f}", grouped(rows), score.cost)};
    };
    return {
        bar("first network, train", data.train.size(), o.first.train),
        bar("first network, dev", data.dev.size(), o.first.dev),
        bar("train", data.train.size(), o.final.train),
        bar("dev", data.dev.size(), o.final.dev),
        bar("test", test.size(), o.test)};
}

report::Verdict verdict(const char* name, const train::Diagnosis& diagnosis) {
    report::Verdict verdict = report::verdict_of(diagnosis);
    verdict.name = name;
    return verdict;
}

report::GradientTable gradients(const Outcome& o) {
    report::GradientTable table{o.gradients_ok(), o.norm_ratio()};
    for (const ModelCheck* check : {&o.check_start, &o.check_end}) {
        for (const ParameterCheck& parameter : check->parameters) {
            table.rows.push_back(
                {fmt::format(
                     "{}, {}", parameter.name, check == &o.check_start ? "start" : "trained"),
                 to_string(parameter.shape),
                 parameter.checked,
                 parameter.norm_ratio,
                 parameter.relative_error,
                 check->ok ? "passed" : "failed"});
        }
        if (!check->ok)
            table.text += check->text;
    }
    return table;
}

// The images back in their own shape.
data::Dataset<float> pictures(const data::Dataset<float>& set, const Shape& image) {
    Array<float> x = set.x();
    x.reshape({set.size(), image[0], image[1]});
    return {std::move(x), set.y(), set.classes()};
}

// All trials, the pruned ones with the error at which they ended.
report::Plot search_plot(const search::SearchResult& result, const char* name, bool log) {
    report::Plot plot;
    plot.title = fmt::format("Dev error of the trials, by {}", name);
    plot.x_label = name;
    plot.y_label = "dev error, %";
    plot.log_x = log;
    for (const auto outcome : {search::Outcome::complete, search::Outcome::pruned}) {
        report::Series series{to_string(outcome), {}, {}, report::Series::Style::points};
        for (const search::TrialResult& trial : result.trials) {
            const auto has_name = [&](const auto& value) { return value.first == name; };
            const auto at = std::ranges::find_if(trial.values, has_name);
            if (trial.outcome != outcome || at == trial.values.end())
                continue;
            series.x.push_back(std::get<double>(at->second));
            series.y.push_back(100 * trial.error);
        }
        if (!series.x.empty())
            plot.series.push_back(std::move(series));
    }
    return plot;
}

}  // namespace

std::string report_page(
    const Outcome& o,
    const Data& data,
    const data::Dataset<float>& test,
    const Settings& settings) {
    const auto mistakes = report::worst_mistakes(o.test_scores, test.y());
    const double mean = data.normalizer.mean().data()[0], scale = data.normalizer.scale().data()[0];
    report::RunPage page;
    page.title = "Fashion-MNIST, a dense network";
    page.subtitle = fmt::format(
        "trained on {} images, chosen on {}, judged once on {}",
        grouped(data.train.size()),
        grouped(data.dev.size()),
        grouped(test.size()));
    page.figures = figures(o, settings);
    page.history = o.final.fit.history;
    page.best_epoch = o.final.fit.best_epoch;
    page.ended = o.final.fit.text();
    page.errors = errors(o, data, test);
    page.verdicts = {
        verdict("the first network", o.first.diagnosis), verdict("the final network", o.diagnosis)};
    if (!o.search.trials.empty()) {
        page.search = {
            search_plot(o.search, "weight_decay", true), search_plot(o.search, "keep_prob", false)};
    }
    page.gradients = gradients(o);
    page.confusion = report::confusion_of(o.test_scores, test.y(), class_names);
    page.mistakes = report::images_of(
        mistakes, pictures(test, data.image), class_names, {-mean / scale, (1 - mean) / scale});
    page.layers = report::rows_of(o.layers);
    page.settings = {
        {"hidden layers", fmt::format("{}", fmt::join(settings.hidden, ", "))},
        {"keep_prob", settings.keep_prob},
        {"weight decay, not on biases", settings.weight_decay},
        {"optimiser", "AdamW"},
        {"learning rate", fmt::format("{}, falling to 0 on a half cosine", settings.lr)},
        {"batch size", settings.batch},
        {"epochs, at most", settings.epochs},
        {"patience", settings.patience},
        {"seed", settings.seed},
        {"threads", settings.threads},
        {"data", settings.data.string()}};
    page.environment = report::environment();
    return report::run_page(page);
}

}  // namespace xgrad::demo
