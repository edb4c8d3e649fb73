#include <autograd/call_trace.hpp>
#include <autograd/fail.hpp>
#include <autograd/grad.hpp>
#include <autograd/noise.hpp>
#include <autograd/record.hpp>
#include <tools/gradcheck.hpp>
#include <tools/gradcheck_compare.hpp>
#include <tools/gradcheck_structure.hpp>
#include <tools/gradcheck_target.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

namespace xgrad {
namespace {

using detail::first_difference;
using detail::gradient_name;
using detail::Snapshot;
using detail::Target;
using detail::values_of;

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
        const Snapshot inputs(target_.inputs);
        try {
            if (!evaluate(inputs) || !differentiate(inputs))
                return false;
            if (result_.order == 1)
                note_tiny();
            detail::compare_all(
                {target_,
                 options_,
                 values_of(seeds_),
                 gradients_,
                 random_,
                 result_,
                 report_.findings});
        } catch (const detail::BackwardFailure& error) {
            found(
                gradient_name(result_.order),
                fmt::format("the backward pass threw: {}", error.what()));
            return false;
        }
        report_.orders.push_back(std::move(result_));
        return true;
    }

    [[nodiscard]] Target next() const { return detail::gradient_of(target_, outputs_, seeds_); }

private:
    void found(std::string check, std::string text) {
        report_.findings.push_back({std::move(check), std::move(text)});
    }

    bool unchanged(const Snapshot& inputs, const char* pass) {
        const std::string what = inputs.changed();
        if (what.empty())
            return true;
        found("mutation", fmt::format("the {} pass changed {}; compute on a copy", pass, what));
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
        if (!alike("determinism", plain, values_of(target_.call(false)), 0))
            return false;
        {
            const detail::CallTrace trace;
            outputs_ = target_.call(true);
            if (result_.order == 1)
                note_dead(trace.calls());
        }
        // A recorded gradient may be computed in other steps than a plain one.
        return unchanged(inputs, "forward") &&
               alike("recording", plain, values_of(outputs_), result_.order == 1 ? 0 : 1e-9);
    }

    // Units that are all zero let nothing through: what comes before them is not checked.
    void note_dead(const std::vector<detail::CallTrace::Call>& calls) {
        for (const detail::CallTrace::Call& call : calls) {
            if (call.op->name() == "relu" && call.size == 0 && count(call.shape) > 0) {
                report_.notes.push_back(fmt::format(
                    "all {} results of {} are zero, and nothing before it has a gradient; take "
                    "other inputs or weights",
                    count(call.shape),
                    detail::call_string(call.op, call.where)));
            }
        }
    }

    // So small that a rule that gives zero might pass.
    void note_tiny() {
        constexpr double tiny = 1e-10;
        for (std::size_t i = 0; i < gradients_.size(); ++i) {
            double size = 0;
            for (std::size_t k = 0; gradients_[i].defined() && k < gradients_[i].size(); ++k)
                size = std::max(size, std::abs(gradients_[i].value().data()[k]));
            if (size > 0 && size < tiny) {
                report_.notes.push_back(fmt::format(
                    "the gradient of {} is at most {:.1g}, where rounding hides errors; scale the "
                    "function or its inputs",
                    target_.inputs[i].first,
                    size));
            }
        }
        note_unmoved();
    }

    // The function hardly moves over a step, as where a large constant is added to a loss.
    void note_unmoved() {
        double value = 0;
        for (std::size_t k = 0; k < outputs_.size(); ++k) {
            const double* const y = outputs_[k].value().data();
            for (std::size_t e = 0; e < outputs_[k].size(); ++e)
                value = std::max(value, std::abs(y[e] * seeds_[k].value().data()[e]));
        }
        for (std::size_t i = 0; i < gradients_.size(); ++i) {
            const Variable<double>& x = target_.inputs[i].second;
            double change = 0;
            for (std::size_t e = 0; gradients_[i].defined() && e < x.size(); ++e) {
                const double h = std::cbrt(epsilon) * std::max(1.0, std::abs(x.value().data()[e]));
                change = std::max(change, h * std::abs(gradients_[i].value().data()[e]));
            }
            if (change > 0 && change < 10 * epsilon * value) {
                report_.notes.push_back(fmt::format(
                    "a step of {} changes the function by {:.1g} at most, and its rounding is "
                    "{:.1g}; take the large constant out of it",
                    target_.inputs[i].first,
                    change,
                    epsilon * value));
            }
        }
    }

