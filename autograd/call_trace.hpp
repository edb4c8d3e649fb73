// Internal to the tape and to gradcheck: the calls of ops one by one, and a way to disturb one.
#pragma once

#include <autograd/array.hpp>
#include <autograd/where.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace xgrad {

class Op;

namespace detail {

/// While one is alive on this thread, it lists the calls of ops in double in the order of their
/// results, and hands the value of one of them to `change` before anything is computed from it.
/// They do not nest: the youngest counts.
class [[nodiscard]] CallTrace {
public:
    struct Call {
        const Op* op;
        Where where;
        Shape shape;
        const void* node = nullptr;  ///< of the graph, when the call was recorded
        double size = 0;             ///< the largest magnitude in the value
        std::uint64_t hash = 0;      ///< of its bits
    };

    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

    explicit CallTrace(
        std::size_t target = none, std::function<void(Array<double>&)> change = {}) noexcept;
    ~CallTrace();
    CallTrace(const CallTrace&) = delete;
    CallTrace& operator=(const CallTrace&) = delete;

    [[nodiscard]] const std::vector<Call>& calls() const noexcept { return calls_; }

    // For the tape.
    void result(const Op* op, const Where& where, Array<double>& value);
    void node(const void* node) noexcept;

private:
    CallTrace* outer_;
    std::size_t target_;
    std::function<void(Array<double>&)> change_;
    std::vector<Call> calls_;
};

extern thread_local constinit CallTrace* call_trace;

/// An op has its value.
template <class T>
void note_result(const Op* op, const Where& where, Array<T>& value) {
    if constexpr (sizeof(T) == sizeof(double)) {
        if (call_trace)
            call_trace->result(op, where, value);
    }
}

/// The call whose result came last got this node.
inline void note_node(const void* node) noexcept {
    if (call_trace)
        call_trace->node(node);
}

}  // namespace detail
}  // namespace xgrad
