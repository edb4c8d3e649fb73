// The corners where differentiable arithmetic goes wrong: values and gradients known from
// mathematics.
#include <autograd/parallel.hpp>
#include <ops/ops.hpp>
#include <tests/ops/errors.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
Variable<T> leaf(std::initializer_list<double> values) {
    Array<T> x = empty<T>({values.size()});
    std::ranges::transform(values, x.data(), [](double v) { return static_cast<T>(v); });
    return Variable<T>(std::move(x), true);
}

template <class T>
Variable<T> rows(std::size_t columns, std::initializer_list<double> values) {
    return reshape(leaf<T>(values), {values.size() / columns, columns});
}

template <class T>
void check_values(const Variable<T>& x, std::initializer_list<double> expected) {
    check_close(reshape(x, {x.size()}).value(), leaf<T>(expected).value(), 1e-6);
}

// Of the sum of y.
template <class T>
void check_gradient(
    const Variable<T>& y, const Variable<T>& x, std::initializer_list<double> expected) {
    check_values(grad(sum(y), x), expected);
}

}  // namespace

TEST_CASE_TEMPLATE("log-sum-exp and softmax at +-1e4, of -infinity and of one", T, float, double) {
    const auto x = rows<T>(3, {1e4, -1e4, 1e4, -1e4, -1e4, -1e4, -infinity, 0, -infinity});
    check_values(logsumexp(x, {1}), {1e4 + std::numbers::ln2, -1e4 + std::log(3.0), 0});
    check_gradient(logsumexp(x, {1}), x, {0.5, 0, 0.5, 1 / 3.0, 1 / 3.0, 1 / 3.0, 0, 1, 0});
    check_values(softmax(x, 1), {0.5, 0, 0.5, 1 / 3.0, 1 / 3.0, 1 / 3.0, 0, 1, 0});
    check_gradient(softmax(x, 1), x, {0, 0, 0, 0, 0, 0, 0, 0, 0});
    const auto nothing = rows<T>(2, {-infinity, -infinity});
    check_values(logsumexp(nothing, {1}), {-infinity});
    // The softmax of equal infinities is not defined.
    check_gradient(logsumexp(nothing, {1}), nothing, {NAN, NAN});
    for (const double alone : {1e4, 0.0, -1e4}) {
        const auto one = rows<T>(1, {alone});
        check_values(logsumexp(one, {1}), {alone});
        check_values(softmax(one, 1), {1});
        check_values(log_softmax(one, 1), {0});
        check_gradient(log_softmax(one, 1), one, {0});
    }
}

TEST_CASE_TEMPLATE("binary cross entropy of logits +-1000 is linear or 0", T, float, double) {
    const auto x = leaf<T>({1000, -1000, 1000, -1000});
    const auto target = leaf<T>({1, 0, 0, 1});
    const auto y = binary_cross_entropy_with_logits(x, target, Reduction::none);
    check_values(y, {0, 0, 1000, 1000});
    check_gradient(y, x, {0, 0, 1, -1});
}

TEST_CASE_TEMPLATE("log1p and expm1 keep all digits near 0", T, float, double) {
    // The next terms of the series, x^2 / 2, are below half a unit in the last place.
    for (const double x : {1e-18, -1e-18, 1e-30, -1e-30}) {
        const auto at = leaf<T>({x});
        CHECK(log1p(at).item() == static_cast<T>(x));
        CHECK(expm1(at).item() == static_cast<T>(x));
        check_gradient(log1p(at), at, {1});
        check_gradient(expm1(at), at, {1});
    }
}

TEST_CASE_TEMPLATE("the slope at 0 is infinite of sqrt, 0 of the norms", T, float, double) {
    const auto zero = leaf<T>({0});
    check_gradient(sqrt(zero), zero, {infinity});
    const auto x = leaf<T>({0, 0, 0});
    for (const double p : {1.0, 1.5, 2.0, 3.0, infinity}) {
        CAPTURE(p);
        check_values(norm(x, p), {0});
        check_gradient(norm(x, p), x, {0, 0, 0});
    }
    check_gradient(hypot(x, T(0)), x, {0, 0, 0});
    check_gradient(pairwise_distance(x, x), x, {0, 0, 0});
}

