#include <autograd/fail.hpp>
#include <tools/report_training.hpp>

#include <algorithm>

namespace xgrad::report {
namespace {

// "variance 6.73 % (6.10 to 7.36 %)".
std::string text_of(const train::Gap& gap) {
    std::string text = fmt::format("{} {}", gap.name, percent(gap.value));
    if (gap.band.low < gap.band.high) {
        text += fmt::format(" ({:.2f} to {:.2f} %)", 100 * gap.band.low, 100 * gap.band.high);
    }
    if (gap.level == train::Level::high)
        text += ", high";
    if (gap.level == train::Level::unclear)
        text += ", unclear";
    return text;
}

// Gaps end at the first of their terms: "dev - train" at dev.
ErrorBar bar_of(
    const char* name,
    double error,
    const std::optional<std::size_t>& rows,
    const std::vector<train::Gap>& gaps) {
    ErrorBar bar{name, error};
    if (rows)
        bar.detail = grouped(*rows) + " rows";
    for (const train::Gap& gap : gaps) {
        if (gap.terms.starts_with(fmt::format("{} - ", name))) {
            bar.detail += bar.detail.empty() ? "" : "; ";
            bar.detail += text_of(gap);
        }
    }
    return bar;
}

}  // namespace

Confusion confusion_of(const train::ConfusionMatrix& matrix, std::vector<std::string> classes) {
    const std::size_t n = matrix.classes();
    if (classes.empty()) {
        for (std::size_t k = 0; k < n; ++k)
            classes.push_back(fmt::format("{}", k));
    }
    if (classes.size() != n) {
        fail<std::invalid_argument>(
            "confusion_of: {} names for {} classes; need one for each", classes.size(), n);
    }
    Confusion found{std::move(classes), {}};
    for (std::size_t label = 0; label < n; ++label) {
        found.counts.emplace_back();
        for (std::size_t k = 0; k < n; ++k)
            found.counts.back().push_back(matrix.count(label, k));
    }
    return found;
}

std::vector<LayerRow> rows_of(const train::LayerReport& report) {
    std::vector<LayerRow> rows;
    for (const train::LayerFigures& figures : report.layers) {
        LayerRow row{figures.path, figures.layer};
        row.mean = figures.results.mean;
        row.deviation = figures.results.deviation;
        row.zeros = figures.results.zeros;
        if (figures.gradient) {
            row.gradient = figures.gradient->rms;
            row.gradient_zeros = figures.gradient->zeros;
        }
        row.update = figures.update_ratio;
        row.verdict = train::to_string(figures.state);
        row.healthy = figures.state == train::LayerState::healthy;
        row.reason = figures.reason;
        rows.push_back(std::move(row));
    }
    return rows;
}

Verdict verdict_of(const train::Diagnosis& diagnosis) {
    return {"diagnosis", diagnosis.verdict, diagnosis.steps};
}

std::vector<ErrorBar> bars_of(const train::ErrorRates& rates, const train::Diagnosis& diagnosis) {
    const std::vector<train::Gap>& gaps = diagnosis.gaps;
    std::vector<ErrorBar> bars = {bar_of("train", rates.train, rates.train_rows, gaps)};
    if (rates.train_dev)
        bars.push_back(bar_of("train-dev", *rates.train_dev, rates.train_dev_rows, gaps));
    bars.push_back(bar_of("dev", rates.dev, rates.dev_rows, gaps));
    if (rates.test)
        bars.push_back(bar_of("test", *rates.test, rates.test_rows, gaps));
    return bars;
}

}  // namespace xgrad::report
