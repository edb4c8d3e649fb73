// A number on the command line of the kill tests.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

/// What follows `name`, or else `otherwise`.
inline std::uint64_t option(
    int argc, char** argv, const std::string& name, std::uint64_t otherwise) {
    for (int i = 1; i + 1 < argc; ++i) {
        if (argv[i] == name)
            return std::strtoull(argv[i + 1], nullptr, 10);
    }
    return otherwise;
}
