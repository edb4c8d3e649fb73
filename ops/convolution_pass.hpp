// Internal: how a convolution of any stride and dilation becomes products of shifted rows.
//
// With stride s, what a tap t reads lies s apart, beginning at t dilation - padding. Copied out by
// the remainder of t dilation by s, each such phase of x is a plane in which the convolution has
// stride 1 and a tap is a shift. The transposed convolution falls apart in the same way: the
// elements of x in a phase are a convolution of stride 1 of y with the taps of that remainder.
//
// The rows of a plane follow one another at a pitch, so that a whole band of them is one long row
// to the kernels: its last columns mix two rows and are left out of the result. Zeros at the right
// end of a row serve as those at the left end of the next.
#pragma once

#include <ops/convolve.hpp>

#include <algorithm>
#include <cstring>
#include <vector>

namespace xgrad::detail {

/// Copies n elements. The rows of an image are short: in whole vectors, the last one over what is
/// there already, they take half the time of a call to memmove.
template <class T>
inline void copy_row(const T* from, std::size_t n, T* to) {
    constexpr std::size_t step = 32 / sizeof(T);
    if (n < step) {
        for (std::size_t i = 0; i < n; ++i)
            to[i] = from[i];
        return;
    }
    for (std::size_t i = 0; i + step < n; i += step)
        std::memcpy(to + i, from + i, 32);
    std::memcpy(to + n - step, from + n - step, 32);
}

/// One axis of a pass of stride 1.
struct PassAxis {
    struct Tap {
        std::size_t at;            ///< along the kernel
        std::size_t phase, shift;  ///< what it reads: the plane, and where in it
    };
    std::size_t source;                  ///< the extent that the planes are cut from
    std::vector<std::ptrdiff_t> starts;  ///< of each phase in the source
    std::ptrdiff_t step;                 ///< between elements of a phase
    std::vector<Tap> taps;
    std::size_t reach;        ///< the largest shift
    std::size_t positions;    ///< results of this pass
    std::size_t to, to_step;  ///< where they go

    /// Result i needs element i of the source and no other.
    [[nodiscard]] bool is_plain() const {
        return positions == source && reach == 0 && step == 1 &&
               starts == std::vector<std::ptrdiff_t>{0};
    }

    /// The elements of a phase that lie inside the source, among the first `length`.
    struct Range {
        std::size_t begin, end;
    };
    [[nodiscard]] Range inside(std::size_t phase, std::size_t length) const;
};

/// The only pass of a convolution.
[[nodiscard]] PassAxis forward_axis(const ConvolutionAxis& axis);
/// The pass of a transposed convolution for one remainder by the stride.
[[nodiscard]] PassAxis transposed_axis(const ConvolutionAxis& axis, std::size_t remainder);

/// The planes of one channel, all phases, one after another.
class Planes {
public:
    /// Of `band` rows of results at a time.
    Planes(const PassAxis& rows, const PassAxis& columns, std::size_t band);

    [[nodiscard]] std::size_t pitch() const noexcept { return pitch_; }
    /// Elements of a channel.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Zeros that must follow the last channel, for kernels that read `lanes` at a time.
    [[nodiscard]] std::size_t slack(std::size_t lanes) const noexcept { return overlap_ + lanes; }
    /// The length of `band` rows of results as one.
    [[nodiscard]] std::size_t length(std::size_t band) const noexcept {
        return (band - 1) * pitch_ + columns_.positions;
    }
    /// Where each tap of `channels` channels reads: by channel, row and column of the kernel.
    [[nodiscard]] std::vector<std::size_t> offsets(std::size_t channels) const;
    /// Fills the planes of a channel for the band of results that begins at row `first`.
    template <class T>
    void fill(T* to, const T* source, std::size_t first) const;

    /// The pitch that these axes have, whatever the band.
    [[nodiscard]] static std::size_t pitch_of(const PassAxis& columns);

private:
    [[nodiscard]] static std::size_t overlap_of(const PassAxis& columns);

    const PassAxis &rows_, &columns_;
    std::size_t overlap_, pitch_, height_, size_;
};

}  // namespace xgrad::detail
