#include <autograd/record.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <cmath>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using V = Variable<double>;

V leaf(Array<double> value) { return V(std::move(value), true); }
V scalar(double value) { return V(Array<double>(Shape{}, value), true); }

}  // namespace

TEST_CASE("backward: a chain multiplies the derivatives") {
    const V x = scalar(0.5);
    exp(sin(x * 3)).backward();
    // d/dx e^sin(3x) = 3 cos(3x) e^sin(3x)
    CHECK(x.grad()() == doctest::Approx(3 * std::cos(1.5) * std::exp(std::sin(1.5))));
}

TEST_CASE("backward: a diamond adds up both ways") {
    const V x = scalar(2);
    const V a = x * 3, b = square(x);
    (a * b).backward();  // 3 x^3
    CHECK(x.grad()() == doctest::Approx(36));
}

TEST_CASE("backward: a value used as both operands counts twice") {
    const V x = leaf({3, -4});
    sum(mul(x, x)).backward();
    check_close(x.grad(), {6, -8});
}

TEST_CASE("backward: a second output adds to the gradient of the first") {
    const V x = scalar(2);
    (x * 3).backward();
    (x * 4).backward();
    CHECK(x.grad()() == 7);
    x.zero_grad();
    CHECK_FALSE(x.has_grad());
}

TEST_CASE("backward: retain_graph allows another one, which adds the same again") {
    const V x = scalar(3);
    const V y = square(x);
    y.backward({.retain_graph = true});
    y.backward({.retain_graph = true});
    CHECK(x.grad()() == 12);
    y.backward();
    CHECK(x.grad()() == 18);
}

TEST_CASE("backward: a second one without retain_graph says which op was freed") {
    const V x = scalar(3);
    const V y = square(x);
    y.backward();
    const std::string text = text_of_error<GraphError>([&] { y.backward(); });
    CHECK(text.starts_with("backward: what square (backward_test.cpp:"));
    CHECK(text.ends_with(
        ") kept was freed by an earlier backward; pass retain_graph = true to the first one"));
    CHECK(x.grad()() == 6);
}

TEST_CASE("backward: an output that is not a scalar needs a seed") {
    const V x = leaf({1, 2, 3});
    const V y = x * 2;
    CHECK(
        text_of_error<GraphError>([&] { y.backward(); }) ==
        "backward: the output has shape (3,); pass a seed of that shape or reduce to a scalar");
    y.backward(V(Array<double>{1, 10, 100}));
    check_close(x.grad(), {2, 20, 200});
}

TEST_CASE("backward: one element of any rank needs no seed") {
    const V x = leaf(array({1, 1}, {5}));
    (x * 2).backward();
    check_close(x.grad(), array({1, 1}, {2}));
}

TEST_CASE("backward: a seed of another shape is refused") {
    const V x = leaf({1, 2, 3});
    const V y = x * 2;
    CHECK(
        text_of_error<ShapeError>([&] {
            y.backward(V(Array<double>{1, 2}));
        }) == "backward: the seed has shape (2,), the output (3,); a seed has its output's shape");
    CHECK_FALSE(x.has_grad());
}

TEST_CASE("backward: a constant has no gradient to send") {
    const V x(Array<double>{1, 2});
    CHECK(
        text_of_error<GraphError>([&] { sum(x).backward(); }) ==
        "backward: the output, shape (), does not require a gradient; it depends on no leaf with "
        "requires_grad, or was computed under NoGradGuard");
}

TEST_CASE("backward: the seed's array is not the gradient's") {
    const V x = leaf({1, 2});
    const V y = x + 0;
    V seed(Array<double>{1, 1});
    y.backward(seed);
    seed.assign(Array<double>{7, 7});
    check_close(x.grad(), {1, 1});
    const V z = x + 0;
    z.backward(seed);
    check_close(seed.value(), {7, 7});
    check_close(x.grad(), {8, 8});
}

