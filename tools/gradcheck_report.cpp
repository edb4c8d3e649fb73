#include <autograd/fail.hpp>
#include <tools/gradcheck.hpp>
#include <tools/gradcheck_target.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xgrad {

NormBand norm_band(double ratio) noexcept {
    if (ratio < 1e-7)
        return NormBand::fine;
    if (ratio < 1e-5)
        return NormBand::close;
    return ratio < 1e-3 ? NormBand::look : NormBand::worry;
}

const char* describe(NormBand band) noexcept {
    switch (band) {
        case NormBand::fine: return "fine";
        case NormBand::close: return "close";
        case NormBand::look: return "look at the components";
        case NormBand::worry: break;
    }
    return "worry";
}

const char* describe(GradcheckVerdict verdict) noexcept {
    switch (verdict) {
        case GradcheckVerdict::pass: return "PASS";
        case GradcheckVerdict::inconclusive: return "INCONCLUSIVE";
        case GradcheckVerdict::fail: break;
    }
    return "FAIL";
}

std::string to_string(const GradcheckEntry& entry) {
    std::string text = entry.input;
    // A direction has no index.
    if (text.find(" along ") == text.npos) {
        text += fmt::format(
            " at ({}{})", fmt::join(entry.index, ", "), entry.index.size() == 1 ? "," : "");
    }
    text += fmt::format(
        ": analytic {:.9g}, numeric {:.9g} +- {:.1g}, absolute error {:.3g}, relative error {:.3g}",
        entry.analytic,
        entry.numeric,
        entry.uncertainty,
        entry.absolute,
        entry.relative);
    if (entry.verdict == GradcheckVerdict::pass)
        return text;
    text += fmt::format(", step {:.2g}", entry.step);
    if (std::isfinite(entry.taylor))
        text += fmt::format(", Taylor order {:.1f}", entry.taylor);
    if (entry.on_kink)
        text += fmt::format(
            ", on the kink of {} with slopes {:.9g} and {:.9g}",
            entry.kink,
            entry.left,
            entry.right);
    else if (!entry.kink.empty())
        text += fmt::format(", beside the kink of {}", entry.kink);
    return text;
}

double GradcheckOrder::relative_error() const {
    double error = 0;
    for (const GradcheckInput& input : inputs) {
        if (input.checked == 0)
            continue;
        if (std::isnan(input.worst.relative))
            return std::numeric_limits<double>::infinity();
        error = std::max(error, input.worst.relative);
    }
    return error;
}

namespace {

std::string ratio_string(double ratio, bool below_noise) {
    const NormBand band = norm_band(ratio);
    if (below_noise && band != NormBand::fine)
        return fmt::format("norm ratio {:.2g} (rounding of the differences)", ratio);
    return fmt::format("norm ratio {:.2g} ({})", ratio, describe(band));
}

std::string input_line(const GradcheckInput& input) {
    std::string line = fmt::format(
        "    {} {}: {} of {} elements", input.name, input.shape, input.checked, count(input.shape));
    if (input.checked == 0)
        return line + "\n";
    line += fmt::format(
        ", worst relative error {:.2g} at ({}), {}",
        input.worst.relative,
        fmt::join(input.worst.index, ", "),
        ratio_string(input.norm_ratio, input.below_noise));
    if (!input.reached)
        line += ", no gradient arrives";
    if (input.kinks > 0)
        line += fmt::format(", {} at kinks", input.kinks);
    if (input.off > 0)
        line += fmt::format(", {} OFF", input.off);
    if (input.inconclusive > 0)
        line += fmt::format(", {} inconclusive", input.inconclusive);
    if (input.directions > 0)
        line += fmt::format(", along {} directions", input.directions);
    if (input.directions > 0 && std::isfinite(input.resolution)) {
        line += fmt::format(
            ": an element wrong by {:.1e} is missed with probability {:.0e}",
            10 * input.resolution,
            std::pow(0.1, static_cast<double>(input.directions)));
    }
    return line + "\n";
}

}  // namespace

GradcheckVerdict GradcheckReport::verdict() const noexcept {
    GradcheckVerdict worst = GradcheckVerdict::pass;
    for (const GradcheckFinding& finding : findings)
        worst = std::max(worst, finding.verdict);
    return worst;
}

std::string detail::lines_of(std::string_view story, std::string_view indent) {
    constexpr std::string_view stop = "; ";
    std::string lines;
    for (std::size_t at = 0; at != story.npos;) {
        const std::size_t end = story.find(stop, at);
        lines += fmt::format("{}{}\n", indent, story.substr(at, end - at));
        at = end == story.npos ? end : end + stop.size();
    }
    return lines;
}

std::string GradcheckReport::to_string() const {
    std::string text = fmt::format("gradcheck: {}\n", describe(verdict()));
    for (const GradcheckFinding& finding : findings) {
        text += fmt::format("  {}:\n{}", finding.check, detail::lines_of(finding.text, "    "));
        if (!finding.advice.empty())
            text += fmt::format("    advice: {}\n", finding.advice);
    }
    for (const std::string& note : notes)
        text += fmt::format("  note: {}\n", note);
    for (const GradcheckOrder& order : orders) {
        text += fmt::format(
            "  {}: {}\n",
            detail::gradient_name(order.order),
            ratio_string(order.norm_ratio, order.below_noise));
        for (const GradcheckInput& input : order.inputs)
            text += input_line(input);
        if (!order.worst.empty())
            text += "    worst entries:\n";
        for (const GradcheckEntry& entry : order.worst)
            text += fmt::format("      {}\n", xgrad::to_string(entry));
    }
    return text;
}

}  // namespace xgrad
