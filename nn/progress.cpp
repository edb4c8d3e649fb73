#include <nn/progress.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace xgrad {

ProgressBar::ProgressBar(std::FILE* out, std::string label, std::size_t total)
    : out_(out),
      label_(std::move(label)),
      total_(std::max<std::size_t>(total, 1)),
      terminal_(::isatty(::fileno(out)) == 1) {}

ProgressBar::~ProgressBar() {
    if (!drawn_)
        return;
    std::fputs("\r\x1b[K", out_);
    std::fflush(out_);
}

void ProgressBar::update(std::size_t done, std::string_view note) {
    using namespace std::chrono_literals;
    const Clock::time_point now = Clock::now();
    if (!terminal_ || (drawn_ && now - last_ < 100ms))
        return;
    if (!drawn_)
        start_ = now;
    last_ = now;
    drawn_ = true;
    const double share = static_cast<double>(done) / static_cast<double>(total_);
    const double seconds = std::chrono::duration<double>(now - start_).count();
    const std::string left =
        seconds > 0 ? fmt::format("{:.1f} s left, ", seconds * (1 - share) / share) : "";
    const std::string line = fmt::format(
        "\r{} {} {:3.0f} %  {}{}\x1b[K", label_, bar(share, 28), 100 * share, left, note);
    std::fputs(line.c_str(), out_);
    std::fflush(out_);
}

std::string ProgressBar::bar(double share, std::size_t width) {
    const double clamped = std::clamp(share, 0.0, 1.0);
    const auto filled = static_cast<std::size_t>(clamped * static_cast<double>(width));
    std::string text(filled, '=');
    if (filled < width)
        text += '>';
    text.resize(width, ' ');
    return "[" + text + "]";
}

}  // namespace xgrad
