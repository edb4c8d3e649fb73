// The folder that a run leaves, file by file.
//
//     run.json             started, resumed, finished; epochs; why it was stopped
//     settings.json        "run": what the caller gave; "fit": what fit() says of itself
//     environment.json     see environment()
//     metrics.csv, .jsonl  a line for each epoch, there as soon as the epoch is over
//     verdicts.json        verdicts and results that the caller gave
//     model.safetensors    the weights at the end
#pragma once

#include <nn/train.hpp>
#include <tools/run_setting.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace xgrad::report {

/// What was found out: "diagnosis", "high variance (overfits)", and what follows from it.
struct Verdict {
    std::string name;
    std::string text;
    std::vector<std::string> details = {};
};

struct RunOptions {
    Settings settings = {};                  ///< of the program: what the run is to be known by
    std::optional<std::uint64_t> seed = {};  ///< joins the settings as "seed"
    std::filesystem::path source = ".";      ///< in the git repository whose commit is kept
    bool save_model = true;                  ///< at the end
};

/// Makes a folder in `parent`, which is made too: `name`, or where that is taken "name-2",
/// "name-3". Two programs at once get two folders. Throws std::invalid_argument for a name that is
/// empty, starts with a dot or has a slash; IoError when no folder can be made.
[[nodiscard]] std::filesystem::path new_run_folder(
    const std::filesystem::path& parent, const std::string& name = "run");

/// Writes a run's folder. Errors are IoErrors that name the file.
class RunFolder {
public:
    /// Takes a folder that is new (it is made), empty but for folders, or that of a run which was
    /// killed, interrupted or stopped: that run goes on. Throws IoError for that of a finished run,
    /// one with other files, and one that another run is writing to.
    explicit RunFolder(std::filesystem::path folder, RunOptions options = {});
    RunFolder(const RunFolder&) = delete;
    RunFolder& operator=(const RunFolder&) = delete;
    ~RunFolder();

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return folder_; }
    [[nodiscard]] const RunOptions& options() const noexcept { return options_; }

    /// Adds a verdict, or replaces that of its name; written at once.
    void verdict(const Verdict& verdict);
    /// Adds a number to compare runs by, "test error"; written at once.
    void result(const std::string& name, double value);

    /// Writes the settings, and the epochs that a resumed run has behind it, no others: those which
    /// an interrupted run did after its last checkpoint are done again.
    void start(const Settings& fit, const train::History& history, bool has_dev);
    /// Writes the last epoch's lines.
    void epoch(const train::History& history);
    /// Marks the run as finished, or as stopped for the reason given.
    void finish(const train::History& history, const std::string& stopped);

private:
    void lock();
    void open();
    void write_verdicts() const;
    void write_metrics(const train::History& history);
    [[nodiscard]] std::vector<std::string> names_in(const train::History& history) const;

    std::filesystem::path folder_;
    RunOptions options_;
    int lock_ = -1;
    bool has_dev_ = false;
    std::vector<std::string> metrics_;  // the names of the columns behind the fixed ones
    std::vector<Verdict> verdicts_;
    std::map<std::string, double> results_;
    std::string started_;
    std::vector<std::string> resumed_;
};

}  // namespace xgrad::report
