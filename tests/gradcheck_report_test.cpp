// Reports as pages, as JSON and as text; what their pictures show.
#include <autograd/record.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck_html.hpp>
#include <tools/gradcheck_json.hpp>
#include <tools/gradcheck_pictures.hpp>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <string>

namespace xgrad {
namespace {

using V = Variable<double>;
using Json = nlohmann::json;

V leaf(Array<double> value) { return {std::move(value), true}; }

// exp(x), with a gradient `factor` times too large.
V skewed_exp(const V& x, double factor) {
    static const Op op("skewed_exp", on({{2}}, [](const auto& in) { return 2 * in[0]; }));
    const V y = exp(x.detach());
    return record(op, Array<double>(y.value())).wrt(x, [y, factor](const V& g) {
        return factor * g * y;
    });
}

GradcheckReport wrong_report() {
    return gradcheck(
        [](const Variables& in) { return skewed_exp(in[0], 1.5); }, {{"a<b", leaf({0.5, -1, 2})}});
}

std::size_t times(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1))
        ++n;
    return n;
}

OpReport with(std::vector<OpCheck::Verdict> verdicts) {
    OpReport report;
    report.op = "made_up";
    report.shapes = {{{3}}};
    for (const OpCheck::Verdict verdict : verdicts)
        report.checks.push_back({0, "gradient", verdict, ""});
    return report;
}

}  // namespace

TEST_CASE("error curve: of a wrong rule it is a V over more than three decades") {
    const GradcheckReport report = wrong_report();
    REQUIRE(report.verdict() == GradcheckVerdict::fail);
    const GradcheckEntry& worst = report.orders[0].worst.front();
    const std::vector<GradcheckPoint> curve = detail::error_curve(worst);
    REQUIRE(curve.size() >= 10);
    CHECK(std::ranges::is_sorted(curve, {}, &GradcheckPoint::step));
    const auto error = [](const GradcheckPoint& p) { return std::log10(p.difference); };
    const auto lowest = std::ranges::min_element(curve, {}, error);
    CHECK(error(curve.front()) > error(*lowest) + 0.5);  // rounding
    CHECK(error(curve.back()) > error(*lowest) + 3);     // the step is too wide
    // The analytic value lies far above the bottom.
    CHECK(std::log10(worst.absolute) > error(*lowest) + 3);
}

TEST_CASE("error curve: what is not finite is left out, what is exact is the last bit") {
    GradcheckEntry entry;
    entry.numeric = 2;
    entry.sweep = {{1e-1, 3}, {1e-2, 2}, {1e-3, NAN}};
    const auto curve = detail::error_curve(entry);
    REQUIRE(curve.size() == 2);
    CHECK(curve[0].step == 1e-2);
    CHECK(curve[0].difference == 0x1p-52);
    CHECK(curve[1].difference == 1);
    entry.sweep.resize(1);
    CHECK(detail::curve_picture(entry) == "");
}

TEST_CASE("curve picture: curve, dashed line, dot and caption") {
    const std::string picture = detail::curve_picture(wrong_report().orders[0].worst.front());
    CHECK(times(picture, "<polyline") == 1);
    CHECK(times(picture, "stroke-dasharray") == 1);
    CHECK(times(picture, "<circle") == 1);
    CHECK(times(picture, "a&lt;b at (2): ") == 0);
    CHECK(
        times(picture, "<figcaption>a&lt;b at (2). Blue: |difference - numeric| against the") == 1);
    CHECK(picture.find("nan") == picture.npos);
    CHECK(picture.find("inf") == picture.npos);
}

TEST_CASE("to_html: a page for the report on any function") {
    const std::string page = to_html(wrong_report());
    CHECK(page.starts_with("<!doctype html>"));
    CHECK(page.ends_with("</body></html>\n"));
    CHECK(times(page, "<span class=\"FAIL\">FAIL</span>") == 1);
    CHECK(times(page, "<polyline") == 3);
    CHECK(times(page, "<rect") == 3);
    CHECK(times(page, "<tr><td>1</td><td>a&lt;b</td><td>(3,)</td>") == 1);
    CHECK(page.find("http") == page.npos);
    const std::string good =
        to_html(gradcheck([](const Variables& in) { return exp(in[0]); }, {leaf({1, 2})}));
    CHECK(times(good, "<span class=\"PASS\">PASS</span>") == 1);
    CHECK(times(good, "<polyline") == 0);
}

