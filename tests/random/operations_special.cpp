// Special functions, and losses.
#include <tests/random/row.hpp>

namespace xgrad::test {

std::vector<Operation> special_operations() {
    return {
        ROW("erf", fit::one, erf(a)),
        ROW("erfc", fit::one, erfc(a)),
        ROW("erfinv", fit::one, erfinv(0.8 * tanh(a))),
        ROW("lgamma", fit::one, lgamma(softplus(a) + 0.5)),
        ROW("digamma", fit::one, digamma(softplus(a) + 0.5)),
        ROW("polygamma", fit::one, polygamma(2, softplus(a) + 1)),
        ROW("trigamma", fit::one, trigamma(softplus(a) + 0.7)),
        ROW("beta", fit::two, beta(softplus(a) + 0.5, softplus(b) + 0.5)),
        ROW("i0", fit::one, i0(tanh(a))),
        ROW("i1", fit::one, i1(a)),
        ROW("bessel_i", fit::one, bessel_i(2, tanh(a))),
        ROW("spherical_bessel_j", fit::one, spherical_bessel_j(1, a)),
        ROW("sinc", fit::one, sinc(tanh(a))),
        ROW("mse_loss", fit::alike, mse_loss(a, b)),
        ROW("binary_cross_entropy",
            fit::alike,
            binary_cross_entropy_with_logits(a, sigmoid(b), Reduction::mean)),
        ROW("binary_cross_entropy_of_probabilities",
            fit::alike,
            binary_cross_entropy(sigmoid(a), sigmoid(b), Reduction::none)),
        ROW("cross_entropy", fit::labels, cross_entropy(a, p.indices)),
        ROW("cross_entropy_smooth",
            fit::labels,
            cross_entropy(a, p.indices, {.label_smoothing = 0.2, .reduction = Reduction::none})),
        ROW("nll_loss", fit::labels, nll_loss(log_softmax(a), p.indices)),
        ROW("kl_div", fit::alike, kl_div(log_sigmoid(a), sigmoid(b), Reduction::none)),
        ROW("poisson_nll_loss", fit::alike, poisson_nll_loss(tanh(a), softplus(b))),
        ROW("gaussian_nll_loss",
            fit::alike_three,
            gaussian_nll_loss(a, b, softplus(c) + 0.3, 1e-6, Reduction::none)),
        ROW("focal_loss", fit::alike, focal_loss(a, sigmoid(b), 0.25, 2, Reduction::none)),
    };
}

}  // namespace xgrad::test
