#include <autograd/fail.hpp>
#include <tools/report.hpp>
#include <tools/report_figures.hpp>

#include <algorithm>
#include <cmath>
#include <functional>

namespace xgrad::report {
namespace {

constexpr const char* style = R"(
:root { --right: 33 102 196; --wrong: 212 98 10; }
@media (prefers-color-scheme: dark) { :root { --right: 110 166 245; --wrong: 242 154 79; } }
.confusion { border-collapse: separate; border-spacing: 2px; width: auto; margin: 0 auto; }
.confusion th, .confusion td { border: 0; padding: 5px 7px; font-size: 13px; text-align: right; }
.confusion th { color: var(--faint); font-weight: 500; }
.confusion tbody th { text-align: left; white-space: nowrap; color: var(--text); }
.confusion tbody th i { color: var(--faint); font-style: normal; margin-right: 7px; }
.confusion tbody tr, .confusion tbody tr:nth-child(even) { background: none; }
.confusion .right, .confusion .wrong { min-width: 34px; border-radius: 4px; text-align: center; }
.few .right, .few .wrong { min-width: 52px; padding: 8px 7px; }
.confusion thead th.class { text-align: center; }
.confusion .right { background: rgb(var(--right) / var(--a)); font-weight: 600; }
.confusion .wrong { background: rgb(var(--wrong) / var(--a)); }
.confusion .sum { color: var(--faint); white-space: nowrap; }
.padded { padding: 14px 16px; margin: 12px 0; }
.bars { display: grid; grid-template-columns: fit-content(34%) 1fr max-content; gap: 2px 14px;
  align-items: center; }
.errors { display: contents; }
.errors b { font-weight: 600; padding: 5px 0; }
.errors .track { background: var(--stripe); border-radius: 5px; height: 16px; overflow: hidden; }
.errors .fill { display: block; height: 100%; border-radius: 5px; background: var(--c1); }
.errors:nth-child(2n) .fill { background: var(--c2); }
.errors .value { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.errors .detail { grid-column: 2 / 4; color: var(--faint); font-size: 13px; padding-bottom: 8px; }
.pill { display: inline-block; padding: 1px 10px; border-radius: 999px; font-size: 13px;
  white-space: nowrap; border: 1px solid currentColor; }
.pill.good { color: var(--good); } .pill.bad { color: var(--bad); }
.verdict { font-size: 17px; font-weight: 600; margin: 0 0 10px; }
.stack th, .stack td { padding: 7px 11px; }
.stack td i { color: var(--faint); font-style: normal; margin-right: 8px; }
.stack td:first-child { white-space: nowrap; }
details { margin: 12px 0; }
summary { cursor: pointer; color: var(--faint); }
pre { margin: 8px 0 0; padding: 12px 16px; overflow-x: auto; font-size: 12.5px; line-height: 1.45; }
@media (max-width: 620px) {
  main { padding: 24px 14px 48px; }
  h1 { font-size: 23px; }
  svg { overflow: visible; }
  svg text { font-size: 15px; }
  svg .title { font-size: 18px; }
  .figures { grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); }
  .figures .value { font-size: 20px; }
  .images { grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 8px; }
  figure { padding: 8px; }
  th, td { padding: 6px 10px; }
  .confusion { border-spacing: 1px; width: 100%; }
  .confusion th, .confusion td { padding: 4px 1px; font-size: 11px; }
  .confusion tbody th { max-width: 84px; overflow: hidden; text-overflow: ellipsis; }
  .confusion tbody th i { margin: 0 4px 0 3px; }
  .confusion .right, .confusion .wrong { min-width: 21px; padding: 4px 1px; }
  .confusion .sum { display: none; }
  td:not(.n) { overflow-wrap: anywhere; }
  .stack thead { display: none; }
  .stack, .stack tbody, .stack td { display: block; }
  .stack tr { display: grid; grid-template-columns: 1fr 1fr; gap: 2px 20px;
    padding: 10px 14px; border-top: 1px solid var(--line); }
  .stack tr:first-child { border-top: 0; }
  .stack td, .stack td.n { display: flex; justify-content: space-between; gap: 10px; border: 0;
    padding: 0; font-size: 14px; text-align: right; white-space: normal; }
  .stack td::before { content: attr(data-name); color: var(--faint); font-size: 13px;
    white-space: nowrap; }
  .stack td:first-child { grid-column: 1 / 3; justify-content: flex-start; font-size: 15px;
    font-weight: 600; text-align: left; padding-bottom: 2px; }
  .stack td:first-child::before { content: none; }
  .stack tr > td:empty { display: none; }
}
)";

double share_of(std::size_t part, std::size_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// A share of nothing is not known.
std::string share_text(std::size_t part, std::size_t whole) {
    return whole == 0 ? "" : percent(share_of(part, whole), 1);
}

void check_square(const Confusion& confusion) {
    const std::size_t n = confusion.classes.size();
    for (const auto& row : confusion.counts) {
        if (confusion.counts.size() != n || row.size() != n) {
            fail<std::invalid_argument>(
                "html: {} rows of counts, one of {}, for {} classes; need a square of them",
                confusion.counts.size(),
                row.size(),
                n);
        }
    }
}

std::size_t largest_mistake(const Confusion& confusion) {
    std::size_t largest = 1;
    for (std::size_t i = 0; i < confusion.counts.size(); ++i) {
        for (std::size_t k = 0; k < confusion.counts.size(); ++k) {
            if (i != k)
                largest = std::max(largest, confusion.counts[i][k]);
        }
    }
    return largest;
}

std::string confusion_row(const Confusion& confusion, std::size_t i, std::size_t largest) {
    const std::vector<std::size_t>& row = confusion.counts[i];
    std::size_t sum = 0;
    for (const std::size_t count : row)
        sum += count;
    std::string text = fmt::format("<tr><th><i>{}</i>{}</th>", i, escape(confusion.classes[i]));
    for (std::size_t k = 0; k < row.size(); ++k) {
        const bool right = i == k;
        // The root makes rare mistakes visible beside the most frequent one.
        const double alpha =
            right ? 0.6 * share_of(row[k], sum) : 0.7 * std::sqrt(share_of(row[k], largest));
        text += fmt::format(
            "<td class=\"{}\" style=\"--a:{:.2f}\" title=\"{}, called {}: {}\">{}</td>",
            right ? "right" : "wrong",
            alpha,
            escape(confusion.classes[i]),
            escape(confusion.classes[k]),
            row[k],
            row[k] == 0 ? "" : fmt::format("{}", row[k]));
    }
    return text + fmt::format("<td class=\"sum\">{}</td></tr>\n", share_text(row[i], sum));
}

std::string precision_row(const Confusion& confusion) {
    std::string text = "<tr class=\"sum\"><th>precision</th>";
    for (std::size_t k = 0; k < confusion.counts.size(); ++k) {
        std::size_t called = 0;
        for (const auto& row : confusion.counts)
            called += row[k];
        text += fmt::format(
            "<td class=\"sum\">{}</td>",
            called == 0 ? ""
                        : fmt::format("{:.0f}", 100 * share_of(confusion.counts[k][k], called)));
    }
    return text + "<td class=\"sum\">%</td></tr>\n";
}

std::string optional_text(const std::optional<double>& value, const char* unit) {
    if (!value)
        return "";
    return *unit == '%' ? percent(*value, 1) : fmt::format("{:.2g}", *value);
}

std::string pill(const std::string& text, bool good) {
    if (text.empty())
        return "";
    return fmt::format("<span class=\"pill {}\">{}</span>", good ? "good" : "bad", escape(text));
}

std::string layer_name(const LayerRow& row) {
    if (row.layer.empty())
        return escape(row.name);
    return fmt::format("<i>{}</i>{}", escape(row.name), escape(row.layer));
}

// A table that becomes a list of cards where the page is narrow; cells are HTML.
std::string stacked(
    const std::vector<std::string>& head,
    const std::vector<std::vector<std::string>>& rows,
    std::size_t numbers_from) {
    std::string text = "<div class=\"card wide\"><table class=\"stack\">\n<thead><tr>";
    const auto kind = [&](std::size_t k) { return k >= numbers_from ? " class=\"n\"" : ""; };
    for (std::size_t k = 0; k < head.size(); ++k)
        text += fmt::format("<th{}>{}</th>", kind(k), escape(head[k]));
    text += "</tr></thead>\n<tbody>\n";
    for (const auto& row : rows) {
        text += "<tr>";
        for (std::size_t k = 0; k < row.size(); ++k)
            text += fmt::format("<td{} data-name=\"{}\">{}</td>", kind(k), escape(head[k]), row[k]);
        text += "</tr>\n";
    }
    return text + "</tbody></table></div>\n";
}

}  // namespace

const char* detail::figure_style() noexcept { return style; }

std::string grouped(std::size_t number) {
    std::string text = fmt::format("{}", number);
    for (std::size_t at = text.size(); at > 3;)
        text.insert(at -= 3, 1, ',');
    return text;
}

std::string percent(double share, int digits) {
    return fmt::format("{:.{}f} %", 100 * share, digits);
}

std::size_t Confusion::mistakes() const noexcept {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        for (std::size_t k = 0; k < counts[i].size(); ++k)
            sum += i == k ? 0 : counts[i][k];
    }
    return sum;
}

