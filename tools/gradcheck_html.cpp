#include <autograd/fail.hpp>
#include <tools/gradcheck_html.hpp>
#include <tools/gradcheck_pictures.hpp>

#include <algorithm>

namespace xgrad {
namespace {

using detail::escaped;
using Verdict = OpCheck::Verdict;

constexpr const char* head = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>gradcheck</title><style>
body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:62em;padding:0 1em;color:#222}
table{border-collapse:collapse}th{cursor:pointer;text-align:left;border-bottom:2px solid #888}
td,th{padding:.15em .8em .15em 0}td.n{text-align:right;font-variant-numeric:tabular-nums}
.FAIL{color:#b00020;font-weight:600}.INCONCLUSIVE{color:#9a6700;font-weight:600}.PASS{color:#1a7f37}
pre{white-space:pre-wrap;background:#f6f6f4;padding:.6em}svg{background:#fff;border:1px solid #ddd}
figure{display:inline-block;margin:.4em 1em .4em 0;vertical-align:top}figcaption{font-size:13px;max-width:28em}
</style></head><body>
)";

constexpr const char* sorter = R"(<script>
document.querySelectorAll('th').forEach((h, k) => h.onclick = () => {
  const body = h.closest('table').tBodies[0], up = h.dataset.up = h.dataset.up == 1 ? 0 : 1;
  [...body.rows].sort((a, b) => {
    const x = a.cells[k].textContent, y = b.cells[k].textContent;
    const d = isNaN(x - y) ? x.localeCompare(y) : x - y;
    return up == 1 ? d : -d;
  }).forEach(row => body.append(row));
});
</script>
)";

GradcheckVerdict verdict_of(const OpReport& report) {
    if (report.count(Verdict::failed) > 0)
        return GradcheckVerdict::fail;
    return report.ok() ? GradcheckVerdict::pass : GradcheckVerdict::inconclusive;
}

std::string pictures(const GradcheckReport& report) {
    std::string all;
    for (const GradcheckOrder& order : report.orders) {
        for (const GradcheckInput& input : order.inputs) {
            if (input.off + input.inconclusive > 0)
                all += detail::error_map(input);
        }
        std::size_t shown = 0;
        for (const GradcheckEntry& entry : order.worst) {
            if (!entry.sweep.empty() && shown++ < 3)
                all += detail::curve_picture(entry);
        }
    }
    return all;
}

std::string row(const OpReport& report) {
    const auto first = [](const std::vector<double>& values) {
        return values.empty() ? std::string("-") : fmt::format("{:.1e}", values.front());
    };
    const char* verdict = describe(verdict_of(report));
    return fmt::format(
        "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
        "<td class=\"n\">{}</td><td class=\"{}\">{}</td></tr>\n",
        escaped(report.op),
        report.shapes.size(),
        report.checks.size() - report.count(Verdict::skipped),
        first(report.relative_error),
        first(report.norm_ratio),
        verdict,
        verdict);
}

// A row for each input of each order.
std::string input_table(const GradcheckReport& report) {
    std::string rows;
    for (const GradcheckOrder& order : report.orders) {
        for (const GradcheckInput& input : order.inputs) {
            rows += fmt::format(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td><td "
                "class=\"n\">{}</td><td class=\"n\">{:.1e}</td><td class=\"n\">{:.1e}</td>"
                "<td>{}</td></tr>\n",
                order.order,
                escaped(input.name),
                input.shape,
                input.checked,
                input.off,
                input.worst.relative,
                input.norm_ratio,
                describe(norm_band(input.norm_ratio)));
        }
    }
    return "<table><thead><tr><th>order</th><th>input</th><th>shape</th><th>checked</th>"
           "<th>off</th><th>relative error</th><th>norm ratio</th><th>band</th></tr></thead>"
           "<tbody>\n" +
           rows + "</tbody></table>\n";
}

}  // namespace

std::string to_html(const GradcheckReport& report) {
    const char* verdict = describe(report.verdict());
    return fmt::format(
        "{}<h1>gradcheck <span class=\"{}\">{}</span></h1><pre>{}</pre>\n{}{}{}</body></html>\n",
        head,
        verdict,
        verdict,
        escaped(report.to_string()),
        pictures(report),
        input_table(report),
        sorter);
}

std::string to_html(const std::vector<OpReport>& reports, double seconds) {
    std::string page = head;
    const auto good =
        std::ranges::count_if(reports, [](const OpReport& report) { return report.ok(); });
    page += fmt::format(
        "<h1>gradcheck</h1><p>{} of {} ops pass; {:.1f} s.</p>\n", good, reports.size(), seconds);
    for (const OpReport& report : reports) {
        if (report.ok())
            continue;
        const char* verdict = describe(verdict_of(report));
        page += fmt::format(
            "<h2 class=\"{}\">{} {}</h2><pre>{}</pre>\n",
            verdict,
            verdict,
            escaped(report.op),
            escaped(report.to_string()));
        for (const GradcheckReport& one : report.reports)
            page += pictures(one);
    }
    page +=
        "<table><thead><tr><th>op</th><th>samples</th><th>checks</th><th>relative error</th>"
        "<th>norm ratio</th><th>verdict</th></tr></thead><tbody>\n";
    for (const OpReport& report : reports)
        page += row(report);
    return page + "</tbody></table>\n" + sorter + "</body></html>\n";
}

std::string to_junit(const std::vector<OpReport>& reports, double seconds) {
    std::size_t tests = 0, failures = 0, skips = 0;
    std::string cases;
    for (const OpReport& report : reports) {
        for (const OpCheck& check : report.checks) {
            ++tests;
            cases += fmt::format(
                "  <testcase classname=\"gradcheck.{}\" name=\"sample {}, {}\"",
                escaped(report.op),
                check.sample,
                escaped(check.name));
            if (check.verdict == Verdict::passed) {
                cases += "/>\n";
                continue;
            }
            const bool is_skip = check.verdict == Verdict::skipped;
            (is_skip ? skips : failures) += 1;
            cases += fmt::format(
                "><{} message=\"{}{}\"/></testcase>\n",
                is_skip ? "skipped" : "failure",
                check.verdict == Verdict::inconclusive ? "inconclusive: " : "",
                escaped(check.text));
        }
    }
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"gradcheck\" tests=\"{}\" "
        "failures=\"{}\" skipped=\"{}\" time=\"{:.3f}\">\n{}</testsuite>\n",
        tests,
        failures,
        skips,
        seconds,
        cases);
}

}  // namespace xgrad
