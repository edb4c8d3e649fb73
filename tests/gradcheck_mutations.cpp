// Wrong rules, made by machine from every registered op: how many does gradcheck catch, and does it
// say where and why? Prints a line for each that gets away, what cannot be caught and why, and the
// score; exits 1 below the goal. With --stories, only the rules made by hand, and what is said of
// each.
#include <autograd/fail.hpp>
#include <ops/ops.hpp>
#include <tests/gradcheck_hand_faults.hpp>
#include <tools/gradcheck_case.hpp>
#include <tools/gradcheck_faults.hpp>
#include <tools/gradcheck_op.hpp>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace {

using namespace xgrad;

struct Score {
    std::size_t made = 0, caught = 0, placed = 0, named = 0, explained = 0;
    /// What cannot be caught, by fault and reason: how often, and where first.
    struct Undetectable {
        std::size_t count = 0;
        std::string example;
    };
    std::map<std::pair<std::string, std::string>, Undetectable> undetectable;

    void skip(
        const Op& op, const Fault& fault, const std::string& reason, std::string_view error = "") {
        Undetectable& entry = undetectable[{describe(fault), reason}];
        if (entry.count++ == 0)
            entry.example = fmt::format(
                "{}, input {}{}{}", op.name(), fault.input, error.empty() ? "" : ": ", error);
    }
};

// On the inputs that check_op() draws for the mutant.
std::vector<Variable<double>> gradients(const Op& op, const Sample& sample, std::uint64_t draw) {
    const GradcheckOptions options;
    detail::Case one{op, sample, 0, options, {}};
    one.values = detail::draw_inputs(sample, sample.shapes, sample.distinct, one.random(4 + draw));
    const auto inputs = detail::leaves<double>(one.values, one.asks());
    const Variable<double> y = detail::call(one, inputs);
    return detail::gradients_of(y, detail::seed_of(one, y), inputs);
}

// The inputs whose gradient the fault changes, on some draw. Without one there is nothing to catch.
std::set<std::size_t> changed(const Op& op, const Sample& right, const Sample& wrong) {
    std::set<std::size_t> inputs;
    for (std::uint64_t draw = 0; draw < 3; ++draw) {
        const auto a = gradients(op, right, draw);
        const auto b = gradients(op, wrong, draw);
        for (std::size_t i = 0; i < a.size(); ++i) {
            if (!a[i].defined() || !b[i].defined())
                continue;
            double size = 0, gap = 0;
            for (std::size_t k = 0; k < a[i].size(); ++k) {
                size = std::max(size, std::abs(a[i].value().data()[k]));
                gap = std::max(gap, std::abs(a[i].value().data()[k] - b[i].value().data()[k]));
            }
            if (gap > 2e-6 * size)
                inputs.insert(i);
        }
    }
    return inputs;
}

bool names_place(
    const std::string& text,
    const Fault& fault,
    const Sample& sample,
    const std::set<std::size_t>& inputs) {
    const bool named = std::ranges::any_of(inputs, [&](std::size_t i) {
        return text.find(fmt::format("gradient of input {}, ", i)) != text.npos;
    });
    if (!named)
        return false;
    if (fault.kind != FaultKind::element)
        return true;
    const Shape& shape = sample.shapes[fault.input];
    const std::string index = index_string(faulty_element(shape), shape);
    return text.find(fmt::format("worst input {} at {}", fault.input, index)) != text.npos;
}

bool is_zero(const Variable<double>& g) {
    return !g.defined() || std::ranges::all_of(g.value(), [](double v) { return v == 0; });
}

