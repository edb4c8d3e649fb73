#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <ops/loss.hpp>
#include <ops/operators.hpp>
#include <ops/reduce.hpp>
#include <ops/softmax.hpp>

#include <algorithm>

namespace xgrad {
namespace {

template <class T>
Variable<T> reduce(
    const char* loss, const Variable<T>& elements, Reduction reduction, Where where) {
    if (reduction == Reduction::none)
        return elements;
    if (reduction == Reduction::sum)
        return sum(elements, where);
    if (elements.size() == 0) {
        fail<ShapeError>(
            "{}: the batch is empty, shape {}; a mean needs at least one element",
            loss,
            elements.shape());
    }
    return mean(elements, where);
}

IndexArray as_column(Indices labels) {
    IndexArray column = empty<std::int64_t>({labels.size(), 1});
    std::ranges::copy(labels, column.data());
    return column;
}

template <class T>
void check_same(const char* loss, const Variable<T>& x, const Variable<T>& target) {
    if (x.shape() != target.shape()) {
        fail<ShapeError>(
            "{}: x has shape {}, the target {}; need one shape", loss, x.shape(), target.shape());
    }
}

}  // namespace

static const Op mse_loss_op("mse_loss", on({{3, 4}, {3, 4}}, [](const auto& in) {
                                return mse_loss(in[0], in[1]);
                            }));
template <class T>
Variable<T> mse_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction,
    Where where) {
    check_same("mse_loss", x, target);
    return reduce("mse_loss", square(sub(x, target, where), where), reduction, where);
}
template Variable<float> mse_loss(const Variable<float>&, const Variable<float>&, Reduction, Where);
template Variable<double> mse_loss(
    const Variable<double>&, const Variable<double>&, Reduction, Where);

static const Op l1_loss_op("l1_loss", on({{3, 4}, {3, 4}}, [](const auto& in) {
                                          return l1_loss(in[0], in[1] + 10);
                                      }).linear());
template <class T>
Variable<T> l1_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction,
    Where where) {
    check_same("l1_loss", x, target);
    return reduce("l1_loss", abs(sub(x, target, where), where), reduction, where);
}
template Variable<float> l1_loss(const Variable<float>&, const Variable<float>&, Reduction, Where);
template Variable<double> l1_loss(
    const Variable<double>&, const Variable<double>&, Reduction, Where);

template <class T>
Variable<T> huber_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    double delta,
    Reduction reduction,
    Where where) {
    check_same("huber_loss", x, target);
    if (!(delta > 0)) {
        fail<std::invalid_argument>("huber_loss: delta is {}; need delta > 0", delta);
    }
    return reduce(
        "huber_loss", detail::binary<formula::Huber>(x, target, where, {delta}), reduction, where);
}
template Variable<float> huber_loss(
    const Variable<float>&, const Variable<float>&, double, Reduction, Where);
template Variable<double> huber_loss(
    const Variable<double>&, const Variable<double>&, double, Reduction, Where);

template <class T>
Variable<T> binary_cross_entropy_with_logits(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction,
    Where where) {
    check_same("binary_cross_entropy_with_logits", x, target);
    return reduce(
        "binary_cross_entropy_with_logits",
        detail::binary<formula::BceWithLogits>(x, target, where),
        reduction,
        where);
}
template Variable<float> binary_cross_entropy_with_logits(
    const Variable<float>&, const Variable<float>&, Reduction, Where);
template Variable<double> binary_cross_entropy_with_logits(
    const Variable<double>&, const Variable<double>&, Reduction, Where);

// A primitive, so that neither an index array nor a (N, 1) result is made: the share is -g in the
// labels' places.
static const Op nll_loss_op(
    "nll_loss", on({{3, 4}}, [](const auto& in) {
                    return nll_loss(in[0], std::vector<std::int64_t>{1, 3, 0}, Reduction::none);
                }).linear());

namespace {

// The elements of nll_loss, for the function `loss`.
template <class T>
Variable<T> picked(const char* loss, const Variable<T>& log_prob, Indices labels, Where where) {
    const std::size_t classes = log_prob.shape()[1];
    Array<T> y = empty<T>({labels.size()});
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= classes) {
            fail<IndexError>(
                "{}: label {} at row {} is out of range; need 0 <= label < {}",
                loss,
                labels[i],
                i,
                classes);
        }
        y.data()[i] = -log_prob.value().data()[i * classes + static_cast<std::size_t>(labels[i])];
    }
    return record(nll_loss_op, std::move(y), where)
        .wrt(log_prob, [kept = as_column(labels), classes](const Variable<T>& g) {
            return put_along(neg(unsqueeze(g, 1)), kept, 1, classes);
        });
}

}  // namespace

template <class T>
Variable<T> nll_loss(
    const Variable<T>& log_prob, Indices labels, Reduction reduction, Where where) {
    if (log_prob.rank() != 2 || log_prob.shape()[0] != labels.size()) {
        fail<ShapeError>(
            "nll_loss: log_prob has shape {}, there are {} labels; need (N, classes) and N labels",
            log_prob.shape(),
            labels.size());
    }
    return reduce("nll_loss", picked("nll_loss", log_prob, labels, where), reduction, where);
}
template Variable<float> nll_loss(const Variable<float>&, Indices, Reduction, Where);
template Variable<double> nll_loss(const Variable<double>&, Indices, Reduction, Where);

static const Op cross_entropy_op(
    "cross_entropy", on({{3, 4}}, [](const auto& in) {
        return cross_entropy(in[0], std::vector<std::int64_t>{1, 3, 0});
    }));
template <class T>
Variable<T> cross_entropy(
    const Variable<T>& logits, Indices labels, Reduction reduction, Where where) {
    if (logits.rank() != 2 || logits.shape()[0] != labels.size()) {
        fail<ShapeError>(
            "cross_entropy: logits have shape {}, there are {} labels; need (N, classes) and N "
            "labels",
            logits.shape(),
            labels.size());
    }
    const Variable<T> log_prob = log_softmax(logits, -1, where);
    return reduce(
        "cross_entropy", picked("cross_entropy", log_prob, labels, where), reduction, where);
}
template Variable<float> cross_entropy(const Variable<float>&, Indices, Reduction, Where);
template Variable<double> cross_entropy(const Variable<double>&, Indices, Reduction, Where);

}  // namespace xgrad
