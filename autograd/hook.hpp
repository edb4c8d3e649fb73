// HookHandle: takes a registered hook off again.
#pragma once

#include <functional>
#include <utility>

namespace xgrad {

/// What registering a hook returns. Dropping it leaves the hook where it is; a copy removes the
/// same hook, an empty one (default-constructed or moved from) none.
class HookHandle {
public:
    HookHandle() = default;
    explicit HookHandle(std::function<void()> remove) : remove_(std::move(remove)) {}
    HookHandle(const HookHandle&) = default;
    HookHandle(HookHandle&& other) noexcept : remove_(std::exchange(other.remove_, nullptr)) {}
    HookHandle& operator=(HookHandle other) noexcept {
        std::swap(remove_, other.remove_);
        return *this;
    }
    ~HookHandle() = default;

    /// Takes the hook off; nothing when it is off already or its owner is gone.
    void remove() {
        if (const auto act = std::exchange(remove_, nullptr))
            act();
    }

private:
    std::function<void()> remove_;
};

}  // namespace xgrad
