#include <ops/convolution_pass.hpp>

#include <limits>

namespace xgrad::detail {

PassAxis::Range PassAxis::inside(std::size_t phase, std::size_t length) const {
    const auto extent = static_cast<std::ptrdiff_t>(source);
    const auto first_at = [&](std::ptrdiff_t place) {  // the first element at or behind it
        const std::ptrdiff_t distance = place - starts[phase];
        return distance <= 0 ? std::size_t{0}
                             : static_cast<std::size_t>((distance + step - 1) / step);
    };
    return {std::min(first_at(0), length), std::min(first_at(extent), length)};
}

PassAxis forward_axis(const ConvolutionAxis& axis) {
    PassAxis pass{axis.extent, {}, static_cast<std::ptrdiff_t>(axis.stride), {}, 0, 0, 0, 1};
    pass.positions = axis.result;
    for (std::size_t t = 0; t < axis.kernel; ++t) {
        const std::size_t offset = t * axis.dilation, remainder = offset % axis.stride;
        const auto start =
            static_cast<std::ptrdiff_t>(remainder) - static_cast<std::ptrdiff_t>(axis.padding);
        const auto found = std::ranges::find(pass.starts, start);
        const auto phase = static_cast<std::size_t>(found - pass.starts.begin());
        if (found == pass.starts.end())
            pass.starts.push_back(start);
        pass.taps.push_back({t, phase, offset / axis.stride});
        pass.reach = std::max(pass.reach, offset / axis.stride);
    }
    return pass;
}

// Element s q + r - p of x, r the remainder, meets element q - (t d - r) / s of y at tap t.
PassAxis transposed_axis(const ConvolutionAxis& axis, std::size_t remainder) {
    PassAxis pass{axis.result, {}, 1, {}, 0, 0, 0, axis.stride};
    const std::size_t s = axis.stride, p = axis.padding;
    const std::size_t first = p > remainder ? (p - remainder + s - 1) / s : 0;
    pass.to = s * first + remainder - p;
    if (pass.to < axis.extent)
        pass.positions = (axis.extent - 1 - pass.to) / s + 1;
    std::size_t lowest = std::numeric_limits<std::size_t>::max(), highest = 0;
    for (std::size_t t = 0; t < axis.kernel; ++t) {
        if (t * axis.dilation % s != remainder)
            continue;
        const std::size_t back = (t * axis.dilation - remainder) / s;
        pass.taps.push_back({t, 0, back});
        lowest = std::min(lowest, back);
        highest = std::max(highest, back);
    }
    pass.starts = {static_cast<std::ptrdiff_t>(first) - static_cast<std::ptrdiff_t>(highest)};
    pass.reach = pass.taps.empty() ? 0 : highest - lowest;
    for (PassAxis::Tap& tap : pass.taps)
        tap.shift = highest - tap.shift;
    return pass;
}

std::size_t Planes::overlap_of(const PassAxis& columns) {
    const std::size_t length = columns.positions + columns.reach;
    std::size_t left = length, right = length;
    for (std::size_t phase = 0; phase < columns.starts.size(); ++phase) {
        const PassAxis::Range inside = columns.inside(phase, length);
        left = std::min(left, inside.begin);
        right = std::min(right, length - inside.end);
    }
    return std::min({left, right, columns.reach});
}

std::size_t Planes::pitch_of(const PassAxis& columns) {
    return columns.positions + columns.reach - overlap_of(columns);
}

Planes::Planes(const PassAxis& rows, const PassAxis& columns, std::size_t band)
    : rows_(rows),
      columns_(columns),
      overlap_(overlap_of(columns)),
      pitch_(pitch_of(columns)),
      height_(band + rows.reach),
      size_(rows.starts.size() * columns.starts.size() * height_ * pitch_) {}

std::vector<std::size_t> Planes::offsets(std::size_t channels) const {
    std::vector<std::size_t> found;
    found.reserve(channels * rows_.taps.size() * columns_.taps.size());
    for (std::size_t channel = 0; channel < channels; ++channel) {
        for (const PassAxis::Tap& row : rows_.taps) {
            for (const PassAxis::Tap& column : columns_.taps) {
                const std::size_t plane = row.phase * columns_.starts.size() + column.phase;
                found.push_back(
                    channel * size_ + (plane * height_ + row.shift) * pitch_ + column.shift);
            }
        }
    }
    return found;
}

template <class T>
void Planes::fill(T* to, const T* source, std::size_t first) const {
    for (std::size_t i = 0; i < rows_.starts.size(); ++i) {
        const PassAxis::Range kept = rows_.inside(i, first + height_);
        for (std::size_t j = 0; j < columns_.starts.size(); ++j) {
            const PassAxis::Range inside = columns_.inside(j, pitch_);
            for (std::size_t r = first; r < first + height_; ++r, to += pitch_) {
                if (r < kept.begin || r >= kept.end) {
                    std::fill_n(to, pitch_, T(0));
                    continue;
                }
                const std::ptrdiff_t row =
                    rows_.starts[i] + rows_.step * static_cast<std::ptrdiff_t>(r);
                // Of a row with nothing inside there may be no source to point at.
                const std::ptrdiff_t from =
                    row * static_cast<std::ptrdiff_t>(columns_.source) + columns_.starts[j];
                std::fill_n(to, inside.begin, T(0));
                if (columns_.step == 1 && inside.begin < inside.end) {
                    copy_row(
                        source + (from + static_cast<std::ptrdiff_t>(inside.begin)),
                        inside.end - inside.begin,
                        to + inside.begin);
                } else {
                    for (std::size_t q = inside.begin; q < inside.end; ++q)
                        to[q] = source[from + static_cast<std::ptrdiff_t>(q) * columns_.step];
                }
                std::fill(to + inside.end, to + pitch_, T(0));
            }
        }
    }
}
template void Planes::fill(float*, const float*, std::size_t) const;
template void Planes::fill(double*, const double*, std::size_t) const;

}  // namespace xgrad::detail
