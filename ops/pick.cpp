#include <autograd/broadcast.hpp>
#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <ops/arithmetic.hpp>
#include <ops/pick.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad {

namespace {

// Flat indices of a diagonal in a matrix of rows by columns.
std::vector<std::int64_t> diagonal_indices(
    std::size_t rows, std::size_t columns, std::ptrdiff_t offset) {
    const auto m = static_cast<std::ptrdiff_t>(rows), n = static_cast<std::ptrdiff_t>(columns);
    offset = std::clamp(offset, -m, n);
    std::vector<std::int64_t> indices;
    for (std::ptrdiff_t i = std::max<std::ptrdiff_t>(0, -offset); i < m && i + offset < n; ++i)
        indices.push_back(i * n + i + offset);
    return indices;
}

template <class T>
Variable<T> diagonal_of(
    const Variable<T>& x, std::ptrdiff_t offset, std::size_t row, std::size_t column, Where where) {
    Axes order;
    Shape shape;
    for (std::size_t i = 0; i < x.rank(); ++i) {
        if (i != row && i != column) {
            order.push_back(static_cast<std::ptrdiff_t>(i));
            shape.push_back(x.shape()[i]);
        }
    }
    order.push_back(static_cast<std::ptrdiff_t>(row));
    order.push_back(static_cast<std::ptrdiff_t>(column));
    const std::size_t rows = x.shape()[row], columns = x.shape()[column];
    shape.push_back(rows * columns);
    const Variable<T> last = std::ranges::is_sorted(order) ? x : permute(x, order, where);
    const Variable<T> flat = reshape(last, shape, where);
    return gather(flat, -1, diagonal_indices(rows, columns, offset), where);
}

}  // namespace

static const Op diagonal_op(
    "diagonal",
    {on({{3, 4}}, [](const auto& in) { return diagonal(in[0], 1); }).linear(),
     on({{3, 2, 3}}, [](const auto& in) { return diagonal(in[0], -1, -1, 0); }).linear()});
template <class T>
Variable<T> diagonal(
    const Variable<T>& x,
    std::ptrdiff_t offset,
    std::ptrdiff_t axis1,
    std::ptrdiff_t axis2,
    Where where) {
    static_cast<void>(checked_axes("diagonal", {axis1, axis2}, x.rank()));
    return diagonal_of(
        x,
        offset,
        checked_axis("diagonal", axis1, x.rank()),
        checked_axis("diagonal", axis2, x.rank()),
        where);
}
template Variable<float> diagonal(
    const Variable<float>&, std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, Where);
template Variable<double> diagonal(
    const Variable<double>&, std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, Where);

static const Op diag_op(
    "diag",
    {on({{3}}, [](const auto& in) { return diag(in[0], -1); }).linear(),
     on({{3, 4}}, [](const auto& in) { return diag(in[0], 1); }).linear()});
template <class T>
Variable<T> diag(const Variable<T>& x, std::ptrdiff_t offset, Where where) {
    if (x.rank() == 2)
        return diagonal_of(x, offset, 0, 1, where);
    if (x.rank() != 1)
        fail<ShapeError>("diag: x has shape {}; need a vector or a matrix", x.shape());
    const std::size_t n = x.size() + static_cast<std::size_t>(std::abs(offset));
    return reshape(scatter_add(x, 0, diagonal_indices(n, n, offset), n * n, where), {n, n}, where);
}
template Variable<float> diag(const Variable<float>&, std::ptrdiff_t, Where);
template Variable<double> diag(const Variable<double>&, std::ptrdiff_t, Where);

namespace {

// x with zeros above the diagonal that lies `offset` to the right of the main one, or below it.
template <class T>
Array<T> triangle(const char* op, const Array<T>& x, std::ptrdiff_t offset, bool lower) {
    const Shape& shape = x.shape();
    if (shape.size() < 2)
        fail<ShapeError>("{}: x has shape {}; need at least two axes", op, shape);
    const auto rows = static_cast<std::ptrdiff_t>(shape[shape.size() - 2]);
    const auto columns = static_cast<std::ptrdiff_t>(shape.back());
    offset = std::clamp(offset, -rows, columns) + (lower ? 1 : 0);
    Array<T> y = empty<T>(shape);
    const T* from = x.data();
    T* to = y.data();
    for (T* const end = to + y.size(); to != end;) {
        for (std::ptrdiff_t row = 0; row < rows; ++row, from += columns, to += columns) {
            const std::ptrdiff_t cut = std::clamp<std::ptrdiff_t>(row + offset, 0, columns);
            std::copy_n(from, columns, to);
            if (lower)
                std::fill(to + cut, to + columns, T(0));
            else
                std::fill(to, to + cut, T(0));
        }
    }
    return y;
}

}  // namespace

