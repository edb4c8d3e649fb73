// A report as one HTML page: figures, charts, plots, tables and small images, all inside the file.
#pragma once

#include <tools/report_plot.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace xgrad::report {

/// Text safe in HTML, in attributes too.
[[nodiscard]] std::string escape(std::string_view text);

/// One value for each epoch, the first being epoch 1.
struct Curve {
    std::string name;
    std::vector<double> values;
};

/// Curves over epochs, from 0 up. Values that are not finite are left out.
struct Chart {
    std::string title;
    std::vector<Curve> curves;    ///< up to eight are told apart by colour
    bool percent = false;         ///< values are shares of 1, printed in per cent
    std::size_t marked = 0;       ///< an epoch with a line across; 0 for none
    std::string mark = "marked";  ///< what the line says
};

/// The chart as an inline SVG element.
[[nodiscard]] std::string svg(const Chart& chart);

/// Where the page is narrow, a table of more than four columns is a list of its rows.
struct Table {
    std::vector<std::string> head;
    std::vector<std::vector<std::string>> rows;
    /// Columns from here on are numbers: right-aligned.
    std::size_t numbers_from = 1;
    std::string note = {};  ///< a line below
};

[[nodiscard]] std::string html(const Table& table);

/// A greyscale image, one byte a pixel, row by row, with a line of text below.
struct Image {
    std::size_t width = 0, height = 0;
    std::vector<std::uint8_t> pixels;
    std::string caption;
    std::string detail = {};  ///< a second, fainter line
};

/// The image as a PNG file [RFC 2083]. Throws std::invalid_argument when the pixels are not
/// width * height, or there are none.
[[nodiscard]] std::string png(const Image& image);

/// The image with its caption, as a figure element that holds its PNG.
[[nodiscard]] std::string html(const Image& image);

/// The same bytes in base64 [RFC 4648].
[[nodiscard]] std::string base64(std::string_view bytes);

/// A number to be seen first: "test accuracy", "89.7 %".
struct Figure {
    std::string name;
    std::string value;
    std::string detail;
    enum class Mood { neutral, good, bad } mood = Mood::neutral;
};

/// The page. What is added appears in that order; every text is escaped.
class Page {
public:
    Page(std::string_view title, std::string_view subtitle);

    Page& figures(const std::vector<Figure>& figures);
    /// A heading, and a sentence below it unless empty.
    Page& section(std::string_view title, std::string_view text = "");
    Page& paragraph(std::string_view text);
    Page& list(const std::vector<std::string>& items);
    /// Side by side where the page is wide enough.
    Page& charts(const std::vector<Chart>& charts);
    Page& plots(const std::vector<Plot>& plots);
    Page& table(const Table& table);
    Page& images(const std::vector<Image>& images);
    /// A sentence that stands out.
    Page& verdict(std::string_view text);
    /// What one of the functions html() or svg() has made, as it is.
    Page& piece(std::string_view html);
    /// Faint text at the end.
    Page& footer(std::string_view text);

    /// The whole document: well-formed as XML, without scripts, links and outside resources, light
    /// or dark as the reader's system is.
    [[nodiscard]] std::string html() const;

private:
    std::string title_;
    std::string body_;
};

/// Writes a file: beside, then renamed. Throws IoError.
void write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace xgrad::report
