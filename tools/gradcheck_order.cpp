#include <autograd/call_trace.hpp>
#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <tools/gradcheck_compare.hpp>
#include <tools/gradcheck_order.hpp>
#include <tools/gradcheck_structure.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

namespace xgrad::detail {
namespace {

// One order of one gradcheck().
class OrderCheck {
public:
    OrderCheck(
        const Target& target, int order, const GradcheckOptions& options, GradcheckReport& report)
        : target_(target),
          options_(options),
          report_(report),
          random_(options.seed, "gradcheck", static_cast<std::uint64_t>(order)) {
        result_.order = order;
    }

    // False when nothing could be compared; a finding says why.
    bool run() {
        NamedVariables watched = target_.inputs;
        watched.insert(watched.end(), target_.constants.begin(), target_.constants.end());
        const Snapshot inputs(watched);
        try {
            if (!evaluate(inputs) || !take_gradients(inputs))
                return false;
            if (result_.order == 1)
                note(vanishing_gradients({target_, outputs_, seeds_, gradients_}));
            compare_all(
                {target_,
                 options_,
                 values_of(seeds_),
                 gradients_,
                 random_,
                 result_,
                 report_.findings});
        } catch (const NoDerivative& error) {
            found("no derivative", error.what());
            return false;
        } catch (const BackwardFailure& error) {
            found(
                gradient_name(result_.order),
                fmt::format("the backward pass threw: {}", error.what()));
            return false;
        }
        report_.orders.push_back(std::move(result_));
        return true;
    }

    [[nodiscard]] Target next() const { return gradient_of(target_, outputs_, seeds_); }

private:
    void found(std::string check, std::string text, std::string advice = {}) {
        report_.findings.push_back({std::move(check), std::move(text), std::move(advice)});
    }

    void note(std::vector<std::string> notes) {
        std::ranges::move(notes, std::back_inserter(report_.notes));
    }

    bool unchanged(const Snapshot& inputs, const char* pass) {
        const std::string what = inputs.changed();
        if (what.empty())
            return true;
        found("mutation", fmt::format("the {} pass changed {}", pass, what), "compute on a copy");
        return false;
    }

    // The function must be one: the same values twice, recorded or not, its inputs as before.
    bool evaluate(const Snapshot& inputs) {
        const std::vector<double> plain = values_of(target_.call(false));
        if (!unchanged(inputs, "forward"))
            return false;
        if (plain.empty()) {
            fail<std::invalid_argument>(
                "gradcheck: the function has no output element; need at least one");
        }
        if (!alike("determinism", plain, values_of(target_.call(false)), 0) || has_nan(plain))
            return false;
        {
            const CallTrace trace;
            if (!record())
                return false;
            if (result_.order == 1)
                note(dead_units(trace.calls()));
        }
        // A recorded gradient may be computed in other steps than a plain one.
        return unchanged(inputs, "forward") &&
               alike("recording", plain, values_of(outputs_), result_.order == 1 ? 0 : 1e-9);
    }

    // Unrecorded it ran.
    bool record() {
        try {
            outputs_ = target_.call(true);
            return true;
        } catch (const BackwardFailure&) {
            throw;
        } catch (const std::exception& error) {
            found(
                "recording",
                fmt::format(
                    "the {} throws where it is recorded, and not elsewhere: {}",
                    function_name(),
                    error.what()));
            return false;
        }
    }

    [[nodiscard]] std::string function_name() const {
        return result_.order == 1 ? "function" : gradient_name(result_.order - 1);
    }

    // The op whose result is the first to differ between two runs: "; it begins at ...".
    [[nodiscard]] std::string culprit() const {
        const auto traced = [&] {
            const CallTrace trace;
            static_cast<void>(target_.call(false));
            return trace.calls();
        };
        const auto a = traced(), b = traced();
        for (std::size_t k = 0; k < std::min(a.size(), b.size()); ++k) {
            if (a[k].op != b[k].op || a[k].hash != b[k].hash) {
                return fmt::format(
                    "; the first result that differs is that of {}",
                    call_string(a[k].op, a[k].where));
            }
        }
        return "";
    }

    bool has_nan(const std::vector<double>& values) {
        const auto nan = std::ranges::find_if(values, [](double v) { return std::isnan(v); });
        if (nan == values.end())
            return false;
        found(
            "not a number",
            fmt::format(
                "the {} is NaN at output element {}; take inputs inside its domain",
                function_name(),
                nan - values.begin()));
        return true;
    }