static const Op tril_op(
    "tril",
    {on({{3, 4}}, [](const auto& in) { return tril(in[0]); }).linear(),
     on({{2, 3, 2}}, [](const auto& in) { return tril(in[0], -1); }).linear()});
template <class T>
Variable<T> tril(const Variable<T>& x, std::ptrdiff_t offset, Where where) {
    return record(tril_op, triangle("tril", x.value(), offset, true), where)
        .wrt(x, [offset](const Variable<T>& g) { return tril(g, offset); });
}
template Variable<float> tril(const Variable<float>&, std::ptrdiff_t, Where);
template Variable<double> tril(const Variable<double>&, std::ptrdiff_t, Where);

static const Op triu_op(
    "triu",
    {on({{3, 4}}, [](const auto& in) { return triu(in[0]); }).linear(),
     on({{2, 3, 2}}, [](const auto& in) { return triu(in[0], 1); }).linear()});
template <class T>
Variable<T> triu(const Variable<T>& x, std::ptrdiff_t offset, Where where) {
    return record(triu_op, triangle("triu", x.value(), offset, false), where)
        .wrt(x, [offset](const Variable<T>& g) { return triu(g, offset); });
}
template Variable<float> triu(const Variable<float>&, std::ptrdiff_t, Where);
template Variable<double> triu(const Variable<double>&, std::ptrdiff_t, Where);

template <class T>
Variable<T> one_hot(Indices labels, std::size_t classes) {
    const Shape shape{labels.size(), classes};
    detail::check_countable("one_hot", shape);
    Array<T> y(shape, T(0));
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= classes) {
            fail<IndexError>(
                "one_hot: label {} at row {} is out of range; need 0 <= label < {}",
                labels[i],
                i,
                classes);
        }
        y.data()[i * classes + static_cast<std::size_t>(labels[i])] = T(1);
    }
    return Variable<T>(std::move(y));
}
template Variable<float> one_hot(Indices, std::size_t);
template Variable<double> one_hot(Indices, std::size_t);

namespace {

bool is_row(std::int64_t index, std::size_t rows) {
    return index >= 0 && static_cast<std::size_t>(index) < rows;
}

void check_rows(
    const IndexArray& indices, const Shape& weight, std::optional<std::int64_t> padding_idx) {
    if (weight.size() != 2)
        fail<ShapeError>("embedding: weight has shape {}; need (rows, K)", weight);
    for (std::size_t i = 0; i < indices.size(); ++i) {
        if (!is_row(indices.data()[i], weight[0])) {
            fail<IndexError>(
                "embedding: index {} at {} is out of range for weight of shape {}; need 0 <= index "
                "< {}",
                indices.data()[i],
                index_string(i, indices.shape()),
                weight,
                weight[0]);
        }
    }
    if (padding_idx && !is_row(*padding_idx, weight[0])) {
        fail<IndexError>(
            "embedding: padding_idx is {}, weight has shape {}; need 0 <= padding_idx < {}",
            *padding_idx,
            weight,
            weight[0]);
    }
}

// The rows of g, one for each index, added up in `rows` rows, without those of the padding.
template <class T>
Variable<T> share_of_rows(
    const Variable<T>& g,
    const std::vector<std::int64_t>& indices,
    std::size_t rows,
    std::optional<std::int64_t> padding_idx) {
    if (!padding_idx)
        return scatter_add(g, 0, indices, rows);
    std::vector<std::int64_t> places, kept;
    for (std::size_t i = 0; i < indices.size(); ++i) {
        if (indices[i] != *padding_idx) {
            places.push_back(static_cast<std::int64_t>(i));
            kept.push_back(indices[i]);
        }
    }
    return scatter_add(gather(g, 0, places), 0, kept, rows);
}

}  // namespace

// A primitive for the sake of padding_idx, whose row counts in the value and not in the gradient.
static const Op embedding_op(
    "embedding",
    {on({{4, 3}},
        [](const auto& in) {
            return embedding(IndexArray{{1, 3, 0}, {3, 1, 1}}, in[0]);
        })
         .linear(),
     on({{3, 2}}, [](const auto& in) {
         return embedding(IndexArray{2, 0, 2}, in[0]);
     }).linear()});
