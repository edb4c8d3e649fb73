#include <autograd/broadcast.hpp>
#include <autograd/fail.hpp>
#include <autograd/kernels.hpp>
#include <autograd/parallel.hpp>
#include <autograd/record.hpp>
#include <ops/gemm.hpp>
#include <ops/linalg.hpp>
#include <ops/operators.hpp>
#include <ops/reduce.hpp>
#include <ops/shape.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace xgrad {
namespace {

// A stack of matrices read transposed or not. The product is closed under differentiation: each
// share is again such a product.
template <class T>
Variable<T> product(
    const Variable<T>& a, bool transpose_a, const Variable<T>& b, bool transpose_b, Where where);

Shape leading_axes(const Shape& shape) { return Shape(shape.begin(), shape.end() - 2); }

template <class T>
Array<T> product_value(const Array<T>& a, bool transpose_a, const Array<T>& b, bool transpose_b) {
    const std::size_t row_a = a.shape().size() - 2, row_b = b.shape().size() - 2;
    detail::GemmShape shape{};
    shape.m = a.shape()[row_a + (transpose_a ? 1 : 0)];
    shape.k = a.shape()[row_a + (transpose_a ? 0 : 1)];
    shape.n = b.shape()[row_b + (transpose_b ? 0 : 1)];
    shape.transpose_a = transpose_a;
    shape.transpose_b = transpose_b;
    if (row_a + row_b == 0) {
        Array<T> c = empty<T>({shape.m, shape.n});
        detail::gemm(shape, a.data(), b.data(), T(0), c.data());
        return c;
    }
    const Shape batch_a = leading_axes(a.shape()), batch_b = leading_axes(b.shape());
    Shape batch = broadcast_shape("matmul", batch_a, batch_b);
    const std::size_t matrices = count(batch);
    Shape result = batch;
    result.push_back(shape.m);
    result.push_back(shape.n);
    Array<T> c = empty<T>(result);

    const auto multiply = [&](std::size_t ia, std::size_t ib, std::size_t ic) {
        detail::gemm(
            shape,
            a.data() + ia * shape.m * shape.k,
            b.data() + ib * shape.k * shape.n,
            T(0),
            c.data() + ic * shape.m * shape.n);
    };
    if (!transpose_a && count(batch_b) == 1) {  // one tall matrix
        shape.m *= matrices;
        multiply(0, 0, 0);
        return c;
    }
    // Where the matrices of each product begin, counted in matrices.
    const detail::Loops loops(batch, {&batch_a, &batch_b});
    std::vector<std::pair<std::size_t, std::size_t>> begins;
    begins.reserve(matrices);
    for (std::size_t step = 0; begins.size() < matrices; ++step) {
        const std::size_t from_a = loops.offset(0, step), from_b = loops.offset(1, step);
        for (std::size_t r = 0; r < loops.rows(); ++r) {
            for (std::size_t q = 0; q < loops.columns(); ++q) {
                begins.emplace_back(
                    from_a + r * loops.row_stride(0) + q * loops.column_stride(0),
                    from_b + r * loops.row_stride(1) + q * loops.column_stride(1));
            }
        }
    }
    constexpr std::size_t grain = std::size_t{1} << 20;  // multiply-adds a thread is worth
    const std::size_t least = 1 + grain / (1 + shape.m * shape.n * shape.k);
    detail::parallel_ranges(matrices, least, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i)
            multiply(begins[i].first, begins[i].second, i);
    });
    return c;
}

}  // namespace

// (M,K) x (K,N) -> (M,N).  dA = g B^T, dB = A^T g  [Giles 2008, 2.2.2]. For an operand that is
// read transposed its share is the transpose of that.
static const Op matmul_op(
    "matmul",
    {on({{3, 4}, {4, 2}}, [](const auto& in) { return matmul(in[0], in[1]); }),
     on({{1, 4}, {4, 1}}, [](const auto& in) { return matmul(in[0], in[1]); }),
     on({{2, 3, 4}, {2, 4, 2}}, [](const auto& in) { return matmul(in[0], in[1]); }),
     on({{3, 1, 2, 4}, {2, 4, 2}}, [](const auto& in) { return matmul(in[0], in[1]); }),
     on({{4}, {4, 2}}, [](const auto& in) { return matmul(in[0], in[1]); }),
     on({{2, 3, 4}, {4}}, [](const auto& in) { return matmul(in[0], in[1]); }),
     on({{4}, {4}}, [](const auto& in) { return matmul(in[0], in[1]); })});

