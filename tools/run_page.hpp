// The report of a run: one page with what there is to see.
#pragma once

#include <nn/train.hpp>
#include <tools/report.hpp>
#include <tools/report_figures.hpp>
#include <tools/report_plot.hpp>
#include <tools/run_folder.hpp>
#include <tools/run_setting.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace xgrad::report {

/// What a report shows; what is left empty has no section.
struct RunPage {
    std::string title;
    std::string subtitle = {};
    std::vector<Figure> figures = {};  ///< to be seen first
    train::History history = {};
    bool has_dev = true;         ///< the history's dev figures count
    std::size_t best_epoch = 0;  ///< counted from 1; 0 for none
    std::string ended = {};      ///< "Stopped early after 7 epochs."
    std::vector<ErrorBar> errors = {};
    std::vector<Verdict> verdicts = {};  ///< the diagnosis and others
    std::vector<Plot> search = {};       ///< what a search of hyper-parameters found
    std::optional<GradientTable> gradients = {};
    std::optional<Confusion> confusion = {};
    std::vector<Image> mistakes = {};  ///< the worst, as images
    Table mistake_table = {};          ///< or, where the data are no images, as a table
    std::vector<LayerRow> layers = {};
    Settings settings = {};
    Settings environment = {};
    std::string footer = {};
};

/// The page as one HTML file that needs nothing else: no script, no network.
[[nodiscard]] std::string run_page(const RunPage& page);

/// Whether the errors are shares of rows. Where fit() has none to count it records the cost, as for
/// targets in place of labels.
[[nodiscard]] bool has_shares(const train::History& history);

/// An error of these epochs: "12.34 %", or a number as it is.
[[nodiscard]] std::string error_text(double error, const train::History& history);

/// Train and dev over the epochs: cost, and 0-1 error where there are shares.
[[nodiscard]] std::vector<Chart> charts_of(
    const train::History& history, bool has_dev = true, std::size_t best_epoch = 0);

/// Names and values, in the order of the names.
[[nodiscard]] Table table_of(const Settings& settings);

/// What a run's folder has to show: curves, verdicts, results, settings, environment.
struct RunRecord;
[[nodiscard]] RunPage page_of(const RunRecord& run);

}  // namespace xgrad::report
