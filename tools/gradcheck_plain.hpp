// gradcheck() for functions that know nothing of Variables: a gradient written by hand, or that of
// another autodiff library.
#pragma once

#include <tools/gradcheck.hpp>

#include <functional>
#include <vector>

namespace xgrad {

/// One array an input, of any length.
using PlainArrays = std::vector<std::vector<double>>;

/// Compares `gradient`, which returns one array an input, with two-sided differences of f; verdicts
/// as for a function of Variables, to first order. Kinks are not known from inside: on one, a
/// gradient that is no slope fails. What f throws passes through, but for std::invalid_argument
/// away from the inputs, the end of its domain; what `gradient` throws is a finding, and so is an
/// array of another length than its input.
///
///     gradcheck(f, gradient, {{1, 2}, {0.5}})
[[nodiscard]] GradcheckReport gradcheck(
    const std::function<double(const PlainArrays&)>& f,
    const std::function<PlainArrays(const PlainArrays&)>& gradient,
    const PlainArrays& inputs,
    const GradcheckOptions& options = {});

}  // namespace xgrad
