// An intrusive, thread-safe reference: one pointer wide, no control block.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace xgrad::detail {

/// The count that Ref<T> works on; T derives from it and has `void destroy() noexcept`.
class Counted {
public:
    void retain() const noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
    /// True when that was the last reference. The last owner needs no atomic subtraction.
    [[nodiscard]] bool release() const noexcept {
        return count_.load(std::memory_order_acquire) == 1 ||
               count_.fetch_sub(1, std::memory_order_acq_rel) == 1;
    }
    [[nodiscard]] bool unique() const noexcept {
        return count_.load(std::memory_order_acquire) == 1;
    }

protected:
    Counted() = default;
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() = default;

private:
    mutable std::atomic<std::uint32_t> count_{1};
};

template <class T>
class Ref {
public:
    Ref() noexcept = default;
    Ref(const Ref& other) noexcept : object_(other.object_) {
        if (object_)
            object_->retain();
    }
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Ref& operator=(Ref other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Ref() {
        if (object_ && object_->release())
            object_->destroy();
    }

    /// Takes over the reference a new object is born with.
    [[nodiscard]] static Ref adopt(T* object) noexcept {
        Ref ref;
        ref.object_ = object;
        return ref;
    }
    [[nodiscard]] static Ref share(T* object) noexcept {
        if (object)
            object->retain();
        return adopt(object);
    }

    T* get() const noexcept { return object_; }
    T* operator->() const noexcept { return object_; }
    T& operator*() const noexcept { return *object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }
    friend bool operator==(const Ref& a, const Ref& b) noexcept { return a.object_ == b.object_; }

private:
    T* object_ = nullptr;
};

}  // namespace xgrad::detail
