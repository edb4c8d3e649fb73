// Internal to gradcheck: analytic against numeric, element by element.
#pragma once

#include <tools/gradcheck_numeric.hpp>
#include <tools/gradcheck_target.hpp>

namespace xgrad::detail {

/// Sums of squares over elements.
struct Norms {
    double numeric = 0;
    double analytic = 0;
    double gap = 0;
    double noise = 0;  ///< of the numeric side's uncertainties

    /// An entry, of which `floor` is never known.
    void add(const GradcheckEntry& entry, double floor);
    void add(const Norms& other);
    [[nodiscard]] double ratio() const;
    /// The gap is what the numeric side's uncertainty explains.
    [[nodiscard]] bool below_noise() const;
};

/// One order of one gradcheck().
struct Comparison {
    const Target& target;
    const GradcheckOptions& options;
    std::vector<double> weights;  ///< the outputs' seeds, in a row
    Variables analytic;           ///< for each input; undefined where the tape does not lead to it
    Random& random;
    GradcheckOrder& result;
    std::vector<GradcheckFinding>& findings;
};

/// Compares every input, and the norms.
void compare_all(const Comparison& comparison);

}  // namespace xgrad::detail