TEST_CASE("the norm neither overflows nor underflows") {
    CHECK(norm(leaf<double>({3e300, 4e300})).item() == doctest::Approx(5e300).epsilon(1e-14));
    CHECK(norm(leaf<double>({3e-300, 4e-300})).item() == doctest::Approx(5e-300).epsilon(1e-14));
    CHECK(hypot(leaf<double>({3e300}), 4e300).item() == doctest::Approx(5e300).epsilon(1e-14));
}

TEST_CASE_TEMPLATE("a zero base: powers and both derivatives", T, float, double) {
    const auto base = leaf<T>({0, 0, 0, 0});
    const auto exponent = leaf<T>({0, 1, 2, 0.5});
    check_values(pow(base, exponent), {1, 0, 0, 0});
    check_gradient(pow(base, exponent), base, {0, 1, 0, infinity});
    check_gradient(pow(base, exponent), exponent, {0, 0, 0, 0});
    check_values(pow(base, -1), {infinity, infinity, infinity, infinity});
    check_gradient(pow(base, 0), base, {0, 0, 0, 0});
    check_gradient(pow(base, 2), base, {0, 0, 0, 0});
}

TEST_CASE_TEMPLATE("dividing by a tiny length or deviation stays finite", T, float, double) {
    const auto x = rows<T>(2, {0, 0, 1e-20, 0});
    check_values(normalize(x, 2, 1, 1e-12), {0, 0, 1e-8, 0});
    // Below epsilon the division is by epsilon.
    check_gradient(normalize(x, 2, 1, 0.5), x, {2, 2, 2, 2});
    const auto none = leaf<T>({0, 0});
    const auto cosine = cosine_similarity(none, leaf<T>({1, 2}), 0);
    check_values(cosine, {0});
    CHECK(std::isfinite(grad(cosine, none).value()(0)));
    const auto flat = leaf<T>({3, 3, 3});
    check_values(stddev(flat), {0});
    check_gradient((flat - mean(flat)) / (stddev(flat) + T(1e-5)), flat, {0, 0, 0});
}

TEST_CASE_TEMPLATE("the variance takes two passes", T, float, double) {
    // Of n, n + 1, n + 2, n + 3: 5/4. The squares differ in no digit that T has.
    const double far = std::is_same_v<T, float> ? 1e5 : 1e12;
    const auto x = leaf<T>({far, far + 1, far + 2, far + 3});
    check_values(variance(x), {1.25});
    check_values(stddev(x), {std::sqrt(1.25)});
    check_gradient(variance(x), x, {-0.75, -0.25, 0.25, 0.75});
    check_values(var_mean(x, {0}, false, 1).variance, {5 / 3.0});
}

TEST_CASE_TEMPLATE(
    "where: the branch not taken gets 0; one kept in its domain leaks no NaN", T, float, double) {
    const auto x = leaf<T>({0, 4});
    const auto inside = x > T(0);
    // Its rule makes NaN of that 0 at the edge of its domain, as in every framework.
    const Variable<T> leaking = grad(sum(where(inside, sqrt(x), T(0) * x)), x);
    CHECK(std::isnan(leaking.value()(0)));
    CHECK(leaking.value()(1) == doctest::Approx(0.25));
    const auto safe = where(inside, x, Variable<T>(T(1)));
    check_gradient(where(inside, sqrt(safe), T(0) * x), x, {0, 0.25});
    const auto bad = leaf<T>({NAN, infinity});
    check_gradient(where(leaf<T>({0, 0}), bad, x), bad, {0, 0});
    check_gradient(where(leaf<T>({0, 0}), bad, x), x, {1, 1});
}

