// bench: measures the workloads, alone or against a peer; `bench --help` says more.
#include <autograd/parallel.hpp>
#include <ops/gemm.hpp>
#include <tools/bench_compare.hpp>
#include <tools/bench_json.hpp>
#include <tools/bench_scaling.hpp>
#include <tools/bench_script.hpp>
#include <tools/standard_output.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

namespace {

using namespace xgrad::bench;

constexpr int good = 0;
constexpr int goal_missed = 1;
constexpr int bad_use = 2;

struct Settings {
    bool list = false;
    bool all = false;
    std::vector<std::string> names;
    std::string json;
    double budget = 0;  // 0: by mode
    std::size_t exactly = 0;
    bool cost = false;
    bool scaling = false;
    bool instructions = false;
    std::string history;
    Comparison comparison{};
};

void add_options(CLI::App& app, Settings& settings) {
    Comparison& comparison = settings.comparison;
    app.add_option("workload", settings.names, "W1 W3 ...; see --list");
    app.add_flag("--all", settings.all, "every workload; compared, every one that has a peer");
    app.add_flag("--list", settings.list, "print the workloads and their cases");
    app.add_option("--filter", comparison.filter, "only the cases whose name contains this");
    app.add_option("--budget", settings.budget, "seconds for each case (1; compared 0.1)")
        ->check(CLI::Range(1e-3, 1e4));
    app.add_option("--threads", comparison.threads, "threads an op may use")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    app.add_option(
        "--json",
        settings.json,
        "write the figures to this file, a line each; - for the output, instead of the table");
    app.add_option("--compare", comparison.peers, "against the programs in DIR/torch, in turn")
        ->type_name("DIR");
    app.add_option(
        "--python",
        comparison.python,
        "for the peer's scripts: one that has PyTorch (by default the first that has)");
    app.add_option("--data", comparison.data, "the folder of W10's files")->type_name("DIR");
    app.add_option("--rounds", comparison.rounds, "of a comparison (by default the workload's)");
    app.add_option("--peer-build", comparison.build, "where the peer's programs are built")
        ->type_name("DIR");
    app.add_option("--clock", comparison.clock, "the time that is compared")
        ->transform(CLI::CheckedTransformer(std::map<std::string, Clock>{
            {"auto", Clock::choose}, {"wall", Clock::wall}, {"cpu", Clock::cpu}}));
    app.add_flag("--details", comparison.details, "print the parts of each case, too");
    app.add_option(
        "--plot",
        comparison.plot,
        "draw the comparison's ratios, or the growth, into this SVG file");
    app.add_option("--exactly", settings.exactly, "rounds of each case, to count what they take");
    app.add_option(
        "--history",
        settings.history,
        "measure, append a line for this commit to FILE, and name what got slower");
    app.add_flag(
        "--instructions",
        settings.instructions,
        "count the instructions of W1, W4 and W7 by valgrind; with --history, into the line");
    app.add_flag(
        "--cost", settings.cost, "what the library costs its users: compile time, size, start");
    app.add_flag(
        "--scaling",
        settings.scaling,
        "how time and memory grow with elements, ops, layers, units and rows");
    app.footer(
        "A comparison takes processor time instead of wall time, and says so, when the machine\n"
        "is busy with other work. Exit code: 0; 1 a goal was missed; 2 bad use or no peer.");
}

int print_list() {
    for (const Workload& workload : workloads()) {
        fmt::print("{}  {}\n", workload.name, workload.about);
        for (const std::string& name : workload.cases)
            fmt::print("      {}\n", name);
    }
    return good;
}

// Without a comparison there is no need of one.
bool has_peer(const Comparison& comparison, const Workload& workload) {
    namespace fs = std::filesystem;
    return comparison.peers.empty() ||
           (!workload.program.empty() &&
            fs::exists(fs::path(comparison.peers) / "torch" / (workload.program + ".cpp")));
}

// Throws std::invalid_argument where a comparison has no peer at all.
void check_peers(const Comparison& comparison) {
    const auto folder = std::filesystem::path(comparison.peers) / "torch";
    if (!comparison.peers.empty() && !std::filesystem::is_directory(folder))
        throw std::invalid_argument(fmt::format(
            "bench: there is no folder {}; pass --compare the one that holds torch, with the "
            "peer's programs",
            folder.string()));
}

std::vector<std::string> all_names() {
    std::vector<std::string> names;
    for (const Workload& workload : workloads())
        names.push_back(workload.name);
    return names;
}

// The workloads by name, those that have a peer and that the filter leaves something of.
std::vector<const Workload*> selected(const Settings& settings) {
    std::vector<const Workload*> chosen;
    const std::string& filter = settings.comparison.filter;
    for (const std::string& name : settings.all ? all_names() : settings.names) {
        const Workload* workload = find_workload(name);
        if (!workload)
            throw std::invalid_argument(
                fmt::format("bench: no workload is named \"{}\"; --list prints the names", name));
        if (!has_peer(settings.comparison, *workload))
            continue;
        for (const std::string& c : workload->cases) {
            if (c.find(filter) != std::string::npos) {
                chosen.push_back(workload);
                break;
            }
        }
    }
    if (chosen.empty())
        throw std::invalid_argument("bench: nothing to measure; --list prints what there is");
    return chosen;
}

void print_measure(const Measure& measure) {
    fmt::print(
        "{:<3} {:<26} {:<6} {:>10.4g} {:>10.4g} {:>10.4g} {:>10.4g} {:>8}",
        measure.workload,
        measure.name,
        measure.unit,
        measure.stats.median,
        measure.stats.cpu_median,
        measure.stats.min,
        measure.stats.p90,
        measure.stats.samples);
    for (const auto& [name, value] : measure.extra)
        fmt::print("  {} {:.4g}", name, value);
    fmt::print("\n");
    std::fflush(stdout);
}

// Where --json sends the lines.
class JsonFile {
public:
    explicit JsonFile(const std::string& name) : to_output_(name == "-") {
        if (name.empty() || to_output_)
            return;
        file_.open(name);
        if (!file_)
            throw std::runtime_error("bench: cannot write " + name);
    }
    [[nodiscard]] bool to_output() const { return to_output_; }
    std::ostream& lines() { return to_output_ ? std::cout : file_; }  // unopened, it drops them
    /// Throws std::runtime_error when lines were lost.
    void check() {
        if ((to_output_ || file_.is_open()) && !lines().flush())
            throw std::runtime_error("bench: cannot write the figures; is the disk full?");
    }

private:
    bool to_output_;
    std::ofstream file_;
};

void measure(const Settings& settings, const std::vector<const Workload*>& chosen) {
    JsonFile json(settings.json);
    if (!json.to_output()) {
        fmt::print(
            "{:<3} {:<26} {:<6} {:>10} {:>10} {:>10} {:>10} {:>8}\n",
            "",
            "case",
            "unit",
            "median",
            "CPU",
            "min",
            "90 %",
            "samples");
    }
    const auto report = [&](Measure m) {
        m.blas = xgrad::detail::blas_name();
        json.lines() << to_json_line(m) << std::endl;
        json.check();
        if (!json.to_output())
            print_measure(m);
    };
    xgrad::set_num_threads(settings.comparison.threads);
    const double budget = settings.budget > 0 ? settings.budget : 1;
    for (const Workload* workload : chosen)
        workload->run({budget, settings.comparison.filter, settings.comparison.data, report});
}

// The programs beside this one that measure it from outside.
void run_outside(const Settings& settings, const std::vector<const Workload*>& chosen) {
    std::vector<std::string> arguments{"--file=" + settings.history};
    if (settings.comparison.rounds > 0)
        arguments.push_back(fmt::format("--rounds={}", settings.comparison.rounds));
    if (settings.budget > 0)
        arguments.push_back(fmt::format("--budget={}", settings.budget));
    if (settings.instructions)
        arguments.emplace_back("--instructions");
    for (const Workload* workload : chosen)
        arguments.push_back(workload->name);
    become_script("bench_history.py", arguments);
}

int run(Settings& settings) {
    namespace fs = std::filesystem;
    if (settings.list)
        return print_list();
    if (settings.cost) {
        const std::string& peers = settings.comparison.build;
        become_script(
            "bench_cost.py",
            peers.empty() ? std::vector<std::string>{} : std::vector{"--peers=" + peers});
    }
    if (settings.scaling) {
        xgrad::set_num_threads(settings.comparison.threads);
        const double budget = settings.budget > 0 ? settings.budget : 0.3;
        return print_scaling(budget, settings.comparison.plot) ? good : goal_missed;
    }
    if (!settings.comparison.plot.empty() && settings.comparison.peers.empty())
        throw std::invalid_argument(
            "bench: --plot draws a comparison or --scaling; need one of them");
    if (settings.instructions && settings.history.empty())
        become_script("bench_instructions.py", {});
    Phases::take_exactly(settings.exactly);
    if (settings.comparison.data.empty())
        settings.comparison.data = XGRAD_BENCH_TOOLS "/peers/adbench";
    settings.comparison.data = fs::absolute(settings.comparison.data).string();
    check_peers(settings.comparison);
    const auto chosen = selected(settings);
    if (!settings.history.empty())
        run_outside(settings, chosen);
    Comparison& comparison = settings.comparison;
    if (comparison.peers.empty()) {
        measure(settings, chosen);
        return good;
    }
    const fs::path self = fs::canonical("/proc/self/exe");
    comparison.self = self.string();
    if (comparison.build.empty())
        comparison.build = (self.parent_path().parent_path() / "peers").string();
    comparison.build = fs::absolute(comparison.build).string();
    if (settings.budget > 0)
        comparison.budget = settings.budget;
    JsonFile json(settings.json);
    comparison.table = json.to_output() ? stderr : stdout;
    const bool holds = compare(comparison, chosen, json.lines());
    json.check();
    return holds ? good : goal_missed;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Measures the workloads, alone or against a peer.");
    Settings settings;
    add_options(app, settings);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? good : bad_use;
    }
    try {
        const int code = run(settings);
        xgrad::check_standard_output();
        return code;
    } catch (const std::exception& e) {
        fmt::print(stderr, "{}\n", e.what());
        return bad_use;
    }
}
