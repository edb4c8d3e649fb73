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

}  // namespace

PowerReport power_of(const Op& op, const GradcheckOptions& options) {
    PowerReport report;
    report.op = op.name();
    const auto has_effect = [&](const Sample& right, const Sample& wrong, std::size_t number) {
        try {
            return differ(
                gradients(op, right, number, options), gradients(op, wrong, number, options));
        } catch (const std::exception&) {
            return false;  // the fault does not fit
        }
    };
    for (std::size_t number = 0; number < op.samples().size(); ++number) {
        const Sample& sample = op.samples()[number];
        for (const Fault& fault : possible_faults(sample)) {
            const Sample wrong = spoiled(op, sample, fault);
            if (!has_effect(sample, wrong, number))
                continue;
            ++report.faults;
            if (is_caught(op, wrong, number, options)) {
                ++report.caught;
            } else {
                report.missed.push_back(
                    fmt::format("sample {}, input {}: {}", number, fault.input, describe(fault)));
            }
        }
        for (std::size_t input = 0; input < sample.shapes.size(); ++input) {
            if (sample.fixed.contains(input))
                continue;
            double least = 0;
            for (double d = 0.1; d > 1e-11; d /= 10) {
                const Sample wrong = spoiled(op, sample, {FaultKind::factor, input, d});
                if (!has_effect(sample, wrong, number) || !is_caught(op, wrong, number, options))
                    break;
                least = d;
            }
            report.smallest = std::max(report.smallest, least);
        }
    }
    return report;
}

}  // namespace xgrad