// A rule may write its share over a gradient that only the walk holds.
TEST_CASE("backward: a gradient that somebody holds is not written over") {
    const Variable<double> x(Array<double>{0.5, -1, 2}, true), w(Array<double>{3, 4, 5}, true);
    const Variable<double> seed(Array<double>{1, 2, 3});
    const Variable<double> u = x * w, y = tanh(u);
    u.retain_grad();
    std::vector<Variable<double>> seen;
    u.register_hook([&](const Variable<double>& g) { seen.push_back(g); });
    y.backward(seed, {.retain_graph = true});
    y.backward(seed);
    const Array<double> du(seed.value() * (1 - y.value() * y.value()));
    check_close(seed.value(), {1, 2, 3});
    REQUIRE(seen.size() == 2);
    check_close(seen[0].value(), du);
    check_close(seen[1].value(), du);
    check_close(u.grad(), Array<double>(2 * du));
    check_close(x.grad(), Array<double>(2 * du * w.value()));
    check_close(w.grad(), Array<double>(2 * du * x.value()));
    // One input passes the gradient on, the other's share is computed.
    const Variable<double> a(Array<double>{1, 2}, true), b(Array<double>{5, 7}, true);
    sum(square(a - b)).backward();
    check_close(a.grad(), {-8, -10});
    check_close(b.grad(), {8, 10});
}

TEST_CASE("backward: two leaves that receive one share keep gradients apart") {
    const V a = leaf({1, 2}), b = leaf({3, 4});
    sum(a + b).backward();
    sum(a * 2).backward();
    check_close(a.grad(), {3, 3});
    check_close(b.grad(), {1, 1});
}

TEST_CASE("backward: an overwritten result that its own rule needs is named") {
    const V x = leaf({1, 2});
    const auto overwritten = [&](const V& y, const std::string& call, bool create_graph) {
        y.detach().assign(Array<double>(y.shape(), 7));
        const std::string text = text_of_error<GraphError>(
            [&] { static_cast<void>(grad(sum(y), x, {.create_graph = create_graph})); });
        CHECK(text.starts_with("backward: " + call + " (backward_test.cpp:"));
        CHECK(text.ends_with(
            ") needs its own result, shape (2,), that was overwritten after it was recorded; run "
            "backward before the update, or compute on a copy"));
    };
    for (const bool create_graph : {false, true}) {
        overwritten(tanh(x), "tanh", create_graph);
        overwritten(softmax(x, 0), "softmax", create_graph);
    }
    // sin keeps its input: what its result holds is nobody's business but the caller's.
    const V y = sin(x);
    y.detach().assign(Array<double>{7, 7});
    check_close(grad(sum(y), x).value(), Array<double>(xt::cos(x.value())));
}

TEST_CASE("backward: an overwritten value that a rule needs is named") {
    const V a = leaf({1, 2}), b = leaf({3, 4});
    const V y = sum(a * b);
    b.assign(Array<double>{5, 6});
    const std::string text = text_of_error<GraphError>([&] { y.backward(); });
    CHECK(text.starts_with("backward: mul (backward_test.cpp:"));
    CHECK(text.ends_with(
        ") needs the value of its input 1, shape (2,), that was overwritten after it was "
        "recorded (version 0, now 1); run backward before the update, or compute on a copy"));
    CHECK_FALSE(a.has_grad());
    CHECK_FALSE(b.has_grad());
}

TEST_CASE("backward: an overwritten value that no rule needs does no harm") {
    const V a = leaf({1, 2}), b = leaf({3, 4});
    const V y = sum(a + b);
    b.assign(Array<double>{5, 6});
    y.backward();
    check_close(a.grad(), {1, 1});
    check_close(b.grad(), {1, 1});
}

TEST_CASE("backward: on an error no gradient has changed") {
    const V a = leaf({1, 2}), b = leaf({3, 4}), c = leaf({5, 6});
    sum(a * 10 + c).backward();
    // c's share is ready before mul's rule fails.
    const V y = sum(mul(a, b) + c);
    b.assign(Array<double>{0, 0});
    CHECK_THROWS_AS(y.backward(), GraphError);
    check_close(a.grad(), {10, 10});
    check_close(c.grad(), {1, 1});
    CHECK_FALSE(b.has_grad());
}

TEST_CASE("backward: shares of broadcast operands are summed to their shapes") {
    const V row = leaf({1, 2, 3}), column = leaf(array({2, 1}, {10, 20})), one = scalar(5);
    const V y = row * column + one;
    CHECK(y.shape() == Shape{2, 3});
    sum(y).backward();
    check_close(row.grad(), {30, 30, 30});
    check_close(column.grad(), array({2, 1}, {6, 6}));
    CHECK(one.grad().shape() == Shape{});
    CHECK(one.grad()() == 6);
}

