#include <tools/gradcheck_case.hpp>
#include <tools/gradcheck_op.hpp>
#include <tools/gradcheck_target.hpp>

#include <limits>
#include <set>
#include <utility>

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

// The inputs of the sample; another draw gives others.
void draw(Case& one, std::uint64_t number) {
    const Sample& sample = one.sample;
    one.values = draw_inputs(sample, sample.shapes, sample.distinct, one.random(4 + number));
}

bool ends_orders(const GradcheckFinding& finding) { return finding.check == "no derivative"; }

// What another draw may do away with: a matrix that is nearly singular by chance, a row of equals
// that has no correlation.
bool is_bad_luck(const GradcheckReport& report) {
    const auto nan = [](const GradcheckFinding& f) { return f.check == "not a number"; };
    return report.verdict() == GradcheckVerdict::inconclusive ||
           std::ranges::any_of(report.findings, nan);
}

// For an op a dead input is a failure: its sample must show what the rule gives.
bool is_dead(const GradcheckFinding& finding) { return finding.check == "dead input"; }

// A sample has no allow_zero.
std::string advice_on_dead(const GradcheckFinding& finding) {
    if (finding.text.find(" is on the kink of ") != std::string::npos)
        return "keep the sample's inputs off the kink, with avoiding()";
    const bool first = finding.text.starts_with("gradient");
    return fmt::format(
        "take values that the result depends on, with between(); where the {} is zero everywhere, "
        "mark the sample {}",
        first ? "gradient" : "second gradient",
        first ? ".flat()" : ".linear()");
}

bool only_dead(const GradcheckReport& report) {
    return !report.ok() && std::ranges::all_of(report.findings, is_dead);
}

// The elements without effect in all reports, input by input.
class Idle {
public:
    void keep(const GradcheckOrder& order) {
        std::set<std::pair<std::size_t, std::size_t>> now;
        for (std::size_t i = 0; i < order.inputs.size(); ++i) {
            for (const std::size_t at : order.inputs[i].idle) {
                if (first_ || all_.contains({i, at}))
                    now.emplace(i, at);
            }
        }
        all_ = std::move(now);
        first_ = false;
    }
    [[nodiscard]] bool empty() const { return all_.empty(); }

private:
    std::set<std::pair<std::size_t, std::size_t>> all_;
    bool first_ = true;
};

// The report on the first inputs and weights drawn that have an effect: of a maximum one input
// may win everywhere by chance. More are drawn until every element has had one, and the first
// failure counts. `ending` becomes why there is no order beyond the last of the report.
GradcheckReport check_drawn(Case& one, std::string& ending) {
    constexpr std::uint64_t least = 4;
    constexpr std::uint64_t draws = 32;
    GradcheckOptions options = one.options;
    options.flat = one.sample.is_flat;
    options.linear = one.sample.is_linear;
    options.low = one.sample.low;
    options.high = one.sample.high;
    if (options.in_float)
        options = float_options(options);
    const GradcheckFunction f =
        options.in_float
            ? judged_in_double(one.sample.call_float, one.sample.call_double)
            : GradcheckFunction([&](const Variables& in) { return detail::call(one, in); });
    GradcheckReport first;
    Idle idle;
    for (std::uint64_t number = 1; number <= draws; ++number) {
        options.seed = one.random(1).bits() + number;
        GradcheckReport report =
            gradcheck(f, detail::leaves<double>(one.values, one.asks()), options);
        const auto end = std::ranges::find_if(report.findings, ends_orders);
        if (end != report.findings.end()) {
            ending = end->text;
            options.order = static_cast<int>(report.orders.size());
            report.findings.erase(end);
        }
        const bool bad_luck = !only_dead(report) && is_bad_luck(report);
        if (!report.ok() && !bad_luck && !only_dead(report))
            return report;
        if (bad_luck) {
            if (first.orders.empty())
                first = std::move(report);
            draw(one, number);
            continue;
        }
        if (!report.orders.empty())
            idle.keep(report.orders.front());
        if (first.orders.empty() || only_dead(first) || is_bad_luck(first))
            first = std::move(report);
        else
            options.order = 1;
        const bool all_alive = idle.empty() && !only_dead(first);
        if (one.sample.is_flat || (all_alive && number >= least))
            break;
        draw(one, number);
    }
    return first;
}

