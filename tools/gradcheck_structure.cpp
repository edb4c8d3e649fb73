#include <autograd/fail.hpp>
#include <tools/gradcheck_judge.hpp>
#include <tools/gradcheck_structure.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad::detail {
namespace {

// Other roundings than these are another gradient.
constexpr double rounding = 1e-9;

Variables leaves_of(const Target& target) {
    Variables all;
    for (const auto& [name, leaf] : target.inputs)
        all.push_back(leaf);
    return all;
}

double largest(const Variable<double>& x) {
    double size = 0;
    for (std::size_t k = 0; x.defined() && k < x.size(); ++k)
        size = std::max(size, std::abs(x.value().data()[k]));
    return size;
}

double at(const Variable<double>& x, std::size_t k) {
    return x.defined() ? x.value().data()[k] : 0;
}

// Where a differs from factor * b by more than rounding: "w at (1,) is 2, not 1"; an undefined
// gradient is zero, and what is not finite proves nothing.
std::string gap(const Target& target, const Variables& a, const Variables& b, double factor) {
    for (std::size_t i = 0; i < a.size(); ++i) {
        const Variable<double>& leaf = target.inputs[i].second;
        const double allowed =
            negligible + rounding * std::max(largest(a[i]), std::abs(factor) * largest(b[i]));
        for (std::size_t k = 0; k < leaf.size(); ++k) {
            const double is = at(a[i], k), should = factor * at(b[i], k);
            if (std::abs(is - should) > allowed) {
                return fmt::format(
                    "the gradient of {} at {} is {:.6g}, not {:.6g}",
                    target.inputs[i].first,
                    index_string(k, leaf.shape()),
                    is,
                    should);
            }
        }
    }
    return "";
}

}  // namespace

std::string wrong_accumulation(const Recorded& all) {
    Variables outputs = all.outputs, seeds = all.seeds;
    for (const Variable<double>& y : all.target.call(true)) {
        if (y.requires_grad())
            outputs.push_back(y);
    }
    if (outputs.size() != 2 * seeds.size())
        return "";
    seeds.insert(seeds.end(), all.seeds.begin(), all.seeds.end());
    const Variables twice = differentiate(outputs, leaves_of(all.target), seeds, false);
    const std::string text = gap(all.target, twice, all.gradients, 2);
    return text.empty() ? "" : "where the function is used twice, " + text;
}

std::string wrong_missing_seed(const Recorded& all) {
    constexpr std::size_t most = 8;
    const Variables leaves = leaves_of(all.target);
    const std::size_t n = all.outputs.size();
    // What a rule keeps is now that of a full pass.
    if (n > 1)
        static_cast<void>(differentiate(all.outputs, leaves, all.seeds, false));
    for (std::size_t k = 0; n > 1 && k < std::min(n, most); ++k) {
        Variables outputs = all.outputs, seeds = all.seeds, zero = all.seeds;
        outputs.erase(outputs.begin() + static_cast<std::ptrdiff_t>(k));
        seeds.erase(seeds.begin() + static_cast<std::ptrdiff_t>(k));
        zero[k] = Variable<double>(Array<double>(zero[k].shape(), 0.0));
        const Variables without = differentiate(outputs, leaves, seeds, false);
        const Variables with = differentiate(all.outputs, leaves, zero, false);
        const std::string text = gap(all.target, without, with, 1);
        if (!text.empty())
            return fmt::format("where no gradient comes to output {}, {}", k, text);
    }
    return "";
}

std::string wrong_adjoint(const Recorded& all, Random& random) {
    const Variables leaves = leaves_of(all.target);
    Variables v;
    for (const Variable<double>& seed : all.seeds)
        v.emplace_back(Array<double>(seed.value()), true);
    Variables recorded, u, reached, forward;
    try {
        recorded = differentiate(all.outputs, leaves, v, true);
        for (const Variable<double>& g : recorded) {
            if (!g.defined() || !g.requires_grad())
                continue;
            reached.push_back(g);
            u.emplace_back(draw_seed(g.shape(), random));
        }
        if (reached.empty())
            return "";
        forward = differentiate(reached, v, u, false);
    } catch (const BackwardFailure&) {
        return "";  // a rule on plain arrays
    }
    double left = 0, right = 0, size = 0, terms = 0;
    for (std::size_t k = 0; k < v.size(); ++k) {
        for (std::size_t e = 0; e < v[k].size(); ++e) {
            const double term = at(v[k], e) * at(forward[k], e);
            left += term;
            ++terms;
            size += std::abs(term);
        }
    }
    for (std::size_t i = 0, next = 0; i < recorded.size(); ++i) {
        if (!recorded[i].defined() || !recorded[i].requires_grad())
            continue;
        for (std::size_t e = 0; e < recorded[i].size(); ++e) {
            const double term = at(all.gradients[i], e) * at(u[next], e);
            right += term;
            ++terms;
            size += std::abs(term);
        }
        ++next;
    }
    // Sums of many terms that cancel inside a rule are known less well than to rounding.
    if (!(std::abs(left - right) > 1000 * rounding * size + negligible * terms))
        return "";
    return fmt::format(
        "<v, J u> is {:.9g} and <J^T v, u> is {:.9g} for random u and v: some rule is not linear "
        "in g, or another one where it is recorded",
        left,
        right);
}

std::vector<std::string> hidden_terms(const Recorded& all) {
    constexpr double much = 1000;
    std::vector<std::string> notes;
    const std::size_t n = all.outputs.size();
    if (n < 2 || std::ranges::any_of(all.outputs, [](const auto& y) { return y.size() != 1; }))
        return notes;
    std::vector<Variables> terms;
    for (std::size_t k = 0; k < n; ++k) {
        terms.push_back(
            differentiate({all.outputs[k]}, leaves_of(all.target), {all.seeds[k]}, false));
    }
    for (std::size_t i = 0; i < all.target.inputs.size(); ++i) {
        const auto size = [i](const Variables& term) { return largest(term[i]); };
        const auto big = std::ranges::max_element(terms, {}, size);
        for (std::size_t k = 0; k < n; ++k) {
            if (size(terms[k]) == 0 || size(terms[k]) * much > size(*big))
                continue;
            notes.push_back(fmt::format(
                "the gradient of {} is {:.1g} in output {} and {:.1g} in output {}, which hides "
                "errors of the former; check the terms apart",
                all.target.inputs[i].first,
                size(terms[k]),
                k,
                size(*big),
                big - terms.begin()));
        }
    }
    return notes;
}

}  // namespace xgrad::detail
