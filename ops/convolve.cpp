#include <autograd/array.hpp>
#include <autograd/parallel.hpp>
#include <ops/convolution_kernels.hpp>
#include <ops/convolution_pass.hpp>

namespace xgrad::detail {
namespace {

std::size_t ceiling(std::size_t n, std::size_t divisor) { return (n + divisor - 1) / divisor; }
std::size_t round_up(std::size_t n, std::size_t unit) { return ceiling(n, unit) * unit; }

// Elements of scratch memory that stay in the second cache.
constexpr std::size_t cached = std::size_t{1} << 16;

// Calls body(worker, task) for each task, with as many workers as threads, so that each can have
// its own scratch memory. Below some work the threads are not worth waking.
template <class F>
void share_out(std::size_t tasks, std::size_t workers, F body) {
    const std::size_t each = ceiling(tasks, workers);
    parallel_tasks(workers, [&](std::size_t worker) {
        for (std::size_t i = worker * each; i < std::min(tasks, (worker + 1) * each); ++i)
            body(worker, i);
    });
}

std::size_t workers_for(std::size_t tasks, std::size_t multiplications) {
    constexpr std::size_t worth = std::size_t{1} << 18;
    return multiplications < worth ? 1 : std::clamp<std::size_t>(tasks, 1, num_threads());
}

// A pass of stride 1 from the channels of one side to those of the other, within each group.
template <class T>
struct Correlation {
    std::size_t batch, groups, from, to;
    PassAxis rows, columns;
    const T* source;
    const T* weights;  // read with these strides
    std::size_t group_stride, from_stride, to_stride, row_stride;
    const T* bias;
    T* target;
    std::size_t target_rows, target_columns;

    void run() const;

private:
    struct Plan;
    void pack(const Plan& plan, T* packed) const;
    void store(
        const Plan& plan, std::size_t first, std::size_t count, const T* c, const T* b, T* out)
        const;
    [[nodiscard]] std::size_t taps() const { return rows.taps.size() * columns.taps.size(); }
};

// Channels come in chunks, so that a panel of weights and what it meets fit the first cache, and
// rows in bands, so that planes and results fit the second.
template <class T>
struct Correlation<T>::Plan {
    explicit Plan(const Correlation& c)
        : kernels(detail::kernels<ConvolutionKernels<T>>()),
          chunk(std::clamp<std::size_t>(
              terms / std::max<std::size_t>(1, c.taps()), 1, std::max<std::size_t>(1, c.from))),
          band(band_of(c)),
          planes(c.rows, c.columns, band),
          leading(round_up(planes.length(band), kernels.lanes)),
          scratch(round_up(chunk * planes.size() + planes.slack(kernels.lanes), kernels.lanes)),
          offsets(planes.offsets(chunk)) {}

