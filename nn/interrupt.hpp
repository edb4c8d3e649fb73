// Internal to fit(): Ctrl-C.
#pragma once

namespace xgrad::train::detail {

/// While one lives, the first SIGINT is noted and does nothing else; a second one ends the program.
/// Several may live at once, in any threads: the first installs the handler, the last puts the old
/// one back. A program that ignores SIGINT goes on to ignore it.
class InterruptGuard {
public:
    /// Does nothing unless `on`.
    explicit InterruptGuard(bool on);
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;
    ~InterruptGuard();

    /// A SIGINT has come since the first of those alive was made.
    [[nodiscard]] bool noted() const noexcept;

private:
    bool on_;
};

}  // namespace xgrad::train::detail
