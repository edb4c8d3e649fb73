#include <tools/gradcheck_case.hpp>
#include <tools/gradcheck_op.hpp>
#include <tools/gradcheck_target.hpp>

#include <limits>

namespace xgrad {
namespace {

using detail::Case;
using detail::Outcome;
using Verdict = OpCheck::Verdict;

void add(OpReport& report, std::size_t sample, std::string name, Outcome outcome) {
    report.checks.push_back({sample, std::move(name), outcome.verdict, std::move(outcome.text)});
}

void keep_worst(std::vector<double>& worst, std::size_t order, double value) {
    if (worst.size() < order)
        worst.resize(order, 0);
    worst[order - 1] = std::max(worst[order - 1], value);
}

// The gradients of every order, and what else gradcheck() finds. False when nothing else can be
// said of the op: its first gradient could not be compared.
bool check_gradients(const Case& one, OpReport& report) {
    GradcheckOptions options = one.options;
    options.flat = one.sample.is_flat;
    options.linear = one.sample.is_linear;
    const auto call = [&](const Variables& in) { return detail::call(one, in); };
    const GradcheckReport checked =
        gradcheck(call, detail::leaves<double>(one.values, one.asks()), options);
    for (const GradcheckFinding& finding : checked.findings)
        add(report, one.number, finding.check, detail::failed(finding.text));
    for (int order = 1; order <= options.order; ++order) {
        const std::string name = detail::gradient_name(order);
        const auto is_it = [&](const GradcheckFinding& finding) { return finding.check == name; };
        if (std::ranges::any_of(checked.findings, is_it))
            continue;
        const auto at = static_cast<std::size_t>(order);
        if (checked.orders.size() >= at) {
            add(report, one.number, name, {});
        } else {
            add(report,
                one.number,
                name,
                detail::skipped(
                    checked.ok() ? "the gradient is recorded nowhere: the op is flat"
                                 : "an earlier check failed"));
        }
    }
    for (const GradcheckOrder& order : checked.orders) {
        const auto at = static_cast<std::size_t>(order.order);
        keep_worst(report.relative_error, at, order.relative_error());
        const bool unresolved = order.below_noise && order.norm_ratio > options.norm_tolerance;
        keep_worst(report.norm_ratio, at, unresolved ? 0 : order.norm_ratio);
    }
    return !checked.orders.empty();
}

// Runs it; what it throws is a failure.
template <class Check>
Outcome guarded(Check check) {
    try {
        return check();
    } catch (const std::exception& error) {
        return detail::failed(fmt::format("threw: {}", error.what()));
    }
}

void check_sample(
    const Op& op, std::size_t number, const GradcheckOptions& options, OpReport& report) {
    const Sample& sample = op.samples()[number];
    if (!sample.call_float || !sample.call_double) {
        add(report,
            number,
            "sample",
            detail::failed("it has no call for float and double; build it with on(shapes, call)"));
        return;
    }
    Case one{op, sample, number, options, {}};
    if (sample.fixed.size() >= sample.shapes.size()) {
        add(report,
            number,
            "sample",
            detail::failed("every input is fixed; leave one to differentiate"));
        return;
    }
    const Outcome drawn = guarded([&]() -> Outcome {
        one.values = draw_inputs(sample, sample.shapes, sample.distinct, one.random(1));
        return {};
    });
    if (drawn.verdict == Verdict::failed) {
        add(report, number, "sample", drawn);
        return;
    }
    bool sound = false;
    const Outcome ran = guarded([&]() -> Outcome {
        sound = check_gradients(one, report);
        return {};
    });
    if (ran.verdict == Verdict::failed)
        add(report, number, "gradient", ran);
    for (const detail::Trait& trait : detail::traits()) {
        add(report,
            number,
            trait.name,
            sound ? guarded([&] { return trait.check(one); })
                  : detail::skipped("the gradient could not be compared"));
    }
}

std::string list_shapes(const std::vector<Shape>& shapes) {
    return fmt::format("{}", fmt::join(shapes, " and "));
}

}  // namespace

std::size_t OpReport::count(OpCheck::Verdict verdict) const noexcept {
    return static_cast<std::size_t>(std::ranges::count(checks, verdict, &OpCheck::verdict));
}

bool OpReport::ok() const noexcept {
    return count(Verdict::failed) == 0 && count(Verdict::passed) > 0;
}

std::string OpReport::to_string() const {
    std::string text;
    for (const OpCheck& check : checks) {
        if (check.verdict != Verdict::failed)
            continue;
        text += fmt::format(
            "{}, sample {}, input shapes {}: {}: {}\n",
            op,
            check.sample,
            list_shapes(shapes[check.sample]),
            check.name,
            check.text);
    }
    return text;
}

OpReport check_op(const Op& op, const GradcheckOptions& options) {
    detail::check_options(options);
    OpReport report;
    report.op = op.name();
    for (std::size_t number = 0; number < op.samples().size(); ++number) {
        report.shapes.push_back(op.samples()[number].shapes);
        check_sample(op, number, options, report);
    }
    return report;
}

}  // namespace xgrad