std::string html(const Confusion& confusion) {
    check_square(confusion);
    std::string text = fmt::format(
        "<div class=\"card wide padded\"><table class=\"confusion{}\">\n<thead><tr><th></th>",
        confusion.classes.size() <= 12 ? " few" : "");
    for (std::size_t k = 0; k < confusion.classes.size(); ++k)
        text += fmt::format(
            "<th class=\"class\" title=\"{}\">{}</th>", escape(confusion.classes[k]), k);
    text += "<th class=\"sum\">recall</th></tr></thead>\n<tbody>\n";
    const std::size_t largest = largest_mistake(confusion);
    for (std::size_t i = 0; i < confusion.classes.size(); ++i)
        text += confusion_row(confusion, i, largest);
    return text + precision_row(confusion) + "</tbody></table></div>\n";
}

std::string html(const std::vector<ErrorBar>& bars) {
    double largest = 0;
    for (const ErrorBar& bar : bars)
        largest = std::max(largest, bar.error);
    std::string text = "<div class=\"card padded bars\">\n";
    for (const ErrorBar& bar : bars) {
        text += fmt::format(
            "<div class=\"errors\"><b>{}</b><span class=\"track\"><span class=\"fill\" "
            "style=\"width:{:.1f}%\"></span></span><span class=\"value\">{}</span>",
            escape(bar.name),
            largest > 0 ? 100 * bar.error / largest : 0,
            percent(bar.error));
        if (!bar.detail.empty())
            text += fmt::format("<span class=\"detail\">{}</span>", escape(bar.detail));
        text += "</div>\n";
    }
    return text + "</div>\n";
}

