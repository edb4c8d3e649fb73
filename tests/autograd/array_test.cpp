#include <autograd/array.hpp>
#include <autograd/broadcast.hpp>
#include <autograd/variable.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <cstdint>
#include <type_traits>

using namespace xgrad;
using namespace xgrad::test;

TEST_CASE("count: the product of the extents, 1 for rank 0") {
    CHECK(count({}) == 1);
    CHECK(count({7}) == 7);
    CHECK(count({2, 3, 4}) == 24);
    CHECK(count({2, 0, 4}) == 0);
}

TEST_CASE("to_string prints a shape as Python does") {
    CHECK(to_string(Shape{}) == "()");
    CHECK(to_string(Shape{5}) == "(5,)");
    CHECK(to_string(Shape{3, 4}) == "(3, 4)");
}

TEST_CASE("index_string: row and column of a flat index") {
    CHECK(index_string(0, {}) == "()");
    CHECK(index_string(4, {5}) == "(4,)");
    CHECK(index_string(14, {2, 3, 4}) == "(1, 0, 2)");
}

TEST_CASE("Array lives in the pool, aligned, whatever xtensor's macros say") {
    const Array<float> a(Shape{3, 5}, 1.0f);
    CHECK(reinterpret_cast<std::uintptr_t>(a.data()) % 64 == 0);
    static_assert(std::is_same_v<typename Array<float>::allocator_type, PoolAllocator<float>>);
    CHECK(empty<double>({2, 0}).size() == 0);
}

// xtensor 0.24 takes an xarray for a fixed-rank tensor under C++20 unless it is mended: each of
// these then gave garbage shapes or crashed.
TEST_CASE("xtensor is mended: eval gives an array of the same rank") {
    const xt::xarray<double> a{{1, 2, 3}, {4, 5, 6}};
    const auto b = xt::eval(a + 1.0);
    static_assert(std::is_same_v<std::decay_t<decltype(b)>, xt::xarray<double>>);
    CHECK(b.dimension() == 2);
    CHECK(b(1, 2) == 7);
}

TEST_CASE("xtensor is mended: functions and assignment keep the shape") {
    const Array<double> a{{1, 4, 9}, {16, 25, 36}};
    const Array<double> root = xt::sqrt(a) + 2.0 * a;
    check_close(root, {{3, 10, 21}, {36, 55, 78}});
    Array<double> sum_of = a;
    sum_of += a;
    check_close(sum_of, {{2, 8, 18}, {32, 50, 72}});
}

TEST_CASE("xtensor: an Array mixes with other containers and scalars") {
    const Array<double> a{1, 2, 3};
    const xt::xarray<double> b{10, 20, 30};
    const xt::xarray<double> c = a * b + 1.0;
    CHECK(c(2) == 91);
    CHECK(Array<double>(b - a)(0) == 9);
    CHECK((a == Array<double>{1, 2, 3}));
}

TEST_CASE("a Variable is made from any expression, evaluated once and owned") {
    Variable<double> x;
    {
        const xt::xarray<double> a{{1, 2}, {3, 4}};
        x = Variable<double>(a * 2.0 + xt::exp(a) * 0.0, true);
    }
    check_close(x.value(), {{2, 4}, {6, 8}});
    CHECK(x.requires_grad());
    const xt::xarray<int> whole{1, 2};
    CHECK(Variable<float>(whole).value()(1) == 2.0f);
    CHECK(Variable<double>(xt::xarray<float>{0.5f}).value()(0) == 0.5);
}

TEST_CASE("operators take xtensor arrays and expressions on either side") {
    const Variable<double> x(Array<double>{1, 2}, true);
    const xt::xarray<double> a{10, 20};
    check_close((x + a).value(), {11, 22});
    check_close((a - x).value(), {9, 18});
    check_close((x * (a + 1.0)).value(), {11, 42});
    check_close(((a * 2.0) / x).value(), {20, 20});
    const Array<double> own{5, 5};
    check_close((own * x).value(), {5, 10});
    sum(x * a).backward();
    check_close(x.grad(), {10, 20});
    xt::xarray<double> changing{2, 1};  // not const: xtensor's own operators must not match better
    Variable<double> mine(Array<double>{1, 2});
    CHECK((mine < changing).value() == Array<double>{1, 0});
    CHECK((mine <= changing).value() == Array<double>{1, 0});
    CHECK((mine > changing).value() == Array<double>{0, 1});
    CHECK((changing >= mine).value() == Array<double>{1, 0});
}

