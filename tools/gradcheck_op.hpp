// The generic test of a registered op: all that an op promises, on each of its samples.
#pragma once

#include <autograd/op.hpp>
#include <tools/gradcheck.hpp>

#include <string>
#include <vector>

namespace xgrad {

/// One check of one sample.
struct OpCheck {
    enum class Verdict { passed, inconclusive, failed, skipped };

    std::size_t sample = 0;
    std::string name;  ///< "gradient", "float", "zero size", ...
    Verdict verdict = Verdict::passed;
    std::string text;  ///< what is wrong, or why it was skipped
};

struct OpReport {
    std::string op;
    std::vector<std::vector<Shape>> shapes;  ///< of the inputs, for each sample
    std::vector<OpCheck> checks;
    std::vector<GradcheckReport> reports;  ///< on the gradients, of samples that could be drawn
    std::vector<double> relative_error;    ///< the worst over the samples: first order, second, ...
    std::vector<double> norm_ratio;        ///< the same, less what rounding explains
    std::string ending;  ///< why there is no gradient of a higher order: a rule on arrays; or empty

    [[nodiscard]] std::size_t count(OpCheck::Verdict verdict) const noexcept;
    /// Something was checked, nothing failed and nothing is inconclusive.
    [[nodiscard]] bool ok() const noexcept;
    /// The gradients' notes, each once.
    [[nodiscard]] std::vector<std::string> notes() const;
    /// For each failure a line with op, sample, shapes and check, and below it what is wrong; then
    /// the notes. Empty where there is no failure.
    [[nodiscard]] std::string to_string() const;
};

/// Checks an op on each of its samples, on inputs drawn from op name, sample number and seed:
///
///     gradient, second gradient   against differences, to `options.order`; flat and linear samples
///                                 against zero; the first on inputs drawn four times, and on until
///                                 every element has had an effect, up to 32 times
///     mutation                    inputs and seeds keep their bits, forward and backward
///     recording                   the recorded forward equals the unrecorded one bitwise
///     float                       values and gradients in float agree with double
///     layout                      a column-major or lazy input gives the same bits
///     subset                      an input that alone asks for its gradient gets the same bits
///     accumulation                a second backward doubles the gradient
///     aliasing                    gradients share no memory with values or with each other
///     reuse                       f(x, x) against differences
///     zero size                   empty inputs work or are rejected; gradients fit
///     exceptions                  inputs of a wrong shape are rejected, alike in float and double,
///                                 recorded or not
///     shapes                      with `options.sweep`: all that again on inputs of other sizes,
///                                 with other axes and axes of extent 1, drawn at random; a failure
///                                 is told for the smallest shapes that have it
///
/// A check that a sample cannot drive is listed as skipped, with the reason. Nothing thrown by the
/// op gets out. Throws std::invalid_argument for options out of range.
[[nodiscard]] OpReport check_op(const Op& op, const GradcheckOptions& options = {.order = 2});

/// What a program that checks ops should end with: 0 all passed, 1 a failure, 3 no failure and
/// something inconclusive, 2 nothing checked: no op, or one of which every check was skipped.
[[nodiscard]] int exit_code(const std::vector<OpReport>& reports) noexcept;

}  // namespace xgrad