TEST_CASE_TEMPLATE("ties share the gradient, in every extreme", T, float, double) {
    const auto x = leaf<T>({2, 1, 2});
    check_gradient(max(x), x, {0.5, 0, 0.5});
    check_gradient(min(-x), x, {-0.5, 0, -0.5});
    const auto y = leaf<T>({2, 0, 3});
    check_gradient(maximum(x, y), x, {0.5, 1, 0});
    check_gradient(minimum(x, y), y, {0.5, 1, 0});
    check_gradient(norm(x, infinity), x, {0.5, 0, 0.5});
    // The kinks: 0 for relu and abs, inside for clamp.
    const auto kink = leaf<T>({0, 1});
    check_gradient(relu(kink), kink, {0, 1});
    check_gradient(abs(kink), kink, {0, 1});
    check_gradient(clamp(kink, 0, 1), kink, {1, 1});
}

TEST_CASE_TEMPLATE("denormals are numbers: no thread flushes them to 0", T, float, double) {
    const T tiny = std::numeric_limits<T>::denorm_min();
    const auto x = leaf<T>({tiny, tiny});
    CHECK((x + x).value()(0) == 2 * tiny);
    CHECK((x * T(3)).value()(1) == 3 * tiny);
    CHECK(sum(x).item() == 2 * tiny);
    CHECK(log2(x).value()(0) == std::log2(tiny));
    CHECK(log(x).value()(0) == doctest::Approx(std::log(tiny)));
    CHECK(grad(sum(x * tiny), x).value()(0) == tiny);
    set_num_threads(2);
    const Variable<T> many(Array<T>({std::size_t(1) << 18}, tiny));
    const Variable<T> twice = many + many;
    set_num_threads(1);
    CHECK(std::ranges::count(twice.value().storage(), 2 * tiny) == 1 << 18);
}

TEST_CASE("a shape of more elements than can be counted is refused") {
    const std::size_t large = std::size_t(1) << 33;
    const std::string text =
        "broadcast_to: shape (8589934592, 8589934592) has more elements than 64 bits count; need "
        "fewer";
    const auto one = of({1, 1});
    CHECK_SHAPE_ERROR(broadcast_to(one, {large, large}), text);
    CHECK_SHAPE_ERROR(expand(one, {large, large}), text);
    CHECK(broadcast_to(of({1, 0}), {large, 0}).size() == 0);
    CHECK_THROWS_AS(broadcast_to(of({1}), {std::size_t(-1) / 8}), std::bad_alloc);
}

TEST_CASE("nothing: reductions give their neutral element, a mean NaN, extremes an error") {
    for (const Shape& shape : {Shape{0}, Shape{0, 3}, Shape{2, 0, 3}}) {
        const Variable<double> none = of(shape);
        CAPTURE(to_string(shape));
        CHECK(sum(none).item() == 0);
        CHECK(prod(none).item() == 1);
        CHECK(logsumexp(none).item() == -infinity);
        CHECK(norm(none).item() == 0);
        CHECK(std::isnan(mean(none).item()));
        for (const auto& y : {sum(none), mean(none), prod(none), logsumexp(none), norm(none)})
            CHECK(grad(y, none).shape() == shape);
        CHECK(std::isnan(variance(none).item()));
        CHECK(std::isnan(stddev(none).item()));
        CHECK_THROWS_AS(static_cast<void>(max(none)), ShapeError);
        CHECK_THROWS_AS(static_cast<void>(min(none)), ShapeError);
        CHECK_THROWS_AS(static_cast<void>(norm(none, infinity)), ShapeError);
        CHECK_THROWS_AS(static_cast<void>(median(none)), ShapeError);
    }
    CHECK_THROWS_AS(static_cast<void>(argmax(of({0, 3}), 0)), ShapeError);
}

