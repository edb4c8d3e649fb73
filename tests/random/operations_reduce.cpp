// Reductions, scans, statistics, softmax.
#include <tests/random/row.hpp>

namespace xgrad::test {

std::vector<Operation> reduce_operations() {
    return {
        ROW("sum", fit::axes(0), sum(a, p.axes, p.flag)),
        ROW("sum_all", fit::one, sum(a)),
        ROW("mean", fit::axes(1), mean(a, p.axes, p.flag)),
        ROW("mean_all", fit::filled, mean(a)),
        ROW("variance", fit::axes(1), variance(a, p.axes, p.flag)),
        ROW("variance_unbiased", fit::axes(2), variance(a, p.axes, p.flag, 1)),
        BENT("stddev", fit::axes(2), stddev(a, p.axes, p.flag)),
        ROW("var_mean",
            fit::axes(1),
            var_mean(a, p.axes, p.flag).variance + var_mean(a, p.axes, p.flag).mean),
        ROW("prod", fit::axes(0), prod(tanh(a), p.axes, p.flag)),
        ROW("prod_all", fit::one, prod(sin(a))),
        ROW("logsumexp", fit::axes(1), logsumexp(a, p.axes, p.flag)),
        ROW("norm", fit::axes(1), norm(softplus(a) + 0.1, 2, p.axes, p.flag)),
        ROW("norm_3", fit::axes(1), norm(softplus(a) + 0.1, 3, p.axes, p.flag)),
        ROW("softmax", fit::axis(0), softmax(a, p.axis)),
        ROW("log_softmax", fit::axis(0), log_softmax(a, p.axis)),
        ROW("cumsum", fit::axis(0), cumsum(a, p.axis, p.flag)),
        ROW("cumprod", fit::axis(0), cumprod(sin(a), p.axis)),
        ROW("logcumsumexp", fit::axis(0), logcumsumexp(a, p.axis)),
        ROW("linear_recurrence",
            fit::axis_of_two,
            linear_recurrence(sigmoid(a), b, p.axis, p.flag)),
        ROW("trapezoid", fit::axis(0), trapezoid(a, 0.5, p.axis)),
        ROW("trapezoid_at", fit::axis_of_two, trapezoid(a, b, p.axis)),
        ROW("glu", fit::even_axis, glu(a, p.axis)),
        ROW("normalize", fit::axis(1), normalize(softplus(a) + 0.1, 2, p.axis)),
        ROW("cosine_similarity",
            fit::axis_of_two,
            cosine_similarity(softplus(a) + 0.1, softplus(b) + 0.1, p.axis)),
        ROW("pairwise_distance", fit::rows, pairwise_distance(tanh(sum(a, {0})), 3 + tanh(b))),
        ROW("covariance", fit::tall, covariance(a, 0)),
    };
}

}  // namespace xgrad::test
