#include <nn/interrupt.hpp>

#include <signal.h>

#include <atomic>
#include <cstddef>
#include <mutex>

namespace xgrad::train::detail {
namespace {

std::atomic<bool> has_come{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a handler may not wait for a lock");
std::mutex mutex;
std::size_t alive = 0;
struct sigaction before;

extern "C" void note_interrupt(int /*signal*/) { has_come = true; }

}  // namespace

InterruptGuard::InterruptGuard(bool on) : on_(on) {
    if (!on)
        return;
    const std::lock_guard lock(mutex);
    if (alive++ > 0)
        return;
    has_come = false;
    ::sigaction(SIGINT, nullptr, &before);
    if ((before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler == SIG_IGN)
        return;
    struct sigaction action {};
    action.sa_handler = note_interrupt;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
    ::sigaction(SIGINT, &action, nullptr);
}

InterruptGuard::~InterruptGuard() {
    if (!on_)
        return;
    const std::lock_guard lock(mutex);
    if (--alive == 0)
        ::sigaction(SIGINT, &before, nullptr);
}

bool InterruptGuard::noted() const noexcept { return on_ && has_come; }

}  // namespace xgrad::train::detail
