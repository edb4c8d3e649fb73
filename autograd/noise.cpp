#include <autograd/noise.hpp>

#include <utility>

namespace xgrad::detail {
namespace {

thread_local constinit NoiseLog* innermost = nullptr;

}  // namespace

NoiseLog::NoiseLog() noexcept : outer_(innermost), repeats_(false) { innermost = this; }

NoiseLog::NoiseLog(std::vector<std::uint64_t> earlier) noexcept
    : outer_(innermost),
      streams_(std::move(earlier)),
      repeats_(true) {
    innermost = this;
}

NoiseLog::~NoiseLog() { innermost = outer_; }

std::uint64_t NoiseLog::draw(std::uint64_t& counter) {
    // A function that draws more often the second time is found out by its result.
    if (repeats_)
        return at_ < streams_.size() ? streams_[at_++] : 0;
    const std::uint64_t stream = outer_ ? outer_->draw(counter) : ++counter;
    streams_.push_back(stream);
    return stream;
}

std::uint64_t draw_stream(std::uint64_t& counter) {
    return innermost ? innermost->draw(counter) : ++counter;
}

bool repeats_noise() { return innermost && innermost->repeats(); }

}  // namespace xgrad::detail
