#include <autograd/branch.hpp>
#include <autograd/broadcast.hpp>
#include <autograd/fail.hpp>
#include <autograd/grain.hpp>
#include <autograd/parallel.hpp>
#include <autograd/record.hpp>
#include <ops/along.hpp>
#include <ops/arithmetic.hpp>
#include <ops/order.hpp>
#include <ops/reduce.hpp>
#include <ops/shape.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

namespace xgrad {
namespace {

using detail::Along;
using detail::with_extent;

// Where a value stands in an order, and in its lane: compared as whole numbers, which is quicker
// than by index, and NaN comes out as the largest. Of equals, -0 and 0 among them, the earlier is
// less.
template <class T>
struct Place {
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

    Place() = default;
    Place(T value, std::size_t at, bool descending) : index(static_cast<Bits>(at)) {
        constexpr Bits sign = Bits(1) << (8 * sizeof(Bits) - 1);
        const auto bits = std::bit_cast<Bits>(value + T(0));  // -0 + 0 is 0
        key = value != value ? nan : (bits & sign) != 0 ? ~bits : bits | sign;
        if (descending)
            key = ~key;
    }
    friend bool operator<(const Place& a, const Place& b) {
        if constexpr (sizeof(T) == 4)
            return a.joined() < b.joined();
        else
            return a.key != b.key ? a.key < b.key : a.index < b.index;
    }
    [[nodiscard]] std::uint64_t joined() const { return std::uint64_t{key} << 32 | index; }

