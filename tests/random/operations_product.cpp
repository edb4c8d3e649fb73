// Products and contractions.
#include <tests/random/row.hpp>

namespace xgrad::test {

std::vector<Operation> product_operations() {
    return {
        ROW("matmul", fit::matmul, matmul(a, b)),
        ROW("linear", fit::linear, linear(a, b, c)),
        ROW("linear_no_bias", fit::linear, linear(a, b)),
        ROW("dot", fit::dot, dot(a, b)),
        ROW("outer", fit::vectors, outer(a, b)),
        ROW("bmm", fit::stacks, bmm(a, b)),
        ROW("baddbmm", fit::stacks, baddbmm(c, a, b, 0.5, 0.7)),
        ROW("tensordot", fit::tensordot, tensordot(a, b, p.n)),
        ROW("einsum", fit::einsum, einsum(p.spec, std::vector{a, b})),
        ROW("einsum_identity", fit::rank_exactly(2), einsum("ij->ij", std::vector{a})),
        ROW("einsum_square", fit::rank_exactly(2), einsum("ij,ij->i", std::vector{a, a})),
        ROW("kron", fit::kron, kron(a, b)),
    };
}

}  // namespace xgrad::test
