// What the lessons share: their two options, checks of their numbers, and a folder of pictures.
#pragma once

#include <tools/report.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

/// One run of a lesson.
///
///     Lesson lesson(argc, argv);
///     ...
///     lesson.check(error < 0.1, "less than one in ten is wrong");
///     lesson.picture("curves", svg_file({plot}));
///     return lesson.end();
class Lesson {
public:
    /// Reads `--quick` and `--out FOLDER`, by default xgrad-practice among the temporary files.
    /// Anything else is answered with the usage, and exit code 2.
    Lesson(int argc, char** argv) {
        for (int i = 1; i < argc; ++i) {
            const std::string_view option = argv[i];
            if (option == "--quick") {
                quick_ = true;
            } else if (option == "--out" && i + 1 < argc) {
                out_ = argv[++i];
            } else {
                std::fprintf(stderr, "usage: %s [--quick] [--out FOLDER]\n", argv[0]);
                std::exit(2);
            }
        }
    }

    /// Whether to be done in seconds, on a part of the data.
    [[nodiscard]] bool quick() const { return quick_; }

    /// Says whether what the lesson claims is so. Where it is not, the program ends with exit code
    /// 1, after the other checks.
    void check(bool condition, const std::string& claim) {
        std::printf("%s: %s\n", condition ? "so it is" : "NOT SO", claim.c_str());
        good_ = good_ && condition;
    }

    /// Writes FOLDER/name.svg, and prints where that is. Throws xgrad::IoError.
    void picture(const std::string& name, std::string_view svg) const {
        std::filesystem::create_directories(out_);
        const std::filesystem::path path = out_ / (name + ".svg");
        xgrad::report::write_file(path, svg);
        std::printf("picture: %s\n", path.c_str());
    }

    /// The exit code: 0 when all checks held.
    [[nodiscard]] int end() const { return good_ ? 0 : 1; }

private:
    bool quick_ = false;
    bool good_ = true;
    std::filesystem::path out_ = std::filesystem::temp_directory_path() / "xgrad-practice";
};
