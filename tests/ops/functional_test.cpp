#include <ops/functional.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using V = Variable<double>;
using List = VariableList<double>;

V of(const Shape& shape, unsigned seed) { return V(random_array<double>(shape, seed)); }

}  // namespace

TEST_CASE("value_and_grad: a scalar function, and one of several inputs") {
    const V x(Array<double>{1, 2, 3});
    const auto [y, g] = value_and_grad([](const auto& v) { return sum(v * v * v); }, x);
    CHECK(y.item() == 36);
    check_close(g.value(), {3, 12, 27});
    CHECK_FALSE(y.requires_grad());
    CHECK_FALSE(g.requires_grad());

    const V w(Array<double>{2, 0, -1});
    const auto both = value_and_grad([](const List& in) { return dot(in[0], in[1]); }, List{x, w});
    CHECK(both.values[0].item() == -1);
    check_close(both.derivatives[0].value(), w.value());
    check_close(both.derivatives[1].value(), x.value());
}

TEST_CASE("value_and_grad leaves the inputs' own gradients and graphs alone") {
    const V x(Array<double>{1, 2}, true);
    const V y = square(x);
    const auto r = value_and_grad([](const auto& v) { return sum(v * v); }, y);
    check_close(r.derivative.value(), {2, 8});
    CHECK_FALSE(x.has_grad());
    sum(y).backward();
    check_close(x.grad(), {2, 4});
}

TEST_CASE("vjp and jvp of A x are A' v and A t") {
    const V a = of({3, 4}, 1), x = of({4}, 2), v = of({3}, 3), t = of({4}, 4);
    const auto f = [&](const auto& in) { return matmul(a, in); };
    check_close(vjp(f, x, v).derivative.value(), matmul(transpose(a), v).value(), 1e-14);
    const auto r = jvp(f, x, t);
    check_close(r.derivative.value(), matmul(a, t).value(), 1e-14);
    check_close(r.value.value(), matmul(a, x).value(), 1e-14);
}

TEST_CASE("jvp is exact: against the analytic directional derivative") {
    const V x = of({5}, 5), t = of({5}, 6);
    const auto r = jvp([](const auto& v) { return tanh(v) * exp(v); }, x, t);
    for (std::size_t i = 0; i < 5; ++i) {
        const double v = x.value()(i), h = std::tanh(v), e = std::exp(v);
        CHECK(r.derivative.value()(i) == doctest::Approx(((1 - h * h) * e + h * e) * t.value()(i)));
    }
}

TEST_CASE("several inputs and outputs: vjp, jvp and jacobian fit together") {
    const List in{of({2, 3}, 7), of({3}, 8)};
    const auto f = [](const List& v) {
        return List{tanh(v[0] * v[1]), sum(square(v[1])), V(Array<double>{1, 2})};
    };
    const List u{of({2, 3}, 9), of({}, 10), of({2}, 11)};
    const List t{of({2, 3}, 12), of({3}, 13)};
    const auto back = vjp(f, in, u);
    const auto forth = jvp(f, in, t);
    // <u, J t> = <J' u, t>
    double left = 0, right = 0;
    for (std::size_t i = 0; i < 3; ++i)
        left += sum(u[i] * forth.derivatives[i]).item();
    for (std::size_t j = 0; j < 2; ++j)
        right += sum(back.derivatives[j] * t[j]).item();
    CHECK(left == doctest::Approx(right).epsilon(1e-13));

    const auto j = jacobian(f, in);
    REQUIRE(j.size() == 3);
    CHECK(j[0][1].shape() == Shape{2, 3, 3});
    CHECK(j[1][0].shape() == Shape{2, 3});
    check_close(j[1][0].value(), Array<double>(Shape{2, 3}, 0));
    check_close(j[1][1].value(), Array<double>(2 * in[1].value()));
    check_close(j[2][0].value(), Array<double>(Shape{2, 2, 3}, 0));
    // J t by the blocks
    const V by_blocks = matmul(reshape(j[0][0], {6, 6}), reshape(t[0], {6})) +
                        matmul(reshape(j[0][1], {6, 3}), t[1]);
    check_close(reshape(by_blocks, {2, 3}).value(), forth.derivatives[0].value(), 1e-13);
}

TEST_CASE("jacobian: wide by rows and tall by columns give the same") {
    const V a = of({7, 2}, 14), x = of({2}, 15), z = of({7}, 16);
    const auto tall = jacobian([&](const auto& v) { return sin(matmul(a, v)); }, x);
    CHECK(tall.shape() == Shape{7, 2});
    const auto wide = jacobian([&](const auto& v) { return sin(matmul(v, a)); }, z);
    CHECK(wide.shape() == Shape{2, 7});
    const V slopes_tall = cos(matmul(a, x)), slopes_wide = cos(matmul(z, a));
    for (std::size_t i = 0; i < 7; ++i) {
        for (std::size_t k = 0; k < 2; ++k) {
            const double entry = a.value()(i, k);
            CHECK(tall.value()(i, k) == doctest::Approx(slopes_tall.value()(i) * entry));
            CHECK(wide.value()(k, i) == doctest::Approx(slopes_wide.value()(k) * entry));
        }
    }
}

