// Internal to fit(): what it says as it goes.
#pragma once

#include <nn/progress.hpp>
#include <nn/train.hpp>

#include <optional>

namespace xgrad::train::detail {

/// A bar while an epoch lasts, on a terminal, and a line after it; nothing without a file.
class FitProgress {
public:
    explicit FitProgress(std::FILE* out) : out_(out) {}

    void begin_epoch(std::size_t epoch, std::size_t epochs, std::size_t batches);
    void step(std::size_t batch, std::size_t rows, double loss);
    /// `in_percent`: the errors are shares.
    void end_epoch(const EpochRecord& record, bool in_percent);
    /// The run has ended, perhaps in the middle of an epoch.
    void end(const std::string& text);

private:
    using Clock = std::chrono::steady_clock;

    [[nodiscard]] double rows_per_second() const;

    std::FILE* out_;
    std::optional<ProgressBar> bar_;
    Clock::time_point start_{};  // of the epoch's steps
    Clock::time_point last_{};   // of its last one
    std::size_t epoch_ = 0, epochs_ = 0, rows_ = 0, seen_ = 0;
    double seconds_ = 0;  // of the epochs seen
};

/// "3.2 s", "4 min 05 s".
[[nodiscard]] std::string duration_text(double seconds);
/// "12.34 %", or a number as it is.
[[nodiscard]] std::string error_text(double error, bool in_percent);

}  // namespace xgrad::train::detail
