// HookHandle: takes a registered hook off again.
#pragma once

#include <functional>
#include <utility>

namespace xgrad {

/// What registering a hook returns. Dropping it leaves the hook where it is.
class HookHandle {
public:
    HookHandle() = default;
    explicit HookHandle(std::function<void()> remove) : remove_(std::move(remove)) {}

    /// Takes the hook off; nothing when it is off already or its owner is gone.
    void remove() {
        if (const auto act = std::exchange(remove_, nullptr))
            act();
    }

private:
    std::function<void()> remove_;
};

}  // namespace xgrad