TEST_CASE("broadcast_shape aligns at the last axis") {
    CHECK(broadcast_shape("f", {3, 4}, {4}) == Shape{3, 4});
    CHECK(broadcast_shape("f", {3, 1}, {1, 4}) == Shape{3, 4});
    CHECK(broadcast_shape("f", {}, {2, 0}) == Shape{2, 0});
    CHECK(broadcast_shape("f", {2, 1}, {0}) == Shape{2, 0});
    CHECK(broadcast_shape("f", {}, {}) == Shape{});
    CHECK(
        text_of_error<ShapeError>([] {
            static_cast<void>(broadcast_shape("f", {3, 4}, {2}));
        }) ==
        "f: shapes (3, 4) and (2,) do not broadcast: axis 1 has 4 and 2; extents must be equal or "
        "1, counted from the last axis");
    CHECK(
        text_of_error<ShapeError>([] {
            static_cast<void>(broadcast_shape("f", {3}, {5, 2}));
        }) ==
        "f: shapes (3,) and (5, 2) do not broadcast: axis 1 has 3 and 2; extents must be equal or "
        "1, counted from the last axis");
    CHECK_THROWS_AS(static_cast<void>(broadcast_shape("f", {0}, {3})), ShapeError);
}

TEST_CASE("checked_axes counts negative axes from the last, and sorts") {
    CHECK(checked_axes("f", {-1, 0}, 3) == std::vector<std::size_t>{0, 2});
    CHECK(checked_axes("f", {}, 0).empty());
    CHECK(text_of_error<ShapeError>([] {
              static_cast<void>(checked_axes("f", {3}, 3));
          }) == "f: axis 3 is out of range for rank 3; need -3 <= axis < 3");
    CHECK(text_of_error<ShapeError>([] {
              static_cast<void>(checked_axis("f", -4, 3));
          }) == "f: axis -4 is out of range for rank 3; need -3 <= axis < 3");
    CHECK(text_of_error<ShapeError>([] {
              static_cast<void>(checked_axes("f", {1, -2}, 3));
          }) == "f: axis 1 is given twice; name each axis once");
}

TEST_CASE("broadcast_to and sum_to undo each other's shapes") {
    const Variable<double> x(array({3, 1}, {1, 2, 3}), true);
    const Variable<double> wide = broadcast_to(x, {2, 3, 4});
    CHECK(wide.shape() == Shape{2, 3, 4});
    CHECK(wide.value()(1, 2, 3) == 3);
    const Variable<double> back = sum_to(wide, {3, 1});
    check_close(back.value(), array({3, 1}, {8, 16, 24}));
    sum(back * 2).backward();
    check_close(x.grad(), array({3, 1}, {16, 16, 16}));
}

TEST_CASE("broadcast_to and sum_to of zero-size and rank 0") {
    const Variable<double> x(1.5), none(empty<double>({0, 3}));
    CHECK(broadcast_to(x, {2, 0}).shape() == Shape{2, 0});
    CHECK(broadcast_to(x, {}).item() == 1.5);
    check_close(sum_to(none, {3}).value(), {0, 0, 0});
    CHECK(sum_to(none, {}).item() == 0);
    CHECK(sum_to(none, {0, 1}).shape() == Shape{0, 1});
}

TEST_CASE("broadcast_to and sum_to name both shapes when they do not fit") {
    const Variable<double> x(Array<double>{1, 2, 3});
    CHECK(
        text_of_error<ShapeError>([&] { static_cast<void>(broadcast_to(x, {2})); }) ==
        "broadcast_to: x has shape (3,), which does not broadcast to (2,); extents must be equal "
        "or 1, counted from the last axis");
    CHECK(
        text_of_error<ShapeError>([&] { static_cast<void>(sum_to(x, {2})); }) ==
        "sum_to: x has shape (3,), to which (2,) does not broadcast; extents must be equal or 1, "
        "counted from the last axis");
}

TEST_CASE("sum_to sums every pattern of axes, as element by element") {
    const Shape wide{3, 2, 4, 5};
    const Array<double> x = random_array<double>(wide, 5);
    for (unsigned pattern = 0; pattern < 16; ++pattern) {
        Shape narrow = wide;
        for (unsigned axis = 0; axis < 4; ++axis) {
            if (pattern >> axis & 1u)
                narrow[axis] = 1;
        }
        Array<double> expected(narrow, 0.0);
        for (std::size_t i = 0; i < 3; ++i)
            for (std::size_t j = 0; j < 2; ++j)
                for (std::size_t k = 0; k < 4; ++k)
                    for (std::size_t l = 0; l < 5; ++l) {
                        expected(i % narrow[0], j % narrow[1], k % narrow[2], l % narrow[3]) +=
                            x(i, j, k, l);
                    }
        check_close(sum_to(Variable<double>(x), narrow).value(), expected, 1e-14);
    }
}
