#include <autograd/fail.hpp>
#include <tools/report.hpp>
#include <tools/report_figures.hpp>
#include <tools/report_style.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <system_error>

namespace xgrad::report {
namespace {

constexpr std::string_view style = R"(
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif;
}
main { max-width: 1040px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 27px; line-height: 1.25; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 18px; margin: 40px 0 4px; }
p { margin: 0 0 12px; max-width: 75ch; }
.faint { color: var(--faint); }
ul { margin: 0 0 12px; padding-left: 20px; }
.figures {
  display: grid; gap: 12px; margin: 24px 0 8px;
  grid-template-columns: repeat(auto-fit, minmax(175px, 1fr));
}
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.figures .card { padding: 14px 16px; }
.figures .name, .figures .detail { color: var(--faint); font-size: 13px; }
.figures .value {
  font-size: 24px; font-weight: 600; line-height: 1.3; letter-spacing: -0.02em;
  overflow-wrap: anywhere; font-variant-numeric: tabular-nums;
}
.good .value { color: var(--good); }
.bad .value { color: var(--bad); }
.charts {
  display: grid; gap: 12px; margin: 12px 0;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr));
}
.charts .card { padding: 14px 16px 8px; }
svg { display: block; width: 100%; height: auto; }
.wide { overflow-x: auto; margin: 12px 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 7px 16px; text-align: left; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--faint); font-weight: 500; font-size: 13px; }
tbody tr:nth-child(even) { background: var(--stripe); }
th.n, td.n { text-align: right; white-space: nowrap; }
.images {
  display: grid; gap: 12px; margin: 12px 0;
  grid-template-columns: repeat(auto-fill, minmax(150px, 1fr));
}
figure { margin: 0; padding: 12px; }
figure img { width: 100%; image-rendering: pixelated; border-radius: 6px; display: block; }
figcaption { margin-top: 8px; font-size: 13px; line-height: 1.4; }
figcaption span { display: block; color: var(--faint); }
footer { margin-top: 40px; color: var(--faint); font-size: 13px; }
)";

const char* mood_class(Figure::Mood mood) {
    switch (mood) {
        case Figure::Mood::good: return " good";
        case Figure::Mood::bad: return " bad";
        default: return "";
    }
}

bool is_wide(const Table& table) { return table.head.size() > 4; }

std::string cells(const Table& table, const std::vector<std::string>& row, const char* tag) {
    std::string line = "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
        const char* kind = i >= table.numbers_from ? " class=\"n\"" : "";
        const bool named = is_wide(table) && &row != &table.head && i < table.head.size();
        const std::string name =
            named ? fmt::format(" data-name=\"{}\"", escape(table.head[i])) : "";
        line += fmt::format("<{}{}{}>{}</{}>", tag, kind, name, escape(row[i]), tag);
    }
    return line + "</tr>\n";
}

}  // namespace

std::string escape(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        switch (c) {
            case '&': safe += "&amp;"; break;
            case '<': safe += "&lt;"; break;
            case '>': safe += "&gt;"; break;
            case '"': safe += "&quot;"; break;
            case '\'': safe += "&#39;"; break;
            default: safe += c;
        }
    }
    return safe;
}

std::string html(const Table& table) {
    std::string text = fmt::format(
        "<div class=\"card wide\"><table{}>\n<thead>{}</thead>\n<tbody>\n",
        is_wide(table) ? " class=\"stack\"" : "",
        cells(table, table.head, "th"));
    for (const std::vector<std::string>& row : table.rows)
        text += cells(table, row, "td");
    text += "</tbody></table></div>\n";
    if (!table.note.empty())
        text += fmt::format("<p class=\"faint\">{}</p>\n", escape(table.note));
    return text;
}

std::string html(const Image& image) {
    std::string text = fmt::format(
        "<figure class=\"card\"><img alt=\"{}\" src=\"data:image/png;base64,{}\"/>",
        escape(image.caption),
        base64(png(image)));
    text += fmt::format("<figcaption>{}", escape(image.caption));
    if (!image.detail.empty())
        text += fmt::format("<span>{}</span>", escape(image.detail));
    return text + "</figcaption></figure>\n";
}

