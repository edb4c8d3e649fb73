// A progress bar for programs.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace xgrad {

/// One line on a terminal that redraws itself; nothing where the output is a file or a pipe.
class ProgressBar {
public:
    /// `label` stands before the bar.
    ProgressBar(std::FILE* out, std::string label, std::size_t total);
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    /// Clears the line.
    ~ProgressBar();

    /// `done` of the total, with the time left and a note behind the bar. Redraws at most ten times
    /// a second.
    void update(std::size_t done, std::string_view note);

    /// The bar's text for a share of 1: "[=====>    ]", `width` characters between the brackets.
    [[nodiscard]] static std::string bar(double share, std::size_t width);

private:
    using Clock = std::chrono::steady_clock;

    std::FILE* out_;
    std::string label_;
    std::size_t total_;
    bool terminal_;
    bool drawn_ = false;
    Clock::time_point start_{};
    Clock::time_point last_{};
};

}  // namespace xgrad
