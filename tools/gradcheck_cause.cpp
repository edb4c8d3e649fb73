#include <autograd/fail.hpp>
#include <tools/gradcheck_cause.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad::detail {
namespace {

bool near(double a, double b) {
    return std::abs(a - b) <= 1e-5 * std::max({1e-3, std::abs(a), std::abs(b)});
}

// c where analytic = c * numeric in every element, or NaN.
double common_factor(const Compared& compared) {
    double products = 0;
    double squares = 0;
    for (std::size_t k = 0; k < compared.at.size(); ++k) {
        products += compared.analytic[k] * compared.numeric[k];
        squares += compared.numeric[k] * compared.numeric[k];
    }
    const double factor = products / squares;
    for (std::size_t k = 0; k < compared.at.size(); ++k) {
        if (!near(compared.analytic[k], factor * compared.numeric[k]))
            return NAN;
    }
    return factor;
}

bool is_transposed(const Compared& compared) {
    if (compared.shape.size() != 2 || compared.shape[0] != compared.shape[1] ||
        compared.at.size() != compared.shape[0] * compared.shape[1])
        return false;
    const std::size_t n = compared.shape[0];
    for (std::size_t k = 0; k < compared.at.size(); ++k) {
        if (!near(compared.analytic[k], compared.numeric[k % n * n + k / n]))
            return false;
    }
    return true;
}

}  // namespace

std::string likely_cause(const Compared& compared) {
    std::size_t off = 0;
    std::size_t zero = 0;
    std::size_t broken = 0;
    std::size_t unknown = 0;
    for (std::size_t k = 0; k < compared.at.size(); ++k) {
        if (!compared.off[k])
            continue;
        ++off;
        zero += compared.analytic[k] == 0;
        broken += !std::isfinite(compared.analytic[k]);
        unknown += !std::isfinite(compared.numeric[k]);
    }
    if (off == 0)
        return "";
    if (!compared.reached)
        return "no gradient arrives: the input has no rule, or its value left the tape";
    if (broken > 0)
        return "the rule gives NaN or infinity";
    if (unknown > 0)
        return "the function is NaN or infinite near the input: it leaves its domain";
    const double factor = common_factor(compared);
    if (near(factor, -1))
        return "the sign is wrong";
    if (!std::isnan(factor) && !near(factor, 0))
        return fmt::format("off by the factor {:.6g}", factor);
    if (zero == off)
        return "the rule gives zero there: a term is missing";
    if (is_transposed(compared))
        return "looks transposed";
    if (2 * off <= compared.at.size())
        return fmt::format(
            "only {} of {} elements are off: look at masks, edges and indices",
            off,
            compared.at.size());
    return "";
}

}  // namespace xgrad::detail
