#include <tools/gradcheck_json.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad {
namespace {

using Json = nlohmann::ordered_json;
using Verdict = OpCheck::Verdict;

Json json_of(const GradcheckPoint& point) {
    return {{"step", point.step}, {"difference", point.difference}};
}

template <class Items>
Json list_of(const Items& items);

// Null where there is no such number.
Json number(double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }

Json json_of(const GradcheckEntry& entry) {
    Json json = {
        {"input", entry.input},
        {"index", entry.index},
        {"verdict", describe(entry.verdict)},
        {"analytic", number(entry.analytic)},
        {"numeric", number(entry.numeric)},
        {"uncertainty", number(entry.uncertainty)},
        {"absolute", number(entry.absolute)},
        {"relative", number(entry.relative)},
        {"step", entry.step},
        {"taylor", number(entry.taylor)},
        {"kink", entry.kink}};
    if (entry.on_kink) {
        json["left"] = number(entry.left);
        json["right"] = number(entry.right);
    }
    json["sweep"] = list_of(entry.sweep);
    return json;
}

Json json_of(const Shape& shape) {
    Json list = Json::array();
    for (const std::size_t extent : shape)
        list.push_back(extent);
    return list;
}

Json json_of(const GradcheckInput& input) {
    Json json = {
        {"name", input.name},
        {"shape", json_of(input.shape)},
        {"checked", input.checked},
        {"off", input.off},
        {"norm_ratio", input.norm_ratio},
        {"band", describe(norm_band(input.norm_ratio))},
        {"below_noise", input.below_noise},
        {"reached", input.reached},
        {"has_effect", input.has_effect},
        {"cause", input.cause}};
    if (input.checked > 0)
        json["worst"] = json_of(input.worst);
    return json;
}

Json json_of(const GradcheckOrder& order);
Json json_of(const GradcheckFinding& finding);
Json json_of(const GradcheckReport& report);
Json json_of(const OpReport& report);
Json json_of(const PowerReport& report);

template <class Items>
Json list_of(const Items& items) {
    Json list = Json::array();
    for (const auto& item : items)
        list.push_back(json_of(item));
    return list;
}

Json json_of(const GradcheckOrder& order) {
    return {
        {"order", order.order},
        {"norm_ratio", order.norm_ratio},
        {"band", describe(norm_band(order.norm_ratio))},
        {"below_noise", order.below_noise},
        {"inputs", list_of(order.inputs)},
        {"worst", list_of(order.worst)}};
}

Json json_of(const GradcheckFinding& finding) {
    return {
        {"check", finding.check},
        {"verdict", describe(finding.verdict)},
        {"text", finding.text},
        {"advice", finding.advice}};
}

Json json_of(const GradcheckReport& report) {
    return {
        {"passed", report.ok()},
        {"verdict", describe(report.verdict())},
        {"findings", list_of(report.findings)},
        {"notes", report.notes},
        {"orders", list_of(report.orders)}};
}

Json checks_of(const OpReport& report, Verdict verdict) {
    Json list = Json::array();
    for (const OpCheck& check : report.checks) {
        if (check.verdict == verdict) {
            list.push_back(
                {{"sample", check.sample},
                 {"shapes", list_of(report.shapes[check.sample])},
                 {"check", check.name},
                 {"text", check.text}});
        }
    }
    return list;
}

Json json_of(const OpReport& report) {
    return {
        {"op", report.op},
        {"passed", report.ok()},
        {"samples", report.shapes.size()},
        {"checks", report.count(Verdict::passed) + report.count(Verdict::failed)},
        {"relative_error", report.relative_error},
        {"norm_ratio", report.norm_ratio},
        {"failures", checks_of(report, Verdict::failed)},
        {"inconclusive", checks_of(report, Verdict::inconclusive)},
        {"skipped", checks_of(report, Verdict::skipped)},
        {"reports", list_of(report.reports)}};
}

Json json_of(const PowerReport& report) {
    return {
        {"op", report.op},
        {"faults", report.faults},
        {"caught", report.caught},
        {"smallest", report.smallest ? Json(*report.smallest) : Json(nullptr)},
        {"missed", report.missed}};
}

}  // namespace

std::string to_json(const GradcheckReport& report) { return json_of(report).dump(2) + "\n"; }

std::string to_json(
    const std::vector<OpReport>& reports, const GradcheckOptions& options, double seconds) {
    const Json json = {
        {"passed", !reports.empty() && std::ranges::all_of(reports, &OpReport::ok)},
        {"seed", options.seed},
        {"order", options.order},
        {"seconds", seconds},
        {"ops", list_of(reports)}};
    return json.dump(2) + "\n";
}

std::string to_json(const std::vector<PowerReport>& reports, const GradcheckOptions& options) {
    std::size_t faults = 0, caught = 0;
    for (const PowerReport& report : reports) {
        faults += report.faults;
        caught += report.caught;
    }
    const Json json = {
        {"passed", faults > 0 && caught == faults},
        {"seed", options.seed},
        {"faults", faults},
        {"caught", caught},
        {"ops", list_of(reports)}};
    return json.dump(2) + "\n";
}

}  // namespace xgrad
