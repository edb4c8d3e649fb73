#include <autograd/broadcast.hpp>
#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <ops/activation.hpp>
#include <ops/loss_reduction.hpp>
#include <ops/margin_loss.hpp>
#include <ops/operators.hpp>
#include <ops/shape.hpp>
#include <ops/statistic.hpp>

#include <algorithm>

namespace xgrad {

using detail::check_same;
using detail::checked_weights;
using detail::reduce;

static const Op hinge_loss_op("hinge_loss", on({{3, 4}, {3, 4}}, [](const auto& in) {
                                                return hinge_loss(in[0], in[1]);
                                            }).between(-0.9, 0.9));
template <class T>
Variable<T> hinge_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction,
    Where where) {
    check_same("hinge_loss", x, target);
    const Variable<T> gaps = relu(sub(T(1), mul(target, x, where), where), where);
    return reduce("hinge_loss", gaps, reduction, where);
}
template Variable<float> hinge_loss(
    const Variable<float>&, const Variable<float>&, Reduction, Where);
template Variable<double> hinge_loss(
    const Variable<double>&, const Variable<double>&, Reduction, Where);

static const Op hinge_embedding_loss_op(
    "hinge_embedding_loss",
    on({{2, 3}, {2, 3}}, [](const auto& in) { return hinge_embedding_loss(in[0], in[1], 3); })
        .fixing(1, {{1, -1, 1}, {-1, -1, 1}})
        .linear());
template <class T>
Variable<T> hinge_embedding_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    double margin,
    Reduction reduction,
    Where where) {
    check_same("hinge_embedding_loss", x, target);
    const Variable<T> gaps = relu(sub(static_cast<T>(margin), x, where), where);
    const Variable<T> losses = xgrad::where(greater(target, T(0)), x, gaps, where);
    return reduce("hinge_embedding_loss", losses, reduction, where);
}
template Variable<float> hinge_embedding_loss(
    const Variable<float>&, const Variable<float>&, double, Reduction, Where);
template Variable<double> hinge_embedding_loss(
    const Variable<double>&, const Variable<double>&, double, Reduction, Where);

namespace {

// 0 at each row's label, 1 elsewhere.
template <class T>
Variable<T> all_but(const IndexArray& labels, const Shape& shape) {
    Array<T> mask(shape, T(1));
    for (std::size_t i = 0; i < labels.size(); ++i)
        mask.data()[i * shape[1] + static_cast<std::size_t>(labels.data()[i])] = T(0);
    return Variable<T>(std::move(mask));
}

template <class T>
IndexArray checked_labels(const Variable<T>& scores, Indices labels) {
    if (scores.rank() != 2 || scores.shape()[0] != labels.size()) {
        fail<ShapeError>(
            "multi_margin_loss: scores have shape {}, there are {} labels; need (N, classes) and N "
            "labels",
            scores.shape(),
            labels.size());
    }
    const std::size_t classes = scores.shape()[1];
    IndexArray column = empty<std::int64_t>({labels.size(), 1});
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= classes) {
            fail<IndexError>(
                "multi_margin_loss: label {} at row {} is out of range; need 0 <= label < {}",
                labels[i],
                i,
                classes);
        }
        column.data()[i] = labels[i];
    }
    return column;
}

}  // namespace

static const Op multi_margin_loss_op(
    "multi_margin_loss",
    {on({{3, 4}},
        [](const auto& in) {
            return multi_margin_loss(in[0], std::vector<std::int64_t>{1, 3, 0}, 1, 5);
        })
         .linear(),
     on({{3, 4}}, [](const auto& in) {
         const std::vector<std::int64_t> labels{1, 3, 0};
         return multi_margin_loss(in[0], labels, 2, 5, Reduction::none, {1, 2, 0.5, 3});
     })});
