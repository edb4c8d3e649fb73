#include <autograd/parallel.hpp>
#include <tests/ops/fused_check.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

TEST_CASE_TEMPLATE("elementwise equals op by op for every kind of broadcast", T, float, double) {
    const auto formula = [](auto x, auto w) { return tanh(w * x) * x + w / (2 + x * x); };
    const std::vector<std::pair<Shape, Shape>> pairs = {
        {{3, 5}, {3, 5}},
        {{3, 5}, {5}},
        {{3, 5}, {3, 1}},
        {{3, 1}, {1, 5}},
        {{3, 5}, {}},
        {{}, {3, 5}},
        {{}, {}},
        {{5}, {3, 1, 5}},
        {{2, 1, 4}, {3, 1}},
        {{1, 1}, {3, 5}},
        {{4, 1, 3, 1}, {1, 2, 1, 5}},
        {{1}, {17}},
        {{2, 33}, {33}},
        {{2, 33}, {2, 1}}};
    for (const auto& [a, b] : pairs)
        check_fused<T>(formula, tolerance<T>, random_array<T>(a, 1), random_array<T>(b, 2));
}

TEST_CASE_TEMPLATE(
    "elementwise: every length around a batch, contiguous and repeated", T, float, double) {
    const auto formula = [](auto x, auto w) { return exp(x * 0.5) * w - sin(x); };
    for (std::size_t n = 1; n <= 70; ++n) {
        check_fused<T>(formula, tolerance<T>, random_array<T>({n}, 1), random_array<T>({n}, 2));
        check_fused<T>(formula, tolerance<T>, random_array<T>({2, n}, 1), random_array<T>({n}, 2));
        check_fused<T>(formula, tolerance<T>, random_array<T>({2, n}, 1), random_array<T>({}, 2));
    }
}

TEST_CASE_TEMPLATE("elementwise: long arrays, in parts, one and two threads", T, float, double) {
    const auto formula = [](auto x, auto w, auto b) { return tanh(w * x) * x + b; };
    const Shape shape{100003};
    const Variable<T> x(random_array<T>(shape, 1), true), w(random_array<T>(shape, 2), true);
    const Variable<T> b(random_array<T>({}, 3), true), seed(random_array<T>(shape, 4));
    std::vector<std::vector<Array<T>>> results;
    for (const std::size_t threads : {1, 2}) {
        set_num_threads(threads);
        const Variable<T> y = elementwise(formula)(x, w, b);
        results.push_back({y.value()});
        for (const auto& g : grad<T>({y}, {x, w, b}, {.seeds = {seed}}))
            results.back().push_back(g.value());
    }
    set_num_threads(1);
    CHECK(results[0] == results[1]);
    check_fused<T>(formula, 30 * tolerance<T>, x.value(), w.value(), b.value());
}

TEST_CASE_TEMPLATE("elementwise: many rows, in blocks, one and two threads", T, float, double) {
    const auto formula = [](auto x, auto w, auto b, auto s) { return tanh(w * x) * s + b * x; };
    const Array<T> x = random_array<T>({3, 211, 601}, 1);
    const Shape shapes[][3] = {
        {{601}, {3, 211, 1}, {}}, {{211, 601}, {211, 1}, {3, 1, 1}}, {{3, 1, 601}, {1}, {1, 601}}};
    for (const auto& [row, column, scalar] : shapes) {
        const Array<T> w = random_array<T>(row, 2), b = random_array<T>(column, 3);
        const Array<T> s = random_array<T>(scalar, 4);
        std::vector<std::vector<Array<T>>> results;
        for (const std::size_t threads : {1, 2}) {
            set_num_threads(threads);
            const std::vector<Variable<T>> in{{x, true}, {w, true}, {b, true}, {s, true}};
            const Variable<T> y = elementwise(formula)(in[0], in[1], in[2], in[3]);
            results.push_back({y.value()});
            for (const auto& g : grad<T>(std::vector{sum(square(y))}, in))
                results.back().push_back(g.value());
        }
        set_num_threads(1);
        CHECK(results[0] == results[1]);
        check_fused<T>(formula, 30 * tolerance<T>, x, w, b, s);
    }
}

TEST_CASE_TEMPLATE("elementwise: rows of every length, several at once", T, float, double) {
    const auto formula = [](auto x, auto w, auto b, auto s) { return x * w + b * b - s * x; };
    for (const std::size_t columns : {1, 2, 3, 4, 7, 16, 31, 32, 33, 64, 100, 127, 128, 129, 600}) {
        for (const std::size_t rows : {2, 5, 19, 170}) {
            const auto x = [&](const Shape& shape, unsigned seed) {
                return random_array<T>(shape, seed);
            };
            // One row and one column repeated, then both along an axis in front.
            check_fused<T>(
                formula,
                100 * tolerance<T>,
                x({rows, columns}, 1),
                x({columns}, 2),
                x({rows, 1}, 3),
                x({}, 4));
            check_fused<T>(
                formula,
                100 * tolerance<T>,
                x({3, rows, columns}, 1),
                x({rows, columns}, 2),
                x({3, 1, 1}, 3),
                x({3, 1, columns}, 4));
        }
    }
}

