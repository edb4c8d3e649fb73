#include <autograd/broadcast.hpp>
#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <ops/activation.hpp>
#include <ops/elementwise.hpp>
#include <ops/loss_reduction.hpp>
#include <ops/margin_loss.hpp>
#include <ops/operators.hpp>
#include <ops/shape.hpp>
#include <ops/statistic.hpp>

#include <algorithm>

namespace xgrad {

using detail::check_same;
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
         return multi_margin_loss(in[0], std::vector<std::int64_t>{1, 3, 0}, 2, 5, Reduction::none);
     })});
template <class T>
Variable<T> multi_margin_loss(
    const Variable<T>& scores,
    Indices labels,
    int p,
    double margin,
    Reduction reduction,
    Where where) {
    if (p != 1 && p != 2)
        fail<std::invalid_argument>("multi_margin_loss: p is {}; need 1 or 2", p);
    const IndexArray column = checked_labels(scores, labels);
    const Variable<T> own = take_along(scores, column, 1, where);
    const Variable<T> gaps =
        relu(add(sub(scores, own, where), static_cast<T>(margin), where), where);
    const Variable<T> others = mul(gaps, all_but<T>(column, scores.shape()), where);
    const Variable<T> losses = sum(p == 1 ? others : square(others, where), {1}, false, where);
    const auto classes = static_cast<T>(std::max<std::size_t>(scores.shape()[1], 1));
    return reduce("multi_margin_loss", div(losses, classes, where), reduction, where);
}
template Variable<float> multi_margin_loss(
    const Variable<float>&, Indices, int, double, Reduction, Where);
template Variable<double> multi_margin_loss(
    const Variable<double>&, Indices, int, double, Reduction, Where);

static const Op triplet_margin_loss_op(
    "triplet_margin_loss", on({{3, 4}, {3, 4}, {3, 4}}, [](const auto& in) {
        return triplet_margin_loss(in[0], in[1] + 10, in[2] - 10, 20);
    }));
template <class T>
Variable<T> triplet_margin_loss(
    const Variable<T>& anchor,
    const std::type_identity_t<Variable<T>>& positive,
    const std::type_identity_t<Variable<T>>& negative,
    double margin,
    double p,
    Reduction reduction,
    Where where) {
    static_cast<void>(broadcast_shape(
        "triplet_margin_loss",
        broadcast_shape("triplet_margin_loss", anchor.shape(), positive.shape()),
        negative.shape()));
    const Variable<T> near = pairwise_distance(anchor, positive, p, where);
    const Variable<T> far = pairwise_distance(anchor, negative, p, where);
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
    Where);
template Variable<double> triplet_margin_loss(
    const Variable<double>&,
    const Variable<double>&,
    const Variable<double>&,
    double,
    double,
    Reduction,
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

static const Op kl_div_op("kl_div", on({{3, 4}, {3, 4}}, [](const auto& in) {
                                        return kl_div(in[0], in[1]);
                                    }).between(0.25, 2));
template <class T>
Variable<T> kl_div(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction,
    Where where) {
    check_same("kl_div", x, target);
    // The logarithm is spared the 0, at which 0 times infinity would be NaN.
    const Variable<T> none = equal(target, T(0));
    const Variable<T> safe = xgrad::where(none, T(1), target, where);
    const Variable<T> terms = mul(safe, sub(log(safe, where), x, where), where);
    return reduce("kl_div", xgrad::where(none, T(0), terms, where), reduction, where);
}
template Variable<float> kl_div(const Variable<float>&, const Variable<float>&, Reduction, Where);
template Variable<double> kl_div(
    const Variable<double>&, const Variable<double>&, Reduction, Where);

static const Op poisson_nll_loss_op("poisson_nll_loss", on({{3, 4}, {3, 4}}, [](const auto& in) {
                                        return poisson_nll_loss(in[0], in[1]);
                                    }));
template <class T>
Variable<T> poisson_nll_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction,
    Where where) {
    check_same("poisson_nll_loss", x, target);
    const Variable<T> losses = sub(exp(x, where), mul(target, x, where), where);
    return reduce("poisson_nll_loss", losses, reduction, where);
}
template Variable<float> poisson_nll_loss(
    const Variable<float>&, const Variable<float>&, Reduction, Where);
