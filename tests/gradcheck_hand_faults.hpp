// Thirty wrong rules made by hand, of the kinds that have escaped checkers.
#pragma once

namespace xgrad {

/// Prints a line for each that gradcheck does not catch, or explains otherwise than expected, and
/// the score; false when one got away.
bool check_by_hand();

}  // namespace xgrad