namespace {

// The share of an operand of that shape where every element of the product's gradient is g, of rank
// 0, which no product has: with g 1 1^T for a factor a product repeats sums of g times the other
// one, in rows or in columns. Scaled before they are summed: a sum alone may leave T's range.
template <class T>
Variable<T> repeated_sums(
    const Variable<T>& g,
    const Variable<T>& other,
    std::ptrdiff_t axis,
    bool in_columns,
    const Shape& operand) {
    Variable<T> sums = sum(other * g, {axis}, true);
    if (in_columns != (axis == -1))
        sums = transpose(sums, -2, -1);
    Shape shape = broadcast_shape("matmul", leading_axes(operand), leading_axes(other.shape()));
    shape.insert(shape.end(), operand.end() - 2, operand.end());
    return broadcast_to(sums, shape);
}

template <class T>
Variable<T> share_of_a(
    const Variable<T>& g,
    const Shape& a,
    bool transpose_a,
    const Variable<T>& b,
    bool transpose_b) {
    if (g.rank() == 0)
        return repeated_sums(g, b, transpose_b ? -2 : -1, transpose_a, a);
    return transpose_a ? product(b, transpose_b, g, true, Where::current())
                       : product(g, false, b, !transpose_b, Where::current());
}

template <class T>
Variable<T> share_of_b(
    const Variable<T>& g,
    const Variable<T>& a,
    bool transpose_a,
    const Shape& b,
    bool transpose_b) {
    if (g.rank() == 0)
        return repeated_sums(g, a, transpose_a ? -1 : -2, !transpose_b, b);
    return transpose_b ? product(g, true, a, transpose_a, Where::current())
                       : product(a, !transpose_a, g, false, Where::current());
}

template <class T>
Variable<T> product(
    const Variable<T>& a, bool transpose_a, const Variable<T>& b, bool transpose_b, Where where) {
    // A rule is kept where its input has a node, `to`.
    auto by_a = [b = keep(b), to = a.state().node, transpose_a, transpose_b](const Variable<T>& g) {
        return share_of_a(g, to->shape, transpose_a, *b, transpose_b);
    };
    auto by_b = [a = keep(a), to = b.state().node, transpose_a, transpose_b](const Variable<T>& g) {
        return share_of_b(g, *a, transpose_a, to->shape, transpose_b);
    };
    return record(matmul_op, product_value(a.value(), transpose_a, b.value(), transpose_b), where)
        .wrt(a, one_number(batched(std::move(by_a))))
        .wrt(b, one_number(batched(std::move(by_b))));
}

}  // namespace

template <class T>
Variable<T> matmul(const Variable<T>& a, const std::type_identity_t<Variable<T>>& b, Where where) {
    if (a.rank() == 0 || b.rank() == 0) {
        fail<ShapeError>(
            "matmul: a is {}, b is {}; both need at least one axis, use mul for a scalar",
            a.shape(),
            b.shape());
    }
    const std::size_t inner_a = a.shape().back();
    const std::size_t inner_b = b.shape()[b.rank() == 1 ? 0 : b.rank() - 2];
    if (inner_a != inner_b) {
        fail<ShapeError>(
            "matmul: inner sizes differ: a is {}, b is {}; a's last axis must equal b's {}",
            a.shape(),
            b.shape(),
            b.rank() <= 2 ? "first" : "last but one");
    }
    const Variable<T> rows = a.rank() == 1 ? unsqueeze(a, 0, where) : a;
    const Variable<T> columns = b.rank() == 1 ? unsqueeze(b, 1, where) : b;
    Variable<T> c = product(rows, false, columns, false, where);
    if (b.rank() == 1)
        c = squeeze(c, {-1}, where);
    if (a.rank() == 1)
        c = squeeze(c, {b.rank() == 1 ? -1 : -2}, where);
    return c;
}
template Variable<float> matmul(const Variable<float>&, const Variable<float>&, Where);
template Variable<double> matmul(const Variable<double>&, const Variable<double>&, Where);

// A primitive: the product accumulates onto the bias, which saves a pass over the result.
static const Op linear_op(
    "linear",
    {on({{3, 4}, {2, 4}, {2}}, [](const auto& in) { return linear(in[0], in[1], in[2]); }),
     on({{3, 4}, {2, 4}}, [](const auto& in) { return linear(in[0], in[1]); }),
     on({{4}, {2, 4}, {2}}, [](const auto& in) { return linear(in[0], in[1], in[2]); }),
     on({{2, 3, 4}, {2, 4}, {2}}, [](const auto& in) { return linear(in[0], in[1], in[2]); })});

