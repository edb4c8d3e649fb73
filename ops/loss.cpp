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

template <class T>
void check_options(
    const Variable<T>& logits, const CrossEntropyOptions& options, std::size_t classes) {
    const std::size_t weights = options.class_weights.size();
    if (weights != 0 && weights != classes) {
        fail<ShapeError>(
            "cross_entropy: logits have shape {}, there are {} class weights; need {}",
            logits.shape(),
            weights,
            classes);
    }
    if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1)) {
        fail<std::invalid_argument>(
            "cross_entropy: label_smoothing is {}; need 0 <= label_smoothing <= 1",
            options.label_smoothing);
    }
}

// (classes,), all 1 when none are given.
template <class T>
Variable<T> weights_of(const CrossEntropyOptions& options, std::size_t classes) {
    Array<T> weights(Shape{classes}, T(1));
    for (std::size_t i = 0; i < options.class_weights.size(); ++i)
        weights.data()[i] = static_cast<T>(options.class_weights[i]);
    return Variable<T>(std::move(weights));
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
    check_options(logits, options, classes);
    const LabelledRows<T> rows(labels, options.ignore_index);
    const Variable<T> log_prob = log_softmax(logits, -1, where);
    const Variable<T> weights = weights_of<T>(options, classes);
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
    losses = xgrad::where(rows.counted, losses, T(0), where);
    if (options.reduction != Reduction::mean || losses.size() == 0)
        return reduce("cross_entropy", losses, options.reduction, where);
    return div(sum(losses, where), sum(row_weights), where);
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
    check_options(logits, options, classes);
    const double smoothing = options.label_smoothing;
    Variable<T> soft = target;
    if (smoothing > 0) {
        const T share = static_cast<T>(smoothing / static_cast<double>(classes));
        soft = add(mul(target, static_cast<T>(1 - smoothing), where), share, where);
    }
    if (!options.class_weights.empty())
        soft = mul(soft, weights_of<T>(options, classes), where);
    const Variable<T> losses = against(log_softmax(logits, -1, where), soft, where);
    return reduce("cross_entropy", losses, options.reduction, where);
}
template Variable<float> cross_entropy(
    const Variable<float>&, const Variable<float>&, const CrossEntropyOptions&, Where);
template Variable<double> cross_entropy(
    const Variable<double>&, const Variable<double>&, const CrossEntropyOptions&, Where);

}  // namespace xgrad
