// What gradcheck() found: verdicts, entries, findings. Included by tools/gradcheck.hpp.
#pragma once

#include <autograd/array.hpp>

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace xgrad {

/// fail: the gradient differs from the slope by more than the tolerance and by more than the
/// slope's own estimated error. inconclusive: by more than the tolerance only, so that the slope
/// may be what is wrong.
enum class GradcheckVerdict { pass, inconclusive, fail };

/// "PASS", "INCONCLUSIVE", "FAIL".
[[nodiscard]] const char* describe(GradcheckVerdict verdict) noexcept;

/// How ||numeric - analytic|| / (||numeric|| + ||analytic||) reads: fine below 1e-7, close below
/// 1e-5, a look at the components below 1e-3, worry from there on and for NaN.
enum class NormBand { fine, close, look, worry };

[[nodiscard]] NormBand norm_band(double ratio) noexcept;
/// "fine", "close", "look at the components", "worry".
[[nodiscard]] const char* describe(NormBand band) noexcept;

/// A difference at one step, for a picture of the error against the step.
struct GradcheckPoint {
    double step;
    double difference;
};

/// One element of an input.
struct GradcheckEntry {
    std::string input;
    std::vector<std::size_t> index;
    GradcheckVerdict verdict = GradcheckVerdict::pass;
    double analytic = 0;
    double numeric = 0;
    double uncertainty = 0;  ///< of the numeric value: an estimate
    double absolute = 0;     ///< |analytic - numeric|
    double relative = 0;     ///< |analytic - numeric| / max(1, |analytic|, |numeric|)
    double step = 0;         ///< the one that the numeric value rests on
    /// Of a failure: how fast |f(x + h) - f(x) - h analytic| falls with h: as h^2 where the
    /// gradient is right, as h where it is wrong. NaN where rounding hides it.
    double taylor = std::numeric_limits<double>::quiet_NaN();
    /// The kink near the element, "relu (model.cpp:12) at (3,)"; empty without one.
    std::string kink;
    bool on_kink = false;  ///< the slopes on both sides count, and `numeric` is the nearer one
    double left = 0, right = 0;
    std::vector<GradcheckPoint> sweep;  ///< of what did not pass
};

/// "0.weight at (1, 2): analytic 0.25, numeric -0.25 +- 3e-11, absolute error 0.5, relative error
/// 0.5", with step, slope and kink where there are some.
[[nodiscard]] std::string to_string(const GradcheckEntry& entry);

struct GradcheckInput {
    std::string name;
    Shape shape;
    std::size_t checked = 0;        ///< elements
    std::size_t off = 0;            ///< of those, failures
    std::size_t inconclusive = 0;   ///< of those
    std::size_t kinks = 0;          ///< of those, beside or on a kink
    GradcheckEntry worst;           ///< when any was checked
    double norm_ratio = 0;          ///< 0 where both norms are
    bool below_noise = false;       ///< the differences cannot resolve this input's norm ratio
    bool reached = true;            ///< the tape leads from an output to this input
    bool has_effect = false;        ///< some difference is not zero
    std::vector<std::size_t> idle;  ///< the elements, flat, without any effect
    std::vector<double> gaps;  ///< |analytic - numeric| of all elements, where all were compared
    std::string cause;         ///< the likely one of what is off: "the sign is wrong"; or empty
    /// Checked along so many random directions instead of element by element; 0: by element.
    std::size_t directions = 0;
    /// Then an element wrong by s > resolution is missed with a probability of at most
    /// (resolution / s)^directions; infinite where a direction was inconclusive.
    double resolution = 0;
};

struct GradcheckOrder {
    int order = 1;
    std::vector<GradcheckInput> inputs;  ///< from order 2 on also the seeds, "seed 0"
    std::vector<GradcheckEntry> worst;   ///< over all inputs, the largest relative error first
    double norm_ratio = 0;               ///< of all inputs as one vector
    bool below_noise = false;
    std::size_t evaluations = 0;  ///< of the function, for the differences

    [[nodiscard]] double relative_error() const;  ///< the worst, NaN counting as infinite
};

/// What is wrong, and the check that found it: "gradient", "second gradient", "gradient of order
/// 3", "no derivative" (of a rule on arrays, from order 2 on), "dead input", "determinism",
/// "mutation", "not a number", "recording", "zero seed", "missing seed", "accumulation",
/// "adjoint".
struct GradcheckFinding {
    std::string check;
    std::string text;
    std::string advice = {};  ///< what to do, in one sentence
    GradcheckVerdict verdict = GradcheckVerdict::fail;
};

struct GradcheckReport {
    std::vector<GradcheckOrder> orders;
    std::vector<GradcheckFinding> findings;
    /// What makes a passed check worth less: dead units, gradients near zero or hidden by
    /// another's; and what was replayed.
    std::vector<std::string> notes;

    /// The worst of the findings'.
    [[nodiscard]] GradcheckVerdict verdict() const noexcept;
    [[nodiscard]] bool ok() const noexcept { return findings.empty(); }
    /// The verdict; each finding, its story in short lines; notes; a line for each input and for
    /// each of the worst entries.
    [[nodiscard]] std::string to_string() const;
};

namespace detail {

/// The parts of a story, which "; " sets apart, each on a line of its own.
[[nodiscard]] std::string lines_of(std::string_view story, std::string_view indent);

}  // namespace detail
}  // namespace xgrad