Page::Page(std::string_view title, std::string_view subtitle) : title_(title) {
    body_ =
        fmt::format("<h1>{}</h1>\n<p class=\"faint\">{}</p>\n", escape(title), escape(subtitle));
}

Page& Page::figures(const std::vector<Figure>& figures) {
    body_ += "<div class=\"figures\">\n";
    for (const Figure& figure : figures) {
        body_ += fmt::format(
            "<div class=\"card{}\"><div class=\"name\">{}</div><div class=\"value\">{}</div>"
            "<div class=\"detail\">{}</div></div>\n",
            mood_class(figure.mood),
            escape(figure.name),
            escape(figure.value),
            escape(figure.detail));
    }
    body_ += "</div>\n";
    return *this;
}

Page& Page::section(std::string_view title, std::string_view text) {
    body_ += fmt::format("<h2>{}</h2>\n", escape(title));
    if (!text.empty())
        body_ += fmt::format("<p class=\"faint\">{}</p>\n", escape(text));
    return *this;
}

Page& Page::paragraph(std::string_view text) {
    body_ += fmt::format("<p>{}</p>\n", escape(text));
    return *this;
}

Page& Page::list(const std::vector<std::string>& items) {
    if (items.empty())
        return *this;
    body_ += "<ul>\n";
    for (const std::string& item : items)
        body_ += fmt::format("<li>{}</li>\n", escape(item));
    body_ += "</ul>\n";
    return *this;
}

Page& Page::charts(const std::vector<Chart>& charts) {
    body_ += "<div class=\"charts\">\n";
    for (const Chart& chart : charts)
        body_ += "<div class=\"card\">" + svg(chart) + "</div>\n";
    body_ += "</div>\n";
    return *this;
}

Page& Page::plots(const std::vector<Plot>& plots) {
    body_ += "<div class=\"charts\">\n";
    for (const Plot& plot : plots)
        body_ += "<div class=\"card\">" + svg(plot) + "</div>\n";
    body_ += "</div>\n";
    return *this;
}

Page& Page::table(const Table& table) {
    body_ += report::html(table);
    return *this;
}

Page& Page::images(const std::vector<Image>& images) {
    body_ += "<div class=\"images\">\n";
    for (const Image& image : images)
        body_ += report::html(image);
    body_ += "</div>\n";
    return *this;
}

Page& Page::verdict(std::string_view text) {
    body_ += fmt::format("<p class=\"verdict\">{}</p>\n", escape(text));
    return *this;
}

Page& Page::piece(std::string_view html) {
    body_ += html;
    return *this;
}

Page& Page::footer(std::string_view text) {
    body_ += fmt::format("<footer>{}</footer>\n", escape(text));
    return *this;
}

std::string Page::html() const {
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
        "<title>{}</title>\n<style>{}{}{}{}</style>\n</head>\n<body>\n<main>\n{}</main>\n</body>\n"
        "</html>\n",
        escape(title_),
        colors,
        style,
        drawing,
        detail::figure_style(),
        body_);
}

void write_file(const std::filesystem::path& path, std::string_view text) {
    std::filesystem::path beside = path;
    beside += fmt::format(".part{}", ::getpid());
    std::error_code error;
    {
        std::ofstream file(beside, std::ios::binary);
        file.write(text.data(), static_cast<std::streamsize>(text.size()));
        file.close();
        if (!file) {
            std::filesystem::remove(beside, error);
            fail<IoError>("{}: {} bytes could not be written", path.string(), text.size());
        }
    }
    std::filesystem::rename(beside, path, error);
    if (error) {
        std::error_code ignored;
        std::filesystem::remove(beside, ignored);
        fail<IoError>("{}: rename failed: {}", path.string(), error.message());
    }
}

}  // namespace xgrad::report
