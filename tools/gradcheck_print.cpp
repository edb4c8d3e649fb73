#include <autograd/fail.hpp>
#include <tools/gradcheck_print.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace xgrad {
namespace {

using Verdict = OpCheck::Verdict;

std::string by_order(const std::vector<double>& values, int order) {
    std::string text;
    for (int k = 0; k < order; ++k) {
        const auto at = static_cast<std::size_t>(k);
        text +=
            at < values.size() ? fmt::format(" {:>9.1e}", values[at]) : fmt::format(" {:>9}", "-");
    }
    return text;
}

std::string verdict_of(const OpReport& report) {
    if (report.count(Verdict::failed) > 0)
        return "FAILED";
    if (report.count(Verdict::inconclusive) > 0)
        return "inconclusive";
    if (!report.ok())
        return "not checked";
    return report.ending.empty() ? "passed"
                                 : fmt::format("passed to order {}", report.relative_error.size());
}

}  // namespace

Progress::Progress(std::size_t total) : total_(total), on_(total > 1 && isatty(STDERR_FILENO)) {}

void Progress::show(std::size_t done, const std::string& name) const {
    constexpr std::size_t width = 30;
    if (!on_)
        return;
    const std::size_t full = width * done / total_;
    fmt::print(
        stderr, "\r\033[K[{:=<{}}{:{}}] {}/{} {}", "", full, "", width - full, done, total_, name);
    std::fflush(stderr);
}

void Progress::clear() const {
    if (on_)
        fmt::print(stderr, "\r\033[K");
}

void print_list(const std::vector<const Op*>& ops) {
    for (const Op* op : ops) {
        fmt::print("{}:", op->name());
        for (const Sample& sample : op->samples())
            fmt::print(" [{}]", fmt::join(sample.shapes, " "));
        fmt::print("\n");
    }
}

void print_header(int order) {
    const std::size_t width = 10 * static_cast<std::size_t>(order);
    fmt::print("{:<24}{:>7}{:>8} ", "op", "samples", "checks");
    fmt::print("{:>{}} {:>{}}  verdict\n", "relative error", width, "norm ratio", width);
}

void print_op(const OpReport& report, int order, bool is_verbose) {
    fmt::print(
        "{:<24}{:>7}{:>8} {} {}  {}\n",
        report.op,
        report.shapes.size(),
        report.count(Verdict::passed) + report.count(Verdict::failed),
        by_order(report.relative_error, order),
        by_order(report.norm_ratio, order),
        verdict_of(report));
    if (is_verbose) {
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
    fmt::print("{}", report.to_string());
    for (const std::string& note : report.ok() ? report.notes() : std::vector<std::string>())
        fmt::print("    note: {}\n", note);
    std::fflush(stdout);
}

void print_summary(const std::vector<OpReport>& reports, double seconds) {
    std::size_t samples = 0;
    std::size_t checks = 0;
    std::size_t failures = 0;
    std::size_t skips = 0;
    std::size_t open = 0;
    for (const OpReport& report : reports) {
        samples += report.shapes.size();
        failures += report.count(Verdict::failed);
        checks += report.count(Verdict::passed) + report.count(Verdict::failed);
        skips += report.count(Verdict::skipped);
        open += report.count(Verdict::inconclusive);
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
}

void print_power_header() {
    fmt::print("{:<36}{:>8}{:>8}  smallest factor off by\n", "op", "faults", "caught");
}

void print_power(const PowerReport& report) {
    const std::string smallest = !report.smallest       ? "none"
                                 : *report.smallest > 0 ? fmt::format("{:.0e}", *report.smallest)
                                                        : "-";
    fmt::print("{:<36}{:>8}{:>8}  {}\n", report.op, report.faults, report.caught, smallest);
    for (const std::string& missed : report.missed)
        fmt::print("    missed: {}\n", missed);
    std::fflush(stdout);
}

void print_power_summary(const std::vector<PowerReport>& reports) {
    std::size_t faults = 0, caught = 0;
    for (const PowerReport& report : reports) {
        faults += report.faults;
        caught += report.caught;
    }
    fmt::print("{} ops, {} faults, {} caught\n", reports.size(), faults, caught);
}

}  // namespace xgrad
