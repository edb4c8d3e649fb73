// Internal to gradcheck: one sample of an op with its inputs drawn, and how to run it.
#pragma once

#include <autograd/fail.hpp>
#include <autograd/grad.hpp>
#include <tools/gradcheck_numeric.hpp>
#include <tools/gradcheck_op.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstring>
#include <string>
#include <vector>

namespace xgrad::detail {

struct Case {
    const Op& op;
    const Sample& sample;
    std::size_t number;
    const GradcheckOptions& options;
    std::vector<Array<double>> values;

    [[nodiscard]] bool is_fixed(std::size_t i) const { return sample.fixed.contains(i); }
    /// Inputs that are differentiated.
    [[nodiscard]] std::vector<bool> asks() const;
    [[nodiscard]] Random random(std::uint64_t purpose) const;
};

/// "(3, 4) and (4,)"
[[nodiscard]] std::string list_shapes(const std::vector<Shape>& shapes);

/// Inputs of those shapes, as the sample demands: multiples of 1/64 (or finer in a narrow domain,
/// coarser in a wide one) in [low, high], away from kinks, all distinct, fixed ones repeated to
/// their shape. Throws std::invalid_argument when the domain has no room.
[[nodiscard]] std::vector<Array<double>> draw_inputs(
    const Sample& sample, const std::vector<Shape>& shapes, bool distinct, Random random);

struct Outcome {
    OpCheck::Verdict verdict = OpCheck::Verdict::passed;
    std::string text;
};

[[nodiscard]] inline Outcome failed(std::string text) {
    return {OpCheck::Verdict::failed, std::move(text)};
}
[[nodiscard]] inline Outcome skipped(std::string text) {
    return {OpCheck::Verdict::skipped, std::move(text)};
}

/// A check of one sample, and its name.
struct Trait {
    const char* name;
    Outcome (*check)(const Case&);
};

/// All but the gradients.
[[nodiscard]] const std::vector<Trait>& traits();

/// Every check of one case but the sweep; it draws the inputs.
[[nodiscard]] OpReport check_once(Case one);

/// Whether inputs of these shapes can be drawn, and the op makes finite numbers of them.
[[nodiscard]] bool accepts(const Case& one, const std::vector<Shape>& shapes);

// The checks that take more than a screen.
[[nodiscard]] Outcome check_other_shapes(const Case& one);
[[nodiscard]] Outcome check_zero_size(const Case& one);
[[nodiscard]] Outcome check_exceptions(const Case& one);

template <class T>
[[nodiscard]] Array<T> cast(const Array<double>& x) {
    Array<T> y = empty<T>(x.shape());
    std::transform(
        x.data(), x.data() + x.size(), y.data(), [](double v) { return static_cast<T>(v); });
    return y;
}

template <class T>
[[nodiscard]] std::vector<Variable<T>> leaves(
    const std::vector<Array<double>>& values, const std::vector<bool>& asks) {
    std::vector<Variable<T>> all;
    for (std::size_t i = 0; i < values.size(); ++i)
        all.emplace_back(cast<T>(values[i]), asks[i]);
    return all;
}

template <class T>
[[nodiscard]] Variable<T> call(const Case& one, const std::vector<Variable<T>>& inputs) {
    if constexpr (std::same_as<T, float>) {
        return one.sample.call_float(inputs);
    } else {
        return one.sample.call_double(inputs);
    }
}

/// The output's seed: the same values for float and double.
template <class T>
[[nodiscard]] Variable<T> seed_of(const Case& one, const Variable<T>& output) {
    Random random = one.random(2);
    return Variable<T>(cast<T>(draw_seed(output.shape(), random)));
}

/// The gradients of <seed, output>; undefined for inputs that do not ask or are not reached.
template <class T>
[[nodiscard]] std::vector<Variable<T>> gradients_of(
    const Variable<T>& output, const Variable<T>& seed, const std::vector<Variable<T>>& inputs) {
    std::vector<Variable<T>> gradients(inputs.size()), asking;
    std::vector<std::size_t> at;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (inputs[i].requires_grad()) {
            asking.push_back(inputs[i]);
            at.push_back(i);
        }
    }
    if (!output.requires_grad())
        return gradients;
    const auto found =
        grad({output}, asking, GradOptions<T>{.seeds = {seed}, .allow_unused = true});
    for (std::size_t k = 0; k < at.size(); ++k)
        gradients[at[k]] = found[k];
    return gradients;
}

template <class T>
[[nodiscard]] bool same_bits(const Array<T>& a, const Array<T>& b) {
    return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// Where two arrays differ in a bit: "at (1, 2): 0.5 and 0.25"; empty where they do not.
template <class T>
[[nodiscard]] std::string difference(const Array<T>& a, const Array<T>& b) {
    if (a.shape() != b.shape())
        return fmt::format("shapes {} and {}", a.shape(), b.shape());
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (std::memcmp(a.data() + i, b.data() + i, sizeof(T)) != 0) {
            return fmt::format(
                "at {}: {} and {}", index_string(i, a.shape()), a.data()[i], b.data()[i]);
        }
    }
    return "";
}

/// The same of two gradients, which may be undefined.
template <class T>
[[nodiscard]] std::string difference(const Variable<T>& a, const Variable<T>& b) {
    if (a.defined() != b.defined())
        return fmt::format(
            "one of them {} is missing", a.defined() ? "(the second)" : "(the first)");
    return a.defined() ? difference(a.value(), b.value()) : "";
}

}  // namespace xgrad::detail