    static constexpr Bits nan = std::numeric_limits<Bits>::max();
    Bits key = 0, index = 0;
};

// For each lane of x the indices of the first `k` places as `arrange(places)` leaves them.
template <class T, class Arrange>
IndexArray arranged_indices(
    const Array<T>& x, std::size_t axis, std::size_t k, bool descending, Arrange arrange) {
    const Along along(x.shape(), axis);
    if (along.extent > Place<T>::nan) {
        fail<ShapeError>(
            "order: axis {} of shape {} is too long; need at most {} elements",
            axis,
            x.shape(),
            Place<T>::nan);
    }
    IndexArray indices = empty<std::int64_t>(with_extent(x.shape(), axis, k));
    if (x.size() == 0)
        return indices;
    const auto range = [&](std::size_t begin, std::size_t end) {
        std::vector<Place<T>> places(along.extent);
        for (std::size_t lane = begin; lane < end; ++lane) {
            const T* from = x.data() + along.first(lane, along.extent);
            for (std::size_t i = 0; i < along.extent; ++i)
                places[i] = Place<T>(from[i * along.inner], i, descending);
            arrange(places);
            std::int64_t* to = indices.data() + along.first(lane, k);
            for (std::size_t i = 0; i < k; ++i)
                to[i * along.inner] = static_cast<std::int64_t>(places[i].index);
        }
    };
    constexpr std::size_t grain = detail::parallel_grain / 8;  // an element takes its time
    detail::parallel_ranges(along.lanes(), 1 + grain / along.extent, range);
    return indices;
}

template <class T>
IndexArray first_in_order(const Array<T>& x, std::size_t axis, std::size_t k, bool descending) {
    return arranged_indices(x, axis, k, descending, [k](auto& places) {
        const auto end = places.begin() + static_cast<std::ptrdiff_t>(k);
        std::partial_sort(places.begin(), end, places.end());
    });
}

}  // namespace

template <class T>
IndexArray argmin(const Variable<T>& x, std::ptrdiff_t axis) {
    const std::size_t at = checked_axis("argmin", axis, x.rank());
    if (x.shape()[at] == 0) {
        fail<ShapeError>(
            "argmin: axis {} of shape {} is empty; need at least one element", at, x.shape());
    }
    return argmax(neg(x.detach()), axis);
}
template IndexArray argmin(const Variable<float>&, std::ptrdiff_t);
template IndexArray argmin(const Variable<double>&, std::ptrdiff_t);

namespace {

template <class T>
IndexArray sorted_indices(const Array<T>& x, std::size_t axis, bool descending) {
    return arranged_indices(x, axis, x.shape()[axis], descending, [](auto& places) {
        std::sort(places.begin(), places.end());
    });
}

}  // namespace

template <class T>
IndexArray argsort(const Variable<T>& x, std::ptrdiff_t axis, bool descending) {
    const std::size_t at = checked_axis("argsort", axis, x.rank());
    IndexArray indices = sorted_indices(x.value(), at, descending);
    detail::note_choice("argsort", {}, indices);
    return indices;
}
template IndexArray argsort(const Variable<float>&, std::ptrdiff_t, bool);
template IndexArray argsort(const Variable<double>&, std::ptrdiff_t, bool);

static const Op sort_op(
    "sort",
    {on({{3, 4}}, [](const auto& in) { return sort(in[0]).values; }).without_ties().linear(),
     on({{4, 2}}, [](const auto& in) { return sort(in[0], 0, true).values; })
         .without_ties()
         .linear()});
template <class T>
Ordered<T> sort(const Variable<T>& x, std::ptrdiff_t axis, bool descending, Where where) {
    const std::size_t at = checked_axis("sort", axis, x.rank());
    IndexArray indices = sorted_indices(x.value(), at, descending);
    detail::note_choice("sort", where, indices);
    Variable<T> values = take_along(x, indices, axis, where);
    return {std::move(values), std::move(indices)};
}
template Ordered<float> sort(const Variable<float>&, std::ptrdiff_t, bool, Where);
template Ordered<double> sort(const Variable<double>&, std::ptrdiff_t, bool, Where);

static const Op topk_op(
    "topk",
    {on({{3, 4}}, [](const auto& in) { return topk(in[0], 2).values; }).without_ties().linear(),
     on({{4, 2}}, [](const auto& in) { return topk(in[0], 3, 0, false).values; })
         .without_ties()
         .linear()});
template <class T>
Ordered<T> topk(
    const Variable<T>& x, std::size_t k, std::ptrdiff_t axis, bool largest, Where where) {
    const std::size_t at = checked_axis("topk", axis, x.rank());
    if (k > x.shape()[at]) {
        fail<ShapeError>(
            "topk: k is {}, axis {} of shape {} has extent {}; need k <= extent",
            k,
            at,
            x.shape(),
            x.shape()[at]);
    }
    IndexArray indices = first_in_order(x.value(), at, k, largest);
    detail::note_choice("topk", where, indices);
    Variable<T> values = take_along(x, indices, axis, where);
    return {std::move(values), std::move(indices)};
}
template Ordered<float> topk(const Variable<float>&, std::size_t, std::ptrdiff_t, bool, Where);
template Ordered<double> topk(const Variable<double>&, std::size_t, std::ptrdiff_t, bool, Where);

namespace {

// The index of sorted element `rank`, or of the first NaN.
template <class T>
IndexArray index_of_rank(const Array<T>& x, std::size_t axis, std::size_t rank) {
    return arranged_indices(x, axis, 1, false, [rank](auto& places) {
        const auto is_nan = [](const Place<T>& place) { return place.key == Place<T>::nan; };
        auto wanted = std::ranges::find_if(places, is_nan);
        if (wanted == places.end()) {
            wanted = places.begin() + static_cast<std::ptrdiff_t>(rank);
            std::nth_element(places.begin(), wanted, places.end());
        }
        places.front() = *wanted;
    });
}

template <class T>
Variable<T> quantile_of(
    const char* op,
    const Variable<T>& x,
    double q,
    std::ptrdiff_t axis,
    bool keep_dims,
    Where where) {
    const std::size_t at = checked_axis(op, axis, x.rank());
    if (!(q >= 0 && q <= 1))
        fail<std::invalid_argument>("{}: q is {}; need 0 <= q <= 1", op, q);
    const std::size_t n = x.shape()[at];
    if (n == 0) {
        fail<ShapeError>(
            "{}: axis {} of shape {} is empty; need at least one element", op, at, x.shape());
    }
    const double position = q * static_cast<double>(n - 1);
    const auto lower = static_cast<std::size_t>(position);
    const double weight = position - static_cast<double>(lower);
    const auto ranked = [&](std::size_t rank) {
        const IndexArray indices = index_of_rank(x.value(), at, rank);
        detail::note_choice(op, where, indices);
        return take_along(x, indices, axis, where);
    };
    Variable<T> y = ranked(lower);
    if (weight > 0) {
        // Not y + w (above - y), which is NaN where both are infinite.
        const Variable<T> above = ranked(lower + 1);
        y =
            add(mul(y, static_cast<T>(1 - weight), where),
                mul(above, static_cast<T>(weight), where),
                where);
    }
    return keep_dims ? y : squeeze(y, {axis}, where);
}

}  // namespace

static const Op quantile_op(
    "quantile",
    {on({{3, 4}}, [](const auto& in) { return quantile(in[0], 0.3, 1); }).without_ties().linear(),
     on({{3, 2}}, [](const auto& in) { return quantile(in[0], 0.5, 0, true); })
         .without_ties()
         .linear(),
     on({{2, 3}}, [](const auto& in) { return quantile(in[0], 1); }).without_ties().linear()});
template <class T>
Variable<T> quantile(
    const Variable<T>& x, double q, std::ptrdiff_t axis, bool keep_dims, Where where) {
    return quantile_of("quantile", x, q, axis, keep_dims, where);
}
template Variable<float> quantile(const Variable<float>&, double, std::ptrdiff_t, bool, Where);
template Variable<double> quantile(const Variable<double>&, double, std::ptrdiff_t, bool, Where);

template <class T>
Variable<T> quantile(const Variable<T>& x, double q, Where where) {
    return quantile_of("quantile", flatten(x, 0, -1, where), q, 0, false, where);
}
template Variable<float> quantile(const Variable<float>&, double, Where);
template Variable<double> quantile(const Variable<double>&, double, Where);

static const Op median_op(
    "median",
    {on({{3, 4}}, [](const auto& in) { return median(in[0], 1); }).without_ties().linear(),
     on({{3, 3}}, [](const auto& in) { return median(in[0]); }).without_ties().linear()});
template <class T>
Variable<T> median(const Variable<T>& x, std::ptrdiff_t axis, bool keep_dims, Where where) {
    return quantile_of("median", x, 0.5, axis, keep_dims, where);
}
template Variable<float> median(const Variable<float>&, std::ptrdiff_t, bool, Where);
template Variable<double> median(const Variable<double>&, std::ptrdiff_t, bool, Where);

template <class T>
Variable<T> median(const Variable<T>& x, Where where) {
    return quantile_of("median", flatten(x, 0, -1, where), 0.5, 0, false, where);
}
template Variable<float> median(const Variable<float>&, Where);
template Variable<double> median(const Variable<double>&, Where);

}  // namespace xgrad
