#include <autograd/array.hpp>
#include <ops/convolution_kernels.hpp>
#include <ops/convolution_pass.hpp>
#include <ops/convolution_tasks.hpp>
#include <ops/convolve_product.hpp>

namespace xgrad::detail {
namespace {

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
          offsets(planes.offsets(chunk)),
          plain(c.from > 0 && c.rows.is_plain() && c.columns.is_plain()) {
        for (std::size_t k = 0; plain && k < chunk; ++k)
            plain_offsets.push_back(k * c.rows.source * c.columns.source);
    }

    static constexpr std::size_t terms = 576;  // of a sum at a time
    const ConvolutionKernels<T>& kernels;
    std::size_t chunk, band;
    Planes planes;
    std::size_t leading;  // between rows of results
    std::size_t scratch;  // for planes, elements
    std::vector<std::size_t> offsets;
    bool plain;                              // a kernel of one element, stride 1, no padding:
    std::vector<std::size_t> plain_offsets;  // the source itself serves as its planes

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
        // The kernels read whole vectors, which must not lead out of the source.
        const std::size_t plane = rows.source * columns.source, begin = first * columns.source;
        const bool in_place = plan.plain && (image * from + from - 1) * plane + begin + length <=
                                                batch * groups * from * plane;
        std::size_t low = 0;
        do {  // once without channels too: sums of nothing
            const std::size_t channels = std::min(plan.chunk, from - low);
            for (std::size_t k = 0; !in_place && k < channels; ++k)
                plan.planes.fill(x + k * plan.planes.size(), in + (low + k) * plane, first);
            plan.kernels.correlate(
                c,
                plan.leading,
                to,
                length,
                w + to * low * taps(),
                in_place ? in + low * plane + begin : x,
                in_place ? plan.plain_offsets.data() : plan.offsets.data(),
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
    if (is_product(s)) {
        convolve_product(s, x, w, bias, y);
        return;
    }
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
    if (is_product(s)) {
        convolve_transposed_product(s, y, w, bias, x);
        return;
    }
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

}  // namespace xgrad::detail
