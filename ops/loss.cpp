#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <ops/loss.hpp>
#include <ops/loss_reduction.hpp>
#include <ops/operators.hpp>
#include <ops/reduce.hpp>
#include <ops/softmax.hpp>

#include <algorithm>
#include <limits>

namespace xgrad {

using detail::check_same;
using detail::checked_weights;
using detail::reduce;

namespace {

IndexArray as_column(Indices labels) {
    IndexArray column = empty<std::int64_t>({labels.size(), 1});
    std::ranges::copy(labels, column.data());
    return column;
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

static const Op smooth_l1_loss_op(
    "smooth_l1_loss",
    {on({{3, 4}, {3, 4}}, [](const auto& in) { return smooth_l1_loss(in[0], in[1], 2); })
         .between(-0.9, 0.9),
     on({{3}, {3}}, [](const auto& in) {
         return smooth_l1_loss(in[0], in[1] + 10, 0.5, Reduction::sum);
     }).linear()});
template <class T>
Variable<T> smooth_l1_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    double beta,
    Reduction reduction,
    Where where) {
    check_same("smooth_l1_loss", x, target);
    if (!(beta >= 0))
        fail<std::invalid_argument>("smooth_l1_loss: beta is {}; need beta >= 0", beta);
    const Variable<T> losses = beta == 0
                                   ? abs(sub(x, target, where), where)
                                   : div(detail::binary<formula::Huber>(x, target, where, {beta}),
                                         static_cast<T>(beta),
                                         where);
    return reduce("smooth_l1_loss", losses, reduction, where);
}
template Variable<float> smooth_l1_loss(
    const Variable<float>&, const Variable<float>&, double, Reduction, Where);
template Variable<double> smooth_l1_loss(
    const Variable<double>&, const Variable<double>&, double, Reduction, Where);

template <class T>
Variable<T> binary_cross_entropy(
    const Variable<T>& p,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction,
    Where where) {
    check_same("binary_cross_entropy", p, target);
    for (std::size_t i = 0; i < p.size(); ++i) {
        const T value = p.value().data()[i];
        if (!(value >= 0 && value <= 1)) {
            fail<std::invalid_argument>(
                "binary_cross_entropy: the probability at {} is {}; need 0 <= p <= 1",
                index_string(i, p.shape()),
                value);
        }
    }
    return reduce(
        "binary_cross_entropy",
        detail::binary<formula::BinaryCrossEntropy>(p, target, where),
        reduction,
        where);
}
template Variable<float> binary_cross_entropy(
    const Variable<float>&, const Variable<float>&, Reduction, Where);
template Variable<double> binary_cross_entropy(
    const Variable<double>&, const Variable<double>&, Reduction, Where);

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
    "nll_loss",
    {on({{3, 4}},
        [](const auto& in) {
            return nll_loss(in[0], std::vector<std::int64_t>{1, 3, 0}, Reduction::none);
        })
         .linear(),
     on({{3, 4}}, [](const auto& in) {
         const NllOptions options{.class_weights = {1, 2, 0.5, 1}, .ignore_index = 3};
         return nll_loss(in[0], std::vector<std::int64_t>{1, 3, 0}, options);
     }).linear()});

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

// Labels with 0 in place of the ignored ones, and which rows count: 1 or 0.
template <class T>
struct LabelledRows {
    LabelledRows(Indices all, std::int64_t ignored) : labels(all.begin(), all.end()) {
        Array<T> mask(Shape{all.size()}, T(1));
        for (std::size_t i = 0; i < labels.size(); ++i) {
            if (labels[i] == ignored) {
                labels[i] = 0;
                mask.data()[i] = 0;
            }
        }
        counted = Variable<T>(std::move(mask));
    }
    std::vector<std::int64_t> labels;
    Variable<T> counted;
};

template <class T>
void check_rows(const Variable<T>& log_prob, Indices labels) {
    if (log_prob.rank() != 2 || log_prob.shape()[0] != labels.size()) {
        fail<ShapeError>(
            "nll_loss: log_prob has shape {}, there are {} labels; need (N, classes) and N labels",
            log_prob.shape(),
            labels.size());
    }
}

// The losses of the rows that count, each times its weight; the mean divides by the weights' sum.
template <class T>
Variable<T> reduce_weighted(
    const char* loss,
    const Variable<T>& losses,
    const Variable<T>& weights,
    const LabelledRows<T>& rows,
    Reduction reduction,
    Where where) {
    const Variable<T> counted = xgrad::where(rows.counted, losses, T(0), where);
    if (reduction != Reduction::mean || losses.size() == 0)
        return reduce(loss, counted, reduction, where);
    return div(sum(counted, where), sum(weights), where);
}

}  // namespace

template <class T>
Variable<T> nll_loss(
    const Variable<T>& log_prob, Indices labels, Reduction reduction, Where where) {
    check_rows(log_prob, labels);
    return reduce("nll_loss", picked("nll_loss", log_prob, labels, where), reduction, where);
}
template Variable<float> nll_loss(const Variable<float>&, Indices, Reduction, Where);
template Variable<double> nll_loss(const Variable<double>&, Indices, Reduction, Where);