namespace {

template <class T>
Variable<T> linear_rows(
    const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias, Where where) {
    const std::size_t rows = x.shape()[0], in = x.shape()[1], out = weight.shape()[0];
    Array<T> y = empty<T>({rows, out});
    if (bias.defined()) {
        const auto repeat = detail::kernels<detail::TapeKernels<T>>().repeat;
        repeat(y.data(), bias.value().data(), rows, out, 0, false, false);
    }
    detail::gemm(
        {rows, out, in, false, true},
        x.value().data(),
        weight.value().data(),
        T(bias.defined() ? 1 : 0),
        y.data());
    auto by_x = [weight = keep(weight), to = x.state().node](const Variable<T>& g) {
        return share_of_a(g, to->shape, false, *weight, true);
    };
    auto by_weight = [x = keep(x), to = weight.state().node](const Variable<T>& g) {
        return share_of_b(g, *x, false, to->shape, true);
    };
    auto recording = record(linear_op, std::move(y), where)
                         .wrt(x, one_number(batched(std::move(by_x))))
                         .wrt(weight, one_number(batched(std::move(by_weight))));
    if (!bias.defined())
        return recording;
    const auto by_bias = [rows](const Variable<T>& g) {
        if (g.rank() > 0)
            return g;
        return rows == 0 ? Variable<T>(T(0)) : g * static_cast<T>(rows);
    };
    return std::move(recording).wrt(bias, one_number(batched(by_bias)));
}

}  // namespace

template <class T>
Variable<T> linear(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const std::type_identity_t<Variable<T>>& bias,
    Where where) {
    if (x.rank() == 0 || weight.rank() != 2 || x.shape().back() != weight.shape()[1]) {
        fail<ShapeError>(
            "linear: x is {}, weight is {}; need x (..., in) and weight (out, in)",
            x.shape(),
            weight.shape());
    }
    if (bias.defined() && bias.shape() != Shape{weight.shape()[0]}) {
        fail<ShapeError>(
            "linear: bias is {}, weight is {}; need bias ({},)",
            bias.shape(),
            weight.shape(),
            weight.shape()[0]);
    }
    if (x.rank() == 2)
        return linear_rows(x, weight, bias, where);
    Shape result = x.shape();
    result.back() = weight.shape()[0];
    const std::size_t in = x.shape().back();
    const Shape rows{
        in == 0 ? count(result) / std::max<std::size_t>(1, result.back()) : x.size() / in, in};
    return reshape(linear_rows(reshape(x, rows, where), weight, bias, where), result, where);
}
template Variable<float> linear(
    const Variable<float>&, const Variable<float>&, const Variable<float>&, Where);
template Variable<double> linear(
    const Variable<double>&, const Variable<double>&, const Variable<double>&, Where);

namespace {

template <class T>
void check_vectors(const char* op, const Variable<T>& a, const Variable<T>& b) {
    if (a.rank() != 1 || b.rank() != 1) {
        fail<ShapeError>("{}: a is {}, b is {}; need two vectors", op, a.shape(), b.shape());
    }
}

}  // namespace

static const Op dot_op("dot", on({{4}, {4}}, [](const auto& in) { return dot(in[0], in[1]); }));
template <class T>
Variable<T> dot(const Variable<T>& a, const std::type_identity_t<Variable<T>>& b, Where where) {
    check_vectors("dot", a, b);
    if (a.size() != b.size()) {
        fail<ShapeError>("dot: a is {}, b is {}; need vectors of one length", a.shape(), b.shape());
    }
    return matmul(a, b, where);
}
template Variable<float> dot(const Variable<float>&, const Variable<float>&, Where);
template Variable<double> dot(const Variable<double>&, const Variable<double>&, Where);

static const Op outer_op("outer", on({{3}, {4}}, [](const auto& in) {
                             return outer(in[0], in[1]);
                         }));
template <class T>
Variable<T> outer(const Variable<T>& a, const std::type_identity_t<Variable<T>>& b, Where where) {
    check_vectors("outer", a, b);
    return mul(unsqueeze(a, 1, where), b, where);
}
template Variable<float> outer(const Variable<float>&, const Variable<float>&, Where);
template Variable<double> outer(const Variable<double>&, const Variable<double>&, Where);

}  // namespace xgrad
