#include <autograd/fail.hpp>
#include <tools/gradcheck_blame.hpp>
#include <tools/gradcheck_cause.hpp>
#include <tools/gradcheck_compare.hpp>
#include <tools/gradcheck_directions.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace xgrad::detail {

void Norms::add(const GradcheckEntry& entry, double floor) {
    const bool open = entry.verdict == GradcheckVerdict::inconclusive;
    if (open && !std::isfinite(entry.numeric))
        return;
    numeric += entry.numeric * entry.numeric;
    analytic += entry.analytic * entry.analytic;
    gap += entry.absolute * entry.absolute;
    // What proves nothing counts as noise.
    const double unknown = std::max({entry.uncertainty, open ? entry.absolute : 0, floor});
    noise += unknown * unknown;
}

void Norms::add(const Norms& other) {
    numeric += other.numeric;
    analytic += other.analytic;
    gap += other.gap;
    noise += other.noise;
}

double Norms::ratio() const {
    return gap == 0 ? 0 : std::sqrt(gap) / (std::sqrt(numeric) + std::sqrt(analytic));
}

bool Norms::below_noise() const { return gap <= 4 * noise; }

namespace {

// NaN counts as the largest; what failed comes first.
std::pair<GradcheckVerdict, double> rank_of(const GradcheckEntry& entry) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return {entry.verdict, std::isnan(entry.relative) ? infinity : entry.relative};
}

std::vector<std::size_t> index_of(std::size_t flat, const Shape& shape) {
    std::vector<std::size_t> index(shape.size());
    for (std::size_t axis = shape.size(); axis-- > 0; flat /= shape[axis])
        index[axis] = flat % shape[axis];
    return index;
}

// The largest magnitude; NaN does not count.
double largest(const Variable<double>& x) {
    double size = 0;
    for (std::size_t i = 0; x.defined() && i < x.size(); ++i)
        size = std::max(size, std::abs(x.value().data()[i]));
    return size;
}

class InputComparison {
public:
    InputComparison(const Comparison& all, std::size_t i)
        : all_(all),
          is_original_(i < all.target.originals),
          leaf_(all.target.inputs[i].second),
          analytic_(all.analytic[i]),
          probe_(all.target, i, all.options, all.weights, all.result.evaluations),
          judge_(all.options, all.result.order, largest(analytic_)) {
        input_.name = all.target.inputs[i].first;
        input_.shape = leaf_.shape();
        input_.reached = analytic_.defined();
        compared_.shape = input_.shape;
        compared_.reached = input_.reached;
        compared_.is_broadcast = all.weights.size() > leaf_.size() && leaf_.size() > 0 &&
                                 all.weights.size() % leaf_.size() == 0;
    }

    Norms run(bool along_directions) {
        if (along_directions && leaf_.size() > few) {
            run_directions();
        } else {
            for (const std::size_t at : choose_elements())
                norms_.add(compare(at), judge_.floor());
            for (const auto& [kink, elements] : ties_) {
                if (elements.size() > 1)
                    compare_tied(kink, elements);
            }
        }
        if (input_.directions == 0 && gaps_.size() == leaf_.size())
            input_.gaps = std::move(gaps_);
        input_.norm_ratio = norms_.ratio();
        input_.below_noise = norms_.below_noise();
        input_.has_effect = input_.has_effect || !is_dead();
        if (all_.result.order == 1 && !input_.has_effect)
            look_for_kink();
        if (input_.checked > 0)
            judge();
        all_.result.inputs.push_back(input_);
        return norms_;
    }

private:
    static constexpr std::size_t few = 32;  // elements that directions do not pay for

    void run_directions() {
        std::vector<double> analytic(leaf_.size(), 0);
        if (analytic_.defined())
            std::copy_n(analytic_.value().data(), analytic.size(), analytic.begin());
        const std::size_t most = std::max<std::size_t>(all_.options.worst, 1);
        DirectionResult found =
            check_directions(probe_, judge_, analytic, all_.options.directions, most, all_.random);
        input_.directions = found.entries.size();
        input_.resolution = found.resolution;
        // The elements to blame, and others, which show what kind of mistake it is.
        std::vector<std::size_t> elements = found.suspects;
        if (!elements.empty()) {
            for (const std::size_t at : choose(leaf_.size(), few, all_.random)) {
                if (std::ranges::find(elements, at) == elements.end())
                    elements.push_back(at);
            }
        }
        for (const std::size_t at : elements)
            compare(at);
        const bool explained = input_.off + input_.inconclusive > 0;
        for (GradcheckEntry& entry : found.entries) {
            norms_.add(entry, judge_.floor());
            entry.input = fmt::format("{} along a random direction", input_.name);
            if (!(std::abs(entry.numeric) <= entry.uncertainty))
                input_.has_effect = true;
            // What no single element explains stands for itself.
            if (!explained)
                count(entry);
        }
        input_.checked = leaf_.size();
    }