TEST_CASE("hessian of a quadratic is its matrix, and hvp its product") {
    const V m = of({6, 6}, 17), x = of({6}, 18), v = of({6}, 19);
    const auto f = [&](const auto& z) { return sum(z * matmul(m, z)); };
    const V expected = m + transpose(m);
    check_close(hessian(f, x).value(), expected.value(), 1e-13);
    const auto r = hvp(f, x, v);
    check_close(r.derivative.value(), matmul(expected, v).value(), 1e-13);
    CHECK(r.value.item() == doctest::Approx(f(x).item()));
}

TEST_CASE("hessian of several inputs: the mixed blocks are each other's transpose") {
    const List in{of({2}, 20), of({3}, 21)};
    const auto f = [](const List& v) { return square(sum(v[0])) * sum(exp(v[1])); };
    const auto h = hessian(f, in);
    check_close(h[0][1].value(), transpose(h[1][0]).value(), 1e-13);
    const double s = sum(in[0]).item();
    for (std::size_t i = 0; i < 2; ++i) {
        for (std::size_t k = 0; k < 3; ++k)
            CHECK(h[0][1].value()(i, k) == doctest::Approx(2 * s * std::exp(in[1].value()(k))));
    }
}

TEST_CASE("hessian of a linear function is zero") {
    const V x = of({3}, 22);
    check_close(
        hessian([](const auto& v) { return sum(v) * 2; }, x).value(),
        Array<double>(Shape{3, 3}, 0));
}

TEST_CASE("create_graph: a jacobian, a hessian and a jvp are differentiated again") {
    const V x(Array<double>{0.5, -1, 2}, true);
    const auto cube = [](const auto& v) { return v * v * v; };
    const V j = jacobian(cube, x, {.create_graph = true});
    check_close(grad(sum(j), x).value(), Array<double>(6 * x.value()));  // d(3x^2)
    const V h = hessian([&](const auto& v) { return sum(cube(v)); }, x, {.create_graph = true});
    check_close(grad(sum(h), x).value(), {6, 6, 6});
    const V t(Array<double>{1, 2, 3});
    const auto r = jvp(cube, x, t, {.create_graph = true});
    check_close(grad(sum(r.derivative), x).value(), Array<double>(6 * x.value() * t.value()));
    // The third derivative, as a Hessian of a gradient's norm.
    const auto penalty = [&](const auto& v) {
        return sum(square(
            value_and_grad([&](const auto& w) { return sum(cube(w)); }, v, {.create_graph = true})
                .derivative));
    };
    const V p = hessian(penalty, x);  // of sum 9 x^4: 108 x^2
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(p.value()(i, i) == doctest::Approx(108 * x.value()(i) * x.value()(i)));
}

TEST_CASE("derivatives of functions: empty and constant outputs, scalars") {
    const V x(2.0);
    CHECK(jacobian([](const auto& v) { return v * v; }, x).item() == 4);
    CHECK(hessian([](const auto& v) { return v * v * v; }, x).item() == 12);
    const V none(empty<double>({0, 2}));
    CHECK(jacobian([](const auto& v) { return v * 2; }, none).shape() == Shape{0, 2, 0, 2});
    const auto constant = jacobian([](const auto&) { return V(Array<double>{1, 2}); }, x);
    check_close(constant.value(), {0, 0});
}

TEST_CASE("derivatives of functions: misuse is named") {
    const V x = of({3}, 23);
    const auto twice = [](const auto& v) { return v * 2; };
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(value_and_grad(twice, x));
          }) == "value_and_grad: f returned 1 outputs, the first of shape (3,); need one scalar");
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(hessian(twice, x));
          }) == "hessian: f returned 1 outputs, the first of shape (3,); need one scalar");
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(vjp(twice, x, of({2}, 1)));
          }) == "vjp: vector 0 has shape (2,), output 0 has (3,); need one shape");
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(jvp(twice, x, of({2}, 1)));
          }) == "jvp: tangent 0 has shape (2,), input 0 has (3,); need one shape");
    const auto total = [](const List& v) { return sum(v[0]); };
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(hvp(total, List{x}, List{x, x}));
          }) == "hvp: there are 2 vectors and 1 inputs; need one vector for each input");
    CHECK(
        text_of_error<GraphError>(
            [&] { static_cast<void>(jacobian(twice, x, {.create_graph = true})); }) ==
        "jacobian: input 0, shape (3,), does not require a gradient; create_graph needs one that "
        "does");
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(jacobian(total, List{}));
          }) == "jacobian: there are no inputs; need at least one");
}

