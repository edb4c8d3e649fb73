// Where a run took place: the library, the machine, the commit.
#pragma once

#include <tools/run_setting.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace xgrad::report {

/// "xgrad" (version), "compiler", "blas", "isa" of the kernels, "threads" of an op, "cores", "cpu",
/// "os", "kernel", "date" (UTC, "2026-11-29T15:04:05Z"), and "commit" of the git repository that
/// `source` lies in, if there is one. Nothing names the machine or the user.
[[nodiscard]] Settings environment(const std::filesystem::path& source = ".");

/// The commit that is checked out in the git repository around `folder`, read from its files: a
/// branch, loose or packed, a detached head, a worktree or a submodule. None where there is no
/// repository, or no commit yet.
[[nodiscard]] std::optional<std::string> git_commit(const std::filesystem::path& folder);

/// Now, as in environment().
[[nodiscard]] std::string utc_date();

}  // namespace xgrad::report