    [[nodiscard]] double analytic_at(std::size_t at) const {
        return analytic_.defined() ? analytic_.value().data()[at] : 0;
    }

    void count(const GradcheckEntry& entry) {
        input_.off += entry.verdict == GradcheckVerdict::fail;
        input_.inconclusive += entry.verdict == GradcheckVerdict::inconclusive;
        input_.kinks += !entry.kink.empty();
        if (input_.checked++ == 0 || rank_of(entry) > rank_of(input_.worst))
            input_.worst = entry;
        all_.result.worst.push_back(entry);
    }

    // All; or a sample, half of it where the analytic gradient is not zero.
    [[nodiscard]] std::vector<std::size_t> choose_elements() const {
        const std::size_t n = leaf_.size();
        const std::size_t wanted = all_.options.max_elements;
        if (wanted == 0 || wanted >= n)
            return choose(n, 0, all_.random);
        std::vector<std::size_t> nonzero;
        for (std::size_t at = 0; at < n; ++at) {
            if (analytic_at(at) != 0)
                nonzero.push_back(at);
        }
        std::vector<std::size_t> chosen = choose(n, (wanted + 1) / 2, all_.random);
        const std::size_t rest = std::min(wanted / 2, nonzero.size());
        if (rest > 0) {
            for (const std::size_t k : choose(nonzero.size(), rest, all_.random))
                chosen.push_back(nonzero[k]);
        }
        std::ranges::sort(chosen);
        chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
        return chosen;
    }

    GradcheckEntry compare(std::size_t at) {
        GradcheckEntry entry;
        entry.input = input_.name;
        entry.index = index_of(at, input_.shape);
        entry.analytic = analytic_at(at);
        judge_.judge(probe_.element(at), entry);
        compared_.at.push_back(at);
        compared_.analytic.push_back(entry.analytic);
        compared_.numeric.push_back(entry.numeric);
        compared_.value.push_back(leaf_.value().data()[at]);
        compared_.off.push_back(entry.verdict == GradcheckVerdict::fail);
        if (!(std::abs(entry.numeric) <= entry.uncertainty))
            input_.has_effect = true;
        else
            input_.idle.push_back(at);
        gaps_.push_back(entry.absolute);
        if (entry.on_kink)
            ties_[entry.kink].push_back(at);
        count(entry);
        return entry;
    }

    // Elements on one kink, such as those that are all the largest: each gradient may be one of two
    // slopes, but where all move together, so that nothing is decided anew, there is one.
    void compare_tied(const std::string& kink, const std::vector<std::size_t>& elements) {
        const auto [first, last] = std::ranges::minmax(elements);
        std::vector<double> v(last - first + 1, 0.0);
        GradcheckEntry entry;
        for (const std::size_t at : elements) {
            v[at - first] = 1;
            entry.analytic += analytic_at(at);
        }
        judge_.judge(probe_.direction(first, v), entry);
        if (entry.verdict != GradcheckVerdict::fail)
            return;
        found(
            gradient_name(all_.result.order),
            fmt::format(
                "{} of {}: {} elements, the first at {}, tie in {}; moved together the slope is "
                "{:.9g} +- {:.1g}, and their gradients add up to {:.9g}",
                gradient_name(all_.result.order),
                input_.name,
                elements.size(),
                index_string(first, input_.shape),
                kink,
                entry.numeric,
                entry.uncertainty,
                entry.analytic),
            "among equals, give all to one of them, or shares that add up to one");
    }

    void judge() {
        const GradcheckOptions& options = all_.options;
        const bool flat = options.flat || (options.linear && all_.result.order > 1 && is_original_);
        const bool norm_off =
            !flat && !(input_.norm_ratio <= options.norm_tolerance) && !input_.below_noise;
        if (norm_off && input_.off == 0)
            mark_small();
        const Cause cause = likely_cause(compared_);
        input_.cause = cause.text;
        if (input_.off > 0 || norm_off)
            found(gradient_name(all_.result.order), story(), cause.advice);
        else if (input_.inconclusive > 0)
            doubted();
        if (flat)
            judge_flat();
    }

