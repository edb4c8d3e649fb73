// Pooling, interpolation and embedding: ties, NaN, padding, exactness, and what they refuse, in
// full.
#include <tests/ops/errors.hpp>

#include <limits>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

using V = Variable<double>;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

// The gradient of the sum of f(x), elements weighted 1, 2, 3, ...
template <class F>
Array<double> weighted_gradient(const Array<double>& x, F f) {
    const V in(x, true);
    const V y = f(in);
    Array<double> seed = empty<double>(y.shape());
    for (std::size_t i = 0; i < seed.size(); ++i)
        seed.data()[i] = static_cast<double>(i + 1);
    return grad(y, in, {.seeds = {V(seed)}}).value();
}

}  // namespace

TEST_CASE("max pooling gives all of g to the first of equals, in row-major order") {
    const auto pool = [](const V& x) { return max_pool2d(x, 2); };
    check_same(
        weighted_gradient(Array<double>{{0, 7, 5, 5}, {7, 7, 5, 5}}, pool),
        Array<double>{{0, 1, 2, 0}, {0, 0, 0, 0}});
    // Windows that overlap choose each for themselves, and add up.
    check_same(
        weighted_gradient(
            Array<double>{3, 3, 1, 3}, [](const V& x) { return max_pool1d(x, 2, {.stride = 1}); }),
        Array<double>{1, 2, 0, 3});
    check_same(
        weighted_gradient(
            Array<double>{2, 2, 2, 2, 2}, [](const V& x) { return adaptive_max_pool1d(x, 2); }),
        Array<double>{1, 0, 2, 0, 0});
}

TEST_CASE("max pooling passes NaN on, the last of several getting the gradient") {
    const Array<double> x{{not_a_number, 9, not_a_number, 1}, {2, 9, 3, 4}};
    const auto pool = [](const V& x) { return max_pool1d(x, 4); };
    check_same(pool(V(x)).value(), array({2, 1}, {not_a_number, 9}));
    check_same(weighted_gradient(x, pool), Array<double>{{0, 0, 1, 0}, {0, 2, 0, 0}});
}

TEST_CASE("padding never wins a maximum") {
    const V x(Array<double>{-infinity, -5, -infinity, -infinity});
    check_same(max_pool1d(x, 2, {.padding = 1}).value(), Array<double>{-infinity, -5, -infinity});
    check_same(
        weighted_gradient(x.value(), [](const V& x) { return max_pool1d(x, 2, {.padding = 1}); }),
        Array<double>{1, 2, 0, 3});
}

TEST_CASE("the mean of a whole number repeated is that number, to the bit") {
    const Variable<float> x(Array<float>(Shape{2, 49, 35}, 3.0F));
    check_same(avg_pool2d(x, {7, 5}).value(), Array<float>(Shape{2, 7, 7}, 3.0F));
    check_same(adaptive_avg_pool2d(x, {6, 11}).value(), Array<float>(Shape{2, 6, 11}, 3.0F));
}

TEST_CASE("nearest finds the right element where a rounded step falls short of it") {
    // floor(i 49 / 98) and floor(i 7 / 49) are i / 2 and i / 7 in whole numbers; 7 / 49 is not
    // exact in binary.
    for (const std::size_t n : {1, 3, 7, 41, 49}) {
        Array<double> x = empty<double>({n});
        for (std::size_t i = 0; i < n; ++i)
            x.data()[i] = static_cast<double>(i);
        for (const std::size_t times : {2, 3, 7, 11}) {
            const V y = interpolate(V(x), {.size = {n * times}});
            for (std::size_t i = 0; i < y.size(); ++i)
                CHECK(y.value().data()[i] == static_cast<double>(i / times));
        }
    }
}

TEST_CASE("nearest by a scale that leaves the size repeats and drops, forward and back") {
    // floor(i / 1.2) for i = 0, 1, 2 is 0, 0, 1.
    const Array<double> x{4, 5, 6};
    const auto f = [](const V& x) { return interpolate(x, {.scale = {1.2}}); };
    check_same(f(V(x)).value(), Array<double>{4, 4, 5});
    check_same(weighted_gradient(x, f), Array<double>{3, 3, 0});
}

TEST_CASE("an empty batch is pooled, resampled and embedded to an empty one") {
    const V x = of({0, 3, 4, 4});
    CHECK(max_pool2d(x, 2).shape() == Shape{0, 3, 2, 2});
    CHECK(avg_pool2d(x, 2).shape() == Shape{0, 3, 2, 2});
    CHECK(adaptive_max_pool2d(x, {3, 1}).shape() == Shape{0, 3, 3, 1});
    CHECK(interpolate(x, {.size = {2, 8}}).shape() == Shape{0, 3, 2, 8});
    CHECK(embedding(empty<std::int64_t>({2, 0}), of({5, 3})).shape() == Shape{2, 0, 3});
    sum(max_pool2d(x, 2)).backward();
    CHECK(x.grad().shape() == x.shape());
}

