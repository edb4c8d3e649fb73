#include <autograd/fail.hpp>
#include <autograd/op.hpp>
#include <ops/arithmetic.hpp>
#include <ops/contraction.hpp>
#include <ops/linalg.hpp>
#include <ops/pick.hpp>
#include <ops/reduce.hpp>

#include <algorithm>

namespace xgrad {

static const Op tensordot_op(
    "tensordot",
    {on({{2, 3, 2}, {2, 3}},
        [](const auto& in) {
            return tensordot(in[0], in[1], {0, 1}, {0, 1});
        }),
     on({{2, 3}, {3, 2, 2}}, [](const auto& in) { return tensordot(in[0], in[1], {-1}, {0}); }),
     on({{2}, {3}}, [](const auto& in) { return tensordot(in[0], in[1], 0); })});

namespace {

// The axes counted from the front, in the order given.
std::vector<std::size_t> places(const Axes& axes, std::size_t rank) {
    static_cast<void>(checked_axes("tensordot", axes, rank));
    std::vector<std::size_t> found;
    for (const std::ptrdiff_t axis : axes)
        found.push_back(checked_axis("tensordot", axis, rank));
    return found;
}

// The order in which the other axes come first, or last, and their extents.
struct Split {
    Split(const Shape& shape, const std::vector<std::size_t>& summed, bool summed_first) {
        Axes others;
        for (std::size_t i = 0; i < shape.size(); ++i) {
            if (std::ranges::find(summed, i) == summed.end()) {
                others.push_back(static_cast<std::ptrdiff_t>(i));
                rest.push_back(shape[i]);
            }
        }
        const Axes inner(summed.begin(), summed.end());
        order = summed_first ? inner : others;
        const Axes& last = summed_first ? others : inner;
        order.insert(order.end(), last.begin(), last.end());
    }
    Axes order;
    Shape rest;
};

}  // namespace

template <class T>
Variable<T> tensordot(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    const Axes& axes_a,
    const Axes& axes_b,
    Where where) {
    const auto in_a = places(axes_a, a.rank()), in_b = places(axes_b, b.rank());
    if (in_a.size() != in_b.size()) {
        fail<ShapeError>(
            "tensordot: {} axes of a, {} of b; need as many", in_a.size(), in_b.size());
    }
    std::size_t inner = 1;
    for (std::size_t i = 0; i < in_a.size(); ++i) {
        const std::size_t extent = a.shape()[in_a[i]];
        if (b.shape()[in_b[i]] != extent) {
            fail<ShapeError>(
                "tensordot: a is {}, b is {}, axis {} has {}, axis {} has {}; need equal extents",
                a.shape(),
                b.shape(),
                in_a[i],
                extent,
                in_b[i],
                b.shape()[in_b[i]]);
        }
        inner *= extent;
    }
    const Split left(a.shape(), in_a, false), right(b.shape(), in_b, true);
    const Variable<T> rows =
        reshape(permute(a, left.order, where), {count(left.rest), inner}, where);
    const Variable<T> columns =
        reshape(permute(b, right.order, where), {inner, count(right.rest)}, where);
    Shape shape = left.rest;
    shape.insert(shape.end(), right.rest.begin(), right.rest.end());
    return reshape(matmul(rows, columns, where), shape, where);
}
template Variable<float> tensordot(
    const Variable<float>&, const Variable<float>&, const Axes&, const Axes&, Where);
template Variable<double> tensordot(
    const Variable<double>&, const Variable<double>&, const Axes&, const Axes&, Where);

template <class T>
Variable<T> tensordot(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    std::size_t axes,
    Where where) {
    if (axes > a.rank() || axes > b.rank()) {
        fail<ShapeError>(
            "tensordot: a is {}, b is {}; need {} axes in each", a.shape(), b.shape(), axes);
    }
    Axes in_a, in_b;
    for (std::size_t i = 0; i < axes; ++i) {
        in_a.push_back(static_cast<std::ptrdiff_t>(a.rank() - axes + i));
        in_b.push_back(static_cast<std::ptrdiff_t>(i));
    }
    return tensordot(a, b, in_a, in_b, where);
}
template Variable<float> tensordot(
    const Variable<float>&, const Variable<float>&, std::size_t, Where);
template Variable<double> tensordot(
    const Variable<double>&, const Variable<double>&, std::size_t, Where);

static const Op kron_op(
    "kron",
    {on({{2, 3}, {3, 2}}, [](const auto& in) { return kron(in[0], in[1]); }),
     on({{2}, {2, 3}}, [](const auto& in) { return kron(in[0], in[1]); })});
template <class T>
Variable<T> kron(const Variable<T>& a, const std::type_identity_t<Variable<T>>& b, Where where) {
    const std::size_t rank = std::max(a.rank(), b.rank());
    Shape of_a, of_b, shape;
    for (std::size_t i = 0; i < rank; ++i) {
        const std::size_t m = i + a.rank() < rank ? 1 : a.shape()[i + a.rank() - rank];
        const std::size_t n = i + b.rank() < rank ? 1 : b.shape()[i + b.rank() - rank];
        of_a.push_back(m);
        of_a.push_back(1);
        of_b.push_back(1);
        of_b.push_back(n);
        shape.push_back(m * n);
    }
    return reshape(mul(reshape(a, of_a, where), reshape(b, of_b, where), where), shape, where);
}
template Variable<float> kron(const Variable<float>&, const Variable<float>&, Where);
template Variable<double> kron(const Variable<double>&, const Variable<double>&, Where);

namespace {

template <class T>
void check_stacks(const char* op, const Variable<T>& a, const Variable<T>& b) {
    if (a.rank() != 3 || b.rank() != 3 || a.shape()[0] != b.shape()[0] ||
        a.shape()[2] != b.shape()[1]) {
        fail<ShapeError>(
            "{}: a is {}, b is {}; need (B, M, K) and (B, K, N)", op, a.shape(), b.shape());
    }
}

}  // namespace

static const Op bmm_op("bmm", on({{2, 3, 2}, {2, 2, 3}}, [](const auto& in) {
                           return bmm(in[0], in[1]);
                       }));
template <class T>
Variable<T> bmm(const Variable<T>& a, const std::type_identity_t<Variable<T>>& b, Where where) {
    check_stacks("bmm", a, b);
    return matmul(a, b, where);
}
template Variable<float> bmm(const Variable<float>&, const Variable<float>&, Where);
template Variable<double> bmm(const Variable<double>&, const Variable<double>&, Where);

static const Op baddbmm_op(
    "baddbmm",
    {on({{2, 3, 3}, {2, 3, 2}, {2, 2, 3}},
        [](const auto& in) { return baddbmm(in[0], in[1], in[2]); }),
     on({{3}, {2, 1, 2}, {2, 2, 3}},
        [](const auto& in) { return baddbmm(in[0], in[1], in[2], 0.5, -2); })});
template <class T>
Variable<T> baddbmm(
    const Variable<T>& c,
    const std::type_identity_t<Variable<T>>& a,
    const std::type_identity_t<Variable<T>>& b,
    double beta,
    double alpha,
    Where where) {
    check_stacks("baddbmm", a, b);
    const Shape shape{a.shape()[0], a.shape()[1], b.shape()[2]};
    if (broadcast_shape("baddbmm", c.shape(), shape) != shape) {
        fail<ShapeError>(
            "baddbmm: c is {}, the product {}; c must broadcast to it", c.shape(), shape);
    }
    return add(
        mul(c, static_cast<T>(beta), where),
        mul(matmul(a, b, where), static_cast<T>(alpha), where),
        where);
}
template Variable<float> baddbmm(
    const Variable<float>&, const Variable<float>&, const Variable<float>&, double, double, Where);
template Variable<double> baddbmm(
    const Variable<double>&,
    const Variable<double>&,
    const Variable<double>&,
    double,
    double,
    Where);

static const Op trace_op(
    "trace",
    {on({{3, 4}}, [](const auto& in) { return trace(in[0]); }).linear(),
     on({{2, 3, 3}}, [](const auto& in) { return trace(in[0]); }).linear()});
template <class T>
Variable<T> trace(const Variable<T>& x, Where where) {
    if (x.rank() < 2)
        fail<ShapeError>("trace: x has shape {}; need at least two axes", x.shape());
    return sum(diagonal(x, 0, -2, -1, where), {-1}, false, where);
}
template Variable<float> trace(const Variable<float>&, Where);
template Variable<double> trace(const Variable<double>&, Where);

}  // namespace xgrad
