// Wrong rules made by hand, of the kinds that have escaped checkers.
#pragma once

namespace xgrad {

/// Thirty wrong functions. Prints a line for each that gradcheck() does not catch, or explains
/// otherwise than expected, and the score; with `stories` also what it says of each. False when one
/// got away.
bool check_by_hand(bool stories);

/// The same for ops whose faults show in check_op() alone: on empty inputs, in float, where a
/// gradient is added to, where two inputs are one, at ties.
bool check_ops_by_hand(bool stories);

}  // namespace xgrad
