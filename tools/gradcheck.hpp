// gradcheck: compares the gradients of any function of Variables with two-sided differences.
#pragma once

#include <autograd/variable.hpp>
#include <tools/gradcheck_report.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace xgrad {

struct GradcheckOptions {
    int order = 1;                 ///< 2: the gradient of the gradient too, and so on
    double step = 0;               ///< h = step * max(1, |x|); 0: cbrt(epsilon), 6.06e-6
    double tolerance = 1e-6;       ///< of an element: see gradcheck()
    double norm_tolerance = 1e-7;  ///< the largest norm ratio
    std::uint64_t seed = 0;        ///< of the outputs' seeds and of the choice of elements
    std::size_t max_elements = 0;  ///< checked in each input; 0: all, or along directions
    /// Random directions for each input where there are more than `full_limit` elements to check.
    std::size_t directions = 4;
    std::size_t full_limit = 10000;
    std::size_t worst = 5;    ///< how many entries the report lists
    bool flat = false;        ///< the gradient must be zero everywhere
    bool linear = false;      ///< the second derivative must be zero everywhere
    bool in_float = false;    ///< the gradient is that of float; check_op() judges the op in float
    bool allow_zero = false;  ///< an input without any effect is no failure
    std::size_t sweep = 0;    ///< of check_op(): so many other shapes for each sample
    /// The function's domain: no input is moved outside, and at a border the differences are
    /// one-sided. A domain that is one point bounds nothing.
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();
};

using Variables = std::vector<Variable<double>>;
using NamedVariables = std::vector<std::pair<std::string, Variable<double>>>;

/// A function with one output, or with several.
class GradcheckFunction {
public:
    template <std::invocable<const Variables&> F>
    GradcheckFunction(F f) {
        if constexpr (std::convertible_to<std::invoke_result_t<F&, const Variables&>, Variables>) {
            call_ = std::move(f);
        } else {
            call_ = [f = std::move(f)](const Variables& in) mutable { return Variables{f(in)}; };
        }
    }
    [[nodiscard]] Variables operator()(const Variables& inputs) const { return call_(inputs); }

private:
    std::function<Variables(const Variables&)> call_;
};

/// Compares the gradient of <seeds, f> with two-sided differences, for seeds drawn at random, with
/// respect to each input that requires a gradient; the others are constants. f runs on copies, many
/// times, and must be the same function each time: what layers draw at random in the first call is
/// repeated in the others.
///
/// An element passes when |a - n| <= tolerance * max(|a|, |n|, the input's largest |a| / 1000), a
/// its gradient and n a plain difference. Where they disagree, differences at steps from 2048 h
/// down are extrapolated [Ridders 1982]; when the disagreement is within four times the estimated
/// error of the most certain one, the element is inconclusive, else it fails. A kink near x, found
/// by what the ops decide at x - h, x and x + h, makes the steps smaller; on a kink the gradient
/// must lie between the slopes of both sides.
///
/// More than `full_limit` elements are checked along random directions, several for each input.
/// Where one disagrees, halving finds the elements that are to blame.
///
/// From order 2 on, the function is the gradient of the order before, and its seeds are inputs too.
///
/// What f itself throws passes through, but for std::invalid_argument away from x, which is the end
/// of its domain; what its backward pass throws is a finding. Throws
/// std::invalid_argument for options out of range, for no output, and where no input requires a
/// gradient or has an element.
[[nodiscard]] GradcheckReport gradcheck(
    const GradcheckFunction& f, const NamedVariables& inputs, const GradcheckOptions& options = {});

/// The same; the inputs are named "input 0", "input 1", ...
[[nodiscard]] GradcheckReport gradcheck(
    const GradcheckFunction& f, const Variables& inputs, const GradcheckOptions& options = {});

/// The same for a closure over leaves, with 1 for the seed: a model's loss and its parameters, all
/// of which must require a gradient. They are perturbed in place with update(); their values are
/// back when this returns or throws, their gradients untouched. What nn's layers draw is drawn once
/// and repeated; other randomness inside must repeat by itself. `state` is what the loss changes as
/// it runs, such as running means: its values are put back before every run and at the end.
[[nodiscard]] GradcheckReport gradcheck(
    const std::function<Variable<double>()>& loss,
    const NamedVariables& parameters,
    const GradcheckOptions& options = {},
    const NamedVariables& state = {});

/// Names and values, as of a module's parameters() or buffers().
template <class List>
    requires(requires(const List& list) {
        NamedVariables{{list.front().name, list.front().value}};
    })
[[nodiscard]] NamedVariables named(const List& list) {
    NamedVariables all;
    for (const auto& one : list)
        all.emplace_back(one.name, one.value);
    return all;
}

/// The same for a list of what has a name and a value: a module's parameters().
template <class Parameters>
    requires(requires(const Parameters& p) { named(p); })
[[nodiscard]] GradcheckReport gradcheck(
    const std::function<Variable<double>()>& loss,
    const Parameters& parameters,
    const GradcheckOptions& options = {}) {
    return gradcheck(loss, named(parameters), options);
}

/// The same for a module and a batch {x, y}: the function is loss(module(x), y), the parameters are
/// the module's, and so is the state, its buffers.
template <class Model, class Loss, class Batch>
    requires(requires(Model& model, Loss& loss, const Batch& batch) {
        Variable<double>(loss(model(Variable<double>(batch.x)), batch.y));
        named(model.parameters());
        named(model.buffers());
    })
[[nodiscard]] GradcheckReport gradcheck(
    Model& model, Loss loss, const Batch& batch, const GradcheckOptions& options = {}) {
    const Variable<double> x(batch.x);
    return gradcheck(
        [&]() -> Variable<double> { return loss(model(x), batch.y); },
        named(model.parameters()),
        options,
        named(model.buffers()));
}

/// A function in float, to be judged by the slopes of the same function in double: its value is
/// that of `in_double`, its gradient that of `in_float`, which has no second one. Pass options that
/// suit float, as float_options() gives.
///
///     const auto f = [](const auto& in) { return tanh(in[0]) * in[1]; };
///     gradcheck(judged_in_double(f, f), inputs, float_options())
[[nodiscard]] GradcheckFunction judged_in_double(
    std::function<Variable<float>(const std::vector<Variable<float>>&)> in_float,
    std::function<Variable<double>(const std::vector<Variable<double>>&)> in_double);

/// First order, tolerance 1e-4, norm tolerance 1e-5, and the rest as given.
[[nodiscard]] GradcheckOptions float_options(GradcheckOptions options = {});

}  // namespace xgrad
