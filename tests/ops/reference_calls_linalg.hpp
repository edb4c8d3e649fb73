// The contractions, solves and decompositions by name, as reference_calls.cpp. A matrix to be
// inverted is the input and four times the identity, one to be factored x x^T and the identity; it
// is the input itself in a case that says "plain".
#pragma once

#include <tests/ops/reference_case.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace xgrad::test {

template <class T>
void add_contractions(std::map<std::string, Call<T>>& calls) {
    calls["einsum"] = [](const auto& in, const Json& p) {
        return einsum(p.at("spec").get<std::string>(), in);
    };
    calls["tensordot"] = [](const auto& in, const Json& p) {
        if (p.contains("axes"))
            return tensordot(in[0], in[1], p.at("axes").get<std::size_t>());
        return tensordot(in[0], in[1], p.at("axes_a").get<Axes>(), p.at("axes_b").get<Axes>());
    };
    calls["kron"] = [](const auto& in, const Json&) { return kron(in[0], in[1]); };
    calls["bmm"] = [](const auto& in, const Json&) { return bmm(in[0], in[1]); };
    calls["baddbmm"] = [](const auto& in, const Json& p) {
        return baddbmm(in[0], in[1], in[2], number_of(p, "beta"), number_of(p, "alpha"));
    };
    calls["trace"] = [](const auto& in, const Json&) { return trace(in[0]); };
}

template <class T>
Variable<T> identity_like(const Variable<T>& x) {
    return diag(Variable<T>(Array<T>(Shape{x.shape().back()}, T(1))));
}

template <class T>
Variable<T> regular(const Variable<T>& x, const Json& p) {
    return p.contains("plain") ? x : x + identity_like(x) * T(4);
}

template <class T>
Variable<T> definite(const Variable<T>& x, const Json& p) {
    return p.contains("plain") ? x : matmul(x, transpose(x, -2, -1)) + identity_like(x);
}

template <class T>
void add_solves(std::map<std::string, Call<T>>& calls) {
    calls["inverse"] = [](const auto& in, const Json& p) { return inverse(regular(in[0], p)); };
    calls["det"] = [](const auto& in, const Json& p) { return det(regular(in[0], p)); };
    calls["slogdet"] = [](const auto& in, const Json& p) {
        if (p.contains("negative"))
            return slogdet(-in[0]).log_abs;
        return p.contains("sign") ? slogdet(-regular(in[0], p)).sign
                                  : slogdet(regular(in[0], p)).log_abs;
    };
    calls["cholesky"] = [](const auto& in, const Json& p) { return cholesky(definite(in[0], p)); };
    calls["matrix_power"] = [](const auto& in, const Json& p) {
        return matrix_power(regular(in[0], p) / T(4), p.at("n").get<std::ptrdiff_t>());
    };
    calls["solve"] = [](const auto& in, const Json& p) { return solve(regular(in[0], p), in[1]); };
    calls["triangular_solve"] = [](const auto& in, const Json& p) {
        const bool upper = p.at("upper").get<bool>();
        return triangular_solve(
            regular(in[0], p), in[1], upper ? Triangle::upper : Triangle::lower);
    };
    calls["cholesky_solve"] = [](const auto& in, const Json& p) {
        return cholesky_solve(regular(in[0], p), in[1]);
    };
}

/// With 2, 4, ... along the diagonal.
template <class T>
Variable<T> graded(const Variable<T>& x, const Json& p) {
    if (p.contains("plain"))
        return x;
    Array<T> steps(Shape{x.shape()[x.rank() - 2], x.shape().back()}, T(0));
    for (std::size_t i = 0; i < std::min(steps.shape()[0], steps.shape()[1]); ++i)
        steps(i, i) = static_cast<T>(2 * (i + 1));
    return x + Variable<T>(std::move(steps));
}

template <class T>
void add_decompositions(std::map<std::string, Call<T>>& calls) {
    calls["qr"] = [](const auto& in, const Json& p) {
        const auto parts = qr(graded(in[0], p));
        return p.at("part") == "q" ? parts.q : parts.r;
    };
    calls["eigh"] = [](const auto& in, const Json& p) {
        const auto parts = eigh(definite(graded(in[0], p), p));
        if (p.contains("part"))
            return parts.values;
        return concatenate(std::vector{square(parts.vectors), unsqueeze(parts.values, -2)}, -2);
    };
    calls["svd"] = [](const auto& in, const Json& p) {
        const auto [u, s, vt] = svd(graded(in[0], p));
        if (p.contains("part"))
            return matmul(u * unsqueeze(s, -2), vt);
        return concatenate(
            std::vector{square(u), unsqueeze(s, -2), square(transpose(vt, -2, -1))}, -2);
    };
    calls["pinv"] = [](const auto& in, const Json& p) { return pinv(graded(in[0], p)); };
    calls["lstsq"] = [](const auto& in, const Json& p) { return lstsq(graded(in[0], p), in[1]); };
    calls["matrix_exp"] = [](const auto& in, const Json&) { return matrix_exp(in[0]); };
}

template <class T>
void add_linalg(std::map<std::string, Call<T>>& calls) {
    add_contractions(calls);
    add_solves(calls);
    add_decompositions(calls);
}

}  // namespace xgrad::test
