#include <autograd/fail.hpp>
#include <tools/gradcheck_html.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad {
namespace {

using Verdict = OpCheck::Verdict;

constexpr const char* head = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>gradcheck</title><style>
body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:62em;padding:0 1em;color:#222}
table{border-collapse:collapse}th{cursor:pointer;text-align:left;border-bottom:2px solid #888}
td,th{padding:.15em .8em .15em 0}td.n{text-align:right;font-variant-numeric:tabular-nums}
.FAIL{color:#b00020;font-weight:600}.INCONCLUSIVE{color:#9a6700;font-weight:600}.PASS{color:#1a7f37}
pre{white-space:pre-wrap;background:#f6f6f4;padding:.6em}svg{background:#fff;border:1px solid #ddd}
figure{display:inline-block;margin:.4em 1em .4em 0;vertical-align:top}figcaption{font-size:13px}
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

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

GradcheckVerdict verdict_of(const OpReport& report) {
    if (report.count(Verdict::failed) > 0)
        return GradcheckVerdict::fail;
    return report.ok() ? GradcheckVerdict::pass : GradcheckVerdict::inconclusive;
}

// log10, with what is zero at the bottom.
double decade(double x) { return x > 1e-18 && std::isfinite(x) ? std::log10(x) : -18; }

// The V: error of the difference against its step, both by decades.
std::string v_curve(const GradcheckEntry& entry) {
    constexpr double width = 320, height = 180, edge = 28;
    double left = 1e9, right = -1e9, low = 1e9, high = -1e9;
    const auto error = [&](const GradcheckPoint& p) {
        return decade(std::abs(p.difference - entry.analytic));
    };
    for (const GradcheckPoint& p : entry.sweep) {
        left = std::min(left, decade(p.step));
        right = std::max(right, decade(p.step));
        low = std::min(low, error(p));
        high = std::max(high, error(p));
    }
    const auto at = [](double v, double from, double to, double size) {
        return edge + (v - from) / std::max(to - from, 1e-9) * (size - 2 * edge);
    };
    std::string points;
    for (const GradcheckPoint& p : entry.sweep) {
        points += fmt::format(
            "{:.1f},{:.1f} ",
            at(decade(p.step), left, right, width),
            height - at(error(p), low, high, height));
    }
    return fmt::format(
        "<figure><svg width=\"{0}\" height=\"{1}\"><polyline fill=\"none\" stroke=\"#0969da\" "
        "stroke-width=\"2\" points=\"{2}\"/><text x=\"4\" y=\"14\" "
        "font-size=\"11\">1e{3:.0f}</text>"
        "<text x=\"4\" y=\"{4}\" font-size=\"11\">1e{5:.0f}; step 1e{6:.0f} to "
        "1e{7:.0f}</text></svg>"
        "<figcaption>{8}: error against step</figcaption></figure>",
        width,
        height,
        points,
        high,
        height - 6,
        low,
        left,
        right,
        escaped(fmt::format("{} at ({})", entry.input, fmt::join(entry.index, ", "))));
}

// A square for each element, darker by the decade of its error; the last axis runs to the right.
std::string heat_map(const GradcheckInput& input) {
    constexpr std::size_t most = 4096;
    if (input.gaps.empty() || input.gaps.size() > most)
        return "";
    const std::size_t columns =
        input.shape.empty() ? 1 : std::max<std::size_t>(input.shape.back(), 1);
    const std::size_t rows = input.gaps.size() / columns;
    const std::size_t size = std::clamp<std::size_t>(360 / std::max(rows, columns), 3, 18);
    std::string squares;
    for (std::size_t k = 0; k < input.gaps.size(); ++k) {
        const double shade = std::clamp((decade(input.gaps[k]) + 14) / 14, 0.0, 1.0);
        squares += fmt::format(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"rgb(255,{:.0f},{:.0f})\">"
            "<title>{} {:.3g}</title></rect>",
            k % columns * size,
            k / columns * size,
            size,
            size,
            255 * (1 - shade),
            255 * (1 - shade),
            index_string(k, input.shape),
            input.gaps[k]);
    }
    return fmt::format(
        "<figure><svg width=\"{}\" height=\"{}\">{}</svg><figcaption>{}: |analytic - numeric|, "
        "white 1e-14, red 1</figcaption></figure>",
        columns * size,
        rows * size,
        squares,
        escaped(input.name));
}

std::string pictures(const GradcheckReport& report) {
    std::string all;
    for (const GradcheckOrder& order : report.orders) {
        for (const GradcheckInput& input : order.inputs) {
            if (input.off + input.inconclusive > 0)
                all += heat_map(input);
        }
        std::size_t shown = 0;
        for (const GradcheckEntry& entry : order.worst) {
            if (!entry.sweep.empty() && shown++ < 3)
                all += v_curve(entry);
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

}  // namespace

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
