#include <nn/progress.hpp>
#include <tests/support.hpp>
#include <tools/report.hpp>

#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace xgrad::report;
using xgrad::test::text_of_error;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

// What is wrong with the nesting of the tags, or "" where each is closed in its turn.
std::string fault_in(const std::string& page) {
    std::vector<std::string> open;
    for (std::size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
        const std::size_t end = page.find('>', at);
        if (end == std::string::npos)
            return "a tag without an end: " + page.substr(at, 40);
        const std::string tag = page.substr(at + 1, end - at - 1);
        if (tag.starts_with('!') || tag.ends_with('/'))
            continue;
        const bool closes = tag.starts_with('/');
        const std::string name = tag.substr(closes ? 1 : 0, tag.find_first_of(" \n") - closes);
        if (!closes) {
            open.push_back(name);
        } else if (open.empty() || open.back() != tag.substr(1)) {
            return "</" + tag.substr(1) + "> closes " + (open.empty() ? "nothing" : open.back());
        } else {
            open.pop_back();
        }
    }
    return open.empty() ? "" : "<" + open.back() + "> is not closed";
}

std::size_t occurrences(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++n;
    return n;
}

Chart two_curves() {
    return {"Cost", {{"train", {4, 2, 1}}, {"dev", {4, 3, 3.5}}}, false, 2, "best epoch"};
}

Image gradient_image() { return {2, 3, {0, 50, 100, 150, 200, 255}, "a <b>", "50 % sure"}; }

std::string whole_page() {
    return Page("A & B", "of <xgrad>")
        .figures({{"accuracy", "89.7 %", "needed: 88.5 %", Figure::Mood::good}})
        .section("Curves", "two of them")
        .charts({two_curves()})
        .list({"more \"data\""})
        .table({{"set", "error"}, {{"train", "1 %"}, {"dev", "<2 %"}}, 1, "a note"})
        .images({gradient_image()})
        .footer("the end")
        .html();
}

}  // namespace

TEST_CASE("the test's own check of tags finds faults") {
    CHECK(fault_in("<a><b x=\"1\">t</b><c/></a>") == "");
    CHECK(fault_in("<a><b></a></b>") == "</a> closes b");
    CHECK(fault_in("<a><b></b>") == "<a> is not closed");
    CHECK(fault_in("<a></a></b>") == "</b> closes nothing");
}

TEST_CASE("a page closes all its tags and refers to nothing outside") {
    const std::string page = whole_page();
    CHECK(fault_in(page) == "");
    CHECK(page.starts_with("<!DOCTYPE html>"));
    for (const char* outside : {"http", "//", "<script", "<link", "@import", "url("})
        CHECK_MESSAGE(page.find(outside) == std::string::npos, outside);
    CHECK(occurrences(page, "src=\"") == occurrences(page, "src=\"data:image/png;base64,"));
    CHECK(occurrences(page, "<svg") == 1);
    CHECK(page.find("prefers-color-scheme: dark") != std::string::npos);
}

