// Internal to gradcheck: from the elements that are off to the likely mistake.
#pragma once

#include <autograd/array.hpp>

#include <string>
#include <vector>

namespace xgrad::detail {

/// What was compared in one input, element by element.
struct Compared {
    Shape shape;
    std::vector<std::size_t> at;  ///< flat indices
    std::vector<double> analytic;
    std::vector<double> numeric;
    std::vector<bool> off;
    bool reached = true;
};

/// "the sign is wrong", "off by the factor 2", ...; empty when none is recognised.
[[nodiscard]] std::string likely_cause(const Compared& compared);

}  // namespace xgrad::detail
