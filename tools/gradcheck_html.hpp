// Reports of gradcheck as a page and as JUnit's XML, both whole in one file.
#pragma once

#include <tools/gradcheck_op.hpp>

#include <string>
#include <vector>

namespace xgrad {

/// A page without references to anything outside: a table of the ops that a click on a head sorts,
/// and for each input that did not pass a map of its errors and, for its worst entries, the error
/// against the step.
[[nodiscard]] std::string to_html(const std::vector<OpReport>& reports, double seconds);

/// A test case for each check of each sample.
[[nodiscard]] std::string to_junit(const std::vector<OpReport>& reports, double seconds);

}  // namespace xgrad