TEST_CASE_TEMPLATE("-0 keeps its sign where the function is odd, and equals 0", T, float, double) {
    const auto zero = leaf<T>({-0.0});
    const auto is_minus = [](const Variable<T>& y) {
        return y.item() == 0 && std::signbit(y.item());
    };
    CHECK(is_minus(neg(leaf<T>({0}))));
    CHECK_FALSE(is_minus(neg(zero)));
    CHECK_FALSE(is_minus(abs(zero)));
    CHECK_FALSE(is_minus(zero + T(0)));
    for (const auto& y :
         {sin(zero),
          tan(zero),
          asin(zero),
          atan(zero),
          sinh(zero),
          tanh(zero),
          asinh(zero),
          atanh(zero),
          expm1(zero),
          log1p(zero),
          sqrt(zero),
          cbrt(zero),
          erf(zero),
          floor(zero),
          round(zero),
          zero * T(2),
          elu(zero)}) {
        CHECK(is_minus(y));
    }
    CHECK(reciprocal(zero).item() == -infinity);
    CHECK(div(T(1), zero).item() == -infinity);
    CHECK(atan2(zero, T(-1)).item() == doctest::Approx(-std::numbers::pi));
    CHECK(equal(zero, T(0)).item() == 1);
    check_values(maximum(zero, leaf<T>({0})), {0});
    check_gradient(maximum(zero, leaf<T>({0})), zero, {0.5});
}

TEST_CASE("runs and numbers of threads leave every bit as it was") {
    const auto run = [](std::size_t threads) {
        set_num_threads(threads);
        const Variable<float> x(random_array<float>({600, 500}, 3), true);
        const Variable<float> w(random_array<float>({500, 400}, 4), true);
        const auto y = mean(square(softmax(tanh(matmul(x, w)) * 3.f, 1)));
        const auto g = grad<float>({y}, {x, w});
        return std::vector{y.value(), g[0].value(), g[1].value()};
    };
    const auto first = run(1);
    for (const std::size_t threads : {1, 2, 3}) {
        const auto again = run(threads);
        for (std::size_t i = 0; i < first.size(); ++i)
            check_same(again[i], first[i]);
    }
    set_num_threads(1);
}

// Each is a constant 0 under a root, whose slope there is infinite.
TEST_CASE_TEMPLATE(
    "the branch not taken has the gradient 0, also of an infinite one", T, float, double) {
    const auto check_zero = [](auto f, double at) {
        const Variable<T> x = leaf<T>({at});
        check_gradient(sqrt(f(x)), x, {0});
    };
    check_zero([](const auto& x) { return relu(x); }, -1);
    check_zero([](const auto& x) { return clamp(x, 0, 10); }, -1);
    check_zero([](const auto& x) { return hardtanh(x, 0, 10); }, -1);
    check_zero([](const auto& x) { return hardsigmoid(x); }, -4);
    check_zero([](const auto& x) { return hardswish(x); }, -4);
    check_zero([](const auto& x) { return hardshrink(x); }, 0.2);
    check_zero([](const auto& x) { return softshrink(x); }, 0.2);
    check_zero([](const auto& x) { return threshold(x, 1, 0); }, 0.5);
    check_zero([](const auto& x) { return floor(x); }, 0.5);
    check_zero([](const auto& x) { return round(x); }, 0.25);
    check_zero([](const auto& x) { return sign(x); }, 0);
    check_zero([](const auto& x) { return minimum(x, T(0)); }, 1);
    check_zero([](const auto& x) { return maximum(x, T(0)); }, -1);
    check_zero([](const auto& x) { return masked_fill(x, T(1), 0); }, 3);
    const Variable<T> bias = leaf<T>({2}), mask(Array<T>{1, 1, 0});
    check_gradient(sqrt(where(mask, Variable<T>(Array<T>{0, 1, 1}), bias)), bias, {0.353553391});
}

TEST_CASE("prod: zeros, and factors whose first products leave the range") {
    const auto check = [](std::initializer_list<double> x, std::initializer_list<double> gradient) {
        const Variable<float> in = leaf<float>(x);
        check_gradient(prod(in), in, gradient);
    };
    check({2, 3, 4}, {12, 8, 6});
    check({2, 0, 4}, {0, 8, 0});
    check({0, 0, 4}, {0, 0, 0});
    check({1e30, 1e30, 1e-30, 1e-30}, {1e-30, 1e-30, 1e30, 1e30});
    const Variable<double> x = leaf<double>({2, 0, 4});
    const auto once = grad(prod(x), x, {.create_graph = true});
    check_gradient(once, x, {4, 6, 2});  // of the sum of x1 x2, x0 x2 and x0 x1
}