template <class T>
Variable<T> embedding(
    const IndexArray& indices,
    const Variable<T>& weight,
    std::optional<std::int64_t> padding_idx,
    Where where) {
    check_rows(indices, weight.shape(), padding_idx);
    const std::size_t rows = weight.shape()[0], width = weight.shape()[1];
    Shape shape = indices.shape();
    shape.push_back(width);
    Array<T> y = empty<T>(shape);
    T* to = y.data();
    for (const std::int64_t index : indices)
        to =
            std::copy_n(weight.value().data() + static_cast<std::size_t>(index) * width, width, to);
    return record(embedding_op, std::move(y), where)
        .wrt(
            weight,
            [kept = std::vector(indices.begin(), indices.end()), rows, width, padding_idx](
                const Variable<T>& g) {
                return share_of_rows(reshape(g, {kept.size(), width}), kept, rows, padding_idx);
            });
}
template Variable<float> embedding(
    const IndexArray&, const Variable<float>&, std::optional<std::int64_t>, Where);
template Variable<double> embedding(
    const IndexArray&, const Variable<double>&, std::optional<std::int64_t>, Where);

static const Op index_add_op(
    "index_add", on({{2, 4}, {2, 3}}, [](const auto& in) {
                     return index_add(in[0], 1, std::vector<std::int64_t>{3, 0, 3}, in[1]);
                 }).linear());
template <class T>
Variable<T> index_add(
    const Variable<T>& x,
    std::ptrdiff_t axis,
    Indices indices,
    const std::type_identity_t<Variable<T>>& source,
    Where where) {
    const std::size_t at = checked_axis("index_add", axis, x.rank());
    Shape needed = x.shape();
    needed[at] = indices.size();
    if (source.shape() != needed) {
        fail<ShapeError>(
            "index_add: x has shape {}, the source {}, there are {} indices for axis {}; need a "
            "source of shape {}",
            x.shape(),
            source.shape(),
            indices.size(),
            at,
            needed);
    }
    const std::size_t extent = x.shape()[at];
    for (std::size_t i = 0; i < indices.size(); ++i) {
        if (indices[i] < 0 || static_cast<std::size_t>(indices[i]) >= extent) {
            fail<IndexError>(
                "index_add: index {} at position {} is out of range for axis {} of extent {}; need "
                "0 <= index < {}",
                indices[i],
                i,
                at,
                extent,
                extent);
        }
    }
    return add(x, scatter_add(source, axis, indices, extent, where), where);
}
template Variable<float> index_add(
    const Variable<float>&, std::ptrdiff_t, Indices, const Variable<float>&, Where);
template Variable<double> index_add(
    const Variable<double>&, std::ptrdiff_t, Indices, const Variable<double>&, Where);

namespace {

template <class T>
void check_mask(const char* op, const Variable<T>& x, const Variable<T>& mask) {
    if (broadcast_shape(op, x.shape(), mask.shape()) != x.shape()) {
        fail<ShapeError>(
            "{}: x has shape {}, the mask {}; the mask must broadcast to x's shape",
            op,
            x.shape(),
            mask.shape());
    }
}

}  // namespace

static const Op masked_fill_op(
    "masked_fill",
    {on({{2, 3}, {2, 3}}, [](const auto& in) { return masked_fill(in[0], in[1], -1.5); })
         .fixing(1, {{0, 1, 0}, {1, 0, 0}})
         .linear(),
     on({{2, 3}, {3}}, [](const auto& in) { return masked_fill(in[0], in[1], 0.5); })
         .fixing(1, {1, 0, 0})
         .linear()});
template <class T>
Variable<T> masked_fill(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& mask,
    double value,
    Where where) {
    check_mask("masked_fill", x, mask);
    return xgrad::where(mask, static_cast<T>(value), x, where);
}
template Variable<float> masked_fill(const Variable<float>&, const Variable<float>&, double, Where);
template Variable<double> masked_fill(
    const Variable<double>&, const Variable<double>&, double, Where);

static const Op masked_select_op(
    "masked_select",
    {on({{2, 3}, {2, 3}}, [](const auto& in) { return masked_select(in[0], in[1]); })
         .fixing(1, {{0, 1, 0}, {1, 0, 1}})
         .linear(),
     on({{2, 3}, {3}}, [](const auto& in) { return masked_select(in[0], in[1]); })
         .fixing(1, {1, 0, 1})
         .linear()});
template <class T>
Variable<T> masked_select(
    const Variable<T>& x, const std::type_identity_t<Variable<T>>& mask, Where where) {
    check_mask("masked_select", x, mask);
    const Variable<T> wide = broadcast_to(mask.detach(), x.shape());
    std::vector<std::int64_t> indices;
    for (std::size_t i = 0; i < wide.size(); ++i) {
        if (wide.value().data()[i] != 0)
            indices.push_back(static_cast<std::int64_t>(i));
    }
    return gather(reshape(x, {x.size()}, where), 0, indices, where);
}
template Variable<float> masked_select(const Variable<float>&, const Variable<float>&, Where);
template Variable<double> masked_select(const Variable<double>&, const Variable<double>&, Where);

}  // namespace xgrad