    bool alike(
        const char* check,
        const std::vector<double>& a,
        const std::vector<double>& b,
        double tolerance) {
        const std::size_t at = first_difference(a, b, tolerance);
        const std::string what = function_name();
        if (a.size() != b.size()) {
            found(
                check,
                fmt::format("the {} has {} output elements, then {}", what, a.size(), b.size()));
        } else if (at < a.size() && std::string_view(check) == "determinism") {
            found(
                check,
                fmt::format(
                    "two calls of the {} with the same inputs differ: output element {} is "
                    "{:.17g}, then {:.17g}{}",
                    what,
                    at,
                    a[at],
                    b[at],
                    culprit()),
                "freeze its randomness and its state");
        } else if (at < a.size()) {
            found(
                check,
                fmt::format(
                    "the {} depends on being recorded: output element {} is {:.17g}, and {:.17g} "
                    "recorded",
                    what,
                    at,
                    a[at],
                    b[at]));
        } else {
            return true;
        }
        return false;
    }

    bool take_gradients(const Snapshot& inputs) {
        Variables live, live_seeds, leaves;
        for (const Variable<double>& y : outputs_) {
            seeds_.emplace_back(
                target_.is_loss ? Array<double>(y.shape(), 1.0) : draw_seed(y.shape(), random_));
            if (y.requires_grad()) {
                live.push_back(y);
                live_seeds.push_back(seeds_.back());
            }
        }
        for (const auto& [name, leaf] : target_.inputs)
            leaves.push_back(leaf);
        gradients_.resize(leaves.size());
        const std::vector<double> seeds = values_of(seeds_);
        if (!live.empty()) {
            gradients_ = differentiate(live, leaves, live_seeds, false);
        }
        if (first_difference(seeds, values_of(seeds_)) != seeds.size()) {
            found("mutation", "the backward pass changed the output's seed", "compute on a copy");
            return false;
        }
        return unchanged(inputs, "backward") &&
               (live.empty() ||
                (repeats(live, leaves, live_seeds) && vanishes(live, leaves, live_seeds) &&
                 is_sound({target_, live, live_seeds, gradients_})));
    }

    // What needs no differences.
    bool is_sound(const Recorded& all) {
        if (result_.order > 1)
            return true;
        Random own(options_.seed, "adjoint", 1);
        const GradcheckFinding checks[] = {
            {"missing seed",
             wrong_missing_seed(all),
             "let a rule of several outputs take a gradient that is missing for zero"},
            {"accumulation",
             wrong_accumulation(all),
             "look for a rule that sets where it should add, or keeps state between calls"},
            {"adjoint",
             wrong_adjoint(all, own),
             "write the rule in ops that are linear in g, and the same where it is recorded"}};
        for (const GradcheckFinding& finding : checks) {
            if (!finding.text.empty())
                report_.findings.push_back(finding);
        }
        note(hidden_terms(all));
        return true;
    }

    // A second backward pass through the same graph gives the same bits.
    bool repeats(const Variables& outputs, const Variables& leaves, const Variables& seeds) {
        const Variables again = differentiate(outputs, leaves, seeds, false);
        for (std::size_t i = 0; i < leaves.size(); ++i) {
            if (!gradients_[i].defined() || !again[i].defined())
                continue;
            const auto a = values_of({gradients_[i]}), b = values_of({again[i]});
            const std::size_t at = first_difference(a, b);
            if (a.size() != b.size() || at < a.size()) {
                found(
                    "determinism",
                    fmt::format(
                        "two backward passes through one graph differ: the gradient of {} at {} is "
                        "{:.17g}, then {:.17g}",
                        target_.inputs[i].first,
                        index_string(at, leaves[i].shape()),
                        a[at],
                        b[at]),
                    "look for state that a rule keeps");
                return false;
            }
        }
        return true;
    }

    // A share is linear in the output's gradient, so that of zero is zero.
    bool vanishes(const Variables& outputs, const Variables& leaves, const Variables& seeds) {
        Variables zeros;
        for (const Variable<double>& seed : seeds)
            zeros.emplace_back(Array<double>(seed.shape(), 0.0));
        const Variables none = differentiate(outputs, leaves, zeros, false);
        for (std::size_t i = 0; i < leaves.size(); ++i) {
            for (std::size_t k = 0; none[i].defined() && k < none[i].size(); ++k) {
                // An infinite slope makes NaN of it.
                const double value = none[i].value().data()[k];
                if (value == 0 || std::isnan(value))
                    continue;
                found(
                    "zero seed",
                    fmt::format(
                        "where the output's gradient is zero, the gradient of {} at {} is {:.6g}",
                        target_.inputs[i].first,
                        index_string(k, leaves[i].shape()),
                        value),
                    "multiply by g in each rule");
                return false;
            }
        }
        return true;
    }

    const Target& target_;
    const GradcheckOptions& options_;
    GradcheckReport& report_;
    Random random_;
    GradcheckOrder result_;
    Variables outputs_, seeds_, gradients_;
};

}  // namespace

std::optional<Target> check_order(
    const Target& target, int order, const GradcheckOptions& options, GradcheckReport& report) {
    OrderCheck one(target, order, options, report);
    if (!one.run())
        return std::nullopt;
    return one.next();
}

}  // namespace xgrad::detail
