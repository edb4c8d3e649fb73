#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <vector>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using V = Variable<double>;

V leaf(std::initializer_list<double> values) { return V(Array<double>(values), true); }

}  // namespace

TEST_CASE("a hook on a result sees its whole gradient, once") {
    const V x = leaf({1, 2});
    const V h = square(x);
    std::vector<Array<double>> seen;
    h.register_hook([&](const V& g) { seen.push_back(g.value()); });
    sum(h * 3 + h * h).backward();  // 3 + 2 h
    REQUIRE(seen.size() == 1);
    check_close(seen[0], {5, 11});
    check_close(x.grad(), {10, 44});
}

TEST_CASE("a hook replaces the gradient; several run in order; a removed one does not") {
    const V x = leaf({1, 2});
    std::vector<int> order;
    auto first = x.register_hook([&](const V& g) {
        order.push_back(1);
        return g * 10;
    });
    auto second = x.register_hook([&](const V& g) {
        order.push_back(2);
        return g + 1;
    });
    sum(x * 3).backward();
    check_close(x.grad(), {31, 31});
    CHECK(order == std::vector{1, 2});
    first.remove();
    first.remove();
    check_close(grad(sum(x * 3), x).value(), {4, 4});
    second.remove();
    check_close(grad(sum(x * 3), x).value(), {3, 3});
}

TEST_CASE("a hook may remove itself, and outlives its handle") {
    const V x = leaf({1});
    int calls = 0;
    HookHandle handle;
    handle = x.register_hook([&](const V&) {
        ++calls;
        handle.remove();
    });
    static_cast<void>(x.register_hook([&](const V&) { calls += 10; }));
    sum(x).backward();
    sum(x).backward();
    CHECK(calls == 21);
}

TEST_CASE("a handle of a graph that is gone does nothing") {
    HookHandle handle;
    {
        const V x = leaf({1});
        handle = square(x).register_hook([](const V&) {});
    }
    handle.remove();
}

TEST_CASE("a hook's handle: default-constructed, copied, moved, assigned to itself") {
    const V x = leaf({1, 2});
    int calls = 0;
    HookHandle empty;
    empty.remove();
    HookHandle handle = x.register_hook([&](const V&) { ++calls; });
    auto& same = handle;
    handle = same;
    handle = std::move(same);
    HookHandle moved = std::move(handle);
    handle.remove();  // moved from: does nothing
    sum(x).backward();
    CHECK(calls == 1);
    HookHandle copy = moved;
    copy.remove();
    moved.remove();  // off already
    sum(x).backward();
    CHECK(calls == 1);
}

TEST_CASE("under create_graph a hook's ops are recorded") {
    const V x = leaf({2});
    const V h = square(x);
    h.register_hook([](const V& g) { return g * g; });
    const V d = grad(sum(h * x), x, {.create_graph = true});  // g = x at h: x^2 2x + h
    check_close(d.value(), {2 * 8 + 4});
    check_close(grad(sum(d), x).value(), {6 * 4 + 2 * 2});
}

TEST_CASE("retain_grad keeps the gradient of a result, and backward adds to it") {
    const V x = leaf({1, 2});
    const V h = square(x);
    h.retain_grad();
    CHECK_FALSE(h.has_grad());
    CHECK(
        text_of_error<GraphError>([&] { static_cast<void>(h.grad()); }) ==
        "grad: the result, shape (2,), has no gradient yet; call backward() on what depends on it");
    const V y = sum(h * 3);
    y.backward({.retain_graph = true});
    check_close(h.grad(), {3, 3});
    y.backward();
    check_close(h.grad(), {6, 6});
    check_close(x.grad(), {12, 24});
    h.zero_grad();
    CHECK_FALSE(h.has_grad());
    static_cast<void>(grad(sum(h), h));
    CHECK_FALSE(h.has_grad());  // grad() touches none
}

TEST_CASE("hooks and retain_grad: misuse is named") {
    const V c(Array<double>{1, 2});
    CHECK(
        text_of_error<GraphError>([&] { c.register_hook([](const V&) {}); }) ==
        "register_hook: the variable, shape (2,), does not require a gradient; there is none to "
        "hook");
    CHECK(
        text_of_error<GraphError>([&] { c.retain_grad(); }) ==
        "retain_grad: the variable, shape (2,), does not require a gradient; there is none to "
        "retain");
    const V x = leaf({1, 2});
    const V h = exp(x);
    h.register_hook([](const V&) { return V(1.0); });
    const std::string text = text_of_error<ShapeError>([&] { sum(h).backward(); });
    CHECK(text.starts_with("backward: a hook of exp (hook_test.cpp:"));
    CHECK(text.ends_with(") returned shape (); the gradient has (2,)"));
    CHECK_FALSE(x.has_grad());
}

TEST_CASE("an exception of a hook reaches the caller, gradients as before") {
    const V x = leaf({1, 2});
    auto handle = x.register_hook([](const V&) { throw std::runtime_error("stop"); });
    CHECK_THROWS_WITH_AS(sum(x).backward(), "stop", std::runtime_error);
    CHECK_FALSE(x.has_grad());
}

TEST_CASE("hooks leave no memory behind") {
    const std::size_t before = memory_stats().live_bytes;
    {
        const V x = leaf({1, 2});
        const V h = square(x);
        h.retain_grad();
        h.register_hook([other = exp(x)](const V& g) { return g * other.detach(); });
        sum(h).backward();
    }
    CHECK(memory_stats().live_bytes == before);
}
