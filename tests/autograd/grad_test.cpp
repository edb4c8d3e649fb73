#include <autograd/record.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <cmath>
#include <stdexcept>
#include <type_traits>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using V = Variable<double>;

V leaf(Array<double> value) { return V(std::move(value), true); }
V scalar(double value) { return V(Array<double>(Shape{}, value), true); }

constexpr auto recorded = [] { return GradOptions<double>{.create_graph = true}; };

}  // namespace

TEST_CASE("grad returns gradients and touches no .grad") {
    const V x = leaf({1, 2}), w = leaf({3, 4});
    const auto gradients = grad<double>({sum(x * w)}, {x, w});
    check_close(gradients[0].value(), {3, 4});
    check_close(gradients[1].value(), {1, 2});
    CHECK_FALSE(gradients[0].requires_grad());
    CHECK_FALSE(x.has_grad());
    CHECK_FALSE(w.has_grad());
}

TEST_CASE("grad: several outputs and seeds give the sum of their products") {
    const V x = leaf({1, 2});
    const V y = square(x), z = sum(x);
    const auto g = grad<double>({y, z}, {x}, {.seeds = {V(Array<double>{1, 10}), V(100.0)}});
    check_close(g[0].value(), {102, 140});
}

TEST_CASE("grad: an undefined seed stands for 1 where the output is a scalar") {
    const V x = leaf({1, 2});
    const auto g = grad<double>({square(x), sum(x)}, {x}, {.seeds = {V(Array<double>{1, 1}), V()}});
    check_close(g[0].value(), {3, 5});
}

TEST_CASE("grad: the same input twice, and an output as input") {
    const V x = scalar(3);
    const V y = square(x);
    const auto g = grad<double>({y}, {x, x, y});
    CHECK(g[0].item() == 6);
    CHECK(g[1].item() == 6);
    CHECK(g[2].item() == 1);
}

TEST_CASE("grad: a result can be an input") {
    const V x = scalar(3);
    const V h = square(x);
    const V y = exp(h * 0.1) * h;
    // d/dh = (0.1 h + 1) e^(0.1 h)
    CHECK(grad(y, h).item() == doctest::Approx(1.9 * std::exp(0.9)));
}

TEST_CASE("grad with respect to a result leaves the graph below it usable") {
    const V x = scalar(3);
    const V h = square(x);
    const V gh = grad(h * 5, h);
    CHECK(gh.item() == 5);
    h.backward(gh);
    CHECK(x.grad()() == 30);
}

TEST_CASE("grad: an input that is not reached is an error, or undefined where allowed") {
    const V x = leaf({1, 2}), other = leaf(array({1, 3}, {1, 2, 3}));
    const V y = sum(x);
    CHECK(
        text_of_error<GraphError>([&] {
            static_cast<void>(grad<double>({y}, {x, other}));
        }) ==
        "grad: input 1, shape (1, 3), is not reached from the outputs; pass allow_unused = true to "
        "get an undefined Variable for it");
    const auto g = grad<double>({y}, {x, other}, {.allow_unused = true});
    check_close(g[0].value(), {1, 1});
    CHECK_FALSE(g[1].defined());
}

TEST_CASE("grad: an input without requires_grad is an error") {
    const V x = leaf({1, 2}), constant(Array<double>{1, 2, 3});
    CHECK(
        text_of_error<GraphError>([&] { static_cast<void>(grad(sum(x), constant)); }) ==
        "grad: input 0, shape (3,), does not require a gradient; ask for one with "
        "requires_grad(true) before computing the output");
}

TEST_CASE("grad: an output without a gradient is an error") {
    const V x = leaf({1, 2});
    const V constant(1.0);
    CHECK(
        text_of_error<GraphError>([&] { static_cast<void>(grad(constant, x)); }) ==
        "grad: the output, shape (), does not require a gradient; it depends on no leaf with "
        "requires_grad, or was computed under NoGradGuard");
}