TEST_CASE("to_json: verdicts, steps, slopes, sweep and advice are in it") {
    const GradcheckReport report = wrong_report();
    const Json json = Json::parse(to_json(report));
    CHECK(json["verdict"] == "FAIL");
    CHECK(json["findings"][0]["check"] == "gradient");
    CHECK(json["findings"][0]["verdict"] == "FAIL");
    CHECK(json["findings"][0]["advice"] == report.findings[0].advice);
    CHECK(json["findings"][0]["advice"] != "");
    CHECK(json["notes"].is_array());
    const GradcheckEntry& worst = report.orders[0].worst.front();
    const Json& entry = json["orders"][0]["worst"][0];
    CHECK(entry["verdict"] == "FAIL");
    CHECK(entry["index"] == Json::array({2}));
    CHECK(entry["step"] == worst.step);
    CHECK(std::abs(entry["taylor"].get<double>() - 1) < 0.2);
    CHECK(entry["kink"] == "");
    CHECK_FALSE(entry.contains("left"));
    CHECK(entry["sweep"].size() == worst.sweep.size());
    CHECK(entry["sweep"][0]["step"] == worst.sweep[0].step);
    CHECK(entry["sweep"][0]["difference"] == worst.sweep[0].difference);
}

TEST_CASE("to_json: on a kink both slopes are told, and notes are kept") {
    const V x = leaf({0, 1});
    const auto kink = gradcheck([&] { return sum(relu(x) - relu(-x)); }, {{"x", x}});
    const Json json = Json::parse(to_json(kink));
    CHECK(json["verdict"] == "INCONCLUSIVE");
    const Json& entry = json["orders"][0]["worst"][0];
    CHECK(entry["verdict"] == "INCONCLUSIVE");
    CHECK(entry["kink"].get<std::string>().starts_with("relu (gradcheck_report_test.cpp:"));
    CHECK(entry["left"] == doctest::Approx(1));
    CHECK(entry["right"] == doctest::Approx(1));
    const V w = leaf({0.5, 2});
    const auto tiny = gradcheck([&] { return 1e-12 * sum(square(w)); }, {{"w", w}});
    CHECK(Json::parse(to_json(tiny))["notes"] == Json(tiny.notes));
    REQUIRE(tiny.notes.size() == 1);
}

TEST_CASE("to_json: what is not finite is null") {
    const auto nan = gradcheck(
        [](const Variables& in) { return skewed_exp(in[0], NAN); }, Variables{leaf({1, 2})});
    const Json entry = Json::parse(to_json(nan))["orders"][0]["worst"][0];
    CHECK(entry["analytic"].is_null());
    CHECK(entry["taylor"].is_null());
}

TEST_CASE("to_string: a story stands in short lines") {
    const std::string text = wrong_report().to_string();
    CHECK_MESSAGE(
        text.starts_with("gradcheck: FAIL\n  gradient:\n    gradient of a<b, shape (3,): 3 of 3 "
                         "elements are off\n    worst a<b at (2,): analytic "),
        text);
    CHECK_MESSAGE(times(text, "\n    likely cause: off by the factor 1.5\n") == 1, text);
    CHECK_MESSAGE(times(text, "\n    advice: look for a factor that is missing") == 1, text);
    CHECK(text.find("; ") == text.npos);
}

TEST_CASE("exit_code: failures first, then what is inconclusive, then what was not checked") {
    using enum OpCheck::Verdict;
    CHECK(exit_code(std::vector<OpReport>{}) == 2);
    CHECK(exit_code({with({passed, skipped})}) == 0);
    CHECK(exit_code({with({skipped, skipped})}) == 2);
    CHECK(exit_code({with({passed}), with({skipped})}) == 2);
    CHECK(exit_code({with({passed, inconclusive}), with({skipped})}) == 3);
    CHECK(exit_code({with({inconclusive}), with({failed})}) == 1);
}

TEST_CASE("power: an input in which the largest factor escapes is not hidden by another") {
    // So coarse that a factor of 1.1 passes.
    const GradcheckOptions coarse{.tolerance = 0.5, .norm_tolerance = 0.5};
    const PowerReport blind = power_of(*find_op("tanh"), coarse);
    CHECK_FALSE(blind.smallest.has_value());
    CHECK(blind.caught < blind.faults);
    CHECK(exit_code(std::vector<PowerReport>{blind}) == 1);
    const Json json = Json::parse(to_json(std::vector<PowerReport>{blind}, coarse));
    CHECK(json["passed"] == false);
    CHECK(json["ops"][0]["smallest"].is_null());
    const PowerReport sharp = power_of(*find_op("tanh"), {});
    REQUIRE(sharp.smallest.has_value());
    CHECK(*sharp.smallest < 1e-5);
    CHECK(*sharp.smallest > 0);
    CHECK(sharp.caught == sharp.faults);
    CHECK(exit_code(std::vector<PowerReport>{}) == 2);
}

}  // namespace xgrad
