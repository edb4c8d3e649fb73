// What the contractions, solves and decompositions refuse, in full; and how a singular matrix is
// told.
#include <tests/ops/errors.hpp>

#include <cmath>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

using V = Variable<double>;

namespace {

std::vector<V> list(const std::vector<Shape>& shapes) {
    std::vector<V> all;
    for (const Shape& shape : shapes)
        all.push_back(of(shape));
    return all;
}

#define CHECK_DOMAIN_ERROR(call, text) \
    CHECK(text_of_error<std::domain_error>([&] { static_cast<void>(call); }) == (text))

}  // namespace

TEST_CASE("einsum says what it cannot read") {
    const std::vector<V> pair = list({{2, 3}, {3, 4}});
    CHECK_ARGUMENT_ERROR(
        einsum("i1,jk", pair), "einsum: '1' in \"i1,jk\"; need letters, ',' and one '->'");
    CHECK_ARGUMENT_ERROR(
        einsum("ij,jk->i->k", pair),
        "einsum: '-' in \"ij,jk->i->k\"; need letters, ',' and one '->'");
    CHECK_ARGUMENT_ERROR(
        einsum("ij,jk->il", pair),
        "einsum: the result's axis 'l' in \"ij,jk->il\" is in no operand; need one that is");
    CHECK_ARGUMENT_ERROR(
        einsum("ij,jk->ii", pair),
        "einsum: the result's axis 'i' in \"ij,jk->ii\" is given twice; name each axis once");
    CHECK_ARGUMENT_ERROR(
        einsum("ij", pair), "einsum: \"ij\" names 1 operands, there are 2; need as many");
    CHECK_ARGUMENT_ERROR(
        einsum<double>("", {}), "einsum: \"\" names 1 operands, there are 0; need as many");
}

TEST_CASE("einsum names the operand that does not fit") {
    const std::vector<V> pair = list({{2, 3}, {3, 4}});
    CHECK_SHAPE_ERROR(
        einsum("ij,jkl", pair),
        "einsum: operand 1 has shape (3, 4), \"ij,jkl\" names 3 axes of it; need a letter for "
        "each");
    CHECK_SHAPE_ERROR(
        einsum("ij,kj", pair),
        "einsum: axis 'j' of \"ij,kj\" is 4 in operand 1 and 3 before; need one extent");
    CHECK_SHAPE_ERROR(
        einsum("ii,jk", pair),
        "einsum: axis 'i' of \"ii,jk\" is 3 in operand 0 and 2 before; need one extent");
}

TEST_CASE("products say what does not fit") {
    const V a = of({2, 3}), b = of({2, 2, 3});
    CHECK_SHAPE_ERROR(tensordot(a, a, {0, 1}, {0}), "tensordot: 2 axes of a, 1 of b; need as many");
    CHECK_SHAPE_ERROR(
        tensordot(a, a, {0}, {1}),
        "tensordot: a is (2, 3), b is (2, 3), axis 0 has 2, axis 1 has 3; need equal extents");
    CHECK_SHAPE_ERROR(
        tensordot(a, a, {2}, {0}),
        "tensordot: axis 2 is out of range for rank 2; need -2 <= axis < 2");
    CHECK_SHAPE_ERROR(
        tensordot(a, a, {0, 0}, {0, 1}), "tensordot: axis 0 is given twice; name each axis once");
    CHECK_SHAPE_ERROR(
        tensordot(a, of({3}), 2), "tensordot: a is (2, 3), b is (3,); need 2 axes in each");
    CHECK_SHAPE_ERROR(
        bmm(b, b), "bmm: a is (2, 2, 3), b is (2, 2, 3); need (B, M, K) and (B, K, N)");
    CHECK_SHAPE_ERROR(
        baddbmm(a, a, b), "baddbmm: a is (2, 3), b is (2, 2, 3); need (B, M, K) and (B, K, N)");
    CHECK_SHAPE_ERROR(
        baddbmm(of({3, 2, 3, 2}), b, of({2, 3, 2})),
        "baddbmm: shapes (3, 2, 3, 2) and (2, 2, 2) do not broadcast: axis 2 has 3 and 2; extents "
        "must be equal or 1, counted from the last axis");
    CHECK_SHAPE_ERROR(
        baddbmm(of({1, 2, 2, 2}), b, of({2, 3, 2})),
        "baddbmm: c is (1, 2, 2, 2), the product (2, 2, 2); c must broadcast to it");
    CHECK_SHAPE_ERROR(trace(of({3})), "trace: x has shape (3,); need at least two axes");
}

