// Right gradients, at random: every op on inputs of many sizes, at, on and near its kinks, in ties;
// chains of a hundred ops. No check may fail, and one in a hundred may be inconclusive.
//
// usage: gradcheck_false_alarms [--count N] [--seed S]
#include <autograd/fail.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck_case.hpp>
#include <tools/gradcheck_op.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

using namespace xgrad;
using detail::Case;
using detail::Random;

enum class Kind { plain, kinks, scaled, chain, all_traits };
constexpr int kinds = 5;

bool all_finite(const Variable<double>& x) {
    return !x.defined() || std::all_of(x.value().begin(), x.value().end(), [](double v) {
        return std::isfinite(v);
    });
}

// What cannot be differentiated at all is no right gradient.
bool is_defined(const Case& one) {
    const auto inputs = detail::leaves<double>(one.values, one.asks());
    const Variable<double> y = detail::call(one, inputs);
    const auto gradients = detail::gradients_of(y, detail::seed_of(one, y), inputs);
    return all_finite(y) && std::all_of(gradients.begin(), gradients.end(), all_finite);
}

// Some elements move onto a kink or as close as a rounding error; some become equal.
void move_to_kinks(Case& one, Random& random) {
    constexpr double distances[] = {0, 0, 1e-15, -1e-12, 1e-9, -1e-7, 3e-6, -1e-5, 1e-3};
    for (std::size_t i = 0; i < one.values.size(); ++i) {
        if (one.is_fixed(i))
            continue;
        Array<double>& x = one.values[i];
        for (std::size_t k = 0; k < x.size(); ++k) {
            const double distance = distances[random.below(std::size(distances))];
            if (!one.sample.kinks.empty() && random.below(2) == 0)
                x.data()[k] = one.sample.kinks[random.below(one.sample.kinks.size())] + distance;
            else if (one.sample.distinct && random.below(2) == 0)
                x.data()[k] = x.data()[random.below(x.size())] + distance;
        }
    }
}

void scale(Case& one, Random& random) {
    double factor = std::pow(10.0, static_cast<double>(random.below(17)) - 8);
    // Its function lets probabilities alone through to this formula.
    if (one.op.name() == "binary_cross_entropy")
        factor = std::min(factor, 1.0);
    for (std::size_t i = 0; i < one.values.size(); ++i) {
        if (!one.is_fixed(i))
            one.values[i] *= factor;
    }
}

GradcheckReport check(const Case& one, const GradcheckOptions& options) {
    return gradcheck(
        [&](const Variables& in) { return detail::call(one, in); },
        detail::leaves<double>(one.values, one.asks()),
        options);
}

GradcheckReport check_chain(Random& random) {
    using Step = Variable<double> (*)(const Variable<double>&);
    static constexpr Step steps[] = {
        [](const Variable<double>& x) { return sin(x); },
        [](const Variable<double>& x) { return tanh(2 * x); },
        [](const Variable<double>& x) { return 1.5 * x + 0.25; },
        [](const Variable<double>& x) { return relu(x) - 0.25; },
        [](const Variable<double>& x) { return abs(x) - 0.5; },
        [](const Variable<double>& x) { return softsign(3 * x); },
        [](const Variable<double>& x) { return clamp(x, -0.75, 0.75); },
        [](const Variable<double>& x) { return x * sigmoid(x) + 0.5 * x; },
        [](const Variable<double>& x) { return maximum(x, flip(x, {0})); },
        [](const Variable<double>& x) { return cos(x) - 0.5; }};
    std::vector<Step> chosen;
    for (int k = 0; k < 100; ++k)
        chosen.push_back(steps[random.below(std::size(steps))]);
    Array<double> x(Shape{4});
    for (double& value : x)
        value = static_cast<double>(random.below(1u << 20)) * 0x1p-19 - 1;
    return gradcheck(
        [chosen](const Variables& in) {
            Variable<double> y = in[0];
            for (const Step step : chosen)
                y = step(y);
            return y;
        },
        Variables{Variable<double>(std::move(x), true)},
        {.seed = random.bits(), .allow_zero = true});
}

struct Tally {
    std::size_t checks = 0, undefined = 0, failed = 0, inconclusive = 0;

    void add(const std::string& what, GradcheckVerdict verdict, const std::string& story) {
        ++checks;
        failed += verdict == GradcheckVerdict::fail;
        inconclusive += verdict == GradcheckVerdict::inconclusive;
        if (verdict == GradcheckVerdict::fail || std::getenv("XGRAD_ALARMS_VERBOSE"))
            if (verdict != GradcheckVerdict::pass)
                std::printf("%s: %s\n", what.c_str(), story.c_str());
    }
};

void run_one(const std::vector<const Op*>& ops, std::uint64_t seed, Tally& tally) {
    Random random(seed);
    const auto kind = static_cast<Kind>(random.below(kinds));
    if (kind == Kind::chain) {
        const GradcheckReport report = check_chain(random);
        tally.add(fmt::format("chain, seed {}", seed), report.verdict(), report.to_string());
        return;
    }
    const Op& op = *ops[random.below(ops.size())];
    if (kind == Kind::all_traits) {  // in float, too
        const OpReport report = check_op(op, {.order = 2, .seed = seed});
        const auto verdict = report.ok() ? GradcheckVerdict::pass : GradcheckVerdict::fail;
        tally.add(op.name(), verdict, report.to_string());
        return;
    }
    const std::size_t number = random.below(op.samples().size());
    const Sample& sample = op.samples()[number];
    GradcheckOptions options{.seed = seed, .allow_zero = true};
    options.flat = sample.is_flat && kind == Kind::plain;
    Case one{op, sample, number, options, {}};
    one.values = detail::draw_inputs(sample, sample.shapes, sample.distinct, random);
    if (kind == Kind::kinks)
        move_to_kinks(one, random);
    if (kind == Kind::scaled)
        scale(one, random);
    else
        options.low = sample.low, options.high = sample.high;
    try {
        if (!is_defined(one)) {
            ++tally.undefined;
            return;
        }
    } catch (const std::exception&) {
        ++tally.undefined;  // a size that the op rejects
        return;
    }
    const GradcheckReport report = check(one, options);
    constexpr const char* names[] = {"plain", "kinks", "scaled"};
    tally.add(
        fmt::format(
            "{}, sample {}, {}, seed {}", op.name(), number, names[static_cast<int>(kind)], seed),
        report.verdict(),
        report.to_string());
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t count = 1000;
    std::uint64_t seed = 1;
    for (int k = 1; k + 1 < argc; k += 2) {
        if (std::string_view(argv[k]) == "--count")
            count = std::strtoull(argv[k + 1], nullptr, 10);
        if (std::string_view(argv[k]) == "--seed")
            seed = std::strtoull(argv[k + 1], nullptr, 10);
    }
    const std::vector<const Op*> ops = all_ops();
    Tally tally;
    for (std::uint64_t k = 0; tally.checks < count; ++k)
        run_one(ops, seed * 1000003 + k, tally);
    std::printf(
        "%zu checks of right gradients: %zu failed, %zu inconclusive (%.2f %%); %zu inputs without "
        "a gradient left out\n",
        tally.checks,
        tally.failed,
        tally.inconclusive,
        100.0 * static_cast<double>(tally.inconclusive) / static_cast<double>(tally.checks),
        tally.undefined);
    return tally.failed == 0 && 100 * tally.inconclusive <= tally.checks ? 0 : 1;
}
