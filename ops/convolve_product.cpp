#include <autograd/array.hpp>
#include <autograd/parallel.hpp>
#include <ops/convolve_product.hpp>
#include <ops/gemm.hpp>

#include <algorithm>

namespace xgrad::detail {
namespace {

bool is_plain(const ConvolutionAxis& axis) {
    return axis.kernel == 1 && axis.stride == 1 && axis.padding == 0;
}
bool is_pointwise(const ConvolutionShape& s) { return is_plain(s.rows) && is_plain(s.columns); }

std::size_t positions_of(const ConvolutionShape& s) { return s.rows.result * s.columns.result; }
std::size_t terms_of(const ConvolutionShape& s) {
    return s.channels * s.rows.kernel * s.columns.kernel;
}

// Calls f(position, element, count) for each run of a row of results whose elements of x, seen
// through tap (i, j), lie inside; the elements are columns.stride apart.
template <class F>
void each_run(const ConvolutionShape& s, std::size_t i, std::size_t j, F f) {
    const auto place = [](const ConvolutionAxis& axis, std::size_t q, std::size_t t) {
        return static_cast<std::ptrdiff_t>(q * axis.stride + t * axis.dilation) -
               static_cast<std::ptrdiff_t>(axis.padding);
    };
    const auto inside = [&](const ConvolutionAxis& axis, std::size_t q, std::size_t t) {
        const std::ptrdiff_t at = place(axis, q, t);
        return at >= 0 && at < static_cast<std::ptrdiff_t>(axis.extent);
    };
    std::size_t low = 0, high = s.columns.result;
    while (low < high && !inside(s.columns, low, j))
        ++low;
    while (low < high && !inside(s.columns, high - 1, j))
        --high;
    for (std::size_t r = 0; r < s.rows.result && low < high; ++r) {
        if (!inside(s.rows, r, i))
            continue;
        const auto row = static_cast<std::size_t>(place(s.rows, r, i)) * s.columns.extent;
        f(r * s.columns.result + low,
          row + static_cast<std::size_t>(place(s.columns, low, j)),
          high - low);
    }
}

// Some images of one group, side by side as matrices: what each window of x sees, (terms, images
// positions), and the results, (results, images positions).
template <class T>
struct Windows {
    const ConvolutionShape& s;
    std::size_t group, first, images;

    [[nodiscard]] std::size_t columns() const { return images * positions_of(s); }

    // Calls f(row of the matrix, plane of x, tap) for each term and image.
    template <class F>
    void each_term(F f) const {
        const std::size_t window = s.rows.kernel * s.columns.kernel, positions = positions_of(s);
        const std::size_t plane = s.rows.extent * s.columns.extent;
        parallel_ranges(s.channels, 16, [&](std::size_t begin, std::size_t end) {
            for (std::size_t k = begin; k < end; ++k) {
                for (std::size_t tap = 0; tap < window; ++tap) {
                    for (std::size_t n = 0; n < images; ++n) {
                        const std::size_t channel =
                            ((first + n) * s.groups + group) * s.channels + k;
                        f((k * window + tap) * columns() + n * positions, channel * plane, tap);
                    }
                }
            }
        });
    }

    void copy_out(const T* x, T* matrix) const {
        each_term([&](std::size_t at, std::size_t plane, std::size_t tap) {
            T* to = matrix + at;
            std::fill_n(to, positions_of(s), T(0));
            const std::size_t i = tap / s.columns.kernel, j = tap % s.columns.kernel;
            each_run(s, i, j, [&](std::size_t position, std::size_t element, std::size_t count) {
                for (std::size_t q = 0; q < count; ++q)
                    to[position + q] = x[plane + element + q * s.columns.stride];
            });
        });
    }

