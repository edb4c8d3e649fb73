#include <autograd/variable.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <utility>

using namespace xgrad;
using namespace xgrad::test;

using V = Variable<double>;

namespace {

constexpr auto empty_text =
    "Variable: the handle is empty (default-constructed or moved from); give it a value first";

}  // namespace

TEST_CASE("a default-constructed handle is empty and says so") {
    const V x;
    CHECK_FALSE(x.defined());
    CHECK_FALSE(x.requires_grad());
    CHECK_FALSE(x.has_grad());
    CHECK(text_of_error<GraphError>([&] { static_cast<void>(x.value()); }) == empty_text);
    CHECK(text_of_error<GraphError>([&] { static_cast<void>(x.grad()); }) == empty_text);
    CHECK(text_of_error<GraphError>([&] { static_cast<void>(x.item()); }) == empty_text);
    CHECK(text_of_error<GraphError>([&] { static_cast<void>(x.detach()); }) == empty_text);
    CHECK(text_of_error<GraphError>([&] { static_cast<void>(x.is_leaf()); }) == empty_text);
    CHECK(text_of_error<GraphError>([&] { x.backward(); }) == empty_text);
    CHECK(text_of_error<GraphError>([&] { x.zero_grad(); }) == empty_text);
    CHECK(text_of_error<GraphError>([&] { x.assign(Array<double>{1}); }) == empty_text);
    CHECK(text_of_error<GraphError>([&] { static_cast<void>(exp(x)); }) == empty_text);
    CHECK(text_of_error<GraphError>([&] { static_cast<void>(x + 1); }) == empty_text);
    CHECK(text_of_error<GraphError>([&] { static_cast<void>(matmul(x, x)); }) == empty_text);
    CHECK(text_of_error<GraphError>([&] { static_cast<void>(sum(x)); }) == empty_text);
    CHECK(text_of_error<GraphError>([&] { static_cast<void>(grad(x, x)); }) == empty_text);
    V y;
    CHECK(text_of_error<GraphError>([&] { y.requires_grad(true); }) == empty_text);
}

TEST_CASE("a moved-from handle is empty, its value lives on") {
    V x(Array<double>{1, 2}, true);
    const V y = std::move(x);
    CHECK_FALSE(x.defined());
    check_close(y.value(), {1, 2});
    CHECK(y.requires_grad());
}

TEST_CASE("a handle survives being assigned to itself") {
    V x(Array<double>{1, 2}, true);
    const V& same = x;
    x = same;
    check_close(x.value(), {1, 2});
    x = std::move(const_cast<V&>(same));
    check_close(x.value(), {1, 2});
    CHECK(x.requires_grad());
}

TEST_CASE("copies of a handle share value, gradient and place") {
    const V x(Array<double>{1, 2}, true);
    const V y = x;
    sum(y * y).backward();
    check_close(x.grad(), {2, 4});
    y.assign(Array<double>{5, 6});
    check_close(x.value(), {5, 6});
    y.zero_grad();
    CHECK_FALSE(x.has_grad());
}

TEST_CASE("a loop variable may be overwritten by what depends on it") {
    const V x(2.0);
    V y(Array<double>(Shape{}, 1), true);
    const V start = y;
    for (int i = 0; i < 10; ++i)
        y = y * x;
    CHECK(y.item() == 1024);
    y.backward();
    CHECK(start.grad()() == 1024);
}

TEST_CASE("scalars of any arithmetic type become constants of rank 0") {
    CHECK(V(3).item() == 3);
    CHECK(V(2.5f).item() == 2.5);
    CHECK(V(true).item() == 1);
    CHECK(V(3L).rank() == 0);
    CHECK(Variable<float>(0.1).item() == 0.1f);
    const V x(Array<double>{1, 2}, true);
    check_close((1 + x * 2 - 3 / x).value(), {0, 3.5});
    check_close((2L * x).value(), {2, 4});
    check_close((1.5f - x).value(), {0.5, -0.5});
    const Variable<float> f(Array<float>{1, 2});
    check_close((0.5 * f + 1).value(), {1.5f, 2});
}

TEST_CASE("item needs exactly one element") {
    CHECK(V(array({1, 1}, {7})).item() == 7);
    CHECK(text_of_error<ShapeError>([] {
              static_cast<void>(V(Array<double>{1, 2}).item());
          }) == "item: the value has shape (2,); item() needs exactly one element");
    CHECK(text_of_error<ShapeError>([] {
              static_cast<void>(V(empty<double>({0})).item());
          }) == "item: the value has shape (0,); item() needs exactly one element");
}