namespace {

// The Hessian over a list of parameters as one matrix.
Array<double> as_matrix(const std::vector<List>& blocks, const List& parameters) {
    std::size_t n = 0;
    for (const V& p : parameters)
        n += p.size();
    Array<double> h = empty<double>({n, n});
    std::size_t row = 0;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        std::size_t column = 0;
        for (std::size_t j = 0; j < parameters.size(); ++j) {
            const double* block = blocks[i][j].value().data();
            for (std::size_t r = 0; r < parameters[i].size(); ++r) {
                std::copy_n(
                    block + r * parameters[j].size(),
                    parameters[j].size(),
                    h.data() + (row + r) * n + column);
            }
            column += parameters[j].size();
        }
        row += parameters[i].size();
    }
    return h;
}

}  // namespace

TEST_CASE("hessian of 2,000 parameters: a quadratic's equals the one derived by hand") {
    // L = 1/2 |X W' - t|^2, W of (40, 50): d2L / dW_ij dW_kl = [i = k] (X' X)_jl.
    const V x = of({8, 50}, 30), t = of({8, 40}, 31), w = of({40, 50}, 32);
    const V h = hessian([&](const V& v) { return sum(square(linear(x, v) - t)) * 0.5; }, w);
    REQUIRE(h.shape() == Shape{40, 50, 40, 50});
    const Array<double> xx = matmul(transpose(x), x).value();
    double worst = 0;
    for (std::size_t i = 0; i < 40; ++i) {
        for (std::size_t j = 0; j < 50; ++j) {
            for (std::size_t k = 0; k < 40; ++k) {
                for (std::size_t l = 0; l < 50; ++l) {
                    const double expected = i == k ? xx(j, l) : 0;
                    worst = std::max(worst, std::abs(h.value()(i, j, k, l) - expected));
                }
            }
        }
    }
    CHECK(worst <= 1e-12 * xt::amax(xx)());
}

TEST_CASE("hessian of a network of 2,000 parameters equals differences of its gradient") {
    const V x = of({4, 24}, 33), t = of({4, 16}, 34);
    const List parameters{
        V(random_array<double>({48, 24}, 35, -0.3, 0.3)),
        V(random_array<double>({48}, 36)),
        V(random_array<double>({16, 48}, 37, -0.3, 0.3)),
        V(random_array<double>({32}, 38))};  // 1152 + 48 + 768 + 32
    const auto loss = [&](const List& p) {
        const V y = linear(tanh(linear(x, p[0], p[1])), p[2]);
        return mean(square(y * slice(p[3], 0, 0, 16) + slice(p[3], 0, 16, 32) - t));
    };
    const Array<double> h = as_matrix(hessian(loss, parameters), parameters);
    constexpr std::size_t n = 2000;
    REQUIRE(h.shape() == Shape{n, n});
    constexpr double step = 1e-5;
    double worst = 0;
    std::size_t column = 0;
    for (const V& p : parameters) {
        for (std::size_t c = 0; c < p.size(); ++c, ++column) {
            const double value = p.value().data()[c];
            std::vector<double> slope;
            for (const double sign : {1.0, -1.0}) {
                p.update([&](std::span<double> v) { v[c] = value + sign * step; });
                std::size_t at = 0;
                for (const V& g : value_and_grad(loss, parameters).derivatives) {
                    for (const double element : g.value()) {
                        if (sign > 0)
                            slope.push_back(element / (2 * step));
                        else
                            slope[at++] -= element / (2 * step);
                    }
                }
            }
            p.update([&](std::span<double> v) { v[c] = value; });
            for (std::size_t r = 0; r < n; ++r)
                worst = std::max(worst, std::abs(h(r, column) - slope[r]));
        }
    }
    CHECK(worst <= 1e-6);
    CHECK(worst > 0);
}

TEST_CASE("derivatives of functions are recorded where recording is off") {
    const NoGradGuard off;
    const Variable<double> x(Array<double>{3});
    const auto square_of = [](const Variable<double>& in) { return sum(in * in); };
    CHECK(value_and_grad(square_of, x).derivative.item() == 6);
    CHECK(hessian(square_of, x).item() == 2);
    CHECK(jvp(square_of, x, Variable<double>(Array<double>{1})).derivative.item() == 6);
}

// sign's share is 0 whatever g is, and so is its derivative by g.
TEST_CASE("jvp of a gradient that does not depend on the input") {
    const Variable<double> x(Array<double>{0, 2}), u(Array<double>{1, 1});
    const auto slope = [](const Variable<double>& in) {
        return grad(sum(abs(in)), in, {.create_graph = true});
    };
    CHECK(jvp(slope, x, u).derivative.value() == Array<double>{0, 0});
}