TEST_CASE("a row of padding in an embedding has its value and no gradient") {
    const V weight(Array<double>{{1, 2}, {3, 4}, {5, 6}}, true);
    const V y = embedding(IndexArray{2, 1, 2, 0}, weight, 2);
    check_same(y.value(), Array<double>{{5, 6}, {3, 4}, {5, 6}, {1, 2}});
    sum(y).backward();
    check_same(weight.grad(), Array<double>{{1, 1}, {1, 1}, {0, 0}});
}

TEST_CASE("pooling refuses too few axes and empty ones") {
    const V matrix = of({2, 0});
    CHECK_SHAPE_ERROR(max_pool1d(of({}), 2), "max_pool1d: x has shape (); need x (..., L)");
    CHECK_SHAPE_ERROR(avg_pool1d(of({}), 2), "avg_pool1d: x has shape (); need x (..., L)");
    CHECK_SHAPE_ERROR(max_pool2d(of({3}), 2), "max_pool2d: x has shape (3,); need x (..., H, W)");
    CHECK_SHAPE_ERROR(avg_pool2d(of({3}), 2), "avg_pool2d: x has shape (3,); need x (..., H, W)");
    CHECK_SHAPE_ERROR(
        adaptive_avg_pool1d(of({}), 2), "adaptive_avg_pool1d: x has shape (); need x (..., L)");
    CHECK_SHAPE_ERROR(
        adaptive_max_pool1d(of({}), 2), "adaptive_max_pool1d: x has shape (); need x (..., L)");
    CHECK_SHAPE_ERROR(
        adaptive_avg_pool2d(of({3}), 2),
        "adaptive_avg_pool2d: x has shape (3,); need x (..., H, W)");
    CHECK_SHAPE_ERROR(
        adaptive_max_pool2d(of({3}), 2),
        "adaptive_max_pool2d: x has shape (3,); need x (..., H, W)");
    const std::string empty = ": axis 1 of shape (2, 0) is empty; need at least one element";
    CHECK_SHAPE_ERROR(max_pool1d(matrix, 2, {.padding = 1}), "max_pool1d" + empty);
    CHECK_SHAPE_ERROR(avg_pool1d(matrix, 1), "avg_pool1d" + empty);
    CHECK_SHAPE_ERROR(max_pool2d(matrix, 1), "max_pool2d" + empty);
    CHECK_SHAPE_ERROR(avg_pool2d(matrix, 1), "avg_pool2d" + empty);
    CHECK_SHAPE_ERROR(adaptive_avg_pool1d(matrix, 1), "adaptive_avg_pool1d" + empty);
    CHECK_SHAPE_ERROR(adaptive_max_pool1d(matrix, 1), "adaptive_max_pool1d" + empty);
    CHECK_SHAPE_ERROR(adaptive_avg_pool2d(matrix, 1), "adaptive_avg_pool2d" + empty);
    CHECK_SHAPE_ERROR(adaptive_max_pool2d(matrix, 1), "adaptive_max_pool2d" + empty);
    CHECK_SHAPE_ERROR(
        adaptive_max_pool2d(of({4, 5}), {2, 0}),
        "adaptive_max_pool2d: size is 0 along axis 1 of shape (4, 5); need 1 <= size < 2^31");
    CHECK_SHAPE_ERROR(
        adaptive_avg_pool1d(of({4, 5}), std::size_t{1} << 31),
        "adaptive_avg_pool1d: size is 2147483648 along axis 1 of shape (4, 5); need 1 <= size < "
        "2^31");
}

TEST_CASE("pooling refuses windows that do not fit") {
    const V x = of({2, 5, 6});
    const auto numbers = [](const std::string& numbers) {
        return numbers +
               " of shape (2, 5, 6); need 1 <= kernel, stride, dilation < 2^31 and padding <= "
               "kernel / 2";
    };
    CHECK_SHAPE_ERROR(
        max_pool1d(x, 0),
        numbers("max_pool1d: kernel is 0, stride 0, padding 0, dilation 1 along axis 2"));
    CHECK_SHAPE_ERROR(
        avg_pool1d(x, 2, {.stride = 0}),
        numbers("avg_pool1d: kernel is 2, stride 0, padding 0, dilation 1 along axis 2"));
    CHECK_SHAPE_ERROR(
        max_pool2d(x, 2, {.stride = 1, .dilation = {0, 1}}),
        numbers("max_pool2d: kernel is 2, stride 1, padding 0, dilation 0 along axis 1"));
    CHECK_SHAPE_ERROR(
        avg_pool2d(x, {4, 3}, {.stride = 1, .padding = 2}),
        numbers("avg_pool2d: kernel is 3, stride 1, padding 2, dilation 1 along axis 2"));
    CHECK_SHAPE_ERROR(
        max_pool1d(x, static_cast<std::size_t>(-1)),
        numbers("max_pool1d: kernel is 18446744073709551615, stride 18446744073709551615, padding "
                "0, dilation 1 along axis 2"));
    CHECK_SHAPE_ERROR(
        max_pool2d(x, {3, 7}, {.padding = {1, 0}}),
        "max_pool2d: a window spans 7 elements, axis 2 of shape (2, 5, 6) has 6 with its padding; "
        "need a smaller kernel or dilation");
    CHECK_SHAPE_ERROR(
        max_pool1d(x, 4, {.stride = 1, .padding = 1, .dilation = 3}),
        "max_pool1d: a window spans 10 elements, axis 2 of shape (2, 5, 6) has 8 with its padding; "
        "need a smaller kernel or dilation");
    CHECK_SHAPE_ERROR(
        max_pool1d(of({2}), 2, {.stride = 1, .padding = 1, .dilation = 3}),
        "max_pool1d: window 0 along axis 0 of shape (2,) holds nothing but padding; need a smaller "
        "dilation");
}