TEST_CASE("detach shares the value and leaves the graph") {
    const V x(Array<double>{1, 2}, true);
    const V d = x.detach();
    CHECK_FALSE(d.requires_grad());
    CHECK(d.is_leaf());
    CHECK(d.value().data() == x.value().data());
    sum(x * d).backward();
    check_close(x.grad(), {1, 2});
    x.assign(Array<double>{8, 9});
    check_close(d.value(), {8, 9});
    CHECK(d.version() == 1);
}

TEST_CASE("overwriting through a detached handle is noticed too") {
    const V x(Array<double>{1, 2}, true);
    const V y = sum(square(x));
    x.detach().assign(Array<double>{8, 9});
    CHECK_THROWS_AS(y.backward(), GraphError);
}

TEST_CASE("requires_grad switches a leaf on and off for all its handles") {
    V x(Array<double>{1, 2});
    CHECK(x.is_leaf());
    CHECK_FALSE((x * 2).requires_grad());
    const V other = x;
    x.requires_grad(true);
    CHECK(other.requires_grad());
    sum(x * 2).backward();
    x.requires_grad(false);
    CHECK_FALSE(other.requires_grad());
    CHECK_FALSE((x * 2).requires_grad());
    check_close(x.grad(), {2, 2});  // a gradient already there stays
    x.requires_grad(true);
    sum(x * 3).backward();
    check_close(other.grad(), {5, 5});
    const V recorded = sum(x * 3);
    x.requires_grad(false);
    recorded.backward();
    check_close(x.grad(), {5, 5});  // nothing is added to a leaf that has stopped asking
}

TEST_CASE("requires_grad of a result is refused") {
    const V x(Array<double>{1, 2}, true);
    V y = x * 2;
    CHECK_FALSE(y.is_leaf());
    const std::string text = text_of_error<GraphError>([&] { y.requires_grad(false); });
    CHECK(text.starts_with("requires_grad: the variable is the result of mul (variable_test.cpp:"));
    CHECK(text.ends_with("); only a leaf can be switched, use detach() to get one"));
}

TEST_CASE("grad says why there is none") {
    const V x(Array<double>{1, 2}, true), constant(Array<double>{3});
    CHECK(
        text_of_error<GraphError>([&] { static_cast<void>(x.grad()); }) ==
        "grad: the leaf, shape (2,), has no gradient yet; call backward() on what depends on it");
    CHECK(
        text_of_error<GraphError>([&] { static_cast<void>(constant.grad()); }) ==
        "grad: the variable, shape (1,), is a leaf without requires_grad; only a leaf with "
        "requires_grad has a gradient, use retain_grad() or xgrad::grad(output, input) for others");
    CHECK(
        text_of_error<GraphError>([&] { static_cast<void>((x * 2).grad()); }) ==
        "grad: the variable, shape (2,), is the result of an op; only a leaf with requires_grad "
        "has a gradient, use retain_grad() or xgrad::grad(output, input) for others");
}

TEST_CASE("assign counts versions and keeps the shape") {
    const V x(Array<double>{1, 2}, true);
    CHECK(x.version() == 0);
    x.assign(Array<double>{3, 4});
    x.update([](std::span<double> value) { value[0] += 10; });
    CHECK(x.version() == 2);
    check_close(x.value(), {13, 4});
    CHECK(text_of_error<ShapeError>([&] {
              x.assign(Array<double>{1, 2, 3});
          }) == "assign: the variable has shape (2,), the new value (3,); the shape is fixed");
    check_close(x.value(), {13, 4});
}

TEST_CASE("assign of its own value, and from an expression") {
    const V x(Array<double>{1, 2}, true);
    x.assign(x.value());
    check_close(x.value(), {1, 2});
    x.assign(x.value() * 3.0);
    check_close(x.value(), {3, 6});
}

TEST_CASE("assign to a result is refused") {
    const V x(Array<double>{1, 2}, true);
    const V y = exp(x);
    const std::string text = text_of_error<GraphError>([&] { y.assign(Array<double>{1, 2}); });
    CHECK(text.starts_with("assign: the variable is the result of exp (variable_test.cpp:"));
    CHECK(text.ends_with("); only a leaf can be overwritten, use detach() to get one"));
    CHECK(text_of_error<GraphError>([&] {
              y.update([](std::span<double>) {});
          }).starts_with("update: the variable is the result of exp (variable_test.cpp:"));
}

TEST_CASE("the gradients of two inputs are arrays of their own") {
    const V a(Array<double>{1, 2}, true), b(Array<double>{3, 4}, true);
    const auto g = grad<double>({sum(a + b)}, {a, b});
    g[0].assign(Array<double>{7, 7});
    check_close(g[1].value(), {1, 1});
}
