// Internal to the gradcheck program: the op that ran when the program crashed.
#pragma once

#include <autograd/op.hpp>

namespace xgrad::detail {

/// While one is alive, a crash of this thread is reported with that op's name, line and library on
/// stderr, before the program ends as it would have.
class [[nodiscard]] CrashNote {
public:
    explicit CrashNote(const Op& op);
    ~CrashNote();
    CrashNote(const CrashNote&) = delete;
    CrashNote& operator=(const CrashNote&) = delete;
};

}  // namespace xgrad::detail