TEST_CASE("grad: seeds are checked for number and shape") {
    const V x = leaf({1, 2});
    const V y = x * 2;
    CHECK(text_of_error<GraphError>([&] {
              static_cast<void>(grad(y, x));
          }) == "grad: output 0 has shape (2,); pass a seed of that shape or reduce to a scalar");
    CHECK(text_of_error<ShapeError>([&] {
              static_cast<void>(grad<double>({y}, {x}, {.seeds = {V(1.0)}}));
          }) == "grad: the seed has shape (), the output (2,); a seed has its output's shape");
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(grad<double>({y, y}, {x}, {.seeds = {y}}));
          }) == "grad: there are 2 outputs and 1 seeds; pass one seed for each output, or none");
}

TEST_CASE("grad: a second one needs retain_graph in the first") {
    const V x = scalar(3);
    const V y = square(x);
    CHECK(grad(y, x, {.retain_graph = true}).item() == 6);
    CHECK(grad(y, x).item() == 6);
    CHECK_THROWS_AS(static_cast<void>(grad(y, x)), GraphError);
}

TEST_CASE("grad computes only what leads to an input") {
    const V x = scalar(3), w = scalar(4);
    const V y = x * 2 + square(w);
    w.assign(Array<double>(Shape{}, 5));  // square's rule would throw
    CHECK(grad(y, x).item() == 2);
}

TEST_CASE("create_graph: derivatives of x^4 to the fourth order") {
    const V x = scalar(1.5);
    const V y = square(square(x));
    const V d1 = grad(y, x, recorded());
    const V d2 = grad(d1, x, recorded());
    const V d3 = grad(d2, x, recorded());
    const V d4 = grad(d3, x, recorded());
    CHECK(d1.item() == doctest::Approx(4 * 1.5 * 1.5 * 1.5));
    CHECK(d2.item() == doctest::Approx(12 * 1.5 * 1.5));
    CHECK(d3.item() == doctest::Approx(24 * 1.5));
    CHECK(d4.item() == doctest::Approx(24));
}

TEST_CASE("create_graph: derivatives of pow(x, 4) at zero and of tanh to the third order") {
    const V zero = scalar(0);
    V d = pow(zero, 4);
    for (const double expected : {0.0, 0.0, 0.0, 24.0}) {
        d = grad(d, zero, recorded());
        CHECK(d.item() == expected);
    }
    const V x = scalar(0.3);
    const double t = std::tanh(0.3), s = 1 - t * t;
    const V d1 = grad(tanh(x), x, recorded());
    const V d2 = grad(d1, x, recorded());
    const V d3 = grad(d2, x);
    CHECK(d1.item() == doctest::Approx(s));
    CHECK(d2.item() == doctest::Approx(-2 * t * s));
    CHECK(d3.item() == doctest::Approx(s * (6 * t * t - 2)));
}

TEST_CASE("create_graph: the gradient of a gradient penalty") {
    const V x = leaf({1, 2}), w = leaf({0.5, -1});
    const V y = sum(tanh(x * w));
    const V gx = grad(y, x, recorded());
    sum(square(gx)).backward();
    // gx = w s, s = 1 - tanh(xw)^2; d(gx^2)/dw = 2 w s (s - 2 w x t s)
    Array<double> expected = empty<double>({2});
    for (std::size_t i = 0; i < 2; ++i) {
        const double xi = x.value()(i), wi = w.value()(i);
        const double t = std::tanh(xi * wi), s = 1 - t * t;
        expected(i) = 2 * wi * s * (s - 2 * wi * xi * t * s);
    }
    check_close(w.grad(), expected);
}

