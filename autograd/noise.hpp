// The random streams that layers draw, so that a recomputation draws the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace xgrad::detail {

/// While one is alive on this thread, draw_stream() notes what it gives out, or repeats what an
/// earlier one noted. They nest: an inner one that notes takes its numbers from the outer one.
class [[nodiscard]] NoiseLog {
public:
    NoiseLog() noexcept;                                             // notes
    explicit NoiseLog(std::vector<std::uint64_t> earlier) noexcept;  // repeats
    ~NoiseLog();
    NoiseLog(const NoiseLog&) = delete;
    NoiseLog& operator=(const NoiseLog&) = delete;

    [[nodiscard]] const std::vector<std::uint64_t>& streams() const noexcept { return streams_; }
    [[nodiscard]] std::uint64_t draw(std::uint64_t& counter);
    [[nodiscard]] bool repeats() const noexcept {
        return repeats_ || (outer_ && outer_->repeats());
    }

private:
    NoiseLog* outer_;
    std::vector<std::uint64_t> streams_;
    std::size_t at_ = 0;
    bool repeats_;
};

/// The next number of a layer's own counter, which it advances; or the one it gave the first time,
/// where a computation is repeated.
[[nodiscard]] std::uint64_t draw_stream(std::uint64_t& counter);

/// Whether a computation is being repeated on this thread, so that what it did to a layer besides
/// its result must not be done again.
[[nodiscard]] bool repeats_noise();

}  // namespace xgrad::detail
