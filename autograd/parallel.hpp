// Threads inside one op. Off by default.
#pragma once

#include <cstddef>
#include <functional>

namespace xgrad {

/// How many threads one op may use, this one included; 1 at the start. Results do not depend on
/// it: not a bit. Throws std::invalid_argument for 0. Call it while no op is running.
void set_num_threads(std::size_t n);
/// What set_num_threads() has set.
[[nodiscard]] std::size_t num_threads() noexcept;

namespace detail {

/// Calls task(i) for i in [0, tasks), spread over the threads; returns when all are done. What
/// the tasks are may depend on sizes only, never on the number of threads. Tasks do not throw.
void parallel_tasks(std::size_t tasks, const std::function<void(std::size_t)>& task);

/// Splits [0, n) into ranges of at least `grain` and calls body(begin, end) for each.
void parallel_ranges(
    std::size_t n, std::size_t grain, const std::function<void(std::size_t, std::size_t)>& body);

}  // namespace detail
}  // namespace xgrad
