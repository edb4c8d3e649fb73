#include <autograd/broadcast.hpp>
#include <autograd/caches.hpp>
#include <autograd/fail.hpp>
#include <autograd/kernels.hpp>
#include <autograd/parallel.hpp>
#include <autograd/record.hpp>
#include <ops/elementwise.hpp>
#include <ops/operators.hpp>
#include <ops/reduce.hpp>
#include <ops/row_kernels.hpp>
#include <ops/shape.hpp>
#include <ops/softmax.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad {
namespace {

template <class T>
const detail::RowKernels<T>& rows_of() {
    return detail::kernels<detail::RowKernels<T>>();
}

// Rows are independent, so splitting them leaves every bit alone.
template <class T>
Array<T> map_rows(typename detail::RowKernels<T>::Rows kernel, const Array<T>& x) {
    Array<T> y = empty<T>(x.shape());
    if (x.size() == 0)
        return y;
    const std::size_t columns = x.shape().back();
    const bool past = detail::rows_past_caches<T>(y.size());
    detail::parallel_ranges(
        x.size() / columns, 1 + 16384 / columns, [&](std::size_t begin, std::size_t end) {
            const std::size_t at = begin * columns;
            kernel(y.data() + at, x.data() + at, end - begin, columns, past);
            detail::drain<T>(past);
        });
    return y;
}

template <class T>
Variable<T> map_shares(
    typename detail::RowKernels<T>::Shares kernel, const Variable<T>& g, const Variable<T>& y) {
    Array<T> dx = empty<T>(y.shape());
    if (dx.size() == 0)
        return Variable<T>(std::move(dx));
    const std::size_t columns = y.shape().back();
    const bool past = detail::rows_past_caches<T>(dx.size());
    detail::parallel_ranges(
        y.size() / columns, 1 + 16384 / columns, [&](std::size_t begin, std::size_t end) {
            const std::size_t at = begin * columns;
            kernel(
                dx.data() + at,
                g.value().data() + at,
                y.value().data() + at,
                end - begin,
                columns,
                past);
            detail::drain<T>(past);
        });
    return Variable<T>(std::move(dx));
}

// Applies f, which works along the last axis, along another one.
template <class T, class F>
Variable<T> along_axis(
    const char* op, const Variable<T>& x, std::ptrdiff_t axis, Where where, F f) {
    const std::size_t at = checked_axis(op, axis, x.rank());
    if (at + 1 == x.rank())
        return f(x);
    const auto from = static_cast<std::ptrdiff_t>(at);
    return transpose(f(transpose(x, from, -1, where)), from, -1, where);
}

}  // namespace

// A primitive: one pass over rows that fit the cache instead of five over the array (bench W6).
static const Op softmax_op(
    "softmax",
    {on({{3, 4}}, [](const auto& in) { return softmax(in[0]); }),
     on({{2, 3, 2}}, [](const auto& in) { return softmax(in[0], 1); })});
template <class T>
Variable<T> softmax(const Variable<T>& x, std::ptrdiff_t axis, Where where) {
    return along_axis("softmax", x, axis, where, [&](const Variable<T>& rows) -> Variable<T> {
        return record(softmax_op, map_rows<T>(rows_of<T>().softmax, rows.value()), where)
            .wrt(rows, [](const Variable<T>& g, const Variable<T>& y) {
                if (!grad_enabled())
                    return map_shares(rows_of<T>().softmax_share, g, y);
                return y * (g - sum(g * y, {-1}, true));
            });
    });
}
template Variable<float> softmax(const Variable<float>&, std::ptrdiff_t, Where);
template Variable<double> softmax(const Variable<double>&, std::ptrdiff_t, Where);

// A primitive: log(softmax(x)) is -infinity where the softmax underflows, at x = -104 in float.
static const Op log_softmax_op(
    "log_softmax",
    {on({{3, 4}}, [](const auto& in) { return log_softmax(in[0]); }),
     on({{2, 3, 2}}, [](const auto& in) { return log_softmax(in[0], 0); })});
template <class T>
Variable<T> log_softmax(const Variable<T>& x, std::ptrdiff_t axis, Where where) {
    return along_axis("log_softmax", x, axis, where, [&](const Variable<T>& rows) -> Variable<T> {
        return record(log_softmax_op, map_rows<T>(rows_of<T>().log_softmax, rows.value()), where)
            .wrt(rows, [](const Variable<T>& g, const Variable<T>& y) {
                if (!grad_enabled())
                    return map_shares(rows_of<T>().log_softmax_share, g, y);
                return g - exp(y) * sum(g, {-1}, true);
            });
    });
}
template Variable<float> log_softmax(const Variable<float>&, std::ptrdiff_t, Where);
template Variable<double> log_softmax(const Variable<double>&, std::ptrdiff_t, Where);

// Linear in x, so the share is the same op on g.
static const Op dropout_op("dropout", on({{3, 4}}, [](const auto& in) {
                                          return dropout(in[0], 0.75, {.seed = 7, .stream = 3});
                                      }).linear());
template <class T>
Variable<T> dropout(const Variable<T>& x, double keep_prob, DropoutKey key, Where where) {
    if (!(keep_prob > 0 && keep_prob <= 1)) {
        fail<std::invalid_argument>("dropout: keep_prob is {}; need 0 < keep_prob <= 1", keep_prob);
    }
    if (keep_prob == 1)
        return grad_enabled() ? x : x.detach();
    const auto threshold =
        static_cast<std::uint32_t>(std::min(std::floor(keep_prob * 0x1p32), 0x1p32 - 1));
    const T scale = static_cast<T>(1 / keep_prob);
    Array<T> y = empty<T>(x.shape());
    // Pieces begin at a multiple of 4 words, a block of the generator.
    detail::parallel_ranges((x.size() + 3) / 4, 8192, [&](std::size_t begin, std::size_t end) {
        const std::size_t first = 4 * begin, last = std::min(4 * end, x.size());
        if (first >= last)
            return;
        rows_of<T>().dropout(
            y.data() + first,
            x.value().data() + first,
            last - first,
            scale,
            threshold,
            key.seed,
            key.stream,
            first);
    });
    return record(dropout_op, std::move(y), where).wrt(x, [keep_prob, key](const Variable<T>& g) {
        return dropout(g, keep_prob, key);
    });
}
template Variable<float> dropout(const Variable<float>&, double, DropoutKey, Where);
template Variable<double> dropout(const Variable<double>&, double, DropoutKey, Where);

}  // namespace xgrad
