// The recorded graph, to look at.
#pragma once

#include <autograd/variable.hpp>

#include <string>

namespace xgrad {

/// The graph behind y in the DOT language of Graphviz: a box for each op with its shape and the
/// line that called it, an ellipse for each leaf, arrows from inputs to results. Leaves that
/// stopped asking for a gradient are dashed; an op whose rule has been used up is grey. A constant
/// gives a graph of one node.
///
///     std::ofstream("graph.dot") << to_dot(loss);   // dot -Tsvg graph.dot -o graph.svg
template <class T>
[[nodiscard]] std::string to_dot(const Variable<T>& y);

/// The same as text, latest first, one line an op: "%7 = mul(%5, %6)  (3, 4)  model.cpp:12".
/// Inputs that need no gradient are not on the tape and stand as "_".
template <class T>
[[nodiscard]] std::string graph_text(const Variable<T>& y);

}  // namespace xgrad
