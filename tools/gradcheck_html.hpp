// Reports of gradcheck as a page and as JUnit's XML, both whole in one file.
#pragma once

#include <tools/gradcheck_op.hpp>

#include <string>
#include <vector>

namespace xgrad {

/// A page without references to anything outside: the report's text, and for each input that did
/// not pass a map of its errors and, for its worst entries, the error of the difference against the
/// step, with the distance of the analytic value; a table of the inputs that a click on a head
/// sorts.
[[nodiscard]] std::string to_html(const GradcheckReport& report);

/// The same for ops: a table of them, and story and pictures of each that did not pass.
[[nodiscard]] std::string to_html(const std::vector<OpReport>& reports, double seconds);

/// A test case for each check of each sample.
[[nodiscard]] std::string to_junit(const std::vector<OpReport>& reports, double seconds);

}  // namespace xgrad
