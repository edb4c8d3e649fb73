// CheckpointFolder: the last checkpoints of a run and its best one.
#pragma once

#include <nn/checkpoint.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace xgrad::train {

struct CheckpointFolderOptions {
    std::size_t keep = 3;   ///< how many of the latest stay, at least 1
    bool keep_best = true;  ///< the one of the lowest error stays, too
};

/// A checkpoint file: "step-000000000120-error-0.0625.safetensors".
struct CheckpointFile {
    std::filesystem::path path;
    std::uint64_t step = 0;
    std::optional<double> error = {};
};

/// What was found; no file in an empty folder.
struct FoundCheckpoint {
    std::optional<CheckpointFile> file;
    std::vector<std::string> warnings;  ///< a line for each damaged file that was passed over
};

/// Keeps the checkpoints of one run, the only one that writes to the folder. A run that is killed
/// at any moment leaves each file whole or not there, and the next one goes on:
///
///     train::CheckpointFolder folder("run");
///     folder.load_latest(checkpoint);  // nothing the first time
///     for (...) {
///         ...
///         folder.save(checkpoint, step, dev_error);
///     }
class CheckpointFolder {
public:
    /// Makes the folder if need be. Throws IoError when that fails, std::invalid_argument for keep
    /// 0.
    explicit CheckpointFolder(
        std::filesystem::path folder, const CheckpointFolderOptions& options = {});

    /// Saves under that step, any count that does not fall, and with that dev error, if it is
    /// known; when the file is safe, removes what load_*() left behind, puts the file in its place,
    /// and removes those that are no longer kept and what killed runs left half written. What
    /// cannot be removed stays until the next time. Returns the file's path. Throws
    /// std::invalid_argument for a step that falls, an error that is NaN, and for a folder that had
    /// checkpoints and was not loaded from; and what Checkpoint::save() throws: then the folder is
    /// as it was, but for files that load_*() left behind.
    template <class T>
    std::filesystem::path save(
        const Checkpoint<T>& checkpoint, std::uint64_t step, std::optional<double> error = {});

    /// Loads the newest file that is whole, or the one of the lowest error, the first of equals.
    /// The next save() removes what is newer than that: the run goes on from here, and however it
    /// is killed, its first checkpoint is never there together with those. Throws IoError when
    /// there are files and all are damaged, or when one on the way cannot be read (its rights, a
    /// disk that fails), and std::invalid_argument as Checkpoint::load() does: neither is taken for
    /// damage.
    template <class T>
    FoundCheckpoint load_latest(Checkpoint<T>& checkpoint);
    template <class T>
    FoundCheckpoint load_best(Checkpoint<T>& checkpoint);

    /// The newest file that is whole, read and checked but not loaded. Throws as load_latest().
    [[nodiscard]] FoundCheckpoint latest() const;
    /// All files by step, whole or not.
    [[nodiscard]] std::vector<CheckpointFile> files() const;
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return folder_; }

private:
    [[nodiscard]] std::vector<CheckpointFile> by_error() const;
    [[nodiscard]] std::filesystem::path begin_save(
        std::uint64_t step, std::optional<double> error) const;
    void end_save(const CheckpointFile& saved);
    FoundCheckpoint enter(FoundCheckpoint found);

    std::filesystem::path folder_;
    CheckpointFolderOptions options_;
    std::optional<std::uint64_t> step_;          // of the run: loaded, or saved last
    std::vector<std::filesystem::path> behind_;  // newer, the newest first; load_*() left them
};

}  // namespace xgrad::train
