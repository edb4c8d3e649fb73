// ops: lists the registered ops and what stands behind each; `ops --help` says more.
#include <autograd/fail.hpp>
#include <autograd/profile.hpp>
#include <tools/gradcheck_case.hpp>
#include <tools/op_docs.hpp>
#include <tools/standard_output.hpp>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>

namespace {

using Json = nlohmann::ordered_json;
using xgrad::FunctionDoc;
using xgrad::Op;

constexpr int done = 0;
constexpr int bad_use = 2;
const char* const internal_family = "internal";

struct Settings {
    bool list = false;
    bool json = false;
    std::string headers = XGRAD_SOURCE;
    std::string reference = XGRAD_SOURCE "/tests/reference";
};

struct OpFacts {
    std::string name;
    std::optional<FunctionDoc> doc;
    std::set<std::string> made_of;  // the ops that its samples ran, but for itself
    bool is_primitive = false;
    std::size_t samples = 0;
    std::optional<std::size_t> rows;  // without a value: no folder to count in

    [[nodiscard]] std::string family() const { return doc ? doc->family() : internal_family; }
    [[nodiscard]] const char* kind() const { return is_primitive ? "primitive" : "composite"; }
};

void add_options(CLI::App& app, Settings& settings) {
    app.add_flag("--list", settings.list, "print the ops");
    app.add_flag("--json", settings.json, "as JSON");
    app.add_option("--headers", settings.headers, "folder of the public headers: families and docs")
        ->capture_default_str();
    app.add_option("--reference", settings.reference, "folder of the reference values, ops*.json")
        ->capture_default_str();
    app.footer(
        "A primitive computes a value of its own and has a rule; a composite is made of other ops "
        "only.\nExit code: 0, or 2 for bad use.");
}

// The ops that a sample runs, by what a profile saw.
std::set<std::string> ops_run(const Op& op, std::size_t number) {
    const xgrad::GradcheckOptions options;
    const xgrad::Sample& sample = op.samples()[number];
    const xgrad::detail::Case one{op, sample, number, options, {}};
    const auto values =
        xgrad::detail::draw_inputs(sample, sample.shapes, sample.distinct, one.random(0));
    const auto leaves = xgrad::detail::leaves<double>(values, one.asks());
    const xgrad::ProfileGuard profile;
    static_cast<void>(sample.call_double(leaves));
    std::set<std::string> names;
    for (const xgrad::OpProfile& row : profile.ops())
        names.insert(row.op);
    return names;
}

// Rows by op; nothing when the folder is not there.
std::optional<std::map<std::string, std::size_t>> count_rows(const std::string& folder) {
    if (!std::filesystem::is_directory(folder))
        return {};
    std::map<std::string, std::size_t> rows;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with("ops") || !name.ends_with(".json"))
            continue;
        std::ifstream file(entry.path());
        for (const Json& row : Json::parse(file))
            ++rows[row.at("op").get<std::string>()];
    }
    return rows;
}

// The overload for a number, pow_scalar, shares the doc of its function.
std::optional<FunctionDoc> doc_of(
    const std::map<std::string, FunctionDoc>& docs, std::string name) {
    constexpr std::string_view overload = "_scalar";
    if (!docs.contains(name) && name.ends_with(overload))
        name.resize(name.size() - overload.size());
    const auto found = docs.find(name);
    return found == docs.end() ? std::optional<FunctionDoc>() : found->second;
}

std::vector<OpFacts> collect(const Settings& settings) {
    const auto docs = xgrad::read_docs(settings.headers);
    const auto rows = count_rows(settings.reference);
    std::vector<OpFacts> all;
    for (const Op* op : xgrad::all_ops()) {
        OpFacts facts;
        facts.name = op->name();
        facts.doc = doc_of(docs, op->name());
        facts.samples = op->samples().size();
        for (std::size_t number = 0; number < facts.samples; ++number)
            facts.made_of.merge(ops_run(*op, number));
        // A value that no op computed is passed on, by a node of the op's own.
        facts.is_primitive = facts.made_of.erase(facts.name) > 0 || facts.made_of.empty();
        if (rows) {
            const auto found = rows->find(facts.name);
            facts.rows = found == rows->end() ? 0 : found->second;
        }
        all.push_back(std::move(facts));
    }
    return all;
}

Json to_json(const OpFacts& op) {
    Json row;
    row["name"] = op.name;
    row["family"] = op.doc ? Json(op.doc->family()) : Json();
    row["header"] = op.doc ? Json(op.doc->header) : Json();
    row["kind"] = op.kind();
    row["made_of"] = op.is_primitive ? Json::array() : Json(op.made_of);
    row["samples"] = op.samples;
    row["reference_rows"] = op.rows ? Json(*op.rows) : Json();
    row["doc"] = op.doc ? Json(op.doc->first_sentence()) : Json();
    return row;
}

void print_json(const std::vector<OpFacts>& ops) {
    Json all;
    all["count"] = ops.size();
    all["primitives"] = std::ranges::count_if(ops, &OpFacts::is_primitive);
    all["ops"] = Json::array();
    for (const OpFacts& op : ops)
        all["ops"].push_back(to_json(op));
    fmt::print("{}\n", all.dump(2));
}

void print_table(std::vector<OpFacts> ops) {
    std::ranges::stable_sort(ops, {}, &OpFacts::family);
    std::string family;
    std::size_t samples = 0;
    std::size_t rows = 0;
    for (const OpFacts& op : ops) {
        if (op.family() != family) {
            family = op.family();
            fmt::print("{}{}\n", samples ? "\n" : "", family);
        }
        fmt::print(
            "    {:<34} {:<9} {:>3} samples {:>4} rows  {}\n",
            op.name,
            op.kind(),
            op.samples,
            op.rows ? std::to_string(*op.rows) : "-",
            op.doc ? op.doc->first_sentence() : "");
        samples += op.samples;
        rows += op.rows.value_or(0);
    }
    fmt::print(
        "\n{} ops, {} primitives, {} samples, {} reference rows\n",
        ops.size(),
        std::ranges::count_if(ops, &OpFacts::is_primitive),
        samples,
        rows);
}

// A folder that is asked for must be there; the source's may be gone.
void check_folders(const CLI::App& app, const Settings& settings) {
    for (const auto& [option, folder] :
         {std::pair{"--headers", settings.headers}, std::pair{"--reference", settings.reference}}) {
        if (app.count(option) > 0 && !std::filesystem::is_directory(folder)) {
            xgrad::fail<std::invalid_argument>(
                "ops: {} is no folder; pass {} one that is there", folder, option);
        }
    }
}

int run(const Settings& settings) {
    if (!settings.list) {
        fmt::print(stderr, "ops: nothing to do; pass --list\n");
        return bad_use;
    }
    if (settings.json) {
        print_json(collect(settings));
    } else {
        print_table(collect(settings));
    }
    return done;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Lists xgrad's ops: family, kind, samples, reference rows, doc.", "ops");
    Settings settings;
    add_options(app, settings);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? done : bad_use;
    }
    try {
        check_folders(app, settings);
        const int code = run(settings);
        xgrad::check_standard_output();
        return code;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return bad_use;
    }
}
