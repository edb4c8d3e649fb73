// Operations on well-conditioned matrices: a a^T + 2 I, or a small matrix near a diagonal one.
#include <tests/random/row.hpp>

// The identity times a factor, diag(3, 6, 9, ...), a symmetric positive definite matrix, and one of
// full rank with p.m rows.
#define EYE(factor) diag(Variable<T>(Array<T>(Shape{p.n}, T(factor))))
#define STEPS diag(cumsum(Variable<T>(Array<T>(Shape{p.n}, T(3)))))
#define POSITIVE (matmul(a, transpose(a, -2, -1)) + EYE(2))
#define TALL (tanh(a) + pad(EYE(4), {{0, p.m - p.n}, {0, 0}}))

namespace xgrad::test {

std::vector<Operation> matrix_operations() {
    return {
        ROW("inverse", fit::square, inverse(POSITIVE)),
        ROW("solve", fit::system, solve(POSITIVE, b)),
        ROW("det", fit::square, det(EYE(1) + 0.2 * tanh(a))),
        ROW("slogdet", fit::square, slogdet(POSITIVE).log_abs),
        ROW("cholesky", fit::square, cholesky(POSITIVE)),
        ROW("cholesky_solve", fit::system, cholesky_solve(cholesky(POSITIVE), b)),
        ROW("triangular_solve", fit::system, triangular_solve(EYE(2) + 0.5 * tanh(a), b)),
        ROW("triangular_solve_upper",
            fit::system,
            triangular_solve(EYE(2) + 0.5 * tanh(a), b, Triangle::upper)),
        ROW("matrix_power", fit::square, matrix_power(0.4 * tanh(a), 3)),
        ROW("matrix_power_negative", fit::square, matrix_power(EYE(1) + 0.2 * tanh(a), -2)),
        ROW("matrix_exp", fit::square, matrix_exp(0.5 * tanh(a))),
        // Squared, since the signs jump where a column is 0 below the diagonal.
        ROW("qr_r", fit::tall, square(qr(TALL).r)),
        ROW("qr_q", fit::tall, square(qr(TALL).q)),
        ROW("eigh", fit::square, eigh(STEPS + 0.3 * (tanh(a) + transpose(tanh(a), -2, -1))).values),
        ROW("svd", fit::square, svd(STEPS + 0.3 * tanh(a)).s),
        ROW("pinv", fit::tall, pinv(TALL)),
        ROW("lstsq", fit::tall_system, lstsq(TALL, b)),
    };
}

}  // namespace xgrad::test