    static constexpr std::size_t terms = 576;  // of a sum at a time
    const ConvolutionKernels<T>& kernels;
    std::size_t chunk, band;
    Planes planes;
    std::size_t leading;  // between rows of results
    std::size_t scratch;  // for planes, elements
    std::vector<std::size_t> offsets;

private:
    [[nodiscard]] std::size_t band_of(const Correlation& c) const {
        const std::size_t phases = c.rows.starts.size() * c.columns.starts.size();
        const std::size_t rows =
            cached / std::max(chunk * phases, c.to) / Planes::pitch_of(c.columns);
        const std::size_t most = std::clamp<std::size_t>(
            rows > c.rows.reach ? rows - c.rows.reach : 1, 1, c.rows.positions);
        return ceiling(c.rows.positions, ceiling(c.rows.positions, most));
    }
};

// By group, chunk, panel, term, row.
template <class T>
void Correlation<T>::pack(const Plan& plan, T* packed) const {
    for (std::size_t group = 0; group < groups; ++group) {
        for (std::size_t first = 0; first < from; first += plan.chunk) {
            const std::size_t last = std::min(from, first + plan.chunk);
            for (std::size_t low = 0; low < to; low += plan.kernels.height) {
                const std::size_t high = std::min(to, low + plan.kernels.height);
                for (std::size_t k = first; k < last; ++k) {
                    for (const PassAxis::Tap& row : rows.taps) {
                        for (const PassAxis::Tap& column : columns.taps) {
                            const T* w = weights + group * group_stride + k * from_stride +
                                         row.at * row_stride + column.at;
                            for (std::size_t i = low; i < high; ++i)
                                *packed++ = w[i * to_stride];
                        }
                    }
                }
            }
        }
    }
}

// The results of `count` rows from `first` on, for all channels of a group, plus their bias b.
template <class T>
void Correlation<T>::store(
    const Plan& plan, std::size_t first, std::size_t count, const T* c, const T* b, T* out) const {
    for (std::size_t i = 0; i < to; ++i, c += plan.leading, out += target_rows * target_columns) {
        for (std::size_t r = 0; r < count; ++r) {
            const T* row = c + r * plan.planes.pitch();
            T* y = out + (rows.to + (first + r) * rows.to_step) * target_columns + columns.to;
            if (b == nullptr && columns.to_step == 1) {
                copy_row(row, columns.positions, y);
                continue;
            }
            const T more = b == nullptr ? T(0) : b[i];
            for (std::size_t q = 0; q < columns.positions; ++q)
                y[q * columns.to_step] = row[q] + more;
        }
    }
}

template <class T>
void Correlation<T>::run() const {
    if (batch * groups * to * rows.positions * columns.positions == 0)
        return;
    const Plan plan(*this);
    const std::size_t depth = from * taps();
    Array<T> packed = empty<T>({groups * to * depth});
    pack(plan, packed.data());
    const std::size_t bands = ceiling(rows.positions, plan.band), tasks = batch * groups * bands;
    const std::size_t workers =
        workers_for(tasks, tasks * to * depth * plan.band * columns.positions);
    Array<T> planes(Shape{workers * plan.scratch}, T(0));
    Array<T> results = empty<T>({workers * to * plan.leading});
    share_out(tasks, workers, [&](std::size_t worker, std::size_t task) {
        const std::size_t first = task % bands * plan.band, image = task / bands;
        const std::size_t count = std::min(plan.band, rows.positions - first);
        const std::size_t length = round_up(plan.planes.length(count), plan.kernels.lanes);
        T* x = planes.data() + worker * plan.scratch;
        T* c = results.data() + worker * to * plan.leading;
        const T* in = source + image * from * rows.source * columns.source;
        const T* w = packed.data() + image % groups * to * depth;
        const T* b = bias == nullptr ? nullptr : bias + image % groups * to;
        std::size_t low = 0;
        do {  // once without channels too: sums of nothing
            const std::size_t channels = std::min(plan.chunk, from - low);
            for (std::size_t k = 0; k < channels; ++k) {
                plan.planes.fill(
                    x + k * plan.planes.size(),
                    in + (low + k) * rows.source * columns.source,
                    first);
            }
            plan.kernels.correlate(
                c,
                plan.leading,
                to,
                length,
                w + to * low * taps(),
                x,
                plan.offsets.data(),
                channels * taps(),
                low > 0);
            low += plan.chunk;
        } while (low < from);
        store(plan, first, count, c, b, target + image * to * target_rows * target_columns);
    });
}

}  // namespace

template <class T>
void convolve(const ConvolutionShape& s, const T* x, const T* w, const T* bias, T* y) {
    const std::size_t window = s.rows.kernel * s.columns.kernel;
    Correlation<T>{
        s.batch,
        s.groups,
        s.channels,
        s.results,
        forward_axis(s.rows),
        forward_axis(s.columns),
        x,
        w,
        s.results * s.channels * window,
        window,
        s.channels * window,
        s.columns.kernel,
        bias,
        y,
        s.rows.result,
        s.columns.result}
        .run();
}
template void convolve(const ConvolutionShape&, const float*, const float*, const float*, float*);
template void convolve(
    const ConvolutionShape&, const double*, const double*, const double*, double*);

template <class T>
void convolve_transposed(const ConvolutionShape& s, const T* y, const T* w, const T* bias, T* x) {
    const std::size_t window = s.rows.kernel * s.columns.kernel;
    for (std::size_t i = 0; i < s.rows.stride; ++i) {
        for (std::size_t j = 0; j < s.columns.stride; ++j) {
            Correlation<T>{
                s.batch,
                s.groups,
                s.results,
                s.channels,
                transposed_axis(s.rows, i),
                transposed_axis(s.columns, j),
                y,
                w,
                s.results * s.channels * window,
                s.channels * window,
                window,
                s.columns.kernel,
                bias,
                x,
                s.rows.extent,
                s.columns.extent}
                .run();
        }
    }
}
template void convolve_transposed(
    const ConvolutionShape&, const float*, const float*, const float*, float*);
template void convolve_transposed(
    const ConvolutionShape&, const double*, const double*, const double*, double*);

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
          width(round_up(s.results, kernels.lanes)),
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
    std::size_t width;  // of a row of sums: the result channels
    std::size_t window, block, blocks, sums;
    std::size_t band;
    Planes planes;
    std::size_t scratch;
    std::vector<std::size_t> offsets;

