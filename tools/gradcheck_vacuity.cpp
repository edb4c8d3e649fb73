#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <tools/gradcheck_structure.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xgrad::detail {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

// The largest of the terms that a seed makes of an output.
double size_of(const Variables& outputs, const Variables& seeds) {
    double size = 0;
    for (std::size_t k = 0; k < outputs.size(); ++k) {
        const double* const y = outputs[k].value().data();
        for (std::size_t e = 0; e < outputs[k].size(); ++e)
            size = std::max(size, std::abs(y[e] * seeds[k].value().data()[e]));
    }
    return size;
}

// How far a step of one of the input's elements moves the function at most.
double change_by_step(const Variable<double>& x, const Variable<double>& gradient) {
    double change = 0;
    for (std::size_t e = 0; gradient.defined() && e < x.size(); ++e) {
        const double h = std::cbrt(epsilon) * std::max(1.0, std::abs(x.value().data()[e]));
        change = std::max(change, h * std::abs(gradient.value().data()[e]));
    }
    return change;
}

double largest(const Variable<double>& x) {
    double size = 0;
    for (std::size_t k = 0; x.defined() && k < x.size(); ++k)
        size = std::max(size, std::abs(x.value().data()[k]));
    return size;
}

}  // namespace

std::vector<std::string> dead_units(const std::vector<CallTrace::Call>& calls) {
    std::vector<std::string> notes;
    for (const CallTrace::Call& call : calls) {
        if (call.op->name() == "relu" && call.size == 0 && count(call.shape) > 0) {
            notes.push_back(fmt::format(
                "all {} results of {} are zero, and nothing before it has a gradient; take other "
                "inputs or weights",
                count(call.shape),
                call_string(call.op, call.where)));
        }
    }
    return notes;
}

std::vector<std::string> vanishing_gradients(const Recorded& all) {
    constexpr double tiny = 1e-10;
    std::vector<std::string> notes;
    const double value = size_of(all.outputs, all.seeds);
    for (std::size_t i = 0; i < all.gradients.size(); ++i) {
        const auto& [name, x] = all.target.inputs[i];
        const double size = largest(all.gradients[i]);
        if (size > 0 && size < tiny) {
            notes.push_back(fmt::format(
                "the gradient of {} is at most {:.1g}, where rounding hides errors; scale the "
                "function or its inputs",
                name,
                size));
        }
        const double change = change_by_step(x, all.gradients[i]);
        if (change > 0 && change < 10 * epsilon * value) {
            notes.push_back(fmt::format(
                "a step of {} changes the function by {:.1g} at most, and its rounding is {:.1g}; "
                "take the large constant out of it",
                name,
                change,
                epsilon * value));
        }
    }
    return notes;
}

}  // namespace xgrad::detail
