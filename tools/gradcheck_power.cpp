#include <autograd/fail.hpp>
#include <tools/gradcheck_case.hpp>
#include <tools/gradcheck_faults.hpp>
#include <tools/gradcheck_power.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad {
namespace {

std::vector<Variable<double>> gradients(
    const Op& op, const Sample& sample, std::size_t number, const GradcheckOptions& options) {
    detail::Case one{op, sample, number, options, {}};
    one.values = detail::draw_inputs(sample, sample.shapes, sample.distinct, one.random(4));
    const auto inputs = detail::leaves<double>(one.values, one.asks());
    const Variable<double> y = detail::call(one, inputs);
    return detail::gradients_of(y, detail::seed_of(one, y), inputs);
}

bool differ(const std::vector<Variable<double>>& a, const std::vector<Variable<double>>& b) {
    for (std::size_t i = 0; i < a.size(); ++i) {
        for (std::size_t k = 0; a[i].defined() && b[i].defined() && k < a[i].size(); ++k) {
            const double x = a[i].value().data()[k], y = b[i].value().data()[k];
            if (std::abs(x - y) > 1e-12 * std::max(std::abs(x), std::abs(y)))
                return true;
        }
    }
    return false;
}

bool is_caught(const Op& op, const Sample& wrong, std::size_t number, GradcheckOptions options) {
    detail::Case one{op, wrong, number, options, {}};
    one.values = detail::draw_inputs(wrong, wrong.shapes, wrong.distinct, one.random(4));
    options.order = 1;
    options.flat = wrong.is_flat;
    options.low = wrong.low;
    options.high = wrong.high;
    options.allow_zero = true;
    const GradcheckReport report = gradcheck(
        [&](const Variables& in) { return detail::call(one, in); },
        detail::leaves<double>(one.values, one.asks()),
        options);
    return report.verdict() == GradcheckVerdict::fail;
}

bool has_effect(
    const Op& op,
    const Sample& right,
    const Sample& wrong,
    std::size_t number,
    const GradcheckOptions& options) {
    try {
        return differ(gradients(op, right, number, options), gradients(op, wrong, number, options));
    } catch (const std::exception&) {
        return false;  // the fault does not fit
    }
}

// The least power of ten d for which the factor 1 + d in that input's gradient is caught; 0 where
// no factor has an effect, empty where the first that has one escapes.
std::optional<double> smallest_factor(
    const Op& op, std::size_t number, std::size_t input, const GradcheckOptions& options) {
    const Sample& sample = op.samples()[number];
    double least = 0;
    for (double d = 0.1; d > 1e-11; d /= 10) {
        const Sample wrong = spoiled(op, sample, {FaultKind::factor, input, d});
        if (!has_effect(op, sample, wrong, number, options))
            return least;
        if (!is_caught(op, wrong, number, options))
            return least > 0 ? std::optional(least) : std::nullopt;
        least = d;
    }
    return least;
}

void inject(
    const Op& op, std::size_t number, const GradcheckOptions& options, PowerReport& report) {
    const Sample& sample = op.samples()[number];
    for (const Fault& fault : possible_faults(sample)) {
        const Sample wrong = spoiled(op, sample, fault);
        if (!has_effect(op, sample, wrong, number, options))
            continue;
        ++report.faults;
        if (is_caught(op, wrong, number, options)) {
            ++report.caught;
        } else {
            report.missed.push_back(
                fmt::format("sample {}, input {}: {}", number, fault.input, describe(fault)));
        }
    }
}

}  // namespace

int exit_code(const std::vector<PowerReport>& reports) noexcept {
    std::size_t faults = 0, caught = 0;
    for (const PowerReport& report : reports) {
        faults += report.faults;
        caught += report.caught;
    }
    return faults == 0 ? 2 : caught == faults ? 0 : 1;
}

PowerReport power_of(const Op& op, const GradcheckOptions& options) {
    PowerReport report;
    report.op = op.name();
    for (std::size_t number = 0; number < op.samples().size(); ++number) {
        inject(op, number, options, report);
        const Sample& sample = op.samples()[number];
        for (std::size_t input = 0; input < sample.shapes.size(); ++input) {
            if (sample.fixed.contains(input))
                continue;
            const std::optional<double> least = smallest_factor(op, number, input, options);
            // An input that escapes stands for the op.
            if (report.smallest)
                report.smallest = least ? std::optional(std::max(*report.smallest, *least)) : least;
        }
    }
    return report;
}

}  // namespace xgrad