// The gradients of every order, and what else gradcheck() finds. False when nothing else can be
// said of the op: its first gradient could not be compared.
bool check_gradients(Case& one, OpReport& report) {
    const GradcheckOptions& options = one.options;
    std::string ending;
    const GradcheckReport checked = check_drawn(one, ending);
    for (const GradcheckFinding& finding : checked.findings) {
        const bool open = finding.verdict == GradcheckVerdict::inconclusive && !is_dead(finding);
        const std::string advice = is_dead(finding) ? advice_on_dead(finding) : finding.advice;
        add(report,
            one.number,
            finding.check,
            {open ? Verdict::inconclusive : Verdict::failed,
             finding.text + (advice.empty() ? "" : "; advice: " + advice)});
    }
    report.reports.push_back(checked);
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
                    !checked.ok()     ? "an earlier check failed"
                    : !ending.empty() ? ending
                                      : "the gradient is recorded nowhere: the op is flat"));
        }
    }
    if (!ending.empty())
        report.ending = std::move(ending);
    for (const GradcheckOrder& order : checked.orders) {
        const auto at = static_cast<std::size_t>(order.order);
        keep_worst(report.relative_error, at, order.relative_error());
        const bool unresolved =
            order.below_noise && order.norm_ratio > options.norm_tolerance && checked.ok();
        keep_worst(report.norm_ratio, at, unresolved ? 0 : order.norm_ratio);
    }
    return !checked.orders.empty();
}

constexpr const char* threw_other =
    "threw what is no std::exception; throw std::invalid_argument for arguments out of range";

// Runs it; what it throws is a failure.
template <class Check>
Outcome guarded(Check check) {
    try {
        return check();
    } catch (const std::exception& error) {
        return detail::failed(fmt::format("threw: {}", error.what()));
    } catch (...) {
        return detail::failed(threw_other);
    }
}

// Draws the inputs; throws for a sample that cannot be checked.
void prepare(Case& one) {
    const Sample& sample = one.sample;
    if (!sample.call_float || !sample.call_double) {
        fail<std::invalid_argument>(
            "sample: no call for float and double; build it with on(shapes, call)");
    }
    if (sample.fixed.size() >= sample.shapes.size()) {
        fail<std::invalid_argument>("sample: every input is fixed; leave one to differentiate");
    }
    draw(one, 0);
}

void check_case(Case one, OpReport& report) {
    const std::size_t number = one.number;
    try {
        prepare(one);
    } catch (const std::exception& error) {
        add(report, number, "sample", detail::failed(error.what()));
        return;
    } catch (...) {
        add(report, number, "sample", detail::failed(threw_other));
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
    if (sound && one.options.sweep > 0)
        add(report, number, "shapes", guarded([&] { return detail::check_other_shapes(one); }));
}

}  // namespace

std::size_t OpReport::count(OpCheck::Verdict verdict) const noexcept {
    return static_cast<std::size_t>(std::ranges::count(checks, verdict, &OpCheck::verdict));
}

bool OpReport::ok() const noexcept {
    return count(Verdict::failed) == 0 && count(Verdict::inconclusive) == 0 &&
           count(Verdict::passed) > 0;
}

std::vector<std::string> OpReport::notes() const {
    std::vector<std::string> all;
    for (const GradcheckReport& report : reports) {
        for (const std::string& note : report.notes) {
            if (std::ranges::find(all, note) == all.end())
                all.push_back(note);
        }
    }
    return all;
}

std::string OpReport::to_string() const {
    std::string all;
    for (const OpCheck& check : checks) {
        if (check.verdict != Verdict::failed && check.verdict != Verdict::inconclusive)
            continue;
        const std::string where = detail::list_shapes(shapes[check.sample]);
        all += fmt::format(
            "{}, sample {}, input shapes {}: {}{}\n",
            op,
            check.sample,
            where,
            check.name,
            check.verdict == Verdict::failed ? "" : " INCONCLUSIVE");
        all += detail::lines_of(check.text, "    ");
    }
    for (const std::string& note : all.empty() ? std::vector<std::string>() : notes())
        all += fmt::format("{}, note: {}\n", op, note);
    return all;
}

int exit_code(const std::vector<OpReport>& reports) noexcept {
    const auto any = [&](Verdict verdict) {
        return std::ranges::any_of(
            reports, [verdict](const OpReport& report) { return report.count(verdict) > 0; });
    };
    if (any(Verdict::failed))
        return 1;
    if (any(Verdict::inconclusive))
        return 3;
    return !reports.empty() && std::ranges::all_of(reports, &OpReport::ok) ? 0 : 2;
}

OpReport detail::check_once(Case one) {
    OpReport report;
    check_case(std::move(one), report);
    return report;
}

OpReport check_op(const Op& op, const GradcheckOptions& options) {
    detail::check_options(options);
    OpReport report;
    report.op = op.name();
    for (std::size_t number = 0; number < op.samples().size(); ++number) {
        report.shapes.push_back(op.samples()[number].shapes);
        check_case({op, op.samples()[number], number, options, {}}, report);
    }
    return report;
}

}  // namespace xgrad
