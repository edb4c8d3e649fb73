// A save in which a system call fails.
#pragma once

#include <filesystem>

namespace xgrad::test {

/// Makes each call of a save fail in turn, in several ways, and the disk's limit with them; the old
/// file or the new one must be whole, nothing half written, and the next save must do. Prints a
/// line for each kind of call; returns how many times that was not so. With them: a read that fails
/// is not taken for damage, and a save after load_best() is safe wherever it is cut off.
int check_faults(const std::filesystem::path& folder);

}  // namespace xgrad::test
