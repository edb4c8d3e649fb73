// Where in the user's source an op was called.
#pragma once

#include <source_location>

namespace xgrad {

/// Every op takes one as its last, defaulted argument, so errors and anomaly mode can name the
/// line.
using Where = std::source_location;

}  // namespace xgrad
