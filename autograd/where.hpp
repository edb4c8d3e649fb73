// Where in the user's source an op was called.
#pragma once

#include <type_traits>

namespace xgrad {

namespace detail {
/// A ProfileGuard is alive on this thread.
extern thread_local constinit bool profiling;
/// An op is being called: its time starts here.
void mark_call() noexcept;
}  // namespace detail

/// File and line of a call. Every op takes one as its last, defaulted argument, so that errors and
/// anomaly mode can name the line. (std::source_location needs clang 15.)
class Where {
public:
    constexpr Where() noexcept = default;
    /// As a default argument: where the function with that argument is called.
    [[nodiscard]] static constexpr Where current(
        const char* file = __builtin_FILE(), int line = __builtin_LINE()) noexcept {
        Where where;
        where.file_ = file;
        where.line_ = line;
        if (!std::is_constant_evaluated() && detail::profiling)
            detail::mark_call();
        return where;
    }

    [[nodiscard]] constexpr const char* file_name() const noexcept { return file_; }
    [[nodiscard]] constexpr int line() const noexcept { return line_; }

private:
    const char* file_ = "";
    int line_ = 0;
};

}  // namespace xgrad
