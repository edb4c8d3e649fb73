// What the lessons share: their two options, checks of their numbers, and a folder of pictures.
#pragma once

#include <tools/report.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
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
    /// `--help` prints the usage. Anything else is answered with it, and exit code 2; so is a
    /// folder that cannot be made, with the reason.
    Lesson(int argc, char** argv) {
        for (int i = 1; i < argc; ++i) {
            const std::string_view option = argv[i];
            if (option == "--quick") {
                quick_ = true;
            } else if (option == "--out" && i + 1 < argc) {
                out_ = argv[++i];
            } else {
                const bool is_help = option == "--help" || option == "-h";
                std::fprintf(
                    is_help ? stdout : stderr, "usage: %s [--quick] [--out FOLDER]\n", argv[0]);
                std::exit(is_help ? 0 : 2);
            }
        }
        make_folder();
    }

    /// Whether to be done in seconds, on a part of the data.
    [[nodiscard]] bool quick() const { return quick_; }

    /// Says whether what the lesson claims is so. Where it is not, the program ends with exit code
    /// 1, after the other checks.
    void check(bool condition, const std::string& claim) {
        std::printf("%s: %s\n", condition ? "so it is" : "NOT SO", claim.c_str());
        good_ = good_ && condition;
    }

    /// FOLDER, which exists.
    [[nodiscard]] const std::filesystem::path& folder() const { return out_; }

    /// Writes FOLDER/name.svg, and prints where that is. Where that cannot be done the program ends
    /// with exit code 2.
    void picture(const std::string& name, std::string_view svg) const {
        const std::filesystem::path path = out_ / (name + ".svg");
        try {
            xgrad::report::write_file(path, svg);
        } catch (const std::exception& error) {
            give_up(error);
        }
        std::printf("picture: %s\n", path.c_str());
    }

    /// The exit code: 0 when all checks held.
    [[nodiscard]] int end() const { return good_ ? 0 : 1; }

private:
    // Before the work, which takes a while.
    void make_folder() const {
        try {
            std::filesystem::create_directories(out_);
        } catch (const std::exception& error) {
            give_up(error);
        }
    }

    [[noreturn]] static void give_up(const std::exception& error) {
        std::fflush(stdout);
        std::fprintf(stderr, "%s; pass --out a folder that can be written\n", error.what());
        std::exit(2);
    }

    bool quick_ = false;
    bool good_ = true;
    std::filesystem::path out_ = std::filesystem::temp_directory_path() / "xgrad-practice";
};
