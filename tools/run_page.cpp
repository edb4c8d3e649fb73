#include <tools/run_page.hpp>
#include <tools/run_read.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>

namespace xgrad::report {
namespace {

using train::EpochRecord;
using train::Evaluation;

Chart chart_of(
    const char* title,
    const train::History& history,
    double Evaluation::*score,
    bool has_dev,
    std::size_t best_epoch) {
    Chart chart{title, {{"train", {}}}, false, best_epoch, "best epoch"};
    for (const EpochRecord& epoch : history)
        chart.curves[0].values.push_back(epoch.train.*score);
    if (has_dev) {
        chart.curves.push_back({"dev", {}});
        for (const EpochRecord& epoch : history)
            chart.curves[1].values.push_back(epoch.dev.*score);
    }
    return chart;
}

void add_verdicts(Page& page, const std::vector<Verdict>& verdicts) {
    for (const Verdict& verdict : verdicts) {
        std::string name = verdict.name;
        if (!name.empty())
            name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
        page.section(name).verdict(verdict.text).list(verdict.details);
    }
}

void add_mistakes(Page& page, const RunPage& run) {
    if (run.confusion) {
        page.section(
                "Confusion",
                fmt::format(
                    "Rows are the labels, columns what the model called them; {} mistakes.",
                    grouped(run.confusion->mistakes())))
            .piece(html(*run.confusion));
    }
    const bool has_table = !run.mistake_table.rows.empty();
    if (!run.mistakes.empty() || has_table)
        page.section("Worst mistakes", "Where the model was surest, and wrong.");
    if (!run.mistakes.empty())
        page.images(run.mistakes);
    if (has_table)
        page.table(run.mistake_table);
}

// How sizes change through the network, on a logarithmic axis: vanishing is a line that falls.
void add_layers(Page& page, const std::vector<LayerRow>& layers) {
    Series forward{"activations", {}, {}}, backward{"gradients", {}, {}};
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const auto put = [i](Series& series, const std::optional<double>& size) {
            if (size && *size > 0 && std::isfinite(*size)) {
                series.x.push_back(static_cast<double>(i));
                series.y.push_back(*size);
            }
        };
        put(forward, layers[i].deviation);
        put(backward, layers[i].gradient);
    }
    page.section("Layers");
    std::vector<Plot> plots;
    for (Series* series : {&forward, &backward}) {
        if (series->x.size() > 1) {
            Plot plot;
            plot.title = "Size of the " + series->name;
            plot.x_label = "layer";
            plot.log_y = true;
            series->name.clear();
            plot.series = {*series};
            plots.push_back(std::move(plot));
        }
    }
    if (!plots.empty())
        page.plots(plots);
    page.piece(html(layers));
}

}  // namespace

bool has_shares(const train::History& history) {
    const auto counts = [](const Evaluation& e) {
        return std::isfinite(e.error) && e.error != e.cost;
    };
    return std::ranges::any_of(history, [&](const EpochRecord& epoch) {
        return counts(epoch.train) || counts(epoch.dev);
    });
}

std::string error_text(double error, const train::History& history) {
    return has_shares(history) ? percent(error) : fmt::format("{:.4g}", error);
}

std::vector<Chart> charts_of(const train::History& history, bool has_dev, std::size_t best_epoch) {
    std::vector<Chart> charts = {chart_of("Cost", history, &Evaluation::cost, has_dev, best_epoch)};
    if (has_shares(history)) {
        charts.push_back(chart_of("0-1 error", history, &Evaluation::error, has_dev, best_epoch));
        charts.back().percent = true;
    }
    return charts;
}

Table table_of(const Settings& settings) {
    Table table{{"setting", "value"}, {}};
    for (const auto& [name, value] : settings)
        table.rows.push_back({name, value.text()});
    table.numbers_from = 2;  // texts among them: all to the left
    return table;
}

std::string run_page(const RunPage& run) {
    Page page(run.title, run.subtitle);
    if (!run.figures.empty())
        page.figures(run.figures);
    if (!run.history.empty()) {
        page.section("Training", run.ended)
            .charts(charts_of(run.history, run.has_dev, run.best_epoch));
    }
    if (!run.errors.empty())
        page.section("Errors").piece(html(run.errors));
    add_verdicts(page, run.verdicts);
    if (!run.search.empty())
        page.section("Search").plots(run.search);
    if (run.gradients) {
        page.section("Gradient check", "Analytic gradients against two-sided differences.")
            .piece(html(*run.gradients));
    }
    add_mistakes(page, run);
    if (!run.layers.empty())
        add_layers(page, run.layers);
    if (!run.settings.empty())
        page.section("Settings").table(table_of(run.settings));
    if (!run.environment.empty()) {
        Table place = table_of(run.environment);
        place.head[0] = "environment";
        page.section("Environment").table(place);
    }
    if (!run.footer.empty())
        page.footer(run.footer);
    return page.html();
}

RunPage page_of(const RunRecord& run) {
    RunPage page;
    page.title = run.folder.filename().string();
    page.subtitle = fmt::format("{}, started {}", to_string(run.status), run.started);
    page.history = run.history;
    page.has_dev = run.has_dev();
    page.best_epoch = run.best_epoch();
    if (page.best_epoch > 0) {
        const EpochRecord& best = run.history[page.best_epoch - 1];
        page.figures.push_back(
            {page.has_dev ? "dev error" : "train error",
             error_text(page.has_dev ? best.dev.error : best.train.error, run.history),
             fmt::format("epoch {} of {}", page.best_epoch, run.history.size())});
    }
    for (const auto& [name, value] : run.results)
        page.figures.push_back({name, fmt::format("{:.4g}", value), ""});
    page.figures.push_back({"time", fmt::format("{:.1f} s", run.seconds()), "in epochs"});
    page.ended = run.stopped;
    page.verdicts = run.verdicts;
    page.settings = run.settings;
    page.environment = run.environment;
    return page;
}

}  // namespace xgrad::report
