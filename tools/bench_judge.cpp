// From the rounds of a comparison to its ratios and verdicts.
#include <tools/bench_compare.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xgrad::bench {

namespace {

constexpr double same_within = 1e-5;  // relative, of results in float

std::optional<double> value_of(
    const std::map<std::string, Measure>& round,
    const std::vector<std::string>& parts,
    const std::string& field,
    bool cpu) {
    double sum = 0;
    for (const std::string& part : parts) {
        const auto at = round.find(part);
        if (at == round.end())
            return {};
        const Measure& measure = at->second;
        if (field.empty()) {
            sum += cpu ? measure.stats.cpu_median : measure.stats.median;
            continue;
        }
        const auto figure = measure.extra.find(field);
        if (figure == measure.extra.end())
            return {};
        sum += figure->second;
    }
    return sum;
}

std::string unit_of(const Rounds& rounds, const Row& row) {
    return row.unit.empty() ? rounds.ours.front().at(row.parts.front()).unit : row.unit;
}

std::vector<double> divided(const std::vector<double>& a, const std::vector<double>& b) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        ratios.push_back(a[i] / b[i]);
    return ratios;
}

bool misses(const Line& line) {
    switch (line.row->kind) {
        case Row::Goal::none: return false;
        case Row::Goal::ratio: return !line.ratio || !(line.ratio->median <= line.row->goal);
        case Row::Goal::value: return !(line.ours <= line.row->goal);
    }
    return true;
}

Line judge_row(const Rounds& rounds, const Row& row, const std::vector<double>& ours, bool cpu) {
    Line line{
        .row = &row,
        .unit = unit_of(rounds, row),
        .stock = {},
        .tuned = {},
        .floor = {},
        .ratio = {}};
    line.ours = quartiles(ours).median;
    if (!row.floor.empty()) {
        if (const auto floor = values(rounds.ours, row.floor, row.field, cpu)) {
            line.floor = quartiles(*floor).median;
            line.ratio = quartiles(divided(ours, *floor));
        }
        line.missed = misses(line);
        return line;
    }
    const auto theirs = [&](const Side& side) {
        const auto& parts = row.other.empty() ? row.parts : row.other;
        return row.alone ? std::nullopt : values(side, parts, row.field, cpu);
    };
    const auto stock = theirs(rounds.stock), tuned = theirs(rounds.tuned);
    if (stock)
        line.stock = quartiles(*stock).median;
    if (tuned)
        line.tuned = quartiles(*tuned).median;
    if (stock)
        line.ratio = quartiles(divided(ours, tuned && *line.tuned < *line.stock ? *tuned : *stock));
    line.missed = misses(line);
    return line;
}

}  // namespace

std::optional<std::vector<double>> values(
    const Side& side, const std::vector<std::string>& parts, const std::string& field, bool cpu) {
    std::vector<double> all;
    for (const auto& round : side) {
        const auto value = value_of(round, parts, field, cpu);
        if (!value)
            return {};
        all.push_back(*value);
    }
    if (all.empty())
        return {};
    return all;
}

Quartiles quartiles(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const auto at = [&](double share) {  // between neighbours, linearly
        const double place = share * static_cast<double>(values.size() - 1);
        const auto low = static_cast<std::size_t>(place);
        const std::size_t high = std::min(low + 1, values.size() - 1);
        return std::lerp(values[low], values[high], place - static_cast<double>(low));
    };
    return {at(0.25), at(0.5), at(0.75)};
}

std::vector<Line> judge(const Rounds& rounds, bool cpu) {
    std::vector<Line> lines;
    for (const Row& row : rounds.workload->rows) {
        if (const auto ours = values(rounds.ours, row.parts, row.field, cpu))
            lines.push_back(judge_row(rounds, row, *ours, cpu));
    }
    return lines;
}

std::string differing_results(const Rounds& rounds) {
    if (rounds.ours.empty() || rounds.stock.empty())
        return {};
    std::string text;
    for (const auto& [name, ours] : rounds.ours.front()) {
        const auto theirs = rounds.stock.front().find(name);
        if (theirs == rounds.stock.front().end())
            continue;
        for (const std::string& field : rounds.workload->same) {
            const auto a = ours.extra.find(field), b = theirs->second.extra.find(field);
            if (b == theirs->second.extra.end())
                continue;  // a program that does not tell
            const double mine = a == ours.extra.end() ? NAN : a->second;
            const double peers = b->second;
            if (!(std::abs(mine - peers) <= same_within * std::abs(peers)))
                text += fmt::format("{}: {} is {}, the peer's {}\n", name, field, mine, peers);
        }
    }
    return text;
}

}  // namespace xgrad::bench
