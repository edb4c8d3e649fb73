// ProfileGuard: where the time of a computation goes, op by op.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace xgrad {

/// What one op took.
struct OpProfile {
    std::string op;
    std::size_t calls = 0;           ///< forward
    std::size_t backward_calls = 0;  ///< of its rules, all inputs at once
    double forward_seconds = 0;
    double backward_seconds = 0;
    std::size_t bytes = 0;  ///< of its results
};

/// While one is alive, the ops of this thread are timed.
///
///     const ProfileGuard profile;
///     loss(model, batch).backward();
///     std::puts(profile.to_string().c_str());
///
/// An op's time runs from its call, or from the end of the op before it where a function is made of
/// several, to its result; a rule's ops count for the op whose rule it is. Costs two readings of
/// the clock for an op, and nothing when no guard is alive. Of several guards the youngest counts.
class [[nodiscard]] ProfileGuard {
public:
    ProfileGuard();
    ~ProfileGuard();
    ProfileGuard(const ProfileGuard&) = delete;
    ProfileGuard& operator=(const ProfileGuard&) = delete;

    /// A row an op, the one that took longest first.
    [[nodiscard]] std::vector<OpProfile> ops() const;
    /// The same as a table, times in milliseconds.
    [[nodiscard]] std::string to_string() const;
    /// Every call in order, in the trace event format that chrome://tracing and Perfetto open.
    [[nodiscard]] std::string trace() const;

private:
    struct Events;
    std::unique_ptr<Events> events_;

    friend struct ProfileAccess;
};

}  // namespace xgrad
