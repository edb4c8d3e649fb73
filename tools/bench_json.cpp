#include <autograd/isa.hpp>
#include <autograd/parallel.hpp>
#include <tools/bench_json.hpp>

#include <nlohmann/json.hpp>

#include <sstream>

namespace xgrad::bench {

namespace {

using Json = nlohmann::ordered_json;

bool is_time(const std::string& key) {
    for (const char* known :
         {"median", "min", "p90", "cpu_median", "cpu_min", "samples", "threads"}) {
        if (key == known)
            return true;
    }
    return false;
}

Measure read_measure(const Json& json) {
    Measure measure{
        .workload = json.at("workload"),
        .name = json.at("case"),
        .unit = json.at("unit"),
        .stats =
            {.median = json.at("median"),
             .min = json.at("min"),
             .p90 = json.value("p90", 0.0),  // not of every program
             .cpu_median = json.at("cpu_median"),
             .cpu_min = json.at("cpu_min"),
             .samples = json.at("samples")},
        .extra = {},
        .blas = json.value("blas", "?")};
    for (const auto& [key, value] : json.items()) {
        if (value.is_number() && !is_time(key))
            measure.extra[key] = value;
    }
    return measure;
}

}  // namespace

std::string to_json_line(const Measure& measure) {
    Json json{
        {"peer", "xgrad"},
        {"workload", measure.workload},
        {"case", measure.name},
        {"threads", num_threads()},
        {"blas", measure.blas},
        {"isa", name_of(active_isa())},
        {"unit", measure.unit},
        {"median", measure.stats.median},
        {"min", measure.stats.min},
        {"p90", measure.stats.p90},
        {"cpu_median", measure.stats.cpu_median},
        {"cpu_min", measure.stats.cpu_min},
        {"samples", measure.stats.samples}};
    for (const auto& [name, value] : measure.extra)
        json[name] = value;
    return json.dump();
}

std::string to_json_line(const std::string& workload, const Line& line) {
    const auto number = [](std::optional<double> value) { return value ? Json(*value) : Json(); };
    Json json{
        {"workload", workload},
        {"case", line.row->label},
        {"unit", line.unit},
        {"ours", line.ours},
        {"stock", number(line.stock)},
        {"tuned", number(line.tuned)},
        {"floor", number(line.floor)},
        {"ratio", line.ratio ? Json(line.ratio->median) : Json()},
        {"ratio_low", line.ratio ? Json(line.ratio->low) : Json()},
        {"ratio_high", line.ratio ? Json(line.ratio->high) : Json()},
        {"goal", line.row->kind == Row::Goal::none ? Json() : Json(line.row->goal)},
        {"missed", line.missed}};
    return json.dump();
}

std::vector<Measure> read_json_lines(const std::string& text) {
    std::vector<Measure> measures;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const Json json = Json::parse(line, nullptr, false);
        if (json.is_object() && json.contains("workload") && json.contains("cpu_median"))
            measures.push_back(read_measure(json));
    }
    return measures;
}

}  // namespace xgrad::bench
