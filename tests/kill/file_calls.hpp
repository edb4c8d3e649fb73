// The system calls that change or read files, watched: each can be made slow, short or to fail. The
// program that links file_calls.cpp has them in the place of libc's.
#pragma once

#include <array>
#include <cstddef>
#include <functional>

namespace xgrad::test {

enum class Call { open, write, sync_file, sync_folder, rename, remove, read };

inline constexpr std::array call_names = {
    "open", "write", "sync of the file", "sync of the folder", "rename", "remove", "read"};

/// What happens at each call while it is set; nothing when a member is empty.
struct CallHooks {
    std::function<int(Call)> before = {};  ///< an errno makes the call fail with it, 0 lets it pass
    std::function<void(Call)> after = {};  ///< the call has been made
    std::size_t write_limit = ~std::size_t{0};  ///< bytes that one write() takes at most
};

/// Not for several threads at once.
void set_call_hooks(CallHooks hooks);
void clear_call_hooks();

}  // namespace xgrad::test