    bool alike(
        const char* check,
        const std::vector<double>& a,
        const std::vector<double>& b,
        double tolerance) {
        const std::size_t at = first_difference(a, b, tolerance);
        const std::string what = result_.order == 1 ? "function" : gradient_name(result_.order - 1);
        if (a.size() != b.size()) {
            found(
                check,
                fmt::format("the {} has {} output elements, then {}", what, a.size(), b.size()));
        } else if (at < a.size() && std::string_view(check) == "determinism") {
            found(
                check,
                fmt::format(
                    "two calls of the {} with the same inputs differ: output element {} is "
                    "{:.17g}, "
                    "then {:.17g}; freeze its randomness and its state",
                    what,
                    at,
                    a[at],
                    b[at]));
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

    bool differentiate(const Snapshot& inputs) {
        Variables live, live_seeds, leaves;
        for (const Variable<double>& y : outputs_) {
            seeds_.emplace_back(
                target_.is_loss ? Array<double>(y.shape(), 1.0)
                                : detail::draw_seed(y.shape(), random_));
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
            gradients_ = detail::differentiate(live, leaves, live_seeds, false);
        }
        if (first_difference(seeds, values_of(seeds_)) != seeds.size()) {
            found("mutation", "the backward pass changed the output's seed; compute on a copy");
            return false;
        }
        return unchanged(inputs, "backward") &&
               (live.empty() ||
                (repeats(live, leaves, live_seeds) && vanishes(live, leaves, live_seeds) &&
                 is_sound({target_, live, live_seeds, gradients_})));
    }

    // What needs no differences.
    bool is_sound(const detail::Recorded& all) {
        if (result_.order > 1)
            return true;
        detail::Random own(options_.seed, "adjoint", 1);
        const std::pair<const char*, std::string> checks[] = {
            {"missing seed", detail::wrong_missing_seed(all)},
            {"accumulation", detail::wrong_accumulation(all)},
            {"adjoint", detail::wrong_adjoint(all, own)}};
        for (const auto& [check, text] : checks) {
            if (!text.empty())
                found(check, text);
        }
        for (std::string& note : detail::hidden_terms(all))
            report_.notes.push_back(std::move(note));
        return true;
    }

    // A second backward pass through the same graph gives the same bits.
    bool repeats(const Variables& outputs, const Variables& leaves, const Variables& seeds) {
        const Variables again = detail::differentiate(outputs, leaves, seeds, false);
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
                        "{:.17g}, then {:.17g}; look for state that a rule keeps",
                        target_.inputs[i].first,
                        index_string(at, leaves[i].shape()),
                        a[at],
                        b[at]));
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
        const Variables none = detail::differentiate(outputs, leaves, zeros, false);
        for (std::size_t i = 0; i < leaves.size(); ++i) {
            for (std::size_t k = 0; none[i].defined() && k < none[i].size(); ++k) {
                // An infinite slope makes NaN of it.
                const double value = none[i].value().data()[k];
                if (value == 0 || std::isnan(value))
                    continue;
                found(
                    "zero seed",
                    fmt::format(
                        "where the output's gradient is zero, the gradient of {} at {} is {:.6g}; "
                        "a rule must multiply by g",
                        target_.inputs[i].first,
                        index_string(k, leaves[i].shape()),
                        value));
                return false;
            }
        }
        return true;
    }

    static constexpr double epsilon = std::numeric_limits<double>::epsilon();

