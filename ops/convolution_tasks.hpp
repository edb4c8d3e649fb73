// Internal: how the work of a convolution is cut.
#pragma once

#include <autograd/parallel.hpp>

#include <algorithm>
#include <cstddef>

namespace xgrad::detail {

inline std::size_t ceiling(std::size_t n, std::size_t divisor) {
    return (n + divisor - 1) / divisor;
}
inline std::size_t round_up(std::size_t n, std::size_t unit) { return ceiling(n, unit) * unit; }

// Elements of scratch memory that stay in the second cache.
inline constexpr std::size_t cached = std::size_t{1} << 16;

// Calls body(worker, task) for each task, with as many workers as threads, so that each can have
// its own scratch memory.
template <class F>
void share_out(std::size_t tasks, std::size_t workers, F body) {
    const std::size_t each = ceiling(tasks, workers);
    parallel_tasks(workers, [&](std::size_t worker) {
        for (std::size_t i = worker * each; i < std::min(tasks, (worker + 1) * each); ++i)
            body(worker, i);
    });
}

// Below some work the threads are not worth waking.
inline std::size_t workers_for(std::size_t tasks, std::size_t multiplications) {
    constexpr std::size_t worth = std::size_t{1} << 18;
    return multiplications < worth ? 1 : std::clamp<std::size_t>(tasks, 1, num_threads());
}

}  // namespace xgrad::detail