TEST_CASE("a Hessian times a vector by the gradient of a gradient") {
    // f = sum x_i^2 x_j over i, j = (sum x^2)(sum x); H = 2 s I + 2 x 1' + 2 1 x', s = sum x
    const V x = leaf({1, -2, 0.5});
    const V f = sum(square(x)) * sum(x);
    const V v(Array<double>{1, 2, -1});
    const V g = grad(f, x, recorded());
    const V hv = grad(sum(g * v), x);
    const double s = -0.5, one_v = 2, x_v = 1 - 4 - 0.5;
    Array<double> expected = empty<double>({3});
    for (std::size_t i = 0; i < 3; ++i)
        expected(i) = 2 * s * v.value()(i) + 2 * x.value()(i) * one_v + 2 * x_v;
    check_close(hv.value(), expected);
}

TEST_CASE("create_graph: a seed is part of the graph") {
    const V x = leaf({1, 2}), seed = leaf({3, 4});
    const V g = grad(square(x), x, {.seeds = {seed}, .create_graph = true});
    check_close(grad(sum(g), seed).value(), {2, 4});
}

TEST_CASE("grad modes nest, and end with their guards, also through an exception") {
    CHECK(grad_enabled());
    {
        const NoGradGuard off;
        CHECK_FALSE(grad_enabled());
        {
            const GradModeGuard on(true);
            CHECK(grad_enabled());
            CHECK(square(scalar(2)).requires_grad());
            try {
                const NoGradGuard again;
                CHECK_FALSE(grad_enabled());
                throw std::runtime_error("out");
            } catch (const std::runtime_error&) {
                CHECK(grad_enabled());
            }
        }
        CHECK_FALSE(grad_enabled());
        CHECK_FALSE(square(scalar(2)).requires_grad());
    }
    CHECK(grad_enabled());
    static_assert(!std::is_copy_constructible_v<NoGradGuard>);
    static_assert(!std::is_move_constructible_v<GradModeGuard>);
    static_assert(!std::is_move_constructible_v<AnomalyGuard>);
    static_assert(!std::is_copy_assignable_v<AnomalyGuard>);
}

TEST_CASE("a backward run has a mode of its own and gives the thread's back") {
    const V x = scalar(3);
    bool inside = true;
    const V y = square(x);
    y.register_hook([&](const V&) { inside = grad_enabled(); });
    static_cast<void>(grad(y, x, {.retain_graph = true}));
    CHECK_FALSE(inside);
    const NoGradGuard off;
    static_cast<void>(grad(y, x, {.create_graph = true}));
    CHECK(inside);
    CHECK_FALSE(grad_enabled());
}

TEST_CASE("without create_graph the gradient is a constant") {
    const V x = scalar(2);
    const V g = grad(square(x), x);
    CHECK(g.is_leaf());
    CHECK_FALSE(g.requires_grad());
}

TEST_CASE("create_graph leaves no cycle: the memory comes back") {
    const std::size_t before = memory_stats().live_bytes;
    {
        const V x = leaf(random_array<double>({50}, 3));
        const V g = grad(sum(tanh(x) * exp(x)), x, recorded());
        const V h = grad(sum(square(g)), x, recorded());
        CHECK(h.requires_grad());
        sum(h).backward();
    }
    CHECK(memory_stats().live_bytes == before);
}

TEST_CASE("an op with nothing to do returns a value of its own, and obeys NoGradGuard") {
    const V x = leaf(random_array<double>({2, 3}, 4));
    const auto results = [&] {
        return std::vector<V>{
            roll(x, 3, 1),
            flip(x, {}),
            pad(x, {{0, 0}, {0, 0}}),
            diff(x, 0),
            einsum("ij->ij", std::vector{x}),
            einsum("ij", std::vector{x}),
        };
    };
    for (const V& y : results()) {
        CHECK(y.value() == x.value());
        CHECK(y.value().data() != x.value().data());
        CHECK_FALSE(y.is_leaf());
        check_close(grad(sum(square(y)), x).value(), Array<double>(2 * x.value()));
    }
    const NoGradGuard guard;
    for (const V& y : results())
        CHECK_FALSE(y.requires_grad());
    CHECK_FALSE(dropout(x, 1, {}).requires_grad());
}
