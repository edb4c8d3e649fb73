#include <autograd/broadcast.hpp>
#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <ops/activation.hpp>
#include <ops/elementwise.hpp>
#include <ops/likelihood_loss.hpp>
#include <ops/loss_reduction.hpp>
#include <ops/operators.hpp>

#include <cmath>
#include <limits>
#include <numbers>

namespace xgrad {

using detail::check_same;
using detail::reduce;
using std::numbers::pi;

static const Op kl_div_op(
    "kl_div",
    {on({{3, 4}, {3, 4}}, [](const auto& in) { return kl_div(in[0], in[1]); }).between(0.25, 2),
     on({{3, 4}, {3, 4}},
        [](const auto& in) { return kl_div(in[0], in[1], Reduction::sum, true); })});
template <class T>
Variable<T> kl_div(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction,
    bool log_target,
    Where where) {
    check_same("kl_div", x, target);
    // 0 times infinity would be NaN where the probability is 0: such a target is replaced.
    const Variable<T> none = equal(target, log_target ? -std::numeric_limits<T>::infinity() : T(0));
    const Variable<T> safe = xgrad::where(none, log_target ? T(0) : T(1), target, where);
    const Variable<T> share = log_target ? exp(safe, where) : safe;
    const Variable<T> logs = log_target ? safe : log(safe, where);
    const Variable<T> known = xgrad::where(none, T(0), x, where);
    const Variable<T> terms = mul(share, sub(logs, known, where), where);
    return reduce("kl_div", xgrad::where(none, T(0), terms, where), reduction, where);
}
template Variable<float> kl_div(
    const Variable<float>&, const Variable<float>&, Reduction, bool, Where);
template Variable<double> kl_div(
    const Variable<double>&, const Variable<double>&, Reduction, bool, Where);

static const Op poisson_nll_loss_op(
    "poisson_nll_loss",
    {on({{3, 4}, {3, 4}}, [](const auto& in) { return poisson_nll_loss(in[0], in[1]); }),
     on({{3, 4}, {3, 4}},
        [](const auto& in) {
            const PoissonNllOptions options{.log_input = false, .full = true, .epsilon = 0.1};
            return poisson_nll_loss(in[0], in[1], options);
        })
         .between(1.25, 3),
     on({{2}, {2}}, [](const auto& in) {
         return poisson_nll_loss(in[0], in[1], {.full = true});
     }).between(0.25, 0.75)});
template <class T>
Variable<T> poisson_nll_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    const PoissonNllOptions& options,
    Where where) {
    check_same("poisson_nll_loss", x, target);
    if (!(options.epsilon > 0)) {
        fail<std::invalid_argument>(
            "poisson_nll_loss: epsilon is {}; need epsilon > 0", options.epsilon);
    }
    const auto epsilon = static_cast<T>(options.epsilon);
    const Variable<T> rate = options.log_input ? exp(x, where) : x;
    const Variable<T> logs = options.log_input ? x : log(add(x, epsilon, where), where);
    Variable<T> losses = sub(rate, mul(target, logs, where), where);
    if (options.full) {
        const Variable<T> large = greater(target, T(1));
        const Variable<T> t = xgrad::where(large, target, T(1), where);
        const Variable<T> root = mul(log(mul(t, T(2 * pi), where), where), T(0.5), where);
        const Variable<T> factorial = add(sub(mul(t, log(t, where), where), t, where), root, where);
        losses = add(losses, xgrad::where(large, factorial, T(0), where), where);
    }
    return reduce("poisson_nll_loss", losses, options.reduction, where);
}
template Variable<float> poisson_nll_loss(
    const Variable<float>&, const Variable<float>&, const PoissonNllOptions&, Where);
template Variable<double> poisson_nll_loss(
    const Variable<double>&, const Variable<double>&, const PoissonNllOptions&, Where);

template <class T>
Variable<T> poisson_nll_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    Reduction reduction,
    Where where) {
    return poisson_nll_loss(x, target, PoissonNllOptions{.reduction = reduction}, where);
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
         return gaussian_nll_loss(in[0], in[1], in[2], 1e-6, Reduction::sum, true);
     }).between(0.5, 2)});
template <class T>
Variable<T> gaussian_nll_loss(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& target,
    const std::type_identity_t<Variable<T>>& variance,
    double epsilon,
    Reduction reduction,
    bool full,
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
    Variable<T> losses = mul(add(log(v, where), squares, where), T(0.5), where);
    if (full)
        losses = add(losses, static_cast<T>(std::log(2 * pi) / 2), where);
    return reduce("gaussian_nll_loss", losses, reduction, where);
}
template Variable<float> gaussian_nll_loss(
    const Variable<float>&,
    const Variable<float>&,
    const Variable<float>&,
    double,
    Reduction,
    bool,
    Where);
template Variable<double> gaussian_nll_loss(
    const Variable<double>&,
    const Variable<double>&,
    const Variable<double>&,
    double,
    Reduction,
    bool,
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
