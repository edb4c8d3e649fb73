#include <autograd/broadcast.hpp>
#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <ops/shape.hpp>
#include <ops/transpose.hpp>

#include <algorithm>
#include <numeric>

namespace xgrad {

static const Op reshape_op("reshape", on({{3, 4}}, [](const auto& in) {
                                          return reshape(in[0], {2, 6});
                                      }).linear());
template <class T>
Variable<T> reshape(const Variable<T>& x, const Shape& shape, Where where) {
    if (count(shape) != x.size()) {
        fail<ShapeError>(
            "reshape: x has shape {}, {} elements; {} has {}, the sizes must agree",
            x.shape(),
            x.size(),
            shape,
            count(shape));
    }
    detail::check_countable("reshape", shape);
    Array<T> y = x.value();
    y.reshape(shape);
    return record(reshape_op, std::move(y), where)
        .wrt(x, [before = x.shape()](const Variable<T>& g) { return reshape(g, before); });
}
template Variable<float> reshape(const Variable<float>&, const Shape&, Where);
template Variable<double> reshape(const Variable<double>&, const Shape&, Where);

static const Op flatten_op("flatten", on({{2, 3, 2}}, [](const auto& in) {
                                          return flatten(in[0], 1);
                                      }).linear());
template <class T>
Variable<T> flatten(const Variable<T>& x, std::ptrdiff_t first, std::ptrdiff_t last, Where where) {
    if (x.rank() == 0)
        return reshape(x, {1}, where);
    const std::size_t begin = checked_axis("flatten", first, x.rank());
    const std::size_t end = checked_axis("flatten", last, x.rank());
    if (begin > end) {
        fail<ShapeError>("flatten: first axis is {}, last is {}; need first <= last", begin, end);
    }
    Shape shape(x.shape().begin(), x.shape().begin() + static_cast<std::ptrdiff_t>(begin));
    std::size_t merged = 1;
    for (std::size_t i = begin; i <= end; ++i)
        merged *= x.shape()[i];
    shape.push_back(merged);
    for (std::size_t i = end + 1; i < x.rank(); ++i)
        shape.push_back(x.shape()[i]);
    return reshape(x, shape, where);
}
template Variable<float> flatten(const Variable<float>&, std::ptrdiff_t, std::ptrdiff_t, Where);
template Variable<double> flatten(const Variable<double>&, std::ptrdiff_t, std::ptrdiff_t, Where);

// The inverse order brings g back.
static const Op permute_op(
    "permute",
    {on({{2, 3, 4}},
        [](const auto& in) {
            return permute(in[0], {2, 0, 1});
        })
         .linear(),
     on({{3, 4}},
        [](const auto& in) {
            return permute(in[0], {1, 0});
        })
         .linear(),
     on({{3}}, [](const auto& in) { return permute(in[0], {0}); }).linear()});
template <class T>
Variable<T> permute(const Variable<T>& x, const Axes& order, Where where) {
    if (order.size() != x.rank()) {
        fail<ShapeError>(
            "permute: x has shape {}, the order names {} axes; name each axis once",
            x.shape(),
            order.size());
    }
    static_cast<void>(checked_axes("permute", order, x.rank()));
    std::vector<std::size_t> step(x.rank(), 1);
    for (std::size_t i = x.rank(); i-- > 1;)
        step[i - 1] = step[i] * x.shape()[i];
    Shape shape(x.rank());
    std::vector<std::size_t> strides(x.rank());
    Axes inverse(x.rank());
    for (std::size_t i = 0; i < x.rank(); ++i) {
        const std::size_t from = checked_axis("permute", order[i], x.rank());
        shape[i] = x.shape()[from];
        strides[i] = step[from];
        inverse[from] = static_cast<std::ptrdiff_t>(i);
    }
    Array<T> y = empty<T>(shape);
    detail::permute_into(y.data(), x.value().data(), shape, strides);
    return record(permute_op, std::move(y), where).wrt(x, [inverse](const Variable<T>& g) {
        return permute(g, inverse);
    });
}
template Variable<float> permute(const Variable<float>&, const Axes&, Where);
template Variable<double> permute(const Variable<double>&, const Axes&, Where);

static const Op transpose_op(
    "transpose",
    {on({{3, 4}}, [](const auto& in) { return transpose(in[0]); }).linear(),
     on({{2, 3, 4}}, [](const auto& in) { return transpose(in[0], 0, 2); }).linear(),
     on({{2, 3, 4}}, [](const auto& in) { return transpose(in[0], -1, -2); }).linear()});
template <class T>
Variable<T> transpose(const Variable<T>& x, Where where) {
    Axes order(x.rank());
    std::iota(order.rbegin(), order.rend(), 0);
    return permute(x, order, where);
}
template Variable<float> transpose(const Variable<float>&, Where);
template Variable<double> transpose(const Variable<double>&, Where);

template <class T>
Variable<T> transpose(const Variable<T>& x, std::ptrdiff_t a, std::ptrdiff_t b, Where where) {
    Axes order(x.rank());
    std::iota(order.begin(), order.end(), 0);
    std::swap(
        order[checked_axis("transpose", a, x.rank())],
        order[checked_axis("transpose", b, x.rank())]);
    return permute(x, order, where);
}
template Variable<float> transpose(const Variable<float>&, std::ptrdiff_t, std::ptrdiff_t, Where);
template Variable<double> transpose(const Variable<double>&, std::ptrdiff_t, std::ptrdiff_t, Where);

static const Op squeeze_op("squeeze", on({{2, 1, 3}}, [](const auto& in) {
                                          return squeeze(in[0], {1});
                                      }).linear());
template <class T>
Variable<T> squeeze(const Variable<T>& x, const Axes& axes, Where where) {
    const std::vector<std::size_t> dropped = checked_axes("squeeze", axes, x.rank());
    Shape shape;
    for (std::size_t i = 0; i < x.rank(); ++i) {
        if (!std::ranges::binary_search(dropped, i)) {
            shape.push_back(x.shape()[i]);
        } else if (x.shape()[i] != 1) {
            fail<ShapeError>(
                "squeeze: axis {} of shape {} has extent {}; only extent 1 can be dropped",
                i,
                x.shape(),
                x.shape()[i]);
        }
    }
    return reshape(x, shape, where);
}
template Variable<float> squeeze(const Variable<float>&, const Axes&, Where);
template Variable<double> squeeze(const Variable<double>&, const Axes&, Where);

static const Op unsqueeze_op("unsqueeze", on({{2, 3}}, [](const auto& in) {
                                              return unsqueeze(in[0], 1);
                                          }).linear());
template <class T>
Variable<T> unsqueeze(const Variable<T>& x, std::ptrdiff_t axis, Where where) {
    const std::size_t at = checked_axis("unsqueeze", axis, x.rank() + 1);
    Shape shape;
    for (std::size_t i = 0; i <= x.rank(); ++i) {
        if (i == at)
            shape.push_back(1);
        if (i < x.rank())
            shape.push_back(x.shape()[i]);
    }
    return reshape(x, shape, where);
}
template Variable<float> unsqueeze(const Variable<float>&, std::ptrdiff_t, Where);
template Variable<double> unsqueeze(const Variable<double>&, std::ptrdiff_t, Where);

}  // namespace xgrad