template <class T>
Variable<T> nll_loss(
    const Variable<T>& log_prob, Indices labels, const NllOptions& options, Where where) {
    check_rows(log_prob, labels);
    const Variable<T> weights = checked_weights("nll_loss", log_prob, options.class_weights);
    const LabelledRows<T> rows(labels, options.ignore_index);
    const Variable<T> own = picked("nll_loss", log_prob, rows.labels, where);
    const Variable<T> row_weights = mul(gather(weights, 0, rows.labels), rows.counted);
    const Variable<T> losses = mul(own, row_weights, where);
    return reduce_weighted("nll_loss", losses, row_weights, rows, options.reduction, where);
}
template Variable<float> nll_loss(const Variable<float>&, Indices, const NllOptions&, Where);
template Variable<double> nll_loss(const Variable<double>&, Indices, const NllOptions&, Where);

static const Op cross_entropy_op(
    "cross_entropy",
    {on({{3, 4}},
        [](const auto& in) {
            return cross_entropy(in[0], std::vector<std::int64_t>{1, 3, 0});
        }),
     on({{3, 4}},
        [](const auto& in) {
            const CrossEntropyOptions options{{1, 2, 0.5, 1}, 0.2, 3};
            return cross_entropy(in[0], std::vector<std::int64_t>{1, 3, 0}, options);
        }),
     on({{3, 4}, {3, 4}}, [](const auto& in) {
         const CrossEntropyOptions options{.class_weights = {1, 2, 0.5, 1}, .label_smoothing = 0.2};
         return cross_entropy(in[0], in[1], options);
     })});
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

namespace {

void check_smoothing(const CrossEntropyOptions& options) {
    if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1)) {
        fail<std::invalid_argument>(
            "cross_entropy: label_smoothing is {}; need 0 <= label_smoothing <= 1",
            options.label_smoothing);
    }
}

// -sum over c of t_c l_c, (N,), without the NaN of 0 times the logarithm of 0.
template <class T>
Variable<T> against(const Variable<T>& log_prob, const Variable<T>& target, Where where) {
    const Variable<T> impossible = equal(log_prob, -std::numeric_limits<T>::infinity());
    const Variable<T> left_out = mul(impossible, equal(target, T(0)));
    const Variable<T> logs = xgrad::where(left_out, T(0), log_prob, where);
    return neg(sum(mul(target, logs, where), {1}, false, where), where);
}

}  // namespace

template <class T>
Variable<T> cross_entropy(
    const Variable<T>& logits, Indices labels, const CrossEntropyOptions& options, Where where) {
    if (logits.rank() != 2 || logits.shape()[0] != labels.size()) {
        fail<ShapeError>(
            "cross_entropy: logits have shape {}, there are {} labels; need (N, classes) and N "
            "labels",
            logits.shape(),
            labels.size());
    }
    const std::size_t classes = logits.shape()[1];
    const Variable<T> weights = checked_weights("cross_entropy", logits, options.class_weights);
    check_smoothing(options);
    const LabelledRows<T> rows(labels, options.ignore_index);
    const Variable<T> log_prob = log_softmax(logits, -1, where);
    Variable<T> losses = picked("cross_entropy", log_prob, rows.labels, where);
    const Variable<T> row_weights = mul(gather(weights, 0, rows.labels), rows.counted);
    losses = mul(losses, row_weights, where);
    const double smoothing = options.label_smoothing;
    if (smoothing > 0) {
        const Variable<T> spread = against(log_prob, broadcast_to(weights, logits.shape()), where);
        losses =
            add(mul(losses, static_cast<T>(1 - smoothing), where),
                mul(spread, static_cast<T>(smoothing / static_cast<double>(classes)), where),
                where);
    }
    return reduce_weighted("cross_entropy", losses, row_weights, rows, options.reduction, where);
}
template Variable<float> cross_entropy(
    const Variable<float>&, Indices, const CrossEntropyOptions&, Where);
template Variable<double> cross_entropy(
    const Variable<double>&, Indices, const CrossEntropyOptions&, Where);

template <class T>
Variable<T> cross_entropy(
    const Variable<T>& logits,
    const Variable<T>& target,
    const CrossEntropyOptions& options,
    Where where) {
    if (logits.rank() != 2 || logits.shape() != target.shape()) {
        fail<ShapeError>(
            "cross_entropy: logits have shape {}, the target {}; need one shape (N, classes)",
            logits.shape(),
            target.shape());
    }
    const std::size_t classes = logits.shape()[1];
    const Variable<T> weights = checked_weights("cross_entropy", logits, options.class_weights);
    check_smoothing(options);
    const double smoothing = options.label_smoothing;
    Variable<T> soft = target;
    if (smoothing > 0) {
        const T share = static_cast<T>(smoothing / static_cast<double>(classes));
        soft = add(mul(target, static_cast<T>(1 - smoothing), where), share, where);
    }
    if (!options.class_weights.empty())
        soft = mul(soft, weights, where);
    const Variable<T> losses = against(log_softmax(logits, -1, where), soft, where);
    return reduce("cross_entropy", losses, options.reduction, where);
}
template Variable<float> cross_entropy(
    const Variable<float>&, const Variable<float>&, const CrossEntropyOptions&, Where);
template Variable<double> cross_entropy(
    const Variable<double>&, const Variable<double>&, const CrossEntropyOptions&, Where);

}  // namespace xgrad
