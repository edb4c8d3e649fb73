#include <autograd/fail.hpp>
#include <tools/gradcheck_cause.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

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

    // c where left = c * right in every element, or every one that is off, or NaN.
    template <class Left, class Right>
    [[nodiscard]] double common_factor(Left left, Right right, bool of_all = true) const {
        double products = 0;
        double squares = 0;
        for (std::size_t k = 0; k < c_.at.size(); ++k) {
            if (!of_all && !c_.off[k])
                continue;
            products += left(k) * right(k);
            squares += right(k) * right(k);
        }
        const double factor = products / squares;
        for (std::size_t k = 0; k < c_.at.size(); ++k) {
            if ((of_all || c_.off[k]) && !near(left(k), factor * right(k)))
                return NAN;
        }
        return factor;
    }

    [[nodiscard]] double factor(bool of_all) const {
        return common_factor(
            [&](std::size_t k) { return c_.analytic[k]; },
            [&](std::size_t k) { return c_.numeric[k]; },
            of_all);
    }

    // numeric - analytic where that is the same everywhere, or NaN.
    [[nodiscard]] double constant() const {
        return common_factor(
            [&](std::size_t k) { return c_.numeric[k] - c_.analytic[k]; },
            [](std::size_t) { return 1.0; });
    }

    // Each is zero where the other is not.
    [[nodiscard]] bool is_other_branch() const {
        bool some_analytic = false, some_numeric = false;
        for (std::size_t k = 0; k < c_.at.size(); ++k) {
            const bool a = !near(c_.analytic[k], 0), n = !near(c_.numeric[k], 0);
            if (a && n)
                return false;
            some_analytic = some_analytic || a;
            some_numeric = some_numeric || n;
        }
        return some_analytic && some_numeric;
    }

    // What the elements that are off have in common and the others have not; empty where nothing
    // is found, or no element is right.
    [[nodiscard]] std::string where() const {
        const std::size_t n = c_.at.size();
        if (off == n || n < 3)
            return "";
        const auto is = [&](auto predicate) {
            for (std::size_t k = 0; k < n; ++k) {
                if (predicate(k) != c_.off[k])
                    return false;
            }
            return true;
        };
        if (is([&](std::size_t k) { return c_.value[k] < 0; }))
            return "where the input is negative";
        if (is([&](std::size_t k) { return c_.value[k] > 0; }))
            return "where the input is positive";
        if (is([&](std::size_t k) { return c_.value[k] == 0; }))
            return "where the input is zero";
        return off > 1 ? where_in_shape(is) : where_alone(is);
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
                // With a zero where there is no neighbour.
                const auto or_zero = [&](std::size_t k) {
                    const bool wraps = k / inner % n == (by == 1 ? n - 1 : 0);
                    return wraps ? none : neighbour(k);
                };
                if (n > 1 && (matches(neighbour) || (n > 2 && matches(or_zero))))
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
            const std::size_t from = other(k);
            if (!near(c_.analytic[k], from == none ? 0 : c_.numeric[from]))
                return false;
        }
        return true;
    }

    template <class Is>
    [[nodiscard]] std::string where_alone(Is is) const {
        const std::size_t last = count(c_.shape) - 1;
        if (is([&](std::size_t k) { return c_.at[k] == 0; }))
            return "in the first element";
        return is([&](std::size_t k) { return c_.at[k] == last; }) ? "in the last element" : "";
    }

    template <class Is>
    [[nodiscard]] std::string where_in_shape(Is is) const {
        if (std::string text = where_is_large(); !text.empty())
            return text;
        std::size_t inner = 1;
        for (std::size_t axis = c_.shape.size(); axis-- > 0; inner *= c_.shape[axis]) {
            const auto index = [&](std::size_t k) { return c_.at[k] / inner % c_.shape[axis]; };
            if (is([&](std::size_t k) { return index(k) == 0; }))
                return fmt::format("at the beginning of axis {}", axis);
            if (is([&](std::size_t k) { return index(k) == c_.shape[axis] - 1; }))
                return fmt::format("at the end of axis {}", axis);
        }
        if (c_.shape.size() == 2) {
            const std::size_t n = c_.shape[1];
            if (is([&](std::size_t k) { return c_.at[k] / n == c_.at[k] % n; }))
                return "on the diagonal";
            if (is([&](std::size_t k) { return c_.at[k] / n != c_.at[k] % n; }))
                return "off the diagonal";
        }
        return "";
    }

    // All inputs from some magnitude on, and none below.
    [[nodiscard]] std::string where_is_large() const {
        double right = 0, wrong = std::numeric_limits<double>::infinity();
        for (std::size_t k = 0; k < c_.at.size(); ++k) {
            const double size = std::abs(c_.value[k]);
            if (c_.off[k])
                wrong = std::min(wrong, size);
            else
                right = std::max(right, size);
        }
        return right < wrong ? fmt::format("where the input is {:.3g} or more in size", wrong) : "";
    }

    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

    const Compared& c_;
};

