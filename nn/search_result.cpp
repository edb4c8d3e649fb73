#include <autograd/fail.hpp>
#include <nn/csv.hpp>
#include <nn/search.hpp>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace xgrad::search {
namespace {

// What a field holds with line breaks taken out, as a table has a line for each trial.
std::string one_line(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return text;
}

std::string field(const Values& values, const std::string& name, bool exact) {
    const auto found = std::ranges::find(values, name, &Values::value_type::first);
    if (found == values.end())
        return "";
    const double* number = std::get_if<double>(&found->second);
    return number && !exact ? fmt::format("{:.6g}", *number) : to_string(found->second);
}

std::size_t epochs_of(const TrialResult& trial) {
    return trial.reports.empty() ? 0 : trial.reports.back().epoch;
}

// Best first: the complete by error, the pruned by how far they came, the failed by number.
auto rank(const TrialResult& trial) {
    const bool is_pruned = trial.outcome == Outcome::pruned;
    const bool has_failed = trial.outcome == Outcome::failed;
    return std::tuple(
        static_cast<int>(trial.outcome),
        is_pruned ? -static_cast<double>(epochs_of(trial)) : 0,
        has_failed || std::isnan(trial.error) ? 0 : trial.error,
        trial.number);
}

using Row = std::vector<std::string>;

std::string aligned(const std::vector<Row>& rows) {
    std::vector<std::size_t> widths(rows.front().size());
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i)
            line += fmt::format("{:<{}}  ", row[i], widths[i]);
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

}  // namespace

const char* to_string(Outcome outcome) noexcept {
    switch (outcome) {
        case Outcome::complete: return "complete";
        case Outcome::pruned: return "pruned";
        case Outcome::failed: return "failed";
    }
    return "unknown";
}

std::size_t SearchResult::epochs() const {
    std::size_t sum = 0;
    for (const TrialResult& trial : trials)
        sum += epochs_of(trial);
    return sum;
}

std::vector<std::pair<double, double>> SearchResult::points(const std::string& name) const {
    std::vector<std::pair<double, double>> points;
    for (const TrialResult& trial : trials) {
        const auto found = std::ranges::find(trial.values, name, &Values::value_type::first);
        if (trial.outcome != Outcome::complete || found == trial.values.end())
            continue;
        if (const double* number = std::get_if<double>(&found->second))
            points.emplace_back(*number, trial.error);
    }
    std::ranges::stable_sort(points);
    return points;
}

std::string SearchResult::text() const {
    std::vector<const TrialResult*> order;
    for (const TrialResult& trial : trials)
        order.push_back(&trial);
    std::ranges::sort(order, {}, [](const TrialResult* trial) { return rank(*trial); });
    std::vector<Row> rows(1, Row{"trial"});
    rows[0].insert(rows[0].end(), names.begin(), names.end());
    rows[0].insert(rows[0].end(), {"error", "epochs", "outcome"});
    for (const TrialResult* trial : order) {
        Row row{fmt::format("{}", trial->number)};
        for (const std::string& name : names)
            row.push_back(field(trial->values, name, false));
        row.push_back(std::isnan(trial->error) ? "" : fmt::format("{:.6g}", trial->error));
        row.push_back(fmt::format("{}", epochs_of(*trial)));
        const std::string outcome = to_string(trial->outcome);
        row.push_back(trial->why.empty() ? outcome : outcome + ": " + one_line(trial->why));
        rows.push_back(std::move(row));
    }
    return aligned(rows);
}

std::string SearchResult::csv() const {
    std::string text = "trial";
    for (const std::string& name : names)
        text += "," + data::csv_field(name);
    text += ",outcome,error,epochs,why\n";
    for (const TrialResult& trial : trials) {
        text += fmt::format("{}", trial.number);
        for (const std::string& name : names)
            text += "," + data::csv_field(field(trial.values, name, true));
        text += fmt::format(",{},", to_string(trial.outcome));
        if (!std::isnan(trial.error))
            text += fmt::format("{}", trial.error);
        text += fmt::format(",{},{}\n", epochs_of(trial), data::csv_field(trial.why));
    }
    return text;
}

}  // namespace xgrad::search