TEST_CASE("elementwise takes up to eight inputs") {
    const auto formula = [](auto a, auto b, auto c, auto d, auto e, auto f, auto g, auto h) {
        return a * b + c * d - e * f + g / (h * h + 1) + tanh(a * h);
    };
    const auto x = [](unsigned seed, const Shape& shape) {
        return random_array<double>(shape, seed);
    };
    check_fused<double>(
        formula,
        1e-12,
        x(1, {2, 9}),
        x(2, {9}),
        x(3, {2, 1}),
        x(4, {}),
        x(5, {2, 9}),
        x(6, {1, 9}),
        x(7, {2, 1}),
        x(8, {9}));
}

TEST_CASE("elementwise: three, four and five inputs, each used in another way") {
    const auto x = [](unsigned seed, const Shape& shape) {
        return random_array<double>(shape, seed, 0.5, 2);
    };
    check_fused<double>(
        [](auto a, auto b, auto c) { return log(a) * b + sqrt(c) / a; },
        1e-12,
        x(1, {7}),
        x(2, {7}),
        x(3, {}));
    check_fused<double>(
        [](auto a, auto b, auto c, auto d) { return maximum(a, b) * pow(c, d); },
        1e-12,
        x(1, {7}),
        x(2, {7}),
        x(3, {7}),
        x(4, {7}));
    check_fused<double>(
        [](auto a, auto b, auto c, auto d, auto e) { return a * b * c * d * e; },
        1e-12,
        x(1, {7}),
        x(2, {7}),
        x(3, {7}),
        x(4, {7}),
        x(5, {7}));
}

TEST_CASE("elementwise: where and comparisons choose value and derivative") {
    const Array<double> x = random_array<double>({29}, 6), w = random_array<double>({29}, 7);
    check_fused<double>([](auto a, auto b) { return where(a > b, a * b, b - a); }, 1e-13, x, w);
    check_fused<double>([](auto a, auto b) { return where(a < 0, exp(a), b); }, 1e-13, x, w);
    check_fused<double>([](auto a, auto b) { return where(a >= 0.5, 1 + b, a); }, 1e-13, x, w);
    check_fused<double>([](auto a, auto b) { return where(b <= a, a, square(b)); }, 1e-13, x, w);
}

TEST_CASE("elementwise: constants captured by value belong to the formula") {
    std::vector<Variable<double>> results;
    const Variable<double> x(Array<double>{1, 2, 3}, true);
    for (const double scale : {2.0, 5.0}) {
        const auto scaled = elementwise([scale](auto a) { return scale * a * a + 1; });
        results.push_back(scaled(x));
    }
    check_close(results[0].value(), {3, 9, 19});
    check_close(results[1].value(), {6, 21, 46});
    sum(results[0] + results[1]).backward();
    check_close(x.grad(), {14, 28, 42});
}

TEST_CASE("elementwise: an input that the formula ignores has gradient zero") {
    const Variable<double> x(Array<double>{1, 2}, true), unused(array({2, 1}, {5, 6}), true);
    const auto first = elementwise([](auto a, auto) { return a * a; });
    const Variable<double> y = first(x, unused);
    CHECK(y.shape() == Shape{2, 2});
    const auto g = grad<double>({sum(y)}, {x, unused});
    check_close(g[0].value(), {4, 8});
    check_close(g[1].value(), array({2, 1}, {0, 0}));
    const auto again = grad<double>({sum(first(x, unused))}, {x, unused}, {.create_graph = true});
    check_close(again[1].value(), array({2, 1}, {0, 0}));
}

TEST_CASE("elementwise: a formula of constants only") {
    const Variable<double> x(Array<double>{1, 2}, true);
    const auto one = elementwise([](auto) { return 1.0; });
    check_close(one(x).value(), {1, 1});
    check_close(grad(sum(one(x)), x).value(), {0, 0});
}

TEST_CASE("elementwise under create_graph: second and third derivatives") {
    const Variable<double> x(Array<double>{0.5, -1}, true), w(Array<double>{2, 3}, true);
    const auto f = elementwise([](auto a, auto b) { return a * a * a * b * b; });
    const Variable<double> d = grad(sum(f(x, w)), x, {.create_graph = true});
    check_close(d.value(), {3 * 0.25 * 4, 3 * 9});
    const auto second = grad<double>({sum(d)}, {x, w}, {.create_graph = true});
    check_close(second[0].value(), {6 * 0.5 * 4, -6 * 9});
    check_close(second[1].value(), {6 * 0.25 * 2, 6 * 3});
    check_close(grad(sum(second[0]), x).value(), {6 * 4, 6 * 9});
}

TEST_CASE("elementwise: two inputs of which one depends on the other") {
    const Variable<double> x(Array<double>{0.5, 2}, true);
    const auto product = elementwise([](auto a, auto b) { return a * b; });
    const Variable<double> g = grad(sum(product(x, square(x))), x, {.create_graph = true});
    check_close(g.value(), {3 * 0.25, 12});
    check_close(grad(sum(g), x).value(), {3, 12});
    const Variable<double> same = grad(sum(product(x, x)), x, {.create_graph = true});
    check_close(same.value(), {1, 4});
}

