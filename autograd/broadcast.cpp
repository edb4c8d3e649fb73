#include <autograd/broadcast.hpp>
#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <autograd/repeat.hpp>

#include <algorithm>

namespace xgrad {

Shape broadcast_shape(std::string_view op, const Shape& a, const Shape& b) {
    const Shape& longer = a.size() >= b.size() ? a : b;
    const Shape& shorter = a.size() >= b.size() ? b : a;
    Shape shape = longer;
    const std::size_t shift = longer.size() - shorter.size();
    for (std::size_t i = 0; i < shorter.size(); ++i) {
        const std::size_t m = longer[i + shift], n = shorter[i];
        if (m != n && m != 1 && n != 1) {
            fail<ShapeError>(
                "{}: shapes {} and {} do not broadcast: axis {} has {} and {}; extents must be "
                "equal or 1, counted from the last axis",
                op,
                a,
                b,
                i + shift,
                a.size() >= b.size() ? m : n,
                a.size() >= b.size() ? n : m);
        }
        if (m == 1)
            shape[i + shift] = n;
    }
    return shape;
}

std::size_t checked_axis(std::string_view op, std::ptrdiff_t axis, std::size_t rank) {
    const auto r = static_cast<std::ptrdiff_t>(rank);
    if (axis < -r || axis >= r) {
        fail<ShapeError>(
            "{}: axis {} is out of range for rank {}; need {} <= axis < {}", op, axis, rank, -r, r);
    }
    return static_cast<std::size_t>(axis < 0 ? axis + r : axis);
}

std::vector<std::size_t> checked_axes(std::string_view op, const Axes& axes, std::size_t rank) {
    std::vector<std::size_t> sorted;
    for (const std::ptrdiff_t axis : axes)
        sorted.push_back(checked_axis(op, axis, rank));
    std::ranges::sort(sorted);
    const auto twice = std::ranges::adjacent_find(sorted);
    if (twice != sorted.end()) {
        fail<ShapeError>("{}: axis {} is given twice; name each axis once", op, *twice);
    }
    return sorted;
}

namespace detail {

Loops::Loops(const Shape& output, const std::vector<const Shape*>& operands)
    : strides(operands.size()) {
    // The common case at once: one row, with nothing repeated.
    if (std::ranges::all_of(operands, [&](const Shape* shape) { return *shape == output; })) {
        extents = {1, count(output)};
        std::ranges::fill(strides, decltype(strides)::value_type{0, 1});
        return;
    }
    // Each operand's strides along the output's axes.
    std::vector<std::vector<std::size_t>> full(operands.size());
    for (std::size_t k = 0; k < operands.size(); ++k) {
        const Shape& shape = *operands[k];
        full[k].assign(output.size(), 0);
        std::size_t step = 1;
        for (std::size_t i = shape.size(); i-- > 0;) {
            if (shape[i] != 1)
                full[k][i + output.size() - shape.size()] = step;
            step *= shape[i];
        }
    }
    // An axis merges into the one before it when stepping the outer is stepping past the inner.
    for (std::size_t axis = 0; axis < output.size(); ++axis) {
        if (output[axis] == 1)
            continue;
        const bool merges =
            !extents.empty() && std::ranges::all_of(full, [&, k = std::size_t{0}](auto& s) mutable {
                return strides[k++].back() == s[axis] * output[axis];
            });
        if (merges) {
            extents.back() *= output[axis];
            for (std::size_t k = 0; k < full.size(); ++k)
                strides[k].back() = full[k][axis];
        } else {
            extents.push_back(output[axis]);
            for (std::size_t k = 0; k < full.size(); ++k)
                strides[k].push_back(full[k][axis]);
        }
    }
    if (extents.empty()) {  // a single element
        extents.push_back(1);
        for (auto& s : strides)
            s.push_back(1);
    }
    if (extents.size() == 1) {
        extents.insert(extents.begin(), 1);
        for (auto& s : strides)
            s.insert(s.begin(), 0);
    }
}

std::size_t Loops::outer() const noexcept {
    std::size_t n = 1;
    for (std::size_t i = 0; i + 2 < extents.size(); ++i)
        n *= extents[i];
    return n;
}

std::size_t Loops::offset(std::size_t k, std::size_t step) const noexcept {
    std::size_t at = 0;
    for (std::size_t i = extents.size() - 2; i-- > 0;) {
        at += step % extents[i] * strides[k][i];
        step /= extents[i];
    }
    return at;
}

namespace {

// The axes over which `wide` repeats `narrow`, which broadcasts to it.
std::vector<std::size_t> repeated_axes(const Shape& narrow, const Shape& wide) {
    std::vector<std::size_t> axes;
    const std::size_t shift = wide.size() - narrow.size();
    for (std::size_t i = 0; i < wide.size(); ++i) {
        if (i < shift || (narrow[i - shift] == 1 && wide[i] != 1))
            axes.push_back(i);
    }
    return axes;
}

bool broadcasts(const Shape& narrow, const Shape& wide) {
    if (narrow.size() > wide.size())
        return false;
    const std::size_t shift = wide.size() - narrow.size();
    for (std::size_t i = 0; i < narrow.size(); ++i) {
        if (narrow[i] != wide[i + shift] && narrow[i] != 1)
            return false;
    }
    return true;
}

}  // namespace

void check_countable(const char* op, const Shape& shape) {
    std::size_t n = 1;
    const auto overflows = [&n](std::size_t extent) {
        return __builtin_mul_overflow(n, extent, &n);
    };
    if (std::ranges::count(shape, 0u) == 0 && std::ranges::any_of(shape, overflows)) {
        fail<ShapeError>(
            "{}: shape {} has more elements than 64 bits count; need fewer", op, shape);
    }
}

}  // namespace detail

// The transpose of a repetition is a sum.
static const Op broadcast_to_op(
    "broadcast_to",
    {on({{3, 1}},
        [](const auto& in) {
            return broadcast_to(in[0], {2, 3, 4});
        })
         .linear(),
     on({{}}, [](const auto& in) {
         return broadcast_to(in[0], {3, 2});
     }).linear()});
template <class T>
Variable<T> broadcast_to(const Variable<T>& x, const Shape& shape, Where where) {
    if (!detail::broadcasts(x.shape(), shape)) {
        fail<ShapeError>(
            "broadcast_to: x has shape {}, which does not broadcast to {}; extents must be equal "
            "or 1, counted from the last axis",
            x.shape(),
            shape);
    }
    detail::check_countable("broadcast_to", shape);
    return record(broadcast_to_op, detail::repeat_to(x.value(), shape), where)
        .wrt(x, [narrow = x.shape()](const Variable<T>& g) { return sum_to(g, narrow); });
}
template Variable<float> broadcast_to(const Variable<float>&, const Shape&, Where);
template Variable<double> broadcast_to(const Variable<double>&, const Shape&, Where);

// The transpose of a sum is a repetition.
static const Op sum_to_op(
    "sum_to",
    {on({{2, 3, 4}},
        [](const auto& in) {
            return sum_to(in[0], {3, 1});
        })
         .linear(),
     on({{2, 3, 4}}, [](const auto& in) { return sum_to(in[0], {}); }).linear(),
     on({{5}}, [](const auto& in) { return sum_to(in[0], {5}); }).linear()});
template <class T>
Variable<T> sum_to(const Variable<T>& x, const Shape& shape, Where where) {
    if (!detail::broadcasts(shape, x.shape())) {
        fail<ShapeError>(
            "sum_to: x has shape {}, to which {} does not broadcast; extents must be equal or 1, "
            "counted from the last axis",
            x.shape(),
            shape);
    }
    Array<T> y = detail::sum_axes(x.value(), detail::repeated_axes(shape, x.shape()));
    y.reshape(shape);
    return record(sum_to_op, std::move(y), where).wrt(x, [wide = x.shape()](const Variable<T>& g) {
        return broadcast_to(g, wide);
    });
}
template Variable<float> sum_to(const Variable<float>&, const Shape&, Where);
template Variable<double> sum_to(const Variable<double>&, const Shape&, Where);

}  // namespace xgrad
