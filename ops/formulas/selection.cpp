// Compiled once for each instruction set.
#include <ops/enroll.hpp>
#include <ops/formulas/selection.hpp>