    const Target& target_;
    const GradcheckOptions& options_;
    GradcheckReport& report_;
    detail::Random random_;
    GradcheckOrder result_;
    Variables outputs_, seeds_, gradients_;
};

using Streams = std::optional<std::vector<std::uint64_t>>;  // of random numbers, once drawn

// A call that draws in every run what layers drew in the first, so that a loss with dropout is one
// function.
template <class Call>
std::function<Variables(bool)> replaying(Call call, Streams& streams) {
    return [call, &streams](bool recorded) {
        const GradModeGuard mode(recorded);
        if (streams) {
            const detail::NoiseLog again(*streams);
            return call();
        }
        const detail::NoiseLog log;
        Variables outputs = call();
        streams = log.streams();
        return outputs;
    };
}

GradcheckReport check(Target target, const Streams& streams, const GradcheckOptions& options) {
    detail::check_options(options);
    std::size_t elements = 0;
    for (const auto& [name, leaf] : target.inputs)
        elements += leaf.size();
    if (elements == 0) {
        fail<std::invalid_argument>(
            "gradcheck: {} inputs require a gradient, with 0 elements; need at least one element, "
            "so pass requires_grad = true",
            target.inputs.size());
    }
    GradcheckReport report;
    for (int order = 1; order <= options.order && target.call; ++order) {
        OrderCheck one(target, order, options, report);
        if (!one.run())
            break;
        target = one.next();
    }
    if (streams && !streams->empty()) {
        report.notes.push_back(fmt::format(
            "dropout or noise is on: what it drew in {} calls was repeated in every run; eval() "
            "turns it off",
            streams->size()));
    }
    return report;
}

}  // namespace

void detail::check_options(const GradcheckOptions& options) {
    const auto positive = [](const char* name, double value, bool or_zero) {
        if (!(value > 0) && !(or_zero && value == 0)) {
            fail<std::invalid_argument>(
                "gradcheck: {} is {}; need a positive number{}",
                name,
                value,
                or_zero ? ", or 0 for the default" : "");
        }
    };
    if (options.order < 1) {
        fail<std::invalid_argument>("gradcheck: order is {}; need at least 1", options.order);
    }
    positive("step", options.step, true);
    positive("tolerance", options.tolerance, false);
    positive("norm_tolerance", options.norm_tolerance, false);
    if (!(options.low <= options.high)) {
        fail<std::invalid_argument>(
            "gradcheck: low is {}, high is {}; need low <= high", options.low, options.high);
    }
}

GradcheckReport gradcheck(
    const GradcheckFunction& f, const NamedVariables& inputs, const GradcheckOptions& options) {
    Target target;
    Variables all;
    for (const auto& [name, value] : inputs) {
        all.emplace_back(Array<double>(value.value()), value.requires_grad());
        if (value.requires_grad())
            target.inputs.emplace_back(name, all.back());
    }
    target.originals = target.inputs.size();
    Streams streams;
    target.call = replaying([&] { return f(all); }, streams);
    return check(std::move(target), streams, options);
}

GradcheckReport gradcheck(
    const GradcheckFunction& f, const Variables& inputs, const GradcheckOptions& options) {
    NamedVariables named;
    for (const Variable<double>& input : inputs)
        named.emplace_back(fmt::format("input {}", named.size()), input);
    return gradcheck(f, named, options);
}

GradcheckReport gradcheck(
    const std::function<Variable<double>()>& loss,
    const NamedVariables& parameters,
    const GradcheckOptions& options) {
    for (const auto& [name, leaf] : parameters) {
        if (!leaf.is_leaf() || !leaf.requires_grad()) {
            fail<std::invalid_argument>(
                "gradcheck: parameter \"{}\", shape {}, {}; need a leaf with requires_grad",
                name,
                leaf.shape(),
                leaf.is_leaf() ? "does not require a gradient" : "is the result of an op");
        }
    }
    const auto call = [&] { return Variables{loss()}; };
    Streams streams;
    return check({parameters, parameters.size(), replaying(call, streams), true}, streams, options);
}

}  // namespace xgrad
