// Internal to the benchmark: running a program.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace xgrad::bench {

/// Variables to set in a program's environment.
using Environment = std::map<std::string, std::string>;

struct Finished {
    bool ok = false;
    std::string how;     ///< "exit code 2", "signal 11", "not found"
    std::string output;  ///< what it wrote
};

/// Runs `command` to its end. Its environment is this process's without what would change a
/// measurement (OPENBLAS_*, the settings of malloc and of the peer's programs) and with `set`.
/// With `errors`, the output holds what it wrote to stderr, too.
[[nodiscard]] Finished run_program(
    const std::vector<std::string>& command, const Environment& set, bool errors = false);

/// Seconds of processor time: of all processes, and of this one and its children that ended.
struct Load {
    double all = 0, own = 0, wall = 0;

    /// The share of the machine that other processes took since then.
    [[nodiscard]] double others_since() const;
};
[[nodiscard]] Load load_now();

[[nodiscard]] std::size_t processors();

}  // namespace xgrad::bench
