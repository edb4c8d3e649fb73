#include <nn/csv.hpp>
#include <tools/report.hpp>
#include <tools/run_json.hpp>
#include <tools/run_page.hpp>
#include <tools/runs_table.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <variant>

namespace xgrad::report {
namespace {

using Cell = std::optional<Setting>;

constexpr std::size_t curves_shown = 12;

bool is_number(const Cell& cell) {
    return cell && !std::holds_alternative<bool>(cell->value()) &&
           !std::holds_alternative<std::string>(cell->value());
}

// "0.08731", "12"; empty where there is nothing.
std::string short_text(const Cell& cell) {
    if (!cell)
        return "";
    if (const double* number = std::get_if<double>(&cell->value()))
        return fmt::format("{:.4g}", *number);
    return cell->text();
}

// The characters of UTF-8, each one column wide.
std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

Chart chart_of(
    const std::vector<NamedRun>& runs,
    const char* title,
    train::Evaluation train::EpochRecord::*part,
    double train::Evaluation::*score) {
    const bool all_shares = std::ranges::all_of(
        runs, [](const NamedRun& run) { return has_shares(run.second.history); });
    Chart chart{title, {}, score == &train::Evaluation::error && all_shares};
    for (std::size_t i = 0; i < std::min(runs.size(), curves_shown); ++i) {
        Curve curve{fmt::format("{}", i + 1), {}};
        for (const train::EpochRecord& epoch : runs[i].second.history)
            curve.values.push_back(epoch.*part.*score);
        chart.curves.push_back(std::move(curve));
    }
    return chart;
}

}  // namespace

std::string to_text(const RunsTable& table) {
    std::vector<std::size_t> widths;
    std::vector<bool> numbers;
    for (std::size_t k = 0; k < table.columns.size(); ++k) {
        std::size_t width = width_of(table.columns[k]);
        bool all_numbers = true;
        for (const auto& row : table.rows) {
            width = std::max(width, width_of(short_text(row[k])));
            all_numbers = all_numbers && (!row[k] || is_number(row[k]));
        }
        widths.push_back(width);
        numbers.push_back(all_numbers);
    }
    std::string text;
    const auto put = [&](std::size_t k, const std::string& cell) {
        const std::string space(widths[k] - width_of(cell), ' ');
        text += k > 0 ? "  " : "";
        text += numbers[k] ? space + cell : cell + space;
    };
    const auto end_line = [&] {
        text.erase(text.find_last_not_of(' ') + 1);
        text += '\n';
    };
    for (std::size_t k = 0; k < table.columns.size(); ++k)
        put(k, table.columns[k]);
    end_line();
    for (const auto& row : table.rows) {
        for (std::size_t k = 0; k < row.size(); ++k)
            put(k, short_text(row[k]));
        end_line();
    }
    return text;
}

std::string to_csv(const RunsTable& table) {
    std::string text;
    const auto put = [&](std::size_t k, const std::string& cell) {
        text += k > 0 ? "," : "";
        text += data::csv_field(cell);
    };
    for (std::size_t k = 0; k < table.columns.size(); ++k)
        put(k, table.columns[k]);
    text += '\n';
    for (const auto& row : table.rows) {
        for (std::size_t k = 0; k < row.size(); ++k)
            put(k, row[k] ? row[k]->text() : "");
        text += '\n';
    }
    return text;
}

std::string to_json(const RunsTable& table) {
    Json list = Json::array();
    for (const auto& row : table.rows) {
        Json object = Json::object();
        for (std::size_t k = 0; k < row.size(); ++k) {
            if (row[k])
                object[table.columns[k]] = json_of(*row[k]);
        }
        list.push_back(std::move(object));
    }
    return text_of(list);
}

std::string to_page(const std::vector<NamedRun>& runs, const RunsTable& table) {
    Table shown{{"#"}, {}, 0};
    shown.head.insert(shown.head.end(), table.columns.begin(), table.columns.end());
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        shown.rows.push_back({fmt::format("{}", i + 1)});
        for (const Cell& cell : table.rows[i])
            shown.rows.back().push_back(short_text(cell));
    }
    const bool has_dev =
        std::ranges::any_of(runs, [](const NamedRun& run) { return run.second.has_dev(); });
    using train::EpochRecord, train::Evaluation;
    std::vector<Chart> charts;
    if (has_dev) {
        charts.push_back(chart_of(runs, "Dev error", &EpochRecord::dev, &Evaluation::error));
        charts.push_back(chart_of(runs, "Dev cost", &EpochRecord::dev, &Evaluation::cost));
    }
    charts.push_back(chart_of(runs, "Train error", &EpochRecord::train, &Evaluation::error));
    charts.push_back(chart_of(runs, "Train cost", &EpochRecord::train, &Evaluation::cost));
    const std::string drawn =
        runs.size() <= curves_shown
            ? "A curve for each run, with its number in the table."
            : fmt::format(
                  "The curves of the first {} of {} runs, with their numbers in the table.",
                  curves_shown,
                  runs.size());
    return Page("Runs", fmt::format("{} compared", runs.size()))
        .section("Curves", drawn)
        .charts(charts)
        .section("Table", "Scores are those of the best epoch.")
        .table(shown)
        .html();
}

}  // namespace xgrad::report