template Variable<double> poisson_nll_loss(
    const Variable<double>&, const Variable<double>&, Reduction, Where);

static const Op gaussian_nll_loss_op(
    "gaussian_nll_loss",
    {on({{3, 4}, {3, 4}, {3, 4}},
        [](const auto& in) { return gaussian_nll_loss(in[0], in[1], in[2]); })
         .between(0.5, 2),
     on({{3, 4}, {3, 4}, {3, 1}}, [](const auto& in) {
         return gaussian_nll_loss(in[0], in[1], in[2]);
     }).between(0.5, 2)});
template <class T>
Variable<T> gaussian_nll_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    const std::type_identity_t<Variable<T>>& variance,
    double epsilon,
    Reduction reduction,
    Where where) {
    check_same("gaussian_nll_loss", x, target);
    if (broadcast_shape("gaussian_nll_loss", x.shape(), variance.shape()) != x.shape()) {
        fail<ShapeError>(
            "gaussian_nll_loss: x has shape {}, the variance {}; it must broadcast to x's shape",
            x.shape(),
            variance.shape());
    }
    if (!(epsilon > 0)) {
        fail<std::invalid_argument>("gaussian_nll_loss: epsilon is {}; need epsilon > 0", epsilon);
    }
    for (std::size_t i = 0; i < variance.size(); ++i) {
        if (variance.value().data()[i] < 0) {
            fail<std::invalid_argument>(
                "gaussian_nll_loss: the variance at {} is {}; need variances >= 0",
                index_string(i, variance.shape()),
                variance.value().data()[i]);
        }
    }
    const Variable<T> v = maximum(variance, static_cast<T>(epsilon), where);
    const Variable<T> squares = div(square(sub(x, target, where), where), v, where);
    const Variable<T> losses = mul(add(log(v, where), squares, where), T(0.5), where);
    return reduce("gaussian_nll_loss", losses, reduction, where);
}
template Variable<float> gaussian_nll_loss(
    const Variable<float>&,
    const Variable<float>&,
    const Variable<float>&,
    double,
    Reduction,
    Where);
template Variable<double> gaussian_nll_loss(
    const Variable<double>&,
    const Variable<double>&,
    const Variable<double>&,
    double,
    Reduction,
    Where);

static const Op focal_loss_op(
    "focal_loss",
    {on({{3, 4}, {3, 4}}, [](const auto& in) { return focal_loss(in[0], in[1]); }).between(0, 1),
     on({{3, 4}, {3, 4}}, [](const auto& in) {
         return focal_loss(in[0], in[1], 0.5, 0);
     }).between(0, 1)});
template <class T>
Variable<T> focal_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    double alpha,
    double gamma,
    Reduction reduction,
    Where where) {
    check_same("focal_loss", x, target);
    if (!(alpha >= 0 && alpha <= 1))
        fail<std::invalid_argument>("focal_loss: alpha is {}; need 0 <= alpha <= 1", alpha);
    if (!(gamma == 0 || gamma >= 1)) {
        fail<std::invalid_argument>("focal_loss: gamma is {}; need 0, or gamma >= 1", gamma);
    }
    const Variable<T> opposite = sub(T(1), target, where);
    // 1 - q = s (1 - t) + (1 - s) t, where 1 - s = sigmoid(-x) does not cancel.
    const Variable<T> missed =
        add(mul(sigmoid(x, where), opposite, where),
            mul(sigmoid(neg(x, where), where), target, where),
            where);
    const Variable<T> balance =
        add(mul(target, static_cast<T>(alpha), where),
            mul(opposite, static_cast<T>(1 - alpha), where),
            where);
    const Variable<T> entropy = binary_cross_entropy_with_logits(x, target, Reduction::none, where);
    const Variable<T> weights = mul(balance, pow(missed, gamma, where), where);
    return reduce("focal_loss", mul(weights, entropy, where), reduction, where);
}
template Variable<float> focal_loss(
    const Variable<float>&, const Variable<float>&, double, double, Reduction, Where);
template Variable<double> focal_loss(
    const Variable<double>&, const Variable<double>&, double, double, Reduction, Where);

}  // namespace xgrad