TEST_CASE("interpolate says what does not fit") {
    const V x = of({2, 5, 6});
    const auto counts = [](const std::string& counts) {
        return "interpolate: there are " + counts +
               "; need either sizes or scales, for the last axis or the last two";
    };
    CHECK_ARGUMENT_ERROR(interpolate(x, {}), counts("0 sizes and 0 scales"));
    CHECK_ARGUMENT_ERROR(
        interpolate(x, {.size = {2}, .scale = {2}}), counts("1 sizes and 1 scales"));
    CHECK_ARGUMENT_ERROR(interpolate(x, {.size = {2, 2, 2}}), counts("3 sizes and 0 scales"));
    CHECK_ARGUMENT_ERROR(
        interpolate(x, {.size = {2, 2}, .mode = Interpolation::linear}),
        "interpolate: mode is linear, there are numbers for 2 axes; linear is for 1, bilinear for "
        "2");
    CHECK_ARGUMENT_ERROR(
        interpolate(x, {.scale = {2}, .mode = Interpolation::bilinear}),
        "interpolate: mode is bilinear, there are numbers for 1 axes; linear is for 1, bilinear "
        "for 2");
    CHECK_ARGUMENT_ERROR(
        interpolate(x, {.size = {2}, .align_corners = true}),
        "interpolate: align_corners is set, mode is nearest; need linear or bilinear");
    CHECK_ARGUMENT_ERROR(
        interpolate(x, {.scale = {2, -1}}),
        "interpolate: scale is -1; need a positive finite number");
    CHECK_ARGUMENT_ERROR(
        interpolate(x, {.scale = {not_a_number}}),
        "interpolate: scale is nan; need a positive finite number");
    CHECK_SHAPE_ERROR(
        interpolate(of({3}), {.size = {2, 2}}),
        "interpolate: x has shape (3,), there are numbers for 2 axes; need as many axes");
    CHECK_SHAPE_ERROR(
        interpolate(of({0, 3}), {.size = {2, 2}}),
        "interpolate: axis 0 of shape (0, 3) is empty; need at least one element");
    CHECK_SHAPE_ERROR(
        interpolate(x, {.size = {2, 0}}),
        "interpolate: axis 2 of shape (2, 5, 6) would get size 0; need 1 <= size < 2^31");
    CHECK_SHAPE_ERROR(
        interpolate(x, {.scale = {0.1, 2}}),
        "interpolate: axis 1 of shape (2, 5, 6) would get size 0; need 1 <= size < 2^31");
    CHECK_SHAPE_ERROR(
        interpolate(x, {.scale = {1e300}}),
        "interpolate: axis 2 of shape (2, 5, 6) would get size 6e+300; need 1 <= size < 2^31");
}

TEST_CASE("embedding names the index and the size") {
    const V weight = of({5, 3});
    CHECK_INDEX_ERROR(
        embedding(IndexArray{{0, 1, 2}, {3, 4, 5}}, weight),
        "embedding: index 5 at (1, 2) is out of range for weight of shape (5, 3); need 0 <= index "
        "< 5");
    CHECK_INDEX_ERROR(
        embedding(IndexArray{0, -1}, weight),
        "embedding: index -1 at (1,) is out of range for weight of shape (5, 3); need 0 <= index < "
        "5");
    CHECK_INDEX_ERROR(
        embedding(IndexArray{0}, weight, 5),
        "embedding: padding_idx is 5, weight has shape (5, 3); need 0 <= padding_idx < 5");
    CHECK_INDEX_ERROR(
        embedding(IndexArray{0}, weight, -1),
        "embedding: padding_idx is -1, weight has shape (5, 3); need 0 <= padding_idx < 5");
    CHECK_SHAPE_ERROR(
        embedding(IndexArray{0}, of({5})), "embedding: weight has shape (5,); need (rows, K)");
}
