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
    std::vector<double> value;  ///< of the input
    std::vector<bool> off;
    bool reached = true;
    bool is_broadcast = false;  ///< the output has the input's shape and more
};

struct Cause {
    std::string text;    ///< "the sign is wrong", "off by the factor 2", ...
    std::string advice;  ///< what to do, in one sentence
};

/// Both are empty when nothing is off.
[[nodiscard]] Cause likely_cause(const Compared& compared);

}  // namespace xgrad::detail
