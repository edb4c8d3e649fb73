// Wrong rules, made by machine from every registered op: how many does gradcheck catch, and does it
// say where and why? Prints a line for each that gets away and the score; exits 1 below the goal.
#include <autograd/fail.hpp>
#include <ops/ops.hpp>
#include <tests/gradcheck_hand_faults.hpp>
#include <tools/gradcheck_case.hpp>
#include <tools/gradcheck_faults.hpp>
#include <tools/gradcheck_op.hpp>

#include <cstdio>
#include <cstdlib>
#include <set>

namespace {

using namespace xgrad;

struct Score {
    std::size_t made = 0, without_effect = 0, caught = 0, placed = 0, explained = 0;
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

void check(const Op& op, const Sample& sample, const Fault& fault, Score& score) {
    const Sample wrong = spoiled(op, sample, fault);
    const Op mutant("mutant", Samples(wrong));
    std::set<std::size_t> inputs;
    try {
        inputs = changed(mutant, sample, wrong);
        if (inputs.empty()) {
            ++score.without_effect;
            return;
        }
    } catch (const std::exception&) {
        return;  // the fault does not fit the op
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
    score.placed += placed;
    score.explained += explained;
    if (text.empty() || !placed) {
        std::printf(
            "%s, input %zu: %s %s: %s\n",
            op.name().c_str(),
            fault.input,
            describe(fault).c_str(),
            text.empty() ? "gets away" : "is misplaced",
            text.c_str());
    } else if (!explained && std::getenv("XGRAD_MUTATIONS_VERBOSE")) {
        std::printf("%s: %s: %s\n", op.name().c_str(), describe(fault).c_str(), text.c_str());
    }
}

}  // namespace

int main() {
    Score score;
    for (const Op* op : all_ops()) {
        for (const Sample& sample : op->samples()) {
            for (const Fault& fault : possible_faults(sample))
                check(*op, sample, fault, score);
        }
    }
    const auto percent = [&](std::size_t n) {
        return 100.0 * static_cast<double>(n) /
               static_cast<double>(std::max<std::size_t>(score.made, 1));
    };
    std::printf(
        "%zu wrong rules, %zu more without effect; caught %zu (%.1f %%), right place %zu (%.1f "
        "%%), "
        "right cause %zu (%.1f %%)\n",
        score.made,
        score.without_effect,
        score.caught,
        percent(score.caught),
        score.placed,
        percent(score.placed),
        score.explained,
        percent(score.explained));
    const bool by_hand = check_by_hand();
    const bool good = by_hand && score.made >= 400 && score.caught == score.made &&
                      score.placed == score.made && percent(score.explained) >= 80;
    return good ? 0 : 1;
}