TEST_CASE("backward: a leaf used a thousand times collects a thousand shares") {
    const V x = scalar(1);
    V y = x * 0;
    for (int i = 0; i < 1000; ++i)
        y = y + x * i;
    y.backward();
    CHECK(x.grad()() == 999 * 1000 / 2);
}

TEST_CASE("backward: one result with many consumers is visited once, after all of them") {
    const V x = leaf({1, 2});
    const V h = square(x);
    std::vector<V> parts;
    for (int i = 1; i <= 100; ++i)
        parts.push_back(h * i);
    sum(stack(parts)).backward();  // 5050 x^2
    check_close(x.grad(), {10100, 20200});
}

TEST_CASE("backward: repeated squaring of a shared result is not exponential") {
    V y = scalar(1);
    const V x = y;
    for (int i = 0; i < 200; ++i)
        y = (y + y) * 0.5;
    y.backward();
    CHECK(x.grad()() == 1);
}

TEST_CASE("backward: a graph of float and one of double live side by side") {
    const Variable<float> a(Array<float>{1, 2}, true);
    const V b = leaf({1, 2});
    sum(a * a).backward();
    sum(b * b).backward();
    check_close(a.grad(), {2, 4});
    check_close(b.grad(), {2, 4});
}

TEST_CASE("NoGradGuard: nothing is recorded while one is alive; guards nest") {
    const V x = scalar(2);
    CHECK(grad_enabled());
    {
        const NoGradGuard outer;
        CHECK_FALSE(grad_enabled());
        CHECK_FALSE((x * 2).requires_grad());
        {
            const GradModeGuard inner(true);
            CHECK(grad_enabled());
            CHECK((x * 2).requires_grad());
            const NoGradGuard innermost;
            CHECK_FALSE((x * 2).requires_grad());
        }
        CHECK_FALSE(grad_enabled());
        CHECK((x * 2).item() == 4);
    }
    CHECK(grad_enabled());
    CHECK((x * 2).requires_grad());
}

TEST_CASE("backward runs under NoGradGuard too") {
    const V x = scalar(2);
    const V y = square(x);
    const NoGradGuard guard;
    y.backward();
    CHECK(x.grad()() == 4);
}

TEST_CASE("backward: the graph's saved values are freed as it goes, the graph with its end") {
    const V x = leaf(random_array<double>({1000}, 1));
    const std::size_t before = memory_stats().live_bytes;
    {
        V y = sum(exp(x) * sin(x));
        const std::size_t recorded = memory_stats().live_bytes;
        CHECK(recorded > before + 2 * 8000);
        y.backward();
        x.zero_grad();
        // y itself and the nodes' skeletons stay, the arrays do not.
        CHECK(memory_stats().live_bytes < before + 4096);
    }
    CHECK(memory_stats().live_bytes == before);
}

TEST_CASE("an abandoned graph leaves nothing behind") {
    const std::size_t before = memory_stats().live_bytes;
    {
        const V x = leaf(random_array<double>({100}, 1));
        for (int i = 0; i < 10; ++i) {
            const V unused = sum(tanh(x) * x);
        }
    }
    CHECK(memory_stats().live_bytes == before);
}

TEST_CASE("a chain of a million ops is built, differentiated and freed on the default stack") {
    constexpr std::size_t n = 1'000'000;
    const std::size_t before = memory_stats().live_bytes;
    {
        const V x = scalar(1);
        reset_peak_memory();
        const std::size_t start = memory_stats().peak_bytes;
        V y = x;
        for (std::size_t i = 0; i < n; ++i)
            y = y + 1e-6;
        y.backward();
        const double each = double(memory_stats().peak_bytes - start) / double(n);
        MESSAGE("peak memory of an op: ", each, " bytes");
        CHECK(each <= 400);
        CHECK(y.item() == doctest::Approx(2));
        CHECK(x.grad()() == 1);
    }
    {
        V y = scalar(1);
        for (std::size_t i = 0; i < n; ++i)
            y = y * 1.0;
    }
    CHECK(memory_stats().live_bytes == before);
}