    // Every element is small enough to pass, and wrong: those count as off that are so by their
    // own size.
    void mark_small() {
        for (std::size_t k = 0; k < compared_.at.size(); ++k) {
            const double a = compared_.analytic[k];
            const double n = compared_.numeric[k];
            const double size = std::max(std::abs(a), std::abs(n));
            compared_.off[k] = !(std::abs(a - n) <= 10 * all_.options.norm_tolerance * size);
            input_.off += compared_.off[k];
        }
    }

    // When no element checked has an effect. A sample of them may miss those that do.
    [[nodiscard]] bool is_dead() const {
        if (input_.checked == leaf_.size())
            return true;
        for (std::size_t at = 0; at < leaf_.size(); ++at) {
            if (analytic_at(at) != 0)
                return false;
        }
        return true;
    }

    // Differences that are zero, as those of |x| at 0 are: the slopes on both sides are not.
    void look_for_kink() {
        for (std::size_t at = 0; at < std::min(few, leaf_.size()); ++at) {
            GradcheckEntry entry;
            entry.input = input_.name;
            entry.index = index_of(at, input_.shape);
            entry.analytic = analytic_at(at);
            if (!judge_.hides_kink(probe_.element(at), entry))
                continue;
            ++input_.kinks;
            input_.worst = entry;
            return;
        }
    }

    void judge_flat() {
        // A rule may leave a rounding error of the second derivative.
        const double allowed = all_.options.flat ? 0 : 1e-4 * all_.options.tolerance;
        for (std::size_t at = 0; at < leaf_.size(); ++at) {
            if (std::abs(analytic_at(at)) <= allowed)
                continue;
            found(
                gradient_name(all_.result.order),
                fmt::format(
                    "{} of {} at {} is declared zero and the rule gives {:.6g}",
                    gradient_name(all_.result.order),
                    input_.name,
                    index_string(at, input_.shape),
                    analytic_at(at)));
            return;
        }
    }

    [[nodiscard]] std::string story() const {
        std::string text = fmt::format(
            "{} of {}, shape {}: {} of {} elements are off; worst {}; {}",
            gradient_name(all_.result.order),
            input_.name,
            input_.shape,
            input_.directions > 0 ? fmt::format("at least {}", input_.off)
                                  : fmt::format("{}", input_.off),
            input_.checked,
            to_string(input_.worst),
            ratio_string());
        if (!input_.cause.empty())
            text += "; likely cause: " + input_.cause;
        return text;
    }

    // With the limit, where it is the ratio alone that fails.
    [[nodiscard]] std::string ratio_string() const {
        const bool passes = input_.worst.verdict == GradcheckVerdict::pass;
        return fmt::format(
            "norm ratio {:.3g}{} ({})",
            input_.norm_ratio,
            passes ? fmt::format(", allowed {:.0e}", all_.options.norm_tolerance) : "",
            describe(norm_band(input_.norm_ratio)));
    }

    // Nothing is shown to be wrong, and something not to be right.
    void doubted() const {
        all_.findings.push_back(
            {gradient_name(all_.result.order),
             fmt::format(
                 "{} of {}, shape {}: {} of {} elements are inconclusive; worst {}",
                 gradient_name(all_.result.order),
                 input_.name,
                 input_.shape,
                 input_.inconclusive,
                 input_.checked,
                 to_string(input_.worst)),
             input_.worst.on_kink ? "take inputs off the kinks, where the function has a slope"
             : judge_.is_blind(input_.worst)
                 ? "take the large constant out of the function: its rounding hides the slope"
                 : "take inputs where the function is smoother and less noisy, or another step",
             GradcheckVerdict::inconclusive});
    }

    void found(std::string check, std::string text, std::string advice = {}) const {
        all_.findings.push_back({std::move(check), std::move(text), std::move(advice)});
    }

    const Comparison& all_;
    const bool is_original_;
    const Variable<double>& leaf_;
    const Variable<double>& analytic_;
    Probe probe_;
    Judge judge_;
    Norms norms_;
    GradcheckInput input_;
    Compared compared_;
    std::vector<double> gaps_;
    std::map<std::string, std::vector<std::size_t>> ties_;  // elements on a kink, by its name
};

std::string kink_string(const GradcheckEntry& entry) {
    return fmt::format(
        "; element ({}{}) is on the kink of {} with slopes {:.9g} and {:.9g}, whose mean is zero",
        fmt::join(entry.index, ", "),
        entry.index.size() == 1 ? "," : "",
        entry.kink,
        entry.left,
        entry.right);
}