TEST_CASE("solves say what does not fit") {
    const V x = of({2, 3}), a = of({3, 3});
    const std::string rest = ": x has shape (2, 3); need square matrices (..., N, N)";
    CHECK_SHAPE_ERROR(inverse(x), "inverse" + rest);
    CHECK_SHAPE_ERROR(det(x), "det" + rest);
    CHECK_SHAPE_ERROR(slogdet(x), "slogdet" + rest);
    CHECK_SHAPE_ERROR(cholesky(x), "cholesky" + rest);
    CHECK_SHAPE_ERROR(matrix_power(x, 2), "matrix_power" + rest);
    const std::string pair =
        ": a is (3, 3), b is (2, 3); need a (..., N, N) and b (..., N, K) or (N,)";
    CHECK_SHAPE_ERROR(solve(a, x), "solve" + pair);
    CHECK_SHAPE_ERROR(triangular_solve(a, x), "triangular_solve" + pair);
    CHECK_SHAPE_ERROR(cholesky_solve(a, x), "cholesky_solve" + pair);
    CHECK_SHAPE_ERROR(
        solve(of({2, 3, 3}), of({4, 3, 1})),
        "solve: shapes (2,) and (4,) do not broadcast: axis 0 has 2 and 4; extents must be equal "
        "or 1, counted from the last axis");
}

TEST_CASE("a singular matrix is named, with the pivot that is 0") {
    const V one(Array<double>{{1, 0, 0}, {0, 1, 0}, {0, 0, 0}}, true);
    const std::string rest = " is singular: pivot 2 is 0; need full rank";
    CHECK_DOMAIN_ERROR(inverse(one), "inverse: matrix 0 of shape (3, 3)" + rest);
    CHECK_DOMAIN_ERROR(solve(one, of({3})), "solve: matrix 0 of shape (3, 3)" + rest);
    CHECK_DOMAIN_ERROR(
        triangular_solve(one, of({3})), "triangular_solve: matrix 0 of shape (3, 3)" + rest);
    CHECK_DOMAIN_ERROR(matrix_power(one, -1), "inverse: matrix 0 of shape (3, 3)" + rest);
    const V good(Array<double>{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}});
    CHECK_DOMAIN_ERROR(
        inverse(stack(std::vector<V>{good, one})), "inverse: matrix 1 of shape (3, 3)" + rest);
    CHECK_DOMAIN_ERROR(
        cholesky(neg(good)),
        "cholesky: matrix 0 of shape (3, 3) has a leading minor of order 1 that is not positive; "
        "need a positive definite matrix");
}

TEST_CASE("a singular matrix has a determinant, and no gradient of it") {
    const V x(Array<double>{{1, 2}, {2, 4}}, true);
    const V y = det(x);
    CHECK(y.item() == 0);
    CHECK_DOMAIN_ERROR(
        grad(y, x), "inverse: matrix 0 of shape (2, 2) is singular: pivot 1 is 0; need full rank");
    CHECK(slogdet(x).sign.item() == 0);
    CHECK(slogdet(x).log_abs.item() == -std::numeric_limits<double>::infinity());
}

TEST_CASE("only one triangle is read") {
    const double nan = std::nan("");
    const V lower(Array<double>{{2, nan}, {1, 4}});
    CHECK(triangular_solve(lower, V(Array<double>{2, 5})).value() == Array<double>{1, 1});
    CHECK(cholesky(V(Array<double>{{4, nan}, {2, 2}})).value() == Array<double>{{2, 0}, {1, 1}});
}

TEST_CASE("decompositions say what does not fit") {
    const V x = of({3}), a = of({2, 3});
    const std::string rest = ": x has shape (3,); need matrices (..., M, N)";
    CHECK_SHAPE_ERROR(qr(x), "qr" + rest);
    CHECK_SHAPE_ERROR(svd(x), "svd" + rest);
    CHECK_SHAPE_ERROR(pinv(x), "pinv" + rest);
    CHECK_SHAPE_ERROR(eigh(a), "eigh: x has shape (2, 3); need square matrices (..., N, N)");
    CHECK_SHAPE_ERROR(
        matrix_exp(a), "matrix_exp: x has shape (2, 3); need square matrices (..., N, N)");
    CHECK_SHAPE_ERROR(
        lstsq(a, x), "lstsq: a is (2, 3), b is (3,); need a (..., M, N) and b (..., M, K) or (M,)");
}

TEST_CASE("a matrix that is not finite has no decomposition") {
    const V bad(Array<double>{{1, 0}, {std::nan(""), 1}});
    const std::string rest = ": matrix 0 of shape (2, 2) did not converge; need finite elements";
    CHECK_DOMAIN_ERROR(eigh(bad), "eigh" + rest);
    CHECK_DOMAIN_ERROR(svd(bad), "svd" + rest);
    const V infinite(Array<double>{{std::numeric_limits<double>::infinity(), 0}, {0, 1}});
    CHECK_DOMAIN_ERROR(svd(infinite), "svd" + rest);
    CHECK_DOMAIN_ERROR(
        cholesky(infinite),
        "cholesky: matrix 0 of shape (2, 2) has a leading minor of order 1 that is not positive; "
        "need a positive definite matrix");
    CHECK_THROWS_AS(static_cast<void>(cholesky(bad)), std::domain_error);
}

TEST_CASE("equal eigenvalues leave the gradient of a function of the values finite") {
    const V x(Array<double>{{2, 0}, {0, 2}}, true);
    CHECK(grad(sum(square(eigh(x).values)), x).value() == Array<double>{{4, 0}, {0, 4}});
    CHECK(grad(sum(svd(x).s), x).value() == Array<double>{{1, 0}, {0, 1}});
}
