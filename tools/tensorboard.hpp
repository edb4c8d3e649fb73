// Event files that TensorBoard shows: numbers, histograms and images over the steps of a run.
#pragma once

#include <nn/callback.hpp>
#include <tools/report.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>

namespace xgrad::report {

/// Writes one event file, "events.out.tfevents.SECONDS.xgrad.PID.N", into a folder, which is made.
/// Each event is in the file when the call returns. A run that goes on opens another file in the
/// same folder; TensorBoard puts them together.
///
///     report::EventWriter events("runs/wide/tensorboard");
///     events.scalar("dev/error", epoch, 0.12);
///
/// Steps are at most 2^63 - 1. Errors are IoErrors that name the file.
class EventWriter {
public:
    explicit EventWriter(const std::filesystem::path& folder);

    /// Rounded to float, as TensorBoard keeps it; NaN and infinities too.
    void scalar(std::string_view tag, std::uint64_t step, double value);
    /// How the values spread, in 30 intervals between the smallest and the largest. Those that are
    /// not finite are left out; nothing is written when none is.
    void histogram(std::string_view tag, std::uint64_t step, std::span<const double> values);
    void histogram(std::string_view tag, std::uint64_t step, std::span<const float> values);
    /// Throws std::invalid_argument as png() does.
    void image(std::string_view tag, std::uint64_t step, const Image& image);

    [[nodiscard]] const std::filesystem::path& file() const noexcept { return path_; }

private:
    void write(const std::string& event);

    std::filesystem::path path_;
    std::ofstream file_;
};

struct EventLogOptions {
    std::size_t scalars_every = 1;     ///< steps between loss and rate; 0: none within an epoch
    std::size_t histograms_every = 0;  ///< steps between those of weights and gradients; 0: none
};

/// Writes a run of fit() to event files: "step/loss" and "step/lr" over the steps, cost, error and
/// other metrics of train and dev over the epochs, and "weight/NAME", "gradient/NAME" for every
/// parameter.
template <class T>
class EventLog : public train::Callback<T> {
public:
    explicit EventLog(const std::filesystem::path& folder, const EventLogOptions& options = {})
        : events_(folder),
          options_(options) {}

    /// For what is one's own: images, more numbers.
    [[nodiscard]] EventWriter& events() noexcept { return events_; }

    void on_gradient(train::FitState<T>& state) override;
    void on_step(train::FitState<T>& state) override;
    void on_epoch(train::FitState<T>& state) override;

private:
    EventWriter events_;
    EventLogOptions options_;
};

}  // namespace xgrad::report
