// The one option of the programs that train for minutes.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

/// Whether `--quick` is given. `--help` prints the usage and ends the program; anything else is
/// answered with it, and exit code 2.
inline bool quick_option(int argc, char** argv) {
    bool quick = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        if (option == "--quick") {
            quick = true;
            continue;
        }
        const bool is_help = option == "--help" || option == "-h";
        std::fprintf(is_help ? stdout : stderr, "usage: %s [--quick]\n", argv[0]);
        std::exit(is_help ? 0 : 2);
    }
    return quick;
}