    // The transpose: adds each window's elements to x.
    void add_back(const T* matrix, T* x) const {
        each_term([&](std::size_t at, std::size_t plane, std::size_t tap) {
            const T* from = matrix + at;
            const std::size_t i = tap / s.columns.kernel, j = tap % s.columns.kernel;
            each_run(s, i, j, [&](std::size_t position, std::size_t element, std::size_t count) {
                for (std::size_t q = 0; q < count; ++q)
                    x[plane + element + q * s.columns.stride] += from[position + q];
            });
        });
    }

    // Calls f(in the matrix, in y, result channel) for the positions of each result and image.
    template <class F>
    void each_result(F f) const {
        const std::size_t positions = positions_of(s);
        for (std::size_t n = 0; n < images; ++n) {
            for (std::size_t r = 0; r < s.results; ++r) {
                const std::size_t channel = group * s.results + r;
                f(r * columns() + n * positions,
                  ((first + n) * s.groups * s.results + channel) * positions,
                  channel);
            }
        }
    }

    void gather_results(const T* y, T* matrix) const {
        each_result([&](std::size_t at, std::size_t in_y, std::size_t) {
            std::copy_n(y + in_y, positions_of(s), matrix + at);
        });
    }

    void scatter_results(const T* matrix, const T* bias, T* y) const {
        each_result([&](std::size_t at, std::size_t in_y, std::size_t channel) {
            const T more = bias ? bias[channel] : T(0);
            for (std::size_t p = 0; p < positions_of(s); ++p)
                y[in_y + p] = matrix[at + p] + more;
        });
    }
};

// Calls f(windows) for every group and as many images at a time as make some 512 columns.
template <class T, class F>
void each_windows(const ConvolutionShape& s, F f) {
    const std::size_t together =
        std::clamp<std::size_t>(512 / positions_of(s), 1, std::max<std::size_t>(1, s.batch));
    for (std::size_t group = 0; group < s.groups; ++group) {
        for (std::size_t first = 0; first < s.batch; first += together)
            f(Windows<T>{s, group, first, std::min(together, s.batch - first)});
    }
}

// Calls f(of x, of w, of y, group) with the offsets of each image and group of a pointwise
// convolution.
template <class F>
void each_image(const ConvolutionShape& s, F f) {
    const std::size_t positions = positions_of(s);
    parallel_tasks(s.batch * s.groups, [&](std::size_t i) {
        const std::size_t group = i % s.groups;
        f(i * s.channels * positions,
          group * s.results * s.channels,
          i * s.results * positions,
          group);
    });
}

template <class T>
void fill_planes(const T* bias, std::size_t channels, std::size_t size, T* to) {
    for (std::size_t c = 0; bias && c < channels; ++c, to += size)
        std::fill_n(to, size, bias[c]);
}

template <class T>
void pointwise_weight(const ConvolutionShape& s, const T* x, const T* y, T* w) {
    // A few sums of images, added up in order.
    const std::size_t positions = positions_of(s), size = s.groups * s.results * s.channels;
    const std::size_t each = (s.batch + 7) / 8, parts = (s.batch + each - 1) / each;
    Array<T> sums(Shape{parts, size}, T(0));
    parallel_tasks(parts, [&](std::size_t part) {
        for (std::size_t n = part * each; n < std::min(s.batch, (part + 1) * each); ++n) {
            for (std::size_t g = 0; g < s.groups; ++g) {
                const std::size_t i = n * s.groups + g;
                gemm(
                    {s.results, s.channels, positions, false, true},
                    y + i * s.results * positions,
                    x + i * s.channels * positions,
                    T(1),
                    sums.data() + part * size + g * s.results * s.channels);
            }
        }
    });
    std::copy_n(sums.data(), size, w);
    for (std::size_t part = 1; part < parts; ++part) {
        for (std::size_t i = 0; i < size; ++i)
            w[i] += sums.data()[part * size + i];
    }
}

}  // namespace

bool is_product(const ConvolutionShape& s) {
    if (s.batch * positions_of(s) == 0 || s.channels < 16 || s.results < 16)
        return false;
    return is_pointwise(s) || (positions_of(s) <= 64 && terms_of(s) >= 128);
}

template <class T>
void convolve_product(const ConvolutionShape& s, const T* x, const T* w, const T* bias, T* y) {
    const std::size_t positions = positions_of(s), terms = terms_of(s);
    if (is_pointwise(s)) {
        each_image(s, [&](std::size_t at_x, std::size_t at_w, std::size_t at_y, std::size_t group) {
            fill_planes(bias ? bias + group * s.results : nullptr, s.results, positions, y + at_y);
            const T kept(bias ? 1 : 0);
            gemm({s.results, positions, s.channels}, w + at_w, x + at_x, kept, y + at_y);
        });
        return;
    }
    each_windows<T>(s, [&](const Windows<T>& part) {
        Array<T> seen = empty<T>({terms, part.columns()});
        Array<T> results = empty<T>({s.results, part.columns()});
        part.copy_out(x, seen.data());
        const T* weights = w + part.group * s.results * terms;
        gemm({s.results, part.columns(), terms}, weights, seen.data(), T(0), results.data());
        part.scatter_results(results.data(), bias, y);
    });
}

template <class T>
void convolve_transposed_product(
    const ConvolutionShape& s, const T* y, const T* w, const T* bias, T* x) {
    const std::size_t positions = positions_of(s), terms = terms_of(s);
    if (is_pointwise(s)) {
        each_image(s, [&](std::size_t at_x, std::size_t at_w, std::size_t at_y, std::size_t group) {
            fill_planes(
                bias ? bias + group * s.channels : nullptr, s.channels, positions, x + at_x);
            const T kept(bias ? 1 : 0);
            gemm(
                {s.channels, positions, s.results, true, false},
                w + at_w,
                y + at_y,
                kept,
                x + at_x);
        });
        return;
    }
    const std::size_t plane = s.rows.extent * s.columns.extent, channels = s.groups * s.channels;
    for (std::size_t n = 0; n < s.batch; ++n) {
        T* image = x + n * channels * plane;
        if (bias)
            fill_planes(bias, channels, plane, image);
        else
            std::fill_n(image, channels * plane, T(0));
    }
    each_windows<T>(s, [&](const Windows<T>& part) {
        Array<T> results = empty<T>({s.results, part.columns()});
        Array<T> shares = empty<T>({terms, part.columns()});
        part.gather_results(y, results.data());
        const T* weights = w + part.group * s.results * terms;
        gemm(
            {terms, part.columns(), s.results, true, false},
            weights,
            results.data(),
            T(0),
            shares.data());
        part.add_back(shares.data(), x);
    });
}

template <class T>
void convolve_weight_product(const ConvolutionShape& s, const T* x, const T* y, T* w) {
    if (is_pointwise(s)) {
        pointwise_weight(s, x, y, w);
        return;
    }
    const std::size_t terms = terms_of(s);
    each_windows<T>(s, [&](const Windows<T>& part) {
        Array<T> seen = empty<T>({terms, part.columns()});
        Array<T> results = empty<T>({s.results, part.columns()});
        part.copy_out(x, seen.data());
        part.gather_results(y, results.data());
        gemm(
            {s.results, terms, part.columns(), false, true},
            results.data(),
            seen.data(),
            T(part.first > 0 ? 1 : 0),
            w + part.group * s.results * terms);
    });
}

template void convolve_product(
    const ConvolutionShape&, const float*, const float*, const float*, float*);
template void convolve_product(
    const ConvolutionShape&, const double*, const double*, const double*, double*);
template void convolve_transposed_product(
    const ConvolutionShape&, const float*, const float*, const float*, float*);
template void convolve_transposed_product(
    const ConvolutionShape&, const double*, const double*, const double*, double*);
template void convolve_weight_product(const ConvolutionShape&, const float*, const float*, float*);
template void convolve_weight_product(
    const ConvolutionShape&, const double*, const double*, double*);

}  // namespace xgrad::detail
