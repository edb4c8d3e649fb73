#include <ops/ops.hpp>
#include <tests/support.hpp>
#include <tools/gradcheck.hpp>
#include <tools/report_mistakes.hpp>
#include <tools/report_training.hpp>
#include <tools/run_page.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace xgrad;
using namespace xgrad::report;
using test::array;
using test::text_of_error;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// Five rows of three classes; rows 1, 3 and 4 are mistakes, 4 the surest, and 3 has a NaN.
Array<double> some_scores() {
    return array<double>({5, 3}, {2, 0, 0, 1, 0, 0, 0, 0, 3, missing, 1, 0, 9, 0, 0});
}
const data::Labels some_labels = {0, 1, 2, 2, 1};

}  // namespace

TEST_CASE("numbers are grouped in threes, shares printed in per cent") {
    CHECK(grouped(0) == "0");
    CHECK(grouped(999) == "999");
    CHECK(grouped(1000) == "1,000");
    CHECK(grouped(1234567) == "1,234,567");
    CHECK(percent(0.01234) == "1.23 %");
    CHECK(percent(0.5, 0) == "50 %");
}

TEST_CASE("a confusion matrix counts rows by label and by what they were called") {
    const Confusion confusion = confusion_of(some_scores(), some_labels, {"a", "b", "c"});
    CHECK(
        confusion.counts == std::vector<std::vector<std::size_t>>{{1, 0, 0}, {2, 0, 0}, {0, 1, 1}});
    CHECK(confusion.mistakes() == 3);
    CHECK(
        confusion_of(some_scores(), some_labels).classes ==
        std::vector<std::string>{"0", "1", "2"});
    CHECK(text_of_error<ShapeError>([] {
              static_cast<void>(confusion_of(some_scores(), {0, 1}));
          }) == "confusion_of: scores (5, 3) for 2 labels; need (labels, classes)");
    CHECK(text_of_error<ShapeError>([] {
              static_cast<void>(confusion_of(some_scores(), {0, 1, 3, 0, 0}));
          }) == "confusion_of: label 3 for scores of 3 classes; need one of them");
    CHECK(text_of_error<std::invalid_argument>([] {
              static_cast<void>(confusion_of(some_scores(), some_labels, {"a"}));
          }) == "confusion_of: 1 names for 3 classes; need one for each");
}

TEST_CASE("the worst mistakes are the surest, one with a NaN last") {
    const std::vector<Mistake> worst = worst_mistakes(some_scores(), some_labels);
    REQUIRE(worst.size() == 3);
    CHECK(worst[0].row == 4);
    CHECK(worst[0].label == 1);
    CHECK(worst[0].called == 0);
    CHECK(worst[0].sure == doctest::Approx(1 / (1 + 2 * std::exp(-9.0))).epsilon(1e-12));
    CHECK(worst[1].row == 1);
    CHECK(worst[2].row == 3);
    CHECK(worst[2].called == 1);
    CHECK(worst[2].sure == 0);
    CHECK(worst_mistakes(some_scores(), some_labels, 1).size() == 1);
}

TEST_CASE("infinite scores are no sure ones, and a NaN beside the right one is a mistake") {
    const auto scores = test::array<float>({3, 3}, {INFINITY, 0, 0, NAN, 1, 0, 5, 0, 0});
    const std::vector<Mistake> worst = worst_mistakes(scores, {1, 1, 2});
    REQUIRE(worst.size() == 3);
    CHECK(worst[0].row == 2);
    CHECK(worst[1].row == 0);
    CHECK(worst[1].sure == 0);
    CHECK(worst[2].row == 1);
    CHECK(confusion_of(scores, {1, 1, 2}).mistakes() == 2);
}

