#include <autograd/array.hpp>
#include <ops/convolution_kernels.hpp>
#include <ops/convolution_pass.hpp>
#include <ops/convolution_tasks.hpp>
#include <ops/convolve_product.hpp>

namespace xgrad::detail {
namespace {

// Blocks of input channels, each with some 72 sums for a result channel: its planes fit the first
// cache, and many blocks make many tasks.
template <class T>
struct WeightGradient {
    explicit WeightGradient(const ConvolutionShape& shape)
        : s(shape),
          rows(forward_axis(shape.rows)),
          columns(forward_axis(shape.columns)),
          kernels(detail::kernels<ConvolutionKernels<T>>()),
          by_rows(s.results <= kernels.lanes / 2),
          width(by_rows ? s.results : round_up(s.results, kernels.lanes)),
          window(rows.taps.size() * columns.taps.size()),
          block(std::clamp<std::size_t>(72 / window, 1, s.channels)),
          blocks(ceiling(s.channels, block)),
          sums(round_up(block * window, kernels.taps)),
          band(band_of()),
          planes(rows, columns, band),
          scratch(block * planes.size() + planes.slack(kernels.lanes)),
          offsets(planes.offsets(block)) {
        offsets.resize(sums, 0);
    }

    const ConvolutionShape& s;
    PassAxis rows, columns;
    const ConvolutionKernels<T>& kernels;
    bool by_rows;       // few results, as of a depthwise convolution: no vector of them is full
    std::size_t width;  // of a row of sums: the result channels
    std::size_t window, block, blocks, sums;
    std::size_t band;
    Planes planes;
    std::size_t scratch;
    std::vector<std::size_t> offsets;

    // y (results, positions) as (positions, width), channels side by side; not for sums by rows.
    void turn(const T* y, T* to) const;
    void add_image(const T* x, const T* shares, std::size_t channels, T* scratch, T* c) const;
    void store(const T* c, T* w) const;

private:
    [[nodiscard]] std::size_t band_of() const {
        const std::size_t phases = rows.starts.size() * columns.starts.size();
        const std::size_t height = cached / 4 / (block * phases) / Planes::pitch_of(columns);
        return std::clamp<std::size_t>(
            height > rows.reach ? height - rows.reach : 1, 1, rows.positions);
    }
};

template <class T>
void WeightGradient<T>::turn(const T* y, T* to) const {
    constexpr std::size_t run = 32;
    const std::size_t positions = rows.positions * columns.positions;
    for (std::size_t first = 0; first < positions; first += run) {
        const std::size_t last = std::min(positions, first + run);
        for (std::size_t i = 0; i < s.results; ++i) {
            for (std::size_t p = first; p < last; ++p)
                to[p * width + i] = y[i * positions + p];
        }
    }
}

// A few rows at a time: their shares stay close while all taps pass over them.
template <class T>
void WeightGradient<T>::add_image(
    const T* x, const T* shares, std::size_t channels, T* scratch_planes, T* c) const {
    const std::size_t row = by_rows ? columns.positions : columns.positions * width;
    const std::size_t few = std::max<std::size_t>(1, cached / 4 / row);
    for (std::size_t first = 0; first < rows.positions; first += band) {
        for (std::size_t k = 0; k < channels; ++k)
            planes.fill(
                scratch_planes + k * planes.size(), x + k * rows.source * columns.source, first);
        const std::size_t end = std::min(rows.positions, first + band);
        for (std::size_t r = first; r < end; r += few) {
            const std::size_t count = std::min(few, end - r);
            const T* x_rows = scratch_planes + (r - first) * planes.pitch();
            for (std::size_t t = 0; t < channels * window; t += kernels.taps) {
                for (std::size_t i = 0; by_rows && i < width; ++i) {
                    kernels.dot_rows(
                        c + t * width + i,
                        width,
                        x_rows,
                        offsets.data() + t,
                        planes.pitch(),
                        shares + i * rows.positions * columns.positions + r * row,
                        count,
                        columns.positions);
                }
                if (by_rows)
                    continue;
                kernels.gather_weights(
                    c + t * width,
                    width,
                    x_rows,
                    offsets.data() + t,
                    planes.pitch(),
                    shares + r * row,
                    count,
                    columns.positions);
            }
        }
    }
}

template <class T>
void WeightGradient<T>::store(const T* c, T* w) const {
    for (std::size_t group = 0; group < s.groups; ++group) {
        for (std::size_t i = 0; i < s.results; ++i) {
            for (std::size_t k = 0; k < s.channels; ++k) {
                const T* from =
                    c + ((group * blocks + k / block) * sums + k % block * window) * width + i;
                for (std::size_t t = 0; t < window; ++t)
                    *w++ = from[t * width];
            }
        }
    }
}

}  // namespace

template <class T>
void convolve_weight(const ConvolutionShape& s, const T* x, const T* y, T* w) {
    if (s.groups * s.channels * s.results == 0)
        return;
    if (is_product(s)) {
        convolve_weight_product(s, x, y, w);
        return;
    }
    const WeightGradient<T> plan(s);
    const std::size_t positions = s.rows.result * s.columns.result;
    const std::size_t image = positions * plan.width;
    const std::size_t together = std::clamp<std::size_t>(
        2 * cached / (s.groups * image), 1, std::max<std::size_t>(1, s.batch));
    const std::size_t tasks = s.groups * plan.blocks;
    const std::size_t workers =
        workers_for(tasks, together * s.groups * s.channels * plan.window * image);
    Array<T> planes(Shape{workers * plan.scratch}, T(0));
    Array<T> turned(Shape{plan.by_rows ? 0 : together * s.groups * image}, T(0));
    Array<T> sums(Shape{tasks * plan.sums * plan.width}, T(0));
    for (std::size_t first = 0; first < s.batch; first += together) {
        const std::size_t images = std::min(together, s.batch - first);
        const T* shares = y + first * s.groups * s.results * positions;
        for (std::size_t i = 0; !plan.by_rows && i < images * s.groups; ++i)
            plan.turn(shares + i * s.results * positions, turned.data() + i * image);
        if (!plan.by_rows)
            shares = turned.data();
        share_out(tasks, workers, [&](std::size_t worker, std::size_t task) {
            const std::size_t group = task / plan.blocks;
            const std::size_t low = task % plan.blocks * plan.block;
            for (std::size_t i = 0; i < images; ++i) {
                const std::size_t at = (first + i) * s.groups + group;
                plan.add_image(
                    x + (at * s.channels + low) * s.rows.extent * s.columns.extent,
                    shares + (i * s.groups + group) * image,
                    std::min(plan.block, s.channels - low),
                    planes.data() + worker * plan.scratch,
                    sums.data() + task * plan.sums * plan.width);
            }
        });
    }
    plan.store(sums.data(), w);
}
template void convolve_weight(const ConvolutionShape&, const float*, const float*, float*);
template void convolve_weight(const ConvolutionShape&, const double*, const double*, double*);

}  // namespace xgrad::detail
