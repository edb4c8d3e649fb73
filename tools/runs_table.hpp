// Internal to xgrad-runs: the table of runs, and how it is written.
#pragma once

#include <tools/run_read.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace xgrad::report {

/// Runs, a row each; a cell is empty where a run does not have the column.
struct RunsTable {
    std::vector<std::string> columns;
    std::vector<std::vector<std::optional<Setting>>> rows;
};

/// A run and the name that the table gives it.
using NamedRun = std::pair<std::string, RunRecord>;

/// What a run has under that name: "run", "status", "started", "stopped", "epochs", "best epoch",
/// "seconds"; of the best epoch "train cost", "train error", "dev cost", "dev error" and its
/// metrics; a result, a setting, a verdict, a line of its environment, the first that there is.
[[nodiscard]] std::optional<Setting> cell_of(const NamedRun& run, const std::string& column);

/// Those that tell the runs apart: name, state and scores, their results, and settings and verdicts
/// that are not the same in all.
[[nodiscard]] std::vector<std::string> default_columns(const std::vector<NamedRun>& runs);

/// The rows are the runs as given. Throws std::invalid_argument, with the names that there are,
/// for a column that no run has.
[[nodiscard]] RunsTable runs_table(
    const std::vector<NamedRun>& runs, const std::vector<std::string>& columns);

/// Sorts by a column, numbers by size and before texts, what is missing last in both directions.
/// Throws as runs_table() does.
void sort_runs(std::vector<NamedRun>& runs, const std::string& column, bool descending);

/// For a terminal: numbers to the right, with four digits.
[[nodiscard]] std::string to_text(const RunsTable& table);
/// A line of names, then the rows; numbers with all their digits [RFC 4180].
[[nodiscard]] std::string to_csv(const RunsTable& table);
/// A list of objects; a cell that is empty is left out.
[[nodiscard]] std::string to_json(const RunsTable& table);
/// A page with the curves of up to 12 runs together, and the table.
[[nodiscard]] std::string to_page(const std::vector<NamedRun>& runs, const RunsTable& table);

}  // namespace xgrad::report
