// nn_zoo: every module of the library through the same checks.
//
// usage: nn_zoo [--list | NAME...]    all rows, or those of these names; --list prints the kinds of
//                                     modules in the rows, for zoo_complete.py
#include <tests/nn/zoo_checks.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>

using namespace xgrad;
using namespace xgrad::test;

namespace {

// The first word of what each module in the rows says it is.
int list() {
    std::set<std::string> kinds;
    for (const ZooRow& row : all_rows()) {
        Rng rng(1);
        const std::string text = row.make(rng)->describe();
        kinds.insert(text.substr(0, text.find_first_of("( ")));
    }
    for (const std::string& kind : kinds)
        fmt::print("{}\n", kind);
    return 0;
}

nlohmann::json reference_values() {
    const char* folder = std::getenv("XGRAD_TEST_REFERENCE");
    std::ifstream file(std::string(folder ? folder : "tests/reference") + "/nn_modules.json");
    return file ? nlohmann::json::parse(file) : nlohmann::json();
}

void print(const std::string& name, const ZooResult& r) {
    fmt::print(
        "{:<34} {:<16} {:>6} {:>10.1e} {:>10.1e} {:>10} {}\n",
        name,
        to_string(r.output),
        r.parameters,
        r.gradient,
        r.single,
        r.reference < 0 ? "-" : fmt::format("{:.1e}", r.reference),
        r.faults.empty() ? "ok" : "FAILED");
    for (const std::string& fault : r.faults)
        fmt::print("    {}\n", fault);
}

}  // namespace

int main(int argc, char** argv) {
    const std::set<std::string> names(argv + 1, argv + argc);
    if (names.contains("--list"))
        return list();
    const nlohmann::json reference = reference_values();
    if (reference.is_null()) {
        fmt::print("nn_zoo: no nn_modules.json; set XGRAD_TEST_REFERENCE to its folder\n");
        return 1;
    }
    fmt::print(
        "{:<34} {:<16} {:>6} {:>10} {:>10} {:>10}\n",
        "module",
        "result",
        "count",
        "gradcheck",
        "float",
        "PyTorch");
    std::size_t rows = 0, failed = 0;
    for (const ZooRow& row : all_rows()) {
        if (!names.empty() && !names.contains(row.name))
            continue;
        const ZooResult result = check_row(
            row, reference.contains(row.name) ? reference.at(row.name) : nlohmann::json());
        print(row.name, result);
        ++rows;
        failed += !result.faults.empty();
    }
    fmt::print("{} rows, {} failed\n", rows, failed);
    return failed == 0 && rows > 0 ? 0 : 1;
}