TEST_CASE("a page escapes its texts") {
    CHECK(escape("<a href=\"x\">'&'") == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;");
    const std::string page = whole_page();
    CHECK(page.find("<title>A &amp; B</title>") != std::string::npos);
    CHECK(page.find("of &lt;xgrad&gt;") != std::string::npos);
    CHECK(page.find("&lt;2 %") != std::string::npos);
    CHECK(page.find("a &lt;b&gt;") != std::string::npos);
}

TEST_CASE("a table has a cell for each text, and its numbers stand right") {
    const std::string table = html(Table{{"set", "error"}, {{"train", "1"}, {"dev", "2"}}});
    CHECK(occurrences(table, "<tr>") == 3);
    CHECK(occurrences(table, "<th>set</th><th class=\"n\">error</th>") == 1);
    CHECK(occurrences(table, "<td>dev</td><td class=\"n\">2</td>") == 1);
}

TEST_CASE("a chart draws each curve to scale, names it, and marks an epoch") {
    const std::string drawn = svg(two_curves());
    CHECK(fault_in(drawn) == "");
    // Three epochs over x = 46 to 438; values 0 to 4 over y = 248 to 62.
    CHECK(drawn.find("d=\"M46.0 62.0 L242.0 155.0 L438.0 201.5\"") != std::string::npos);
    CHECK(drawn.find("d=\"M46.0 62.0 L242.0 108.5 L438.0 85.2\"") != std::string::npos);
    CHECK(drawn.find(">train</text>") != std::string::npos);
    CHECK(drawn.find(">dev</text>") != std::string::npos);
    CHECK(drawn.find("best epoch 2</text>") != std::string::npos);
    CHECK(drawn.find("dev, epoch 3: 3.5000</title>") != std::string::npos);
    CHECK(occurrences(drawn, "class=\"dot") == 2);
}

TEST_CASE("a chart prints shares in per cent") {
    const std::string drawn = svg({"error", {{"dev", {0.2, 0.1}}}, true});
    CHECK(drawn.find("dev, epoch 2: 10.00 %</title>") != std::string::npos);
    CHECK(drawn.find(">20 %</text>") != std::string::npos);
}

TEST_CASE("a chart leaves out what is not finite, and stands without curves") {
    const double infinity = std::numeric_limits<double>::infinity();
    const std::string drawn = svg({"cost", {{"a", {1, missing, 1, infinity}}, {"b", {missing}}}});
    CHECK(fault_in(drawn) == "");
    CHECK(drawn.find("nan") == std::string::npos);
    CHECK(drawn.find("inf") == std::string::npos);
    CHECK(occurrences(drawn, "<path") == 1);
    CHECK(fault_in(svg(Chart{"empty", {}})) == "");
    CHECK(fault_in(svg({"flat", {{"a", {0, 0}}}})) == "");
    CHECK(svg({"one", {{"a", {1}}}}).find("class=\"dot") != std::string::npos);
}

TEST_CASE("the names of curves that end together do not cover each other") {
    const std::string drawn = svg({"cost", {{"a", {1, 0}}, {"b", {1, 0}}, {"c", {1, 0}}}});
    CHECK(drawn.find("y=\"252.0\">c</text>") != std::string::npos);
    CHECK(drawn.find("y=\"237.0\">b</text>") != std::string::npos);
    CHECK(drawn.find("y=\"222.0\">a</text>") != std::string::npos);
}

TEST_CASE("base64: the examples of RFC 4648, section 10") {
    const std::string word = "foobar";
    const char* expected[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (std::size_t n = 0; n <= word.size(); ++n)
        CHECK(base64(word.substr(0, n)) == expected[n]);
    CHECK(base64("\xFF\xFE") == "//4=");
}

TEST_CASE("png: signature, chunks with their checksums, and the pixels") {
    const std::string file = png(gradient_image());
    CHECK(file.substr(0, 8) == "\x89PNG\r\n\x1a\n");
    const auto number = [&file](std::size_t at) {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 4; ++i)
            value = value << 8 | static_cast<unsigned char>(file.at(at + i));
        return value;
    };
    std::vector<std::string> types;
    std::string pixels;
    for (std::size_t at = 8; at < file.size();) {
        const std::size_t size = number(at);
        const std::string type = file.substr(at + 4, 4), data = file.substr(at + 8, size);
        const auto* checked = reinterpret_cast<const Bytef*>(file.data() + at + 4);
        CHECK(number(at + 8 + size) == crc32(0, checked, static_cast<uInt>(size + 4)));
        types.push_back(type);
        if (type == "IHDR") {
            CHECK(number(at + 8) == 2);
            CHECK(number(at + 12) == 3);
            CHECK(data.substr(8) == std::string("\x08\0\0\0\0", 5));
        }
        if (type == "IDAT") {
            uLongf unpacked = 100;
            pixels.resize(unpacked);
            const auto* packed = reinterpret_cast<const Bytef*>(data.data());
            REQUIRE(
                uncompress(reinterpret_cast<Bytef*>(pixels.data()), &unpacked, packed, size) ==
                Z_OK);
            pixels.resize(unpacked);
        }
        at += size + 12;
    }
    CHECK(types == std::vector<std::string>{"IHDR", "IDAT", "IEND"});
    CHECK(pixels == std::string("\0\0\x32\0\x64\x96\0\xC8\xFF", 9));
}

TEST_CASE("png refuses a size that is not that of its pixels") {
    CHECK(text_of_error<std::invalid_argument>([] {
              static_cast<void>(png({2, 2, {1, 2, 3}, ""}));
          }) == "png: 3 pixels for an image of 2 x 2; need one for each, and at least one");
    CHECK_THROWS_AS(static_cast<void>(png({0, 0, {}, ""})), std::invalid_argument);
}

TEST_CASE("write_file replaces a file whole and leaves nothing beside") {
    const xgrad::test::TempFolder folder;
    const std::filesystem::path path = folder / "page.html";
    write_file(path, "first");
    write_file(path, "second");
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    CHECK(text.str() == "second");
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path.parent_path()))
        files += entry.exists() ? 1 : 0;
    CHECK(files == 1);
    CHECK(text_of_error<xgrad::IoError>([&] {
              write_file(folder / "no" / "page", "abc");
          }) == (folder / "no" / "page").string() + ": 3 bytes could not be written");
}

TEST_CASE("a progress bar fills from left to right") {
    using xgrad::ProgressBar;
    CHECK(ProgressBar::bar(0, 4) == "[>   ]");
    CHECK(ProgressBar::bar(0.5, 4) == "[==> ]");
    CHECK(ProgressBar::bar(1, 4) == "[====]");
    CHECK(ProgressBar::bar(2, 4) == "[====]");
}

TEST_CASE("a progress bar writes nothing to a file") {
    std::FILE* file = std::tmpfile();
    REQUIRE(file != nullptr);
    {
        xgrad::ProgressBar bar(file, "epoch", 10);
        bar.update(5, "half");
    }
    CHECK(std::ftell(file) == 0);
    std::fclose(file);
}
