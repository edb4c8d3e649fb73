#include <autograd/isa.hpp>
#include <ops/gemm.hpp>
#include <tools/bench_compare.hpp>
#include <tools/bench_json.hpp>
#include <tools/bench_plot.hpp>
#include <tools/bench_process.hpp>
#include <tools/report.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>

namespace xgrad::bench {

namespace {

constexpr double quiet = 0.05;  // the share of the machine that others may take

std::string processor_name() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        if (line.starts_with("model name"))
            return line.substr(line.find(':') + 2);
    }
    return "unknown processor";
}

const char* peer_blas(const std::vector<Rounds>& all) {
    for (const Rounds& rounds : all) {
        if (!rounds.stock.empty() && !rounds.stock.front().empty())
            return rounds.stock.front().begin()->second.blas.c_str();
    }
    return "?";
}

const char* our_blas(const std::vector<Rounds>& all) {
    for (const Rounds& rounds : all) {
        if (!rounds.ours.empty() && !rounds.ours.front().empty())
            return rounds.ours.front().begin()->second.blas.c_str();
    }
    return "?";
}

void print_machine(const Comparison& c, const std::vector<Rounds>& all, double others, bool cpu) {
    fmt::print(
        c.table,
        "machine   {}, {} processors{}\n",
        processor_name(),
        processors(),
        __builtin_cpu_supports("avx512f") ? ", AVX-512" : "");
    fmt::print(
        c.table,
        "ours      kernels {}, BLAS {}; peer's BLAS {}; {} thread{} each\n",
        name_of(active_isa()),
        our_blas(all),
        peer_blas(all),
        c.threads,
        c.threads == 1 ? "" : "s");
    fmt::print(
        c.table,
        "clock     {}; other processes took {:.0f} % of the machine{}\n\n",
        cpu ? "processor time" : "wall",
        100 * others,
        others > quiet ? ": indicative only" : "");
}

std::string figure(std::optional<double> value) {
    if (!value)
        return "-";
    return std::abs(*value) >= 1000 ? fmt::format("{:.0f}", *value) : fmt::format("{:.4g}", *value);
}

std::string goal_of(const Row& row) {
    return row.kind == Row::Goal::none ? "-" : fmt::format("<= {:.3g}", row.goal);
}

std::string verdict_of(const Line& line) {
    if (line.row->kind == Row::Goal::none)
        return "-";
    if (line.row->kind == Row::Goal::ratio && !line.ratio)
        return "not measured";
    return line.missed ? "MISSED" : "ok";
}

void print_cells(
    const Comparison& c,
    const std::string& label,
    const std::string& ours,
    const std::string& stock,
    const std::string& tuned,
    const std::string& floor,
    const std::string& ratio,
    const std::string& goal,
    const std::string& verdict) {
    fmt::print(
        c.table,
        "{:<46} {:>15} {:>9} {:>9} {:>9}  {:<22} {:<8} {}\n",
        label,
        ours,
        stock,
        tuned,
        floor,
        ratio,
        goal,
        verdict);
}

void print_line(const Comparison& c, const std::string& workload, const Line& line) {
    const auto& q = line.ratio;
    print_cells(
        c,
        workload + " " + line.row->label,
        fmt::format("{} {:<5}", figure(line.ours), line.unit),
        figure(line.stock),
        figure(line.tuned),
        figure(line.floor),
        q ? fmt::format("{:.3f} ({:.3f}-{:.3f})", q->median, q->low, q->high) : "-",
        goal_of(*line.row),
        verdict_of(line));
}

// Returns true when no goal was missed.
bool print_rounds(
    const Comparison& c,
    const Rounds& rounds,
    bool cpu,
    std::ostream& json,
    std::vector<PlotRow>& plotted) {
    const std::string& name = rounds.workload->name;
    if (!rounds.failure.empty()) {
        fmt::print(c.table, "{}: ours ended with {}: MISSED\n", name, rounds.failure);
        return false;
    }
    bool good = true;
    for (const Line& line : judge(rounds, cpu)) {
        json << to_json_line(name, line) << '\n';
        if (c.details || !line.row->detail) {
            print_line(c, name, line);
            plotted.push_back({name, line});
        }
        good = good && !line.missed;
    }
    const std::string differing = differing_results(rounds);
    if (!differing.empty())
        fmt::print(c.table, "{}: the results differ: MISSED\n{}", name, differing);
    return good && differing.empty();
}

}  // namespace

bool compare(Comparison c, const std::vector<const Workload*>& workloads, std::ostream& json) {
    build_peers(c, workloads);
    const bool has_scripts = std::ranges::any_of(
        workloads, [](const Workload* workload) { return !workload->script.empty(); });
    if (has_scripts && (c.python = find_pytorch(c)).empty()) {
        fmt::print(
            c.table,
            "no PyTorch for Python: its rows are not measured; install it: apt-get install "
            "python3-torch, or pass --python one that has it\n\n");
    }
    const Load start = load_now();
    std::vector<Rounds> all;
    for (const Workload* workload : workloads)
        all.push_back(run_rounds(c, *workload));
    const double others = start.others_since();
    const bool cpu =
        c.clock == Clock::cpu || (c.clock == Clock::choose && c.threads == 1 && others > quiet);
    print_machine(c, all, others, cpu);
    print_cells(
        c, "case", "ours      ", "stock", "tuned", "floor", "ratio (25-75 %)", "goal", "verdict");
    bool good = true;
    std::vector<PlotRow> plotted;
    for (const Rounds& rounds : all)
        good = print_rounds(c, rounds, cpu, json, plotted) && good;
    fmt::print(
        c.table,
        "\nstock and tuned: libtorch as installed, and told to keep freed memory{}; floor:"
        "\nthe bare work, ours too. Ratio: ours by the floor's, or by the faster peer's in the same"
        "\nround, the median and the middle half of the rounds.\n",
        peer_may_use_avx512() ? " and to use AVX-512" : "");
    if (!c.plot.empty()) {
        const std::string machine = fmt::format(
            "{}, kernels {}, {} thread(s), {}",
            processor_name(),
            name_of(active_isa()),
            c.threads,
            cpu ? "processor time" : "wall time");
        report::write_file(c.plot, ratio_plot(plotted, machine));
    }
    return good;
}

}  // namespace xgrad::bench
