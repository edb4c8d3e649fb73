// gradcheck: checks the gradients of the registered ops; `gradcheck --help` says more.
#include <autograd/fail.hpp>
#include <autograd/plugin.hpp>
#include <tools/gradcheck_crash.hpp>
#include <tools/gradcheck_html.hpp>
#include <tools/gradcheck_json.hpp>
#include <tools/gradcheck_op.hpp>
#include <tools/gradcheck_power.hpp>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>

namespace {

using xgrad::GradcheckOptions;
using xgrad::Op;
using xgrad::OpCheck;
using xgrad::OpReport;
using Verdict = OpCheck::Verdict;

constexpr int passed = 0;
constexpr int failed = 1;
constexpr int nothing_checked = 2;
constexpr int inconclusive = 3;

struct Settings {
    bool list = false;
    bool all = false;
    bool verbose = false;
    std::vector<std::string> names;
    std::vector<std::string> libraries;
    bool power = false;
    std::string json, junit, html;
    GradcheckOptions options{.order = 2};
};

void add_options(CLI::App& app, Settings& settings) {
    app.add_flag("--list", settings.list, "print the ops and the shapes of their samples");
    app.add_flag("--all", settings.all, "check every op");
    app.add_option("--op", settings.names, "check this op; may be repeated");
    app.add_option(
        "--load", settings.libraries, "load this shared library and check the ops it registers");
    app.add_flag(
        "--power", settings.power, "put faults into the rules and print what is caught of them");
    app.add_option_function<std::string>(
           "--shapes",
           [&settings](const std::string& which) {
               settings.options.sweep = which == "sweep" ? 12 : 0;
           },
           "samples, or sweep: other shapes as well, and the smallest on which a check fails")
        ->check(CLI::IsMember({"samples", "sweep"}));
    app.add_option("--order", settings.options.order, "gradients up to this order")
        ->capture_default_str();
    app.add_option_function<std::string>(
           "--dtype",
           [&settings](const std::string& type) {
               settings.options.in_float = type == "float";
               if (settings.options.in_float)
                   settings.options.order = 1;
           },
           "double, or float: gradients in float against slopes in double, to first order")
        ->check(CLI::IsMember({"double", "float"}));
    app.add_option("--seed", settings.options.seed, "of inputs and of output weights")
        ->capture_default_str();
    app.add_option(
        "--step",
        settings.options.step,
        "h = STEP * max(1, |x|) of the differences; 0: cube root of the machine epsilon");
    app.add_option("--json", settings.json, "write the report to this file");
    app.add_option("--junit", settings.junit, "write the checks to this file as JUnit's XML");
    app.add_option(
        "--html", settings.html, "write a page with pictures of the errors to this file");
    app.add_flag("-v,--verbose", settings.verbose, "print every check, skipped ones too");
    app.footer(
        "Exit code: 0 all passed, 1 a failure, 2 bad use or nothing checked, 3 nothing failed and "
        "something is inconclusive.");
}

void print_list() {
    for (const Op* op : xgrad::all_ops()) {
        fmt::print("{}:", op->name());
        for (const xgrad::Sample& sample : op->samples())
            fmt::print(" [{}]", fmt::join(sample.shapes, " "));
        fmt::print("\n");
    }
}

// The ops that the libraries define.
std::vector<const Op*> load(const std::vector<std::string>& libraries) {
    std::vector<const Op*> ops;
    for (const std::string& path : libraries) {
        const std::vector<const Op*> added = xgrad::load_ops(path);
        ops.insert(ops.end(), added.begin(), added.end());
    }
    return ops;
}

// The ops to check; throws std::invalid_argument for a name that is none.
std::vector<const Op*> selected(const Settings& settings) {
    std::vector<const Op*> ops = load(settings.libraries);
    if (settings.all)
        return xgrad::all_ops();
    if (!settings.names.empty())
        ops.clear();
    for (const std::string& name : settings.names) {
        const Op* op = xgrad::find_op(name);
        if (!op) {
            xgrad::fail<std::invalid_argument>(
                "gradcheck: no op is named \"{}\"; --list prints the names", name);
        }
        ops.push_back(op);
    }
    return ops;
}

// A bar on the terminal that names the op under way, so that a crash has a name.
class Progress {
public:
    explicit Progress(std::size_t total) : total_(total), on_(total > 1 && isatty(STDERR_FILENO)) {}
    ~Progress() { clear(); }
    void show(std::size_t done, const std::string& name) const {
        constexpr std::size_t width = 30;
        if (!on_)
            return;
        const std::size_t full = width * done / total_;
        fmt::print(
            stderr,
            "\r\033[K[{:=<{}}{:{}}] {}/{} {}",
            "",
            full,
            "",
            width - full,
            done,
            total_,
            name);
        std::fflush(stderr);
    }
    void clear() const {
        if (on_)
            fmt::print(stderr, "\r\033[K");
    }

private:
    std::size_t total_;
    bool on_;
};

std::string by_order(const std::vector<double>& values, int order) {
    std::string text;
    for (int k = 0; k < order; ++k) {
        const auto at = static_cast<std::size_t>(k);
        text +=
            at < values.size() ? fmt::format(" {:>9.1e}", values[at]) : fmt::format(" {:>9}", "-");
    }
    return text;
}

void print_header(int order) {
    const std::size_t width = 10 * static_cast<std::size_t>(order);
    fmt::print("{:<24}{:>7}{:>8} ", "op", "samples", "checks");
    fmt::print("{:>{}} {:>{}}  verdict\n", "relative error", width, "norm ratio", width);
}

std::string verdict_of(const OpReport& report) {
    if (report.count(Verdict::failed) > 0)
        return "FAILED";
    if (!report.ok())
        return "inconclusive";
    return report.ending.empty() ? "passed"
                                 : fmt::format("passed to order {}", report.relative_error.size());
}

void print_op(const OpReport& report, const Settings& settings) {
    fmt::print(
        "{:<24}{:>7}{:>8} {} {}  {}\n",
        report.op,
        report.shapes.size(),
        report.count(Verdict::passed) + report.count(Verdict::failed),
        by_order(report.relative_error, settings.options.order),
        by_order(report.norm_ratio, settings.options.order),
        verdict_of(report));
    if (settings.verbose) {
        for (const OpCheck& check : report.checks) {
            if (check.verdict != Verdict::passed && check.verdict != Verdict::skipped)
                continue;
            fmt::print(
                "    sample {}, {}: {}{}{}\n",
                check.sample,
                check.name,
                check.verdict == Verdict::passed ? "passed" : "skipped",
                check.text.empty() ? "" : ": ",
                check.text);
        }
    }
    if (!report.ok())
        fmt::print("{}", report.to_string());
    std::fflush(stdout);
}

int print_summary(const std::vector<OpReport>& reports, double seconds) {
    std::size_t samples = 0;
    std::size_t checks = 0;
    std::size_t failures = 0;
    std::size_t skips = 0;
    std::size_t open = 0;
    bool ok = true;
    for (const OpReport& report : reports) {
        samples += report.shapes.size();
        failures += report.count(Verdict::failed);
        checks += report.count(Verdict::passed) + report.count(Verdict::failed);
        skips += report.count(Verdict::skipped);
        open += report.count(Verdict::inconclusive);
        ok = ok && report.ok();
    }
    fmt::print(
        "{} ops, {} samples, {} checks, {} failures, {} inconclusive, {} not applicable, {:.1f} "
        "s\n",
        reports.size(),
        samples,
        checks,
        failures,
        open,
        skips,
        seconds);
    return failures > 0 ? failed : ok ? passed : open > 0 ? inconclusive : failed;
}

void write(const char* option, const std::string& path, const std::string& text) {
    if (path.empty())
        return;
    std::ofstream file(path);
    file << text;
    if (!file.flush()) {
        xgrad::fail<xgrad::IoError>(
            "gradcheck: cannot write {}; pass {} a path that can be written", path, option);
    }
}

// What the checks would catch, were the rules wrong.
int run_power(const std::vector<const Op*>& ops, const Settings& settings) {
    fmt::print("{:<36}{:>8}{:>8}  smallest factor off by\n", "op", "faults", "caught");
    std::size_t faults = 0, caught = 0;
    const Progress progress(ops.size());
    for (std::size_t k = 0; k < ops.size(); ++k) {
        progress.show(k, ops[k]->name());
        const xgrad::detail::CrashNote note(*ops[k]);
        const xgrad::PowerReport report = xgrad::power_of(*ops[k], settings.options);
        progress.clear();
        fmt::print("{:<36}{:>8}{:>8}", report.op, report.faults, report.caught);
        fmt::print("  {}\n", report.smallest > 0 ? fmt::format("{:.0e}", report.smallest) : "-");
        for (const std::string& missed : report.missed)
            fmt::print("    missed: {}\n", missed);
        faults += report.faults;
        caught += report.caught;
    }
    fmt::print("{} ops, {} faults, {} caught\n", ops.size(), faults, caught);
    if (faults == 0)
        return nothing_checked;
    return caught == faults ? passed : failed;
}

int run(const Settings& settings) {
    if (settings.list) {
        print_list();
        return passed;
    }
    const std::vector<const Op*> ops = selected(settings);
    if (ops.empty()) {
        fmt::print(
            stderr,
            "gradcheck: no op is selected; pass --all, --op NAME, --load LIBRARY or --list\n");
        return nothing_checked;
    }
    if (settings.power)
        return run_power(ops, settings);
    const auto start = std::chrono::steady_clock::now();
    std::vector<OpReport> reports;
    print_header(settings.options.order);
    const Progress progress(ops.size());
    for (const Op* op : ops) {
        progress.show(reports.size(), op->name());
        {
            const xgrad::detail::CrashNote note(*op);
            reports.push_back(xgrad::check_op(*op, settings.options));
        }
        progress.clear();
        print_op(reports.back(), settings);
    }
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    write("--json", settings.json, xgrad::to_json(reports, settings.options, taken.count()));
    write("--junit", settings.junit, xgrad::to_junit(reports, taken.count()));
    write("--html", settings.html, xgrad::to_html(reports, taken.count()));
    return print_summary(reports, taken.count());
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Checks the gradients of xgrad's ops against two-sided differences.", "gradcheck");
    Settings settings;
    add_options(app, settings);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? passed : nothing_checked;
    }
    try {
        return run(settings);
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return nothing_checked;
    }
}