std::string html(const std::vector<LayerRow>& layers) {
    struct Column {
        const char* name;
        std::function<std::string(const LayerRow&)> text;
        bool number = true;
    };
    const Column all[] = {
        {"layer", [](const LayerRow& r) { return layer_name(r); }, false},
        {"verdict", [](const LayerRow& r) { return pill(r.verdict, r.healthy); }, false},
        {"parameters",
         [](const LayerRow& r) { return r.parameters ? grouped(*r.parameters) : ""; }},
        {"mean", [](const LayerRow& r) { return optional_text(r.mean, ""); }},
        {"deviation", [](const LayerRow& r) { return optional_text(r.deviation, ""); }},
        {"zeros", [](const LayerRow& r) { return optional_text(r.zeros, "%"); }},
        {"gradient", [](const LayerRow& r) { return optional_text(r.gradient, ""); }},
        {"gradient zeros", [](const LayerRow& r) { return optional_text(r.gradient_zeros, "%"); }},
        {"update / weight", [](const LayerRow& r) { return optional_text(r.update, ""); }}};
    std::vector<std::string> head;
    std::vector<std::vector<std::string>> rows(layers.size());
    std::size_t texts = 0;
    for (const Column& column : all) {
        std::vector<std::string> cells;
        for (const LayerRow& layer : layers)
            cells.push_back(column.text(layer));
        if (std::ranges::all_of(cells, &std::string::empty))
            continue;
        head.emplace_back(column.name);
        texts += column.number ? 0 : 1;
        for (std::size_t i = 0; i < layers.size(); ++i)
            rows[i].push_back(cells[i]);
    }
    std::string text = stacked(head, rows, texts);
    for (const LayerRow& layer : layers) {
        if (!layer.reason.empty()) {
            text += fmt::format(
                "<p><b>{}</b> {}: {}</p>\n",
                escape(layer.name),
                escape(layer.verdict),
                escape(layer.reason));
        }
    }
    return text;
}

std::string html(const GradientTable& table) {
    std::vector<std::vector<std::string>> rows;
    for (const GradientTable::Row& row : table.rows) {
        const bool good = row.norm_ratio < 1e-3;  // the band of P14 from which on it is a bug
        rows.push_back(
            {escape(row.name),
             escape(row.shape),
             pill(row.verdict, good),
             grouped(row.checked),
             fmt::format("{:.1e}", row.norm_ratio),
             row.worst ? fmt::format("{:.1e}", *row.worst) : ""});
    }
    std::string text = fmt::format(
        "<p class=\"verdict\">{} norm ratio {:.1e}</p>\n",
        pill(table.ok ? "passed" : "failed", table.ok),
        table.norm_ratio);
    text += stacked(
        {"parameter", "shape", "verdict", "checked", "norm ratio", "worst element"}, rows, 3);
    text +=
        "<p class=\"faint\">Norm ratio: |numeric - analytic| / (|numeric| + |analytic|); below "
        "1e-7 is fine, from 0.001 on it is a bug.</p>\n";
    if (!table.text.empty()) {
        text += fmt::format(
            "<details><summary>What the checker says</summary><pre class=\"card\">{}</pre>"
            "</details>\n",
            escape(table.text));
    }
    return text;
}

}  // namespace xgrad::report
