#include <autograd/fail.hpp>
#include <tools/runs_table.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace xgrad::report {
namespace {

using Cell = std::optional<Setting>;

constexpr std::array own_columns = {
    "run",
    "status",
    "started",
    "stopped",
    "epochs",
    "best epoch",
    "train cost",
    "train error",
    "dev cost",
    "dev error",
    "seconds"};

bool is_own(const std::string& column) {
    return std::ranges::find(own_columns, column) != own_columns.end();
}

Cell number(double value) { return std::isfinite(value) ? Cell(value) : std::nullopt; }

Cell text(const std::string& value) { return value.empty() ? Cell() : Cell(value); }

Cell score_of(const RunRecord& run, const std::string& column) {
    if (run.best_epoch() == 0)
        return std::nullopt;
    const train::EpochRecord& best = run.history[run.best_epoch() - 1];
    if (column == "train cost")
        return number(best.train.cost);
    if (column == "train error")
        return number(best.train.error);
    if (column == "dev cost")
        return number(best.dev.cost);
    if (column == "dev error")
        return number(best.dev.error);
    const auto metric = best.metrics.find(column);
    return metric == best.metrics.end() ? std::nullopt : number(metric->second);
}

Cell own_cell(const NamedRun& named, const std::string& column) {
    const RunRecord& run = named.second;
    if (column == "run")
        return named.first;
    if (column == "status")
        return to_string(run.status);
    if (column == "started")
        return text(run.started);
    if (column == "stopped")
        return text(run.stopped);
    if (column == "epochs")
        return run.history.size();
    if (column == "best epoch")
        return run.best_epoch() == 0 ? Cell() : Cell(run.best_epoch());
    if (column == "seconds")
        return number(run.seconds());
    return score_of(run, column);
}

std::optional<double> as_number(const Cell& cell) {
    if (!cell)
        return std::nullopt;
    return std::visit(
        [](const auto& value) -> std::optional<double> {
            if constexpr (std::is_arithmetic_v<std::decay_t<decltype(value)>>)
                return static_cast<double>(value);
            else
                return std::nullopt;
        },
        cell->value());
}

// All names under which some run has something.
std::set<std::string> names_of(const std::vector<NamedRun>& runs) {
    std::set<std::string> names(own_columns.begin(), own_columns.end());
    for (const auto& [name, run] : runs) {
        for (const auto& entry : run.settings)
            names.insert(entry.first);
        for (const auto& entry : run.results)
            names.insert(entry.first);
        for (const auto& entry : run.environment)
            names.insert(entry.first);
        for (const Verdict& verdict : run.verdicts)
            names.insert(verdict.name);
        for (const train::EpochRecord& epoch : run.history) {
            for (const auto& entry : epoch.metrics)
                names.insert(entry.first);
        }
    }
    return names;
}

void check_column(const std::vector<NamedRun>& runs, const std::string& column) {
    const std::set<std::string> names = names_of(runs);
    if (names.contains(column))
        return;
    std::string list;
    for (const std::string& name : names) {
        list += list.empty() ? "" : ", ";
        list += name;
    }
    fail<std::invalid_argument>("no run has a column \"{}\"; need one of: {}", column, list);
}

bool differs(const std::vector<NamedRun>& runs, const std::string& column) {
    std::set<std::optional<std::string>> texts;
    for (const NamedRun& run : runs) {
        const Cell cell = cell_of(run, column);
        texts.insert(cell ? std::optional(cell->text()) : std::nullopt);
    }
    return texts.size() > 1;
}

}  // namespace

Cell cell_of(const NamedRun& named, const std::string& column) {
    if (is_own(column))
        return own_cell(named, column);
    const RunRecord& run = named.second;
    if (const auto found = run.results.find(column); found != run.results.end())
        return number(found->second);
    if (const auto found = run.settings.find(column); found != run.settings.end())
        return found->second;
    for (const Verdict& verdict : run.verdicts) {
        if (verdict.name == column)
            return text(verdict.text);
    }
    if (const Cell metric = score_of(run, column))
        return metric;
    const auto found = run.environment.find(column);
    return found == run.environment.end() ? Cell() : Cell(found->second);
}

std::vector<std::string> default_columns(const std::vector<NamedRun>& runs) {
    std::vector<std::string> columns = {"run", "status", "epochs", "best epoch", "train error"};
    const auto has_dev = [](const NamedRun& named) { return named.second.has_dev(); };
    if (std::ranges::any_of(runs, has_dev))
        columns.emplace_back("dev error");
    std::set<std::string> results, others;
    for (const auto& [name, run] : runs) {
        for (const auto& entry : run.results)
            results.insert(entry.first);
        for (const auto& entry : run.settings)
            others.insert(entry.first);
        for (const Verdict& verdict : run.verdicts)
            others.insert(verdict.name);
    }
    for (const auto* names : {&results, &others}) {
        for (const std::string& name : *names) {
            const bool taken = std::ranges::find(columns, name) != columns.end() || is_own(name);
            if (!taken && (names == &results || differs(runs, name)))
                columns.push_back(name);
        }
    }
    columns.emplace_back("seconds");
    return columns;
}

RunsTable runs_table(const std::vector<NamedRun>& runs, const std::vector<std::string>& columns) {
    RunsTable table{columns, {}};
    for (const std::string& column : columns)
        check_column(runs, column);
    for (const NamedRun& run : runs) {
        table.rows.emplace_back();
        for (const std::string& column : columns)
            table.rows.back().push_back(cell_of(run, column));
    }
    return table;
}

void sort_runs(std::vector<NamedRun>& runs, const std::string& column, bool descending) {
    check_column(runs, column);
    const auto before = [&](const NamedRun& a, const NamedRun& b) {
        const Cell left = cell_of(a, column), right = cell_of(b, column);
        if (!left || !right)
            return left.has_value() && !right;
        const std::optional<double> x = as_number(left), y = as_number(right);
        if (x && y)
            return descending ? *y < *x : *x < *y;
        if (x.has_value() != y.has_value())
            return x.has_value();
        return descending ? name_before(right->text(), left->text())
                          : name_before(left->text(), right->text());
    };
    std::ranges::stable_sort(runs, before);
}

}  // namespace xgrad::report