// Why a fault changes no gradient: the gradient is one that it leaves as it is.
std::string why_without_effect(const Op& op, const Sample& right, const Fault& fault) {
    bool always_zero = true;
    for (std::uint64_t draw = 0; draw < 3; ++draw)
        always_zero = always_zero && is_zero(gradients(op, right, draw)[fault.input]);
    if (always_zero)
        return "without effect: the gradient is zero";
    switch (fault.kind) {
        case FaultKind::stale: return "without effect: the gradient does not depend on the value";
        case FaultKind::transposed: return "without effect: the gradient is symmetric";
        case FaultKind::shifted: return "without effect: the gradient is the same along the axis";
        case FaultKind::element: return "without effect: the gradient of that element is zero";
        case FaultKind::unsummed: return "without effect: the other shares are zero";
        default: return "without effect";
    }
}

void check(const Op& op, const Sample& sample, const Fault& fault, Score& score) {
    const Sample wrong = spoiled(op, sample, fault);
    const Op mutant("mutant", Samples(wrong));
    std::set<std::size_t> inputs;
    try {
        inputs = changed(mutant, sample, wrong);
    } catch (const std::exception& error) {
        const std::string_view why = error.what();
        score.skip(
            op,
            fault,
            "does not fit: the op rejects the changed input",
            why.substr(0, why.find('\n')));
        return;
    }
    if (inputs.empty()) {
        score.skip(op, fault, why_without_effect(mutant, sample, fault));
        return;
    }
    ++score.made;
    const OpReport report = check_op(mutant, {.order = 1});
    std::string text;
    for (const OpCheck& one : report.checks) {
        if (one.name == "gradient" && one.verdict == OpCheck::Verdict::failed && text.empty())
            text = one.text;
    }
    score.caught += !text.empty();
    const bool placed = names_place(text, fault, sample, inputs);
    const bool explained = text.find(expected_cause(fault)) != text.npos;
    const bool named = text.find("that of " + op.name()) != text.npos;
    score.placed += placed;
    score.named += named;
    score.explained += explained;
    if (text.empty() || !placed || !named) {
        std::printf(
            "%s, input %zu: %s %s: %s\n",
            op.name().c_str(),
            fault.input,
            describe(fault).c_str(),
            text.empty() ? "gets away"
            : placed     ? "is not named"
                         : "is misplaced",
            text.c_str());
    } else if (!explained && std::getenv("XGRAD_MUTATIONS_VERBOSE")) {
        std::printf("%s: %s: %s\n", op.name().c_str(), describe(fault).c_str(), text.c_str());
    }
}

void print(const Score& score) {
    std::size_t undetectable = 0;
    for (const auto& [key, entry] : score.undetectable) {
        const auto& [fault, reason] = key;
        undetectable += entry.count;
        fmt::print(
            "undetectable: {}: {}: {} (first {})\n", fault, reason, entry.count, entry.example);
    }
    const auto share = [&](std::size_t n) {
        const auto made = static_cast<double>(std::max<std::size_t>(score.made, 1));
        return fmt::format("{} ({:.1f} %)", n, 100.0 * static_cast<double>(n) / made);
    };
    fmt::print(
        "{} wrong rules, {} more undetectable; caught {}, right place {}, right op {}, right cause "
        "{}\n",
        score.made,
        undetectable,
        share(score.caught),
        share(score.placed),
        share(score.named),
        share(score.explained));
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string option = argc > 1 ? argv[1] : "";
    if (argc > 2 || (!option.empty() && option != "--stories")) {
        fmt::print(stderr, "usage: gradcheck_mutations [--stories]\n");
        return 2;
    }
    const bool by_hand = check_by_hand(option == "--stories");
    const bool ops_by_hand = check_ops_by_hand(option == "--stories");
    if (option == "--stories")
        return by_hand && ops_by_hand ? 0 : 1;
    Score score;
    for (const Op* op : all_ops()) {
        for (const Sample& sample : op->samples()) {
            for (const Fault& fault : possible_faults(sample))
                check(*op, sample, fault, score);
        }
    }
    print(score);
    const bool good = by_hand && ops_by_hand && score.made >= 400 && score.caught == score.made &&
                      score.placed == score.made && 100 * score.named >= 99 * score.made &&
                      10 * score.explained >= 8 * score.made;
    return good ? 0 : 1;
}
