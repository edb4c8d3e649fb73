#include <nn/warning.hpp>

#include <mutex>
#include <utility>

namespace xgrad {
namespace {

struct Current {
    std::mutex mutex;
    WarningHandler handler;
};

// Built on first use, so that objects with static storage may warn.
Current& current() {
    static Current current;
    return current;
}

}  // namespace

WarningHandler set_warning_handler(WarningHandler handler) {
    const std::lock_guard lock(current().mutex);
    return std::exchange(current().handler, std::move(handler));
}

void detail::warn(const std::string& text) {
    const std::lock_guard lock(current().mutex);
    if (current().handler)
        current().handler(text);
}

}  // namespace xgrad