TEST_CASE("a drawn confusion matrix has a cell for each pair, its recall and its precision") {
    const std::string drawn = html(Confusion{{"<a>", "b"}, {{3, 1}, {0, 0}}});
    CHECK(has(drawn, "title=\"&lt;a&gt;, called b: 1\">1</td>"));
    CHECK(
        has(drawn, "class=\"right\" style=\"--a:0.45\" title=\"&lt;a&gt;, called &lt;a&gt;: 3\""));
    CHECK(has(drawn, "<td class=\"sum\">75.0 %</td>"));
    CHECK(has(drawn, "<td class=\"sum\"></td></tr>"));  // no row is a b
    CHECK(has(drawn, "<td class=\"sum\">100</td><td class=\"sum\">0</td>"));
    CHECK(text_of_error<std::invalid_argument>([] {
              static_cast<void>(html(Confusion{{"a", "b"}, {{3, 1}}}));
          }) == "html: 1 rows of counts, one of 2, for 2 classes; need a square of them");
}

TEST_CASE("a row of images becomes one, whatever its channels; other rows are none") {
    const data::Dataset<double> grey(array<double>({1, 1, 2}, {0, 1}), {0}, 1);
    CHECK(image_of(grey, 0)->pixels == std::vector<std::uint8_t>{0, 255});
    const data::Dataset<double> color(
        array<double>({1, 3, 1, 2}, {0, 0.5, 0, 1, 1.5, missing}), {0}, 1);
    CHECK(image_of(color, 0)->pixels == std::vector<std::uint8_t>{128, 0});
    CHECK(image_of(grey, 0, {-1, 3})->pixels == std::vector<std::uint8_t>{64, 128});
    const data::Dataset<double> table(array<double>({1, 2}, {0, 1}), {0}, 1);
    CHECK_FALSE(image_of(table, 0));
    CHECK(image_of(table, 0, {.height = 2, .width = 1})->height == 2);
    CHECK_FALSE(image_of(table, 0, {.height = 2, .width = 2}));
    CHECK(images_of({{0, 0, 0, 1}}, table, {}).empty());
    const std::vector<Image> images = images_of({{0, 0, 1, 0.75}}, grey, {"coat"});
    CHECK(images.at(0).caption == "coat, called 1");
    CHECK(images.at(0).detail == "75.0 % sure, row 0");
    CHECK(text_of_error<IndexError>([&] {
              static_cast<void>(image_of(grey, 1));
          }) == "image_of: row 1 of a dataset of 1; need a smaller one");
    CHECK(
        table_of(std::vector<Mistake>{{7, 0, 1, 0.75}}, {"a", "b"}).rows.at(0) ==
        std::vector<std::string>{"a", "b", "75.0 %", "7"});
}

TEST_CASE("bars are drawn to one scale") {
    const std::string drawn = html(std::vector<ErrorBar>{{"train", 0.05}, {"dev", 0.2, "<x>"}});
    CHECK(has(drawn, "width:25.0%"));
    CHECK(has(drawn, "width:100.0%"));
    CHECK(has(drawn, ">20.00 %<"));
    CHECK(has(drawn, "&lt;x&gt;"));
    CHECK(has(html(std::vector<ErrorBar>{{"train", 0}}), "width:0.0%"));
}

TEST_CASE("a table of layers has the columns that some layer has, and says who is ill") {
    const std::string drawn = html(std::vector<LayerRow>{
        {.name = "0", .layer = "Relu", .zeros = 0.5, .verdict = "dead", .healthy = false},
        {.name = "1", .parameters = 1234}});
    CHECK(has(drawn, "<i>0</i>Relu"));
    CHECK(has(drawn, "data-name=\"zeros\">50.0 %"));
    CHECK(has(drawn, "1,234"));
    CHECK(has(drawn, "pill bad\">dead"));
    CHECK_FALSE(has(drawn, "deviation"));
}

TEST_CASE("a gradient check shows its ratio, each parameter, and the checker's text") {
    const std::string drawn = html(
        GradientTable{false, 0.25, {{"0.weight", "(2, 3)", 6, 0.25, 0.5, "worry"}}, "off by <1>"});
    CHECK(has(drawn, "pill bad\">failed</span> norm ratio 2.5e-01"));
    CHECK(has(drawn, "data-name=\"worst element\">5.0e-01"));
    CHECK(has(drawn, "off by &lt;1&gt;"));
}

