// Random programs, as RapidCheck draws and shrinks them.
#pragma once

#include <tests/random/program.hpp>

#include <rapidcheck/Gen.h>

namespace xgrad::test {

/// Programs of 5 to 60 operations, with shrinks; `planted`, if there is one, is among the rows.
[[nodiscard]] rc::Gen<Program> programs(const Operation* planted = nullptr);

/// The next smaller programs, the boldest steps first. Each is valid, but may run into an error.
[[nodiscard]] rc::Seq<Program> smaller(const Program& program);

}  // namespace xgrad::test