    // y (results, positions) as (positions, width): the kernels want channels side by side.
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

// Rows at a time that keep their shares in the first cache while all taps pass over them.
template <class T>
void WeightGradient<T>::add_image(
    const T* x, const T* shares, std::size_t channels, T* scratch_planes, T* c) const {
    const std::size_t row = columns.positions * width;
    const std::size_t few = std::max<std::size_t>(1, cached / 4 / row);
    for (std::size_t first = 0; first < rows.positions; first += band) {
        for (std::size_t k = 0; k < channels; ++k)
            planes.fill(
                scratch_planes + k * planes.size(), x + k * rows.source * columns.source, first);
        const std::size_t end = std::min(rows.positions, first + band);
        for (std::size_t r = first; r < end; r += few) {
            for (std::size_t t = 0; t < channels * window; t += kernels.taps) {
                kernels.gather_weights(
                    c + t * width,
                    width,
                    scratch_planes + (r - first) * planes.pitch(),
                    offsets.data() + t,
                    planes.pitch(),
                    shares + r * row,
                    std::min(few, end - r),
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
    const WeightGradient<T> plan(s);
    const std::size_t positions = s.rows.result * s.columns.result;
    const std::size_t image = positions * plan.width;
    const std::size_t together = std::clamp<std::size_t>(
        2 * cached / (s.groups * image), 1, std::max<std::size_t>(1, s.batch));
    const std::size_t tasks = s.groups * plan.blocks;
    const std::size_t workers =
        workers_for(tasks, together * s.groups * s.channels * plan.window * image);
    Array<T> planes(Shape{workers * plan.scratch}, T(0));
    Array<T> shares(Shape{together * s.groups * image}, T(0));
    Array<T> sums(Shape{tasks * plan.sums * plan.width}, T(0));
    for (std::size_t first = 0; first < s.batch; first += together) {
        const std::size_t images = std::min(together, s.batch - first);
        for (std::size_t i = 0; i < images * s.groups; ++i)
            plan.turn(
                y + (first * s.groups + i) * s.results * positions, shares.data() + i * image);
        share_out(tasks, workers, [&](std::size_t worker, std::size_t task) {
            const std::size_t group = task / plan.blocks;
            const std::size_t low = task % plan.blocks * plan.block;
            for (std::size_t i = 0; i < images; ++i) {
                const std::size_t at = (first + i) * s.groups + group;
                plan.add_image(
                    x + (at * s.channels + low) * s.rows.extent * s.columns.extent,
                    shares.data() + (i * s.groups + group) * image,
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