std::string spaced(std::string text, const std::string& more) {
    return more.empty() ? text : text + " " + more;
}

// 2, or 1 + 2e-06.
std::string factor_string(double factor) {
    return std::abs(factor - 1) < 1e-3
               ? fmt::format("1 {} {:.1g}", factor < 1 ? '-' : '+', std::abs(factor - 1))
               : fmt::format("{:.6g}", factor);
}

// Every element is off by one factor, or every one that is off.
std::optional<Cause> cause_by_factor(const Evidence& seen) {
    double factor = seen.factor(true);
    std::string where;
    if ((std::isnan(factor) || near(factor, 0)) && seen.off > 1) {
        factor = seen.factor(false);
        where = seen.where();
    }
    if (std::isnan(factor) || near(factor, 0))
        return std::nullopt;
    if (near(factor, -1))
        return Cause{spaced("the sign is wrong", where), "turn the sign of this input's share"};
    return Cause{
        spaced("off by the factor " + factor_string(factor), where),
        "look for a factor that is missing or there twice: an inner derivative, a count, a mean"};
}

Cause cause_by_pattern(const Evidence& seen, const Compared& compared) {
    if (seen.is_transposed())
        return {"looks transposed", "swap the axes of this input's share"};
    if (const std::size_t axis = seen.shifted_axis(); axis < compared.shape.size()) {
        return {
            fmt::format("looks shifted by one along axis {}", axis),
            "look for an index that is off by one"};
    }
    if (seen.is_other_branch()) {
        return {
            "each is zero where the other is not: the other branch's gradient",
            "swap the sides of the mask or of the condition"};
    }
    const double constant = seen.constant();
    if (compared.at.size() > 2 && !std::isnan(constant) && !near(constant, 0)) {
        return {
            fmt::format(
                "{:.6g} is missing everywhere: the share through a mean or a sum", constant),
            "add what the input does through the mean or the sum that is taken of it"};
    }
    const std::string where = seen.where();
    if (2 * seen.off <= compared.at.size() || !where.empty()) {
        return {
            spaced(
                fmt::format(
                    "only {} of {} elements are off: look at masks, edges and indices",
                    seen.off,
                    compared.at.size()),
                where.empty() ? "" : "(they are those " + where + ")"),
            "look at what sets these elements apart from the others"};
    }
    if (compared.is_broadcast) {
        return {
            "the sum over the broadcast axis is missing or incomplete",
            "sum the share over every axis along which the input was repeated"};
    }
    return {
        "no simple relation: another formula, or a saved value that is stale",
        "derive the rule anew for a small case, and look at which values it keeps and whether "
        "something overwrites them"};
}

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
    if (std::optional<Cause> cause = cause_by_factor(seen))
        return *cause;
    if (seen.zero == seen.off) {
        return {
            spaced("the rule gives zero there: a term is missing", seen.where()),
            "add the share of what depends on these elements"};
    }
    if (const double decay = seen.decay(); !std::isnan(decay) && !near(decay, 0)) {
        return {
            fmt::format(
                "a regularisation term is missing: the difference is {:.6g} times the value",
                decay),
            "add the penalty's derivative to the gradient, or leave the penalty out of the loss"};
    }
    return cause_by_pattern(seen, compared);
}

}  // namespace xgrad::detail
