// Internal to the programs: whether what they print arrives.
#pragma once

#include <cstdio>
#include <stdexcept>

namespace xgrad {

/// Throws std::runtime_error when something that was printed is lost: the disk is full. At the end,
/// and before an exit code that says that all is well.
inline void check_standard_output() {
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
        throw std::runtime_error("cannot write the output; is the disk full?");
}

}  // namespace xgrad
