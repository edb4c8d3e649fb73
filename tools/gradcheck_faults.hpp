// Faults put into an op's rule on purpose, to see what the checker catches.
#pragma once

#include <autograd/op.hpp>

#include <string>
#include <vector>

namespace xgrad {

/// What is wrong with the gradient of one input; its value stays right.
enum class FaultKind {
    sign,        ///< -g
    factor,      ///< (1 + size) g
    dropped,     ///< 0
    transposed,  ///< of a square matrix
    unsummed,    ///< only the first of the shares that a broadcast input receives
    stale,       ///< the right rule, at the input's values plus `size`
    shifted,     ///< by one element along the last axis
    element      ///< one element times 1 + size
};

struct Fault {
    FaultKind kind;
    std::size_t input;
    double size = 1;
};

/// "sign", "factor 2", "one element", ...
[[nodiscard]] std::string describe(const Fault& fault);

/// What gradcheck should say is the likely cause: a part of its sentence.
[[nodiscard]] std::string expected_cause(const Fault& fault);

/// The faults that the sample's shapes permit, for each input that is differentiated.
[[nodiscard]] std::vector<Fault> possible_faults(const Sample& sample);

/// The sample with that fault in its calls, under the name of `op`.
[[nodiscard]] Sample spoiled(const Op& op, const Sample& sample, const Fault& fault);

/// The element of a fault of that kind: the one in the middle.
[[nodiscard]] std::size_t faulty_element(const Shape& shape);

}  // namespace xgrad
