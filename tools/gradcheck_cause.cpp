#include <autograd/fail.hpp>
#include <tools/gradcheck_cause.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad::detail {
namespace {

bool near(double a, double b) {
    return std::abs(a - b) <= 2e-6 * std::max({1e-3, std::abs(a), std::abs(b)});
}

// The elements, counted and compared.
class Evidence {
public:
    explicit Evidence(const Compared& compared) : c_(compared) {
        for (std::size_t k = 0; k < c_.at.size(); ++k) {
            if (!c_.off[k])
                continue;
            ++off;
            zero += c_.analytic[k] == 0;
            broken += !std::isfinite(c_.analytic[k]);
            unknown += !std::isfinite(c_.numeric[k]);
        }
    }

    // c where left = c * right in every element, or NaN.
    template <class Left, class Right>
    [[nodiscard]] double common_factor(Left left, Right right) const {
        double products = 0;
        double squares = 0;
        for (std::size_t k = 0; k < c_.at.size(); ++k) {
            products += left(k) * right(k);
            squares += right(k) * right(k);
        }
        const double factor = products / squares;
        for (std::size_t k = 0; k < c_.at.size(); ++k) {
            if (!near(left(k), factor * right(k)))
                return NAN;
        }
        return factor;
    }

    [[nodiscard]] double factor() const {
        return common_factor(
            [&](std::size_t k) { return c_.analytic[k]; },
            [&](std::size_t k) { return c_.numeric[k]; });
    }

    // c where numeric - analytic = c * value: the derivative of c/2 times the sum of squares.
    [[nodiscard]] double decay() const {
        return common_factor(
            [&](std::size_t k) { return c_.numeric[k] - c_.analytic[k]; },
            [&](std::size_t k) { return c_.value[k]; });
    }

    [[nodiscard]] bool all_compared() const { return c_.at.size() == count(c_.shape); }

    [[nodiscard]] bool is_transposed() const {
        if (c_.shape.size() != 2 || c_.shape[0] != c_.shape[1] || !all_compared())
            return false;
        const std::size_t n = c_.shape[0];
        return matches([n](std::size_t k) { return k % n * n + k / n; });
    }

    // The axis along which the gradient is that of the neighbour, or the rank.
    [[nodiscard]] std::size_t shifted_axis() const {
        std::size_t inner = 1;
        for (std::size_t axis = c_.shape.size(); all_compared() && axis-- > 0;) {
            const std::size_t n = c_.shape[axis];
            for (const std::size_t by : {std::size_t(1), n - 1}) {
                const auto neighbour = [&](std::size_t k) {
                    const std::size_t i = k / inner % n;
                    return k - i * inner + (i + by) % n * inner;
                };
                if (n > 1 && matches(neighbour))
                    return axis;
            }
            inner *= n;
        }
        return c_.shape.size();
    }

    std::size_t off = 0;
    std::size_t zero = 0;
    std::size_t broken = 0;
    std::size_t unknown = 0;

private:
    template <class Other>
    [[nodiscard]] bool matches(Other other) const {
        for (std::size_t k = 0; k < c_.at.size(); ++k) {
            if (!near(c_.analytic[k], c_.numeric[other(k)]))
                return false;
        }
        return true;
    }

    const Compared& c_;
};

}  // namespace

Cause likely_cause(const Compared& compared) {
    const Evidence seen(compared);
    if (seen.off == 0)
        return {};
    if (!compared.reached) {
        return {
            "no gradient arrives: the input has no rule, or its value left the tape",
            "give the input a rule, and look for detach(), item() and value() on its way"};
    }
    if (seen.broken > 0) {
        return {
            "the rule gives NaN or infinity",
            "look for a division by zero, and for a where() whose other side is not finite"};
    }
    if (seen.unknown > 0) {
        return {
            "the function is NaN or infinite near the input: it leaves its domain",
            "declare the domain with low and high, or take inputs inside it"};
    }
    const double factor = seen.factor();
    if (near(factor, -1))
        return {"the sign is wrong", "turn the sign of this input's share"};
    if (!std::isnan(factor) && !near(factor, 0)) {
        return {
            fmt::format("off by the factor {:.6g}", factor),
            "look for a factor that is missing or there twice: an inner derivative, a count, a "
            "mean"};
    }
    if (seen.zero == seen.off) {
        return {
            "the rule gives zero there: a term is missing",
            "add the share of what depends on these elements"};
    }
    if (const double decay = seen.decay(); !std::isnan(decay) && !near(decay, 0)) {
        return {
            fmt::format(
                "a regularisation term is missing: the difference is {:.6g} times the value",
                decay),
            "add the penalty's derivative to the gradient, or leave the penalty out of the loss"};
    }
    if (seen.is_transposed())
        return {"looks transposed", "swap the axes of this input's share"};
    if (const std::size_t axis = seen.shifted_axis(); axis < compared.shape.size()) {
        return {
            fmt::format("looks shifted by one along axis {}", axis),
            "look for an index that is off by one"};
    }
    if (2 * seen.off <= compared.at.size()) {
        return {
            fmt::format(
                "only {} of {} elements are off: look at masks, edges and indices",
                seen.off,
                compared.at.size()),
            "look at what sets these elements apart from the others"};
    }
    if (compared.is_broadcast) {
        return {
            "the sum over the broadcast axis is missing or incomplete",
            "sum the share over every axis along which the input was repeated"};
    }
    return {
        "right for another value, perhaps: a saved value that is stale, or the wrong one",
        "look at which values the rule keeps, and whether something overwrites them"};
}

}  // namespace xgrad::detail
