// Random programs, as RapidCheck draws and shrinks them.
#pragma once

#include <tests/random/program.hpp>

#include <rapidcheck/Gen.h>

namespace xgrad::test {

/// Programs of 5 to 60 operations, with shrinks; `planted`, if there is one, is among the rows.
[[nodiscard]] rc::Gen<Program> programs(const Operation* planted = nullptr);

/// The next smaller programs, the boldest steps first. `values` are those of all nodes, with which
/// a node can become an input.
[[nodiscard]] rc::Seq<Program> smaller(const Program& program);

}  // namespace xgrad::test
