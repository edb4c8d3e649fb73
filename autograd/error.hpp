// What the library throws. Every text reads `<function>: <fact with numbers>; <what is needed>`.
#pragma once

#include <stdexcept>

namespace xgrad {

/// Shapes, axes or extents that do not fit: the caller's fault.
class ShapeError : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
};

/// An index or label outside its array.
class IndexError : public std::out_of_range {
public:
    using std::out_of_range::out_of_range;
};

/// Misuse of the graph: a second backward, an overwritten value, an input that is not reached.
class GraphError : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

/// create_graph through a rule that is written on arrays, and so has no derivative of its own.
class NoSecondDerivative : public GraphError {
public:
    using GraphError::GraphError;
};

/// The first NaN or infinity found under AnomalyGuard.
class AnomalyError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A file that is missing, cut short, or not what it claims to be.
class IoError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace xgrad