template <class T>
Variable<T> multi_margin_loss(
    const Variable<T>& scores,
    Indices labels,
    int p,
    double margin,
    Reduction reduction,
    const std::vector<double>& class_weights,
    Where where) {
    if (p != 1 && p != 2)
        fail<std::invalid_argument>("multi_margin_loss: p is {}; need 1 or 2", p);
    const IndexArray column = checked_labels(scores, labels);
    const Variable<T> own = take_along(scores, column, 1, where);
    const Variable<T> gaps =
        relu(add(sub(scores, own, where), static_cast<T>(margin), where), where);
    const Variable<T> others = mul(gaps, all_but<T>(column, scores.shape()), where);
    Variable<T> losses = sum(p == 1 ? others : square(others, where), {1}, false, where);
    const Variable<T> weights = checked_weights("multi_margin_loss", scores, class_weights);
    if (!class_weights.empty())
        losses = mul(losses, gather(weights, 0, labels), where);
    const auto classes = static_cast<T>(std::max<std::size_t>(scores.shape()[1], 1));
    return reduce("multi_margin_loss", div(losses, classes, where), reduction, where);
}
template Variable<float> multi_margin_loss(
    const Variable<float>&, Indices, int, double, Reduction, const std::vector<double>&, Where);
template Variable<double> multi_margin_loss(
    const Variable<double>&, Indices, int, double, Reduction, const std::vector<double>&, Where);

static const Op triplet_margin_loss_op(
    "triplet_margin_loss",
    {on({{3, 4}, {3, 4}, {3, 4}},
        [](const auto& in) { return triplet_margin_loss(in[0], in[1] + 10, in[2] - 10, 20); }),
     on({{3, 4}, {3, 4}, {3, 4}}, [](const auto& in) {
         const auto positive = in[1] + 10, negative = in[2] + 30;  // nearer to each other
         return triplet_margin_loss(in[0], positive, negative, 50, 2, Reduction::sum, true);
     })});
template <class T>
Variable<T> triplet_margin_loss(
    const Variable<T>& anchor,
    const std::type_identity_t<Variable<T>>& positive,
    const std::type_identity_t<Variable<T>>& negative,
    double margin,
    double p,
    Reduction reduction,
    bool swap,
    Where where) {
    static_cast<void>(broadcast_shape(
        "triplet_margin_loss",
        broadcast_shape("triplet_margin_loss", anchor.shape(), positive.shape()),
        negative.shape()));
    const Variable<T> near = pairwise_distance(anchor, positive, p, where);
    Variable<T> far = pairwise_distance(anchor, negative, p, where);
    if (swap)
        far = minimum(far, pairwise_distance(positive, negative, p, where), where);
    const Variable<T> gaps = relu(add(sub(near, far, where), static_cast<T>(margin), where), where);
    return reduce("triplet_margin_loss", gaps, reduction, where);
}
template Variable<float> triplet_margin_loss(
    const Variable<float>&,
    const Variable<float>&,
    const Variable<float>&,
    double,
    double,
    Reduction,
    bool,
    Where);
template Variable<double> triplet_margin_loss(
    const Variable<double>&,
    const Variable<double>&,
    const Variable<double>&,
    double,
    double,
    Reduction,
    bool,
    Where);

static const Op cosine_embedding_loss_op(
    "cosine_embedding_loss", on({{4, 3}, {4, 3}, {4}}, [](const auto& in) {
                                 return cosine_embedding_loss(in[0], in[1] + 3, in[2], -1);
                             }).fixing(2, {1, -1, -1, 1}));
template <class T>
Variable<T> cosine_embedding_loss(
    const Variable<T>& a,
    const std::type_identity_t<Variable<T>>& b,
    const std::type_identity_t<Variable<T>>& target,
    double margin,
    Reduction reduction,
    Where where) {
    const Shape& shape = a.shape();
    if (shape.empty() || shape != b.shape() ||
        target.shape() != Shape(shape.begin(), shape.end() - 1)) {
        fail<ShapeError>(
            "cosine_embedding_loss: a is {}, b is {}, the target {}; need a and b of one shape "
            "(..., K) and a target (...)",
            shape,
            b.shape(),
            target.shape());
    }
    const Variable<T> cosines = cosine_similarity(a, b, -1, 1e-8, where);
    const Variable<T> alike = sub(T(1), cosines, where);
    const Variable<T> apart = relu(sub(cosines, static_cast<T>(margin), where), where);
    const Variable<T> losses = xgrad::where(greater(target, T(0)), alike, apart, where);
    return reduce("cosine_embedding_loss", losses, reduction, where);
}
template Variable<float> cosine_embedding_loss(
    const Variable<float>&,
    const Variable<float>&,
    const Variable<float>&,
    double,
    Reduction,
    Where);
template Variable<double> cosine_embedding_loss(
    const Variable<double>&,
    const Variable<double>&,
    const Variable<double>&,
    double,
    Reduction,
    Where);

}  // namespace xgrad