TEST_CASE_TEMPLATE("cdist: far, near and equal rows", T, float, double) {
    const T large = std::numeric_limits<T>::max() / 8, small = std::numeric_limits<T>::min() * 8;
    const Variable<T> a(Array<T>{{0, 0}, {3 * large, 0}, {3 * small, 0}}, true);
    const Variable<T> b(Array<T>{{0, 0}, {0, 4 * large}, {0, 4 * small}}, true);
    const Variable<T> y = cdist(a, b);
    const auto near = [](T value, T expected) {
        return std::abs(value / expected - 1) < 8 * std::numeric_limits<T>::epsilon();
    };
    CHECK(y.value()(0, 0) == 0);
    CHECK(near(y.value()(1, 1), 5 * large));
    CHECK(near(y.value()(2, 2), 5 * small));
    sum(y).backward();
    CHECK(near(a.grad()(0, 1), -2));      // towards b_1 and b_2; b_0 is where it is
    CHECK(near(a.grad()(2, 0), T(1.6)));  // 1 away from b_0, 3/5 away from b_2
}

TEST_CASE("extents and steps near 2^64 do not wrap") {
    const std::vector<std::int64_t> two{0, 1};
    const Variable<double> x = of({2, 2});
    constexpr std::size_t huge = std::size_t{1} << 63, most = static_cast<std::size_t>(-1);
    CHECK_SHAPE_ERROR(
        scatter_add(x, 0, two, huge),
        "scatter_add: shape (9223372036854775808, 2) has more elements than 64 bits count; need "
        "fewer");
    CHECK_SHAPE_ERROR(
        put_along(x, IndexArray{{0, 1}, {0, 1}}, 1, huge),
        "put_along: shape (2, 9223372036854775808) has more elements than 64 bits count; need "
        "fewer");
    CHECK_SHAPE_ERROR(
        one_hot<double>(two, huge),
        "one_hot: shape (2, 9223372036854775808) has more elements than 64 bits count; need "
        "fewer");
    CHECK_SHAPE_ERROR(
        reshape(of({4}), {4, (std::size_t{1} << 62) + 1}),
        "reshape: shape (4, 4611686018427387905) has more elements than 64 bits count; need "
        "fewer");
    CHECK(slice(of({5}), 0, 0, 5, most).shape() == Shape{1});
    CHECK(chunk(of({4}), most).size() == 4);
    constexpr std::ptrdiff_t least = std::numeric_limits<std::ptrdiff_t>::min();
    CHECK(diagonal(of({2, 3}), least).size() == 0);
    CHECK(tril(of({2, 3}), least).value() == Array<double>({2, 3}, 0.0));
    CHECK(triu(of({2, 3}), least).value() == of({2, 3}).value());
}

TEST_CASE("gradients at the corners of pow, hypot, remainder, kl_div and norm") {
    const Variable<double> tiny = leaf<double>({1e-320, std::nan("")});
    check_gradient(pow(tiny, leaf<double>({0, 0})), tiny, {0, 0});
    const Variable<float> leg = leaf<float>({1e30});
    check_gradient(hypot(leg, Variable<float>(0.0F)) * 1e9F, leg, {1e9});
    const Variable<double> divisor = leaf<double>({infinity});
    check_gradient(remainder(leaf<double>({-1}), divisor), divisor, {1});
    const Variable<double> target = leaf<double>({0});
    check_gradient(kl_div(leaf<double>({-infinity}), target, Reduction::sum), target, {0});
    check_values(norm(leaf<float>({1.9}), 200), {1.9});
    CHECK(std::isnan(polygamma(2, leaf<double>({std::nan("")})).item()));
}
