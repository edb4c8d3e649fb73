// Reads the folders that runs have left.
#pragma once

#include <tools/run_folder.hpp>

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace xgrad::report {

/// What a run's folder says.
struct RunRecord {
    enum class Status {
        finished,
        stopped,     ///< by a callback or Ctrl-C; it may go on
        running,     ///< a program is writing there at this moment
        unfinished,  ///< it was killed, or threw
    };

    std::filesystem::path folder;
    Status status = Status::unfinished;
    std::string started;  ///< UTC, "2026-11-29T15:04:05Z"
    std::string stopped;  ///< why it was stopped; empty when it was not
    Settings settings;    ///< the caller's, and under other names fit's
    Settings environment;
    train::History history;  ///< a dev set that was not there has NaN
    std::vector<Verdict> verdicts;
    std::map<std::string, double> results;

    [[nodiscard]] bool has_dev() const noexcept;
    /// The epoch with the lowest dev error, the train error where there is no dev set; the first of
    /// equals, from 1; 0 where there is none.
    [[nodiscard]] std::size_t best_epoch() const noexcept;
    /// The sum over the epochs.
    [[nodiscard]] double seconds() const noexcept;
};

/// "finished", "stopped", "running", "unfinished".
[[nodiscard]] const char* to_string(RunRecord::Status status) noexcept;

/// Reads a run's folder. A last line of metrics that is cut short, by a kill, is left out. Throws
/// IoError that names the file and the fault.
[[nodiscard]] RunRecord read_run(const std::filesystem::path& folder);

/// The folders at or below `top` that hold a run.json, in the order of their names, numbers in
/// them by size: run-2 before run-10. Throws IoError when `top` is no folder.
[[nodiscard]] std::vector<std::filesystem::path> find_runs(const std::filesystem::path& top);

/// Whether `a` comes before `b` in the order of find_runs().
[[nodiscard]] bool name_before(const std::string& a, const std::string& b) noexcept;

}  // namespace xgrad::report