TEST_CASE("a run's page has the sections for which there is something") {
    RunPage page{.title = "A & B"};
    CHECK_FALSE(has(run_page(page), "<h2>"));
    page.history = {{{1, 0.5}, {2, 0.75}}};
    page.verdicts = {{"diagnosis", "high bias", {"a bigger network"}}};
    page.settings = {{"lr", 0.1}};
    const std::string drawn = run_page(page);
    for (const char* part :
         {"A &amp; B",
          "<h2>Training</h2>",
          "<h2>Diagnosis</h2>",
          "high bias",
          "<li>a bigger network</li>",
          "<h2>Settings</h2>",
          "<td>0.1</td>"})
        CHECK_MESSAGE(has(drawn, part), part);
    for (const char* part : {"<h2>Layers", "<h2>Confusion", "<h2>Gradient", "<script", "http"})
        CHECK_MESSAGE(!has(drawn, part), part);
}

TEST_CASE("curves of a run without errors show the cost alone, and dev only where it counts") {
    const train::History history = {{{1, missing}, {2, missing}}};
    CHECK(charts_of(history).size() == 1);
    CHECK(charts_of(history).at(0).curves.size() == 2);
    CHECK(charts_of(history, false).at(0).curves.size() == 1);
    CHECK(charts_of({{{1, 0.5}, {2, 0.5}}}).size() == 2);
    // For targets fit() records the cost as the error: no share to be shown in per cent.
    const train::History regression = {{{37.5, 37.5}, {40, 40}}};
    CHECK(charts_of(regression).size() == 1);
    CHECK(error_text(40, regression) == "40");
    CHECK(error_text(0.5, {{{1, 0.5}, {2, 0.5}}}) == "50.00 %");
}

TEST_CASE("what training found becomes figures: confusion, layers, diagnosis") {
    train::ConfusionMatrix matrix(2);
    matrix.add(0, 0);
    matrix.add(0, 1);
    CHECK(
        confusion_of(matrix, {"a", "b"}).counts ==
        std::vector<std::vector<std::size_t>>{{1, 1}, {0, 0}});
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(confusion_of(matrix, {"a"}));
          }) == "confusion_of: 1 names for 2 classes; need one for each");

    train::LayerReport layers;
    layers.layers.push_back({"0", "Relu", {0.5, 1, 2, 0.25}, train::Spread{0, 1, 3, 0.5}});
    layers.layers[0].state = train::LayerState::dead_units;
    layers.layers[0].reason = "64 of 64 units";
    const LayerRow row = rows_of(layers).at(0);
    CHECK(row.name == "0");
    CHECK(row.deviation == 1);
    CHECK(row.zeros == 0.25);
    CHECK(row.gradient == 3);
    CHECK(row.verdict == "dead units");
    CHECK_FALSE(row.healthy);
    CHECK(has(html(rows_of(layers)), "<b>0</b> dead units: 64 of 64 units"));

    const train::ErrorRates rates{
        .train = 0.01, .dev = 0.11, .test = 0.12, .train_rows = 55000, .dev_rows = 5000};
    const train::Diagnosis diagnosis = train::diagnose(rates);
    CHECK(verdict_of(diagnosis).text == diagnosis.verdict);
    CHECK(verdict_of(diagnosis).details == diagnosis.steps);
    const std::vector<ErrorBar> bars = bars_of(rates, diagnosis);
    REQUIRE(bars.size() == 3);
    CHECK(bars[0].detail.starts_with("55,000 rows; avoidable bias 1.00 % ("));
    CHECK(bars[1].detail.starts_with("5,000 rows; variance 10.00 % ("));
    CHECK(bars[1].detail.ends_with("%), high"));
    CHECK(bars[2].detail.starts_with("gap from dev to test 1.00 %"));
}

TEST_CASE("a gradient check becomes a table, an entry an input") {
    const Variable<double> x(array<double>({2}, {0.5, 1}), true);
    const GradcheckReport report = gradcheck([&] { return sum(x * x); }, {{"x", x}});
    const GradientTable table = gradients_of(report);
    CHECK(table.ok);
    CHECK(table.norm_ratio < 1e-7);
    REQUIRE(table.rows.size() == 1);
    CHECK(table.rows[0].name == "x");
    CHECK(table.rows[0].shape == "(2,)");
    CHECK(table.rows[0].checked == 2);
    CHECK(table.rows[0].verdict == "fine");
    CHECK(has(table.text, "PASS"));
}