// The partials come from the forward pass; the second time, backward computes them.
TEST_CASE("elementwise: partials kept and computed anew have the same bits") {
    const auto f = elementwise([](auto a, auto b, auto c) { return exp(a * b) * sigmoid(c) + c; });
    for (const std::size_t n : {1000U, (1U << 17) + 3U}) {
        const Variable<double> a(random_array<double>({n}, 1), true),
            c(random_array<double>({n}, 2));
        const Variable<double> b(random_array<double>({n}, 3), true);
        const Variable<double> seed(random_array<double>({n}, 4));
        const Variable<double> y = f(a, b, c);
        const auto one = grad<double>({y}, {b}, {.seeds = {seed}, .retain_graph = true});
        const auto both = grad<double>({y}, {a, b}, {.seeds = {seed}});
        CHECK(one.value() == both[1].value());
        CHECK(
            both[0].value()(n - 1) ==
            doctest::Approx(
                seed.value()(n - 1) * b.value()(n - 1) * (y.value()(n - 1) - c.value()(n - 1))));
    }
}

TEST_CASE("elementwise: kept partials are freed with what the rules keep") {
    const Variable<float> x(random_array<float>({100'000}, 1), true);
    const auto f = elementwise([](auto a) { return tanh(a); });
    const Variable<float> y = f(x);
    const std::size_t before = memory_stats().live_bytes;
    y.backward(Variable<float>(Array<float>({100'000}, 1.0F)));
    CHECK(memory_stats().live_bytes <= before + 4096);  // the partials became the gradient
    x.zero_grad();
    CHECK(memory_stats().live_bytes < before - 390'000);
}

TEST_CASE("elementwise: nothing but values for constants and under NoGradGuard; empty arrays") {
    const auto f = elementwise([](auto a, auto b) { return a + b; });
    const Variable<double> c(Array<double>{1, 2}), x(Array<double>{1, 2}, true);
    CHECK_FALSE(f(c, c).requires_grad());
    {
        const NoGradGuard guard;
        CHECK_FALSE(f(x, c).requires_grad());
    }
    const Variable<double> none(empty<double>({0, 2}), true);
    const Variable<double> y = f(none, x);
    CHECK(y.shape() == Shape{0, 2});
    sum(y).backward();
    CHECK(none.grad().shape() == Shape{0, 2});
    check_close(x.grad(), {0, 0});
}

TEST_CASE("elementwise: shapes that do not broadcast, and an overwritten input, are errors") {
    const auto f = elementwise([](auto a, auto b) { return a * b; });
    const Variable<double> x(Array<double>{1, 2}, true), w(Array<double>{3, 4, 5}, true);
    CHECK(
        text_of_error<ShapeError>([&] { static_cast<void>(f(x, w)); }) ==
        "elementwise: shapes (2,) and (3,) do not broadcast: axis 0 has 2 and 3; extents must be "
        "equal or 1, counted from the last axis");
    const Variable<double> y = sum(f(x, x));
    x.assign(Array<double>{5, 6});
    const std::string text = text_of_error<GraphError>([&] { y.backward(); });
    CHECK(text.starts_with("backward: elementwise (fused_test.cpp:"));
    CHECK(text.ends_with(
        ") needs the value of its input 0, shape (2,), that was overwritten after it was "
        "recorded; run backward before the update, or compute on a copy"));
}

TEST_CASE("elementwise: an infinite partial past the end of a row does no harm") {
    const Variable<double> x(Array<double>{1, 2, 3}, true), s(0.0);
    Variable<double> scale = s;
    scale.requires_grad(true);
    const auto f = elementwise([](auto a, auto b) { return sqrt(a) * exp(b); });
    sum(f(x, scale)).backward();
    CHECK(scale.grad()() == doctest::Approx(1 + std::sqrt(2) + std::sqrt(3)));
    check_close(x.grad(), Array<double>(0.5 / xt::sqrt(x.value())));
}

// Results of more than 12 MiB go past the caches; of more than 128 MiB no partials are kept.
TEST_CASE("elementwise on arrays larger than the caches") {
    const auto f = elementwise([](auto a, auto b) { return tanh(a) * b; });
    for (const std::size_t n : {(std::size_t{5} << 20) + 4099, (std::size_t{16} << 20) + 4099}) {
        const Variable<float> x(random_array<float>({n}, 1), true),
            w(random_array<float>({n}, 2), true);
        const Variable<float> y = f(x, w);
        y.backward(w.detach());
        for (const std::size_t from : {std::size_t{0}, n / 3, n - 4099}) {
            const auto part = [from](const Array<float>& whole) {
                Array<float> some = empty<float>({4099});
                std::copy_n(whole.data() + from, 4099, some.data());
                return some;
            };
            const Variable<float> px(part(x.value()), true), pw(part(w.value()), true);
            const Variable<float> py = f(px, pw);
            py.backward(pw.detach());
            CHECK(part(y.value()) == py.value());
            CHECK(part(x.grad()) == px.grad());
            CHECK(part(w.grad()) == pw.grad());
        }
    }
}
