// gradcheck: compares the gradients of any function of Variables with two-sided differences.
#pragma once

#include <autograd/variable.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace xgrad {

struct GradcheckOptions {
    int order = 1;                 ///< 2: the gradient of the gradient too, and so on
    double step = 0;               ///< h = step * max(1, |x|); 0: cbrt(epsilon), 6.06e-6
    double tolerance = 1e-6;       ///< the largest |a - n| / max(1, |a|, |n|) of an element
    double norm_tolerance = 1e-7;  ///< the largest norm ratio
    std::uint64_t seed = 0;        ///< of the outputs' seeds and of the choice of elements
    std::size_t max_elements = 0;  ///< checked in each input; 0: all
    std::size_t worst = 5;         ///< how many entries the report lists
    bool flat = false;             ///< the gradient must be zero everywhere
    bool linear = false;           ///< the second derivative must be zero everywhere
    bool allow_zero = false;       ///< an input without any effect is no failure
};

/// How ||numeric - analytic|| / (||numeric|| + ||analytic||) reads: fine below 1e-7, close below
/// 1e-5, a look at the components below 1e-3, worry from there on and for NaN.
enum class NormBand { fine, close, look, worry };

[[nodiscard]] NormBand norm_band(double ratio) noexcept;
/// "fine", "close", "look at the components", "worry".
[[nodiscard]] const char* describe(NormBand band) noexcept;

/// One element of an input.
struct GradcheckEntry {
    std::string input;
    std::vector<std::size_t> index;
    double analytic = 0;
    double numeric = 0;
    double uncertainty = 0;  ///< of the numeric value: an estimate
    double absolute = 0;     ///< |analytic - numeric|
    double relative = 0;     ///< |analytic - numeric| / max(1, |analytic|, |numeric|)
};

/// "0.weight at (1, 2): analytic 0.25, numeric -0.25, absolute error 0.5, relative error 0.5".
[[nodiscard]] std::string to_string(const GradcheckEntry& entry);

struct GradcheckInput {
    std::string name;
    Shape shape;
    std::size_t checked = 0;   ///< elements
    std::size_t off = 0;       ///< of those, beyond the tolerance
    GradcheckEntry worst;      ///< when any was checked
    double norm_ratio = 0;     ///< 0 where both norms are
    bool below_noise = false;  ///< the differences cannot resolve this input's norm ratio
    bool reached = true;       ///< the tape leads from an output to this input
    bool has_effect = false;   ///< some difference is not zero
    std::string cause;         ///< the likely one of what is off: "the sign is wrong"; or empty
};

struct GradcheckOrder {
    int order = 1;
    std::vector<GradcheckInput> inputs;  ///< from order 2 on also the seeds, "seed 0"
    std::vector<GradcheckEntry> worst;   ///< over all inputs, the largest relative error first
    double norm_ratio = 0;               ///< of all inputs as one vector
    bool below_noise = false;

    [[nodiscard]] double relative_error() const;  ///< the worst, NaN counting as infinite
};

/// What is wrong, and the check that found it: "gradient", "second gradient", "gradient of order
/// 3", "dead input", "determinism", "mutation", "recording".
struct GradcheckFinding {
    std::string check;
    std::string text;
};

struct GradcheckReport {
    std::vector<GradcheckOrder> orders;
    std::vector<GradcheckFinding> findings;

    [[nodiscard]] bool ok() const noexcept { return findings.empty(); }
    /// The verdict, a line for each input, each finding, the worst entries.
    [[nodiscard]] std::string to_string() const;
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
/// times, and must be the same function each time. Where the plain difference disagrees, steps
/// from 2048 h down to h / 64 are extrapolated and the most certain value counts.
///
/// From order 2 on, the function is the gradient of the order before, and its seeds are inputs too.
///
/// What f itself throws passes through; what its backward pass throws is a finding. Throws
/// std::invalid_argument for options out of range, for no output, and where no input requires a
/// gradient or has an element.
[[nodiscard]] GradcheckReport gradcheck(
    const GradcheckFunction& f, const NamedVariables& inputs, const GradcheckOptions& options = {});

/// The same; the inputs are named "input 0", "input 1", ...
[[nodiscard]] GradcheckReport gradcheck(
    const GradcheckFunction& f, const Variables& inputs, const GradcheckOptions& options = {});

/// The same for a closure over leaves: a model's loss and its parameters, all of which must require
/// a gradient. They are perturbed in place with update(); their values are back when this returns
/// or throws, their gradients untouched. Randomness inside must repeat: see freeze_noise() of
/// nn::Module.
[[nodiscard]] GradcheckReport gradcheck(
    const std::function<Variable<double>()>& loss,
    const NamedVariables& parameters,
    const GradcheckOptions& options = {});

/// The same for a list of what has a name and a value: a module's parameters().
template <class Parameters>
    requires(requires(const Parameters& p) { NamedVariables{{p.front().name, p.front().value}}; })
[[nodiscard]] GradcheckReport gradcheck(
    const std::function<Variable<double>()>& loss,
    const Parameters& parameters,
    const GradcheckOptions& options = {}) {
    NamedVariables named;
    for (const auto& parameter : parameters)
        named.emplace_back(parameter.name, parameter.value);
    return gradcheck(loss, named, options);
}

}  // namespace xgrad
