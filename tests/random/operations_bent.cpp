// Operations with kinks: the slope jumps, or the slope of the slope. Values are continuous.
#include <tests/random/row.hpp>

namespace xgrad::test {

std::vector<Operation> bent_operations() {
    return {
        BENT("abs", fit::one, abs(a)),
        BENT("sign", fit::one, a * sign(a)),
        BENT("heaviside", fit::one, a * heaviside(a, 0.5)),
        BENT("relu", fit::one, relu(a)),
        BENT("leaky_relu", fit::one, leaky_relu(a, 0.1)),
        BENT("relu6", fit::one, relu6(2 * a)),
        BENT("elu", fit::one, elu(a, 0.7)),
        BENT("selu", fit::one, selu(a)),
        BENT("celu", fit::one, celu(a, 0.6)),
        BENT("softsign", fit::one, softsign(a)),
        BENT("hardtanh", fit::one, hardtanh(a)),
        BENT("hardsigmoid", fit::one, hardsigmoid(2 * a)),
        BENT("hardswish", fit::one, hardswish(2 * a)),
        BENT("softshrink", fit::one, softshrink(a, 0.4)),
        BENT("threshold", fit::one, threshold(a, 0.3, 0.3)),
        BENT("clamp", fit::one, clamp(a, -0.7, 0.9)),
        BENT("prelu", fit::one, prelu(a, Variable<T>(0.2))),
        BENT("minimum", fit::two, minimum(a, b)),
        BENT("maximum", fit::two, maximum(a, b)),
        BENT("where", fit::three, where(a > 0, a * b, sin(a) * c)),
        BENT("huber_loss", fit::alike, huber_loss(a, b, 0.8)),
        BENT("smooth_l1_loss", fit::alike, smooth_l1_loss(a, b, 0.7)),
        BENT("l1_loss", fit::alike, l1_loss(a, b, Reduction::none)),
        BENT("hinge_loss", fit::filled, hinge_loss(a, Variable<T>(Array<T>(a.shape(), T(1))))),
        BENT("max", fit::axes(1), max(a, p.axes, p.flag)),
        BENT("min", fit::axes(1), min(a, p.axes, p.flag)),
        BENT("sort", fit::axis(0), sort(a, p.axis, p.flag).values),
        BENT("topk", fit::axis(2), topk(a, 2, p.axis, p.flag).values),
        BENT("take_along", fit::axis(1), take_along(a, argsort(a, p.axis), p.axis)),
        BENT("quantile", fit::axis(1), quantile(a, 0.3, p.axis, p.flag)),
        BENT("median", fit::axis(1), median(a, p.axis, p.flag)),
        BENT("median_all", fit::filled, median(a)),
        BENT("cummax", fit::axis(0), cummax(a, p.axis)),
        BENT("cummin", fit::axis(0), cummin(a, p.axis)),
        BENT("norm_1", fit::axes(0), norm(a, 1, p.axes, p.flag)),
        BENT(
            "norm_infinity",
            fit::axes(1),
            norm(a, std::numeric_limits<double>::infinity(), p.axes, p.flag)),
        BENT("cdist", fit::rows, cdist(a, b)),
    };
}

}  // namespace xgrad::test
