// A failing program as C++.
#pragma once

#include <tests/random/check.hpp>

#include <string>

namespace xgrad::test {

/// A source with a main() that runs the program, makes the comparison that failed, prints both
/// numbers, and returns 1 where they differ. It needs the library alone; `note` is its first line.
[[nodiscard]] std::string cpp_source(
    const Program& program, const Failure& failure, const std::string& note);

}  // namespace xgrad::test
