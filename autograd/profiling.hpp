// Internal to the tape: what it tells a ProfileGuard.
#pragma once

#include <autograd/where.hpp>

#include <cstddef>

namespace xgrad {

class Op;

namespace detail {

/// An op has its result. Only while `profiling`.
void note_forward(const Op* op, const Where& where, std::size_t bytes);

/// Times the rules of an op while it lives.
class [[nodiscard]] TimedRule {
public:
    TimedRule(const Op* op, const Where& where) noexcept;
    ~TimedRule();
    TimedRule(const TimedRule&) = delete;
    TimedRule& operator=(const TimedRule&) = delete;

private:
    const Op* op_;
    const Where* where_;
    double start_;
};

}  // namespace detail
}  // namespace xgrad
