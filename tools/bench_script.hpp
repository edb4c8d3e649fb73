// What the benchmark leaves to the Python programs beside it.
#pragma once

#include <string>
#include <vector>

namespace xgrad::bench {

/// Runs tools/<name> with this program as --bench in place of this process. Throws
/// std::runtime_error when python3 cannot be run.
[[noreturn]] void become_script(const std::string& name, std::vector<std::string> arguments);

}  // namespace xgrad::bench
