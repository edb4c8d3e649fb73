#include <ops/formulas/hard_activation.hpp>
#include <ops/formulas/multivariate.hpp>
#include <ops/formulas/rounding.hpp>
#include <ops/formulas/smooth_activation.hpp>
#include <ops/formulas/special.hpp>
#include <tests/ops/check_fused.hpp>

using namespace xgrad;
using namespace xgrad::test;

// Several functions in one formula, which compiles once; the factors keep two faults from
// cancelling.
TEST_CASE_TEMPLATE("elementwise: every function of the lanes", T, float, double) {
    const Array<T> x = random_array<T>({37}, 4, -0.9, 0.9), p = random_array<T>({37}, 5, 0.5, 2);
    const T close = 10 * tolerance<T>;
    check_fused<T>(
        [](auto a) {
            return exp(a) + 2 * expm1(a) - 3 * log1p(a) + 5 * sin(a) - 7 * cos(a) + 11 * tan(a) -
                   13 * asin(a) + 17 * acos(a) - 19 * atan(a);
        },
        close,
        x);
    check_fused<T>(
        [](auto a) {
            return sinh(a) + 2 * cosh(a) - 3 * tanh(a) + 5 * erf(a) - 7 * sigmoid(a) +
                   11 * log_sigmoid(a) - 13 * softplus(a) + 17 * square(a) - 19 * -a;
        },
        close,
        x);
    check_fused<T>(
        [](auto a) {
            return relu(a) + 2 * leaky_relu(a) - 3 * elu(a) + 5 * gelu(a) - 7 * silu(a) +
                   11 * abs(a) - 13 * sign(a) + 17 * clamp(a, -0.5, 0.5);
        },
        close,
        x);
    check_fused<T>(
        [](auto a, auto b) {
            return log(a) + 2 * log2(a) - 3 * log10(a) + 5 * sqrt(a) - 7 * rsqrt(a) +
                   11 * reciprocal(a) - 13 * minimum(a, b);
        },
        close,
        p,
        x);
}

TEST_CASE_TEMPLATE("a formula takes the families whose headers it includes", T, float, double) {
    const auto formula = [](auto x, auto w) {
        const auto special = lgamma(2 + x * x) + digamma(2 + w * w) + bessel_i(1, x) * cbrt(2 + x);
        const auto several = hypot(x, w) * xlogy(2, 3 + w) + logaddexp(x, 0.5) + fmod(x, 0.75);
        return special + several + celu(x, 0.7) * mish(w) + hardswish(x * w) * round(x);
    };
    check_fused<T>(
        formula,
        tolerance<T>,
        random_array<T>({3, 5}, 1, -1.4, 1.4),
        random_array<T>({5}, 2, -1.4, 1.4));
}
