// Threads inside one op. Off by default.
#pragma once

#include <cstddef>
#include <type_traits>

namespace xgrad {

/// How many threads one op may use, this one included; 1 at the start. Results do not depend on
/// it: not a bit. Throws std::invalid_argument for 0. Call it while no op is running.
void set_num_threads(std::size_t n);
/// What set_num_threads() has set.
[[nodiscard]] std::size_t num_threads() noexcept;

namespace detail {

/// A function that lives at the caller's until the call ends. Unlike std::function it needs no
/// memory of its own.
template <class... Arguments>
class FunctionRef {
public:
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef>)
    FunctionRef(const F& f)
        : function_(&f),
          call_([](const void* function, Arguments... arguments) {
              (*static_cast<const F*>(function))(arguments...);
          }) {}
    void operator()(Arguments... arguments) const { call_(function_, arguments...); }

private:
    const void* function_;
    void (*call_)(const void*, Arguments...);
};

/// Calls task(i) for i in [0, tasks), spread over the threads; returns when all are done. What
/// the tasks are may depend on sizes only, never on the number of threads. Throws the first
/// exception that a task threw; the others still run.
void parallel_tasks(std::size_t tasks, FunctionRef<std::size_t> task);

/// Splits [0, n) into ranges of at least `grain` and calls body(begin, end) for each.
void parallel_ranges(std::size_t n, std::size_t grain, FunctionRef<std::size_t, std::size_t> body);

}  // namespace detail
}  // namespace xgrad
