// Internal to the gradcheck program: what its command line asks for.
#pragma once

#include <tools/gradcheck.hpp>

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace xgrad {

struct Settings {
    bool list = false;
    bool all = false;
    bool verbose = false;
    std::vector<std::string> names;
    std::vector<std::string> libraries;
    bool power = false;
    std::string json, junit, html;
    GradcheckOptions options{.order = 2};
};

/// Gives the program its options, which write to `settings`.
void add_options(CLI::App& app, Settings& settings);

/// Throws std::invalid_argument for options that do not go together. After the parse.
void check_together(const CLI::App& app);

}  // namespace xgrad