// An input without effect proves nothing: any rule that gives zero passes. The second derivative
// may vanish for an input here and there, a bias, but not for all.
void find_dead(const Comparison& comparison) {
    const GradcheckOptions& options = comparison.options;
    const GradcheckOrder& result = comparison.result;
    const std::size_t originals = comparison.target.originals;
    // Third derivatives vanish for every polynomial.
    if (options.allow_zero || options.flat || result.order > 2)
        return;
    const auto dead = [](const GradcheckInput& input) {
        return input.checked > 0 && !input.has_effect;
    };
    const auto found = [&](const std::string& name, std::size_t checked, std::string kink = {}) {
        comparison.findings.push_back(
            {"dead input",
             fmt::format(
                 "{} of {}: all {} differences are zero, and any rule that gives zero passes{}",
                 gradient_name(result.order),
                 name,
                 checked,
                 kink),
             kink.empty()
                 ? "take values that the result depends on; where none can have an effect, as of a "
                   "bias before a normalisation, set allow_zero"
                 : "take inputs off the kinks, where the function has a slope",
             GradcheckVerdict::inconclusive});
    };
    std::size_t alive = 0;
    std::size_t checked = 0;
    for (std::size_t i = 0; i < result.inputs.size(); ++i) {
        const GradcheckInput& input = result.inputs[i];
        if (i < originals && result.order > 1) {
            alive += input.has_effect;
            checked += input.checked;
        } else if (dead(input)) {
            found(
                fmt::format("{}, shape {}", input.name, input.shape),
                input.checked,
                input.worst.on_kink ? kink_string(input.worst) : "");
        }
    }
    if (result.order > 1 && alive == 0 && !options.linear)
        found("every input", checked);
}

constexpr const char* missing_penalty = "; likely cause: a regularisation term";

// Says of a finding on an input which op is to blame for it.
void blame(GradcheckFinding& finding, GradcheckInput& input, const WrongOp& op) {
    const std::size_t penalty = finding.text.find(missing_penalty);
    const bool may_be_penalty = penalty != std::string::npos;
    // Of a gradient on plain arrays the op is all there is, and says nothing.
    if (may_be_penalty && op.story.starts_with(plain_op_name))
        return;
    if (!op.story.empty() && may_be_penalty && op.is_sure) {
        // What a wrong rule leaves out may look like a penalty's share.
        finding.text.resize(penalty);
        finding.advice = "derive the rule anew for a small case";
        input.cause.clear();
    }
    if (!op.story.empty() && (op.is_sure || !may_be_penalty)) {
        finding.text += "; the first wrong rule is that of " + op.story;
    } else if (op.is_sure && !may_be_penalty && norm_band(input.norm_ratio) == NormBand::worry) {
        finding.text += "; every rule is right, and part of this input's way is off the tape";
        finding.advice = "look for detach(), item() and value() on its way";
    }
}

// Adds the op whose rule is wrong to what failed, input by input.
void blame(const Comparison& comparison) {
    std::vector<GradcheckInput>& all = comparison.result.inputs;
    std::vector<std::size_t> inputs;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].off > 0)
            inputs.push_back(i);
    }
    if (inputs.empty())
        return;
    const std::vector<WrongOp> ops = first_wrong_ops(
        comparison.target, comparison.weights, inputs, comparison.options, comparison.random);
    for (std::size_t k = 0; k < inputs.size(); ++k) {
        GradcheckInput& input = all[inputs[k]];
        const std::string begin =
            fmt::format("{} of {}, shape ", gradient_name(comparison.result.order), input.name);
        for (GradcheckFinding& finding : comparison.findings) {
            if (finding.verdict == GradcheckVerdict::fail && finding.text.starts_with(begin))
                blame(finding, input, ops[k]);
        }
    }
}

}  // namespace

void compare_all(const Comparison& comparison) {
    GradcheckOrder& result = comparison.result;
    Norms norms;
    std::size_t elements = 0;
    for (const auto& [name, leaf] : comparison.target.inputs)
        elements += leaf.size();
    const bool along_directions = comparison.options.max_elements == 0 &&
                                  comparison.options.directions > 0 &&
                                  elements > comparison.options.full_limit;
    for (std::size_t i = 0; i < comparison.target.inputs.size(); ++i) {
        norms.add(InputComparison(comparison, i).run(along_directions));
        std::ranges::stable_sort(result.worst, std::ranges::greater(), rank_of);
        if (result.worst.size() > comparison.options.worst)
            result.worst.resize(comparison.options.worst);
    }
    result.norm_ratio = norms.ratio();
    result.below_noise = norms.below_noise();
    if (result.order == 1)
        blame(comparison);
    find_dead(comparison);
}

}  // namespace xgrad::detail
