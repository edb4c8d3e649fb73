#include <nn/fit_progress.hpp>

#include <fmt/format.h>

#include <cmath>

namespace xgrad::train::detail {
namespace {

double seconds_between(auto from, auto to) {
    return std::chrono::duration<double>(to - from).count();
}

}  // namespace

std::string duration_text(double seconds) {
    if (seconds < 60)
        return fmt::format("{:.1f} s", seconds);
    const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
    if (whole < 3600)
        return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string error_text(double error, bool in_percent) {
    return in_percent ? fmt::format("{:.2f} %", 100 * error) : fmt::format("{:.4g}", error);
}

void FitProgress::begin_epoch(std::size_t epoch, std::size_t epochs, std::size_t batches) {
    if (out_ == nullptr)
        return;
    epoch_ = epoch;
    epochs_ = epochs;
    rows_ = 0;
    start_ = last_ = Clock::now();
    bar_.emplace(out_, fmt::format("epoch {}/{}", epoch, epochs), batches);
}

double FitProgress::rows_per_second() const {
    const double seconds = seconds_between(start_, last_);
    return seconds > 0 ? static_cast<double>(rows_) / seconds : 0;
}

void FitProgress::step(std::size_t batch, std::size_t rows, double loss) {
    if (out_ == nullptr)
        return;
    rows_ += rows;
    last_ = Clock::now();
    bar_->update(batch, fmt::format("{:.0f} rows/s, loss {:.4g}", rows_per_second(), loss));
}

void FitProgress::end_epoch(const EpochRecord& record, bool in_percent) {
    if (out_ == nullptr)
        return;
    bar_.reset();
    ++seen_;
    seconds_ += record.seconds;
    const bool has_dev = !std::isnan(record.dev.cost);
    const auto pair = [&](const char* name, const std::string& train, const std::string& dev) {
        return fmt::format("  {}: train {}{}", name, train, has_dev ? ", dev " + dev : "");
    };
    std::string line =
        fmt::format("epoch {:>{}}/{}", epoch_, fmt::formatted_size("{}", epochs_), epochs_);
    line += pair(
        "cost", fmt::format("{:.4g}", record.train.cost), fmt::format("{:.4g}", record.dev.cost));
    if (in_percent)
        line +=
            pair("error", error_text(record.train.error, true), error_text(record.dev.error, true));
    for (const auto& [name, value] : record.metrics)
        line += fmt::format("  {} {:.4g}", name, value);
    line += fmt::format("  {}, {:.0f} rows/s", duration_text(record.seconds), rows_per_second());
    if (epoch_ < epochs_) {
        const auto left = static_cast<double>(epochs_ - epoch_);
        line +=
            fmt::format(", {} left", duration_text(left * seconds_ / static_cast<double>(seen_)));
    }
    std::fputs((line + "\n").c_str(), out_);
    std::fflush(out_);
}

void FitProgress::end(const std::string& text) {
    if (out_ == nullptr)
        return;
    bar_.reset();
    std::fputs((text + "\n").c_str(), out_);
    std::fflush(out_);
}

}  // namespace xgrad::train::detail
