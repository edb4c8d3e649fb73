// Convolutions of drawn sizes against their definition, and what they refuse, in full.
#include <tests/ops/errors.hpp>

#include <cstdint>
#include <random>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

using V = Variable<double>;

namespace {

struct Drawn {
    // `wide`: with the channels from which on small maps and kernels of 1 are matrix products.
    explicit Drawn(std::mt19937& random, bool wide = false) {
        const auto between = [&](std::size_t low, std::size_t high) {
            return low + random() % (high - low + 1);
        };
        batch = between(0, 3);
        options.groups = between(1, 3);
        channels = random() % 8 == 0 ? between(60, 130) : between(1, 9);
        results = between(1, 20);
        if (wide) {
            channels = between(15, 24);
            results = between(15, 24);
        }
        const auto axis = [&](std::size_t& extent,
                              std::size_t& kernel,
                              std::size_t RowsColumns::*at) {
            do {
                extent = between(1, 14);
                kernel = between(1, 5);
                options.stride.*at = between(1, 4);
                options.padding.*at = between(0, 4);
                options.dilation.*at = between(1, 3);
            } while (extent + 2 * (options.padding.*at) < options.dilation.*at * (kernel - 1) + 1);
        };
        if (random() % 6 == 0) {  // read in place
            extent = {between(1, 14), between(1, 14)};
            return;
        }
        axis(extent.rows, kernel.rows, &RowsColumns::rows);
        axis(extent.columns, kernel.columns, &RowsColumns::columns);
    }

    std::size_t batch, channels, results;  // the last two of a group
    RowsColumns extent = 1, kernel = 1;
    Conv2dOptions options;
};

// Calls f(place in x, in the weight, in y) for every product of the convolution.
template <class F>
void each_product(const Drawn& d, const Shape& y, F f) {
    const Conv2dOptions& o = d.options;
    for (std::size_t plane = 0; plane < y[0] * y[1]; ++plane) {
        const std::size_t out = plane % y[1], group = plane / y[1] * o.groups + out / d.results;
        for (std::size_t c = 0; c < d.channels; ++c) {
            for (std::size_t at = 0; at < y[2] * y[3]; ++at) {
                for (std::size_t tap = 0; tap < d.kernel.rows * d.kernel.columns; ++tap) {
                    const std::size_t row = at / y[3] * o.stride.rows +
                                            tap / d.kernel.columns * o.dilation.rows -
                                            o.padding.rows;
                    const std::size_t column = at % y[3] * o.stride.columns +
                                               tap % d.kernel.columns * o.dilation.columns -
                                               o.padding.columns;
                    if (row >= d.extent.rows || column >= d.extent.columns)
                        continue;  // below 0 it is huge
                    f(((group * d.channels + c) * d.extent.rows + row) * d.extent.columns + column,
                      (out * d.channels + c) * d.kernel.rows * d.kernel.columns + tap,
                      plane * y[2] * y[3] + at);
                }
            }
        }
    }
}

// A convolution and its gradients beside the definition, and its bias beside an addition.
template <class T>
void check_convolution(const Drawn& d, unsigned i) {
    const double tolerance = std::is_same_v<T, float> ? 1e-3 : 1e-11;
    const Conv2dOptions& o = d.options;
    const Variable<T> x(
        random_array<T>({d.batch, o.groups * d.channels, d.extent.rows, d.extent.columns}, 3 * i),
        true);
    const Variable<T> w(
        random_array<T>(
            {o.groups * d.results, d.channels, d.kernel.rows, d.kernel.columns}, 3 * i + 1),
        true);
    const Variable<T> y = conv2d(x, w, o);
    const Variable<T> g(random_array<T>(y.shape(), 3 * i + 2));
    const auto shares = grad<T>(std::vector{y}, {x, w}, {.seeds = {g}});
    Array<double> value(y.shape(), 0.0), dx(x.shape(), 0.0), dw(w.shape(), 0.0);
    each_product(d, y.shape(), [&](std::size_t at_x, std::size_t at_w, std::size_t at_y) {
        const double in = x.value().data()[at_x], weight = w.value().data()[at_w];
        const double share = g.value().data()[at_y];
        value.data()[at_y] += in * weight;
        dx.data()[at_x] += share * weight;
        dw.data()[at_w] += share * in;
    });
    check_close(Array<double>(y.value()), value, tolerance);
    check_close(Array<double>(shares[0].value()), dx, tolerance);
    check_close(Array<double>(shares[1].value()), dw, tolerance);
    const Variable<T> bias(random_array<T>({w.shape()[0]}, i)),
        spread = reshape(bias, {w.shape()[0], 1, 1});
    check_close(conv2d(x, w, bias, o).value(), (y + spread).value(), tolerance);
    // The other way, with another bias; without the padding, which may leave nothing.
    const Variable<T> back(random_array<T>({x.shape()[1]}, i + 1));
    const ConvTranspose2dOptions turned{
        .stride = o.stride, .dilation = o.dilation, .groups = o.groups};
    check_close(
        conv_transpose2d(g, w, back, turned).value(),
        (conv_transpose2d(g, w, turned) + reshape(back, {x.shape()[1], 1, 1})).value(),
        tolerance);
}

}  // namespace

TEST_CASE_TEMPLATE("convolutions of any size are what they are defined as", T, float, double) {
    std::mt19937 random(1);
    for (unsigned i = 0; i < 150; ++i) {
        CAPTURE(i);
        check_convolution<T>(Drawn(random), i);
    }
}

TEST_CASE_TEMPLATE(
    "convolutions by matrix products are what they are defined as", T, float, double) {
    std::mt19937 random(2);
    for (unsigned i = 0; i < 60; ++i) {
        CAPTURE(i);
        check_convolution<T>(Drawn(random, true), i);
    }
}

TEST_CASE("convolutions of nothing") {
    CHECK(conv1d(of({0, 2, 5}), of({3, 2, 2})).shape() == Shape{0, 3, 4});
    CHECK(conv_transpose1d(of({0, 2, 5}), of({2, 3, 2})).shape() == Shape{0, 3, 6});
    CHECK(conv2d(of({2, 0, 3, 3}), of({4, 0, 2, 2})).value() == Array<double>({2, 4, 2, 2}, 0.0));
    CHECK(conv2d(of({2, 3, 3, 3}), of({0, 3, 2, 2})).shape() == Shape{2, 0, 2, 2});
    CHECK(
        conv2d_weight_grad(of({0, 2, 3, 3}), of({0, 4, 2, 2}), 2).value() ==
        Array<double>({4, 2, 2, 2}, 0.0));
    // Rows of padding alone, from an x without rows.
    CHECK(
        conv2d(of({1, 2, 0, 3}), of({1, 2, 2, 1}), of({1}), {.padding = {1, 0}}).value() ==
        Array<double>({1, 1, 1, 3}, 1.0));
}

TEST_CASE("a bias that is not defined is none") {
    const V x = of({1, 2, 4}), w = of({2, 2, 3});
    CHECK(conv1d(x, w, V(), {.padding = 1}).value() == conv1d(x, w, {.padding = 1}).value());
    CHECK(conv_transpose1d(x, w, V()).value() == conv_transpose1d(x, w).value());
}

TEST_CASE("convolutions say what does not fit in their operands") {
    CHECK_SHAPE_ERROR(
        conv1d(of({2, 3}), of({4, 3, 2})),
        "conv1d: x has shape (2, 3), the weight (4, 3, 2); need x (batch, channels, length) and a "
        "weight (out, channels / groups, length)");
    CHECK_SHAPE_ERROR(
        conv2d(of({2, 3, 4, 4}), of({4, 3, 2})),
        "conv2d: x has shape (2, 3, 4, 4), the weight (4, 3, 2); need x (batch, channels, rows, "
        "columns) and a weight (out, channels / groups, rows, columns)");
    CHECK_SHAPE_ERROR(
        conv2d(of({2, 3, 4, 4}), of({4, 2, 2, 2})),
        "conv2d: x has shape (2, 3, 4, 4), the weight (4, 2, 2, 2), there are 1 groups; need "
        "groups >= 1 that divide the weight's first extent, and x's channels = groups times its "
        "second");
    CHECK_SHAPE_ERROR(
        conv1d(of({2, 4, 4}), of({3, 2, 2}), {.groups = 2}),
        "conv1d: x has shape (2, 4, 4), the weight (3, 2, 2), there are 2 groups; need groups >= 1 "
        "that divide the weight's first extent, and x's channels = groups times its second");
    CHECK_SHAPE_ERROR(
        conv1d(of({2, 4, 4}), of({3, 2, 2}), {.groups = 0}),
        "conv1d: x has shape (2, 4, 4), the weight (3, 2, 2), there are 0 groups; need groups >= 1 "
        "that divide the weight's first extent, and x's channels = groups times its second");
    CHECK_SHAPE_ERROR(
        conv2d(of({2, 3, 4, 4}), of({4, 3, 2, 2}), of({3})),
        "conv2d: the bias has shape (3,); need (4,)");
    CHECK_SHAPE_ERROR(
        conv2d(of({2, 3, 4, 4}), of({4, 3, 2, 3}), {.padding = {1, 0}, .dilation = {1, 2}}),
        "conv2d: axis 3 of x, shape (2, 3, 4, 4), has 4 elements with its padding, the kernel "
        "spans 5; need at least as many");
}

TEST_CASE("convolutions say which number is out of range") {
    const V x = of({2, 3, 4}), w = of({4, 3, 2}), image = of({2, 3, 4, 4}), v = of({4, 3, 2, 2});
    CHECK_SHAPE_ERROR(
        conv1d(x, w, {.stride = 0}), "conv1d: stride is 0 along axis 2; need 1 <= stride < 2^31");
    CHECK_SHAPE_ERROR(
        conv2d(image, v, {.dilation = {1, 0}}),
        "conv2d: dilation is 0 along axis 3; need 1 <= dilation < 2^31");
    CHECK_SHAPE_ERROR(
        conv1d(x, w, {.padding = std::size_t(-1)}),
        "conv1d: padding is 18446744073709551615 along axis 2; need 0 <= padding < 2^31");
    CHECK_SHAPE_ERROR(
        conv1d(x, of({4, 3, 0})), "conv1d: kernel is 0 along axis 2; need 1 <= kernel < 2^31");
    CHECK_SHAPE_ERROR(
        conv_transpose2d(image, of({3, 2, 2, 2}), {.stride = {1, 0}}),
        "conv_transpose2d: stride is 0 along axis 3; need 1 <= stride < 2^31");
}

TEST_CASE("transposed convolutions say what does not fit") {
    const V x = of({2, 3, 4}), w = of({3, 2, 2});
    CHECK_SHAPE_ERROR(
        conv_transpose1d(of({3, 4}), w),
        "conv_transpose1d: x has shape (3, 4), the weight (3, 2, 2); need x (batch, channels, "
        "length) and a weight (channels, out / groups, length)");
    CHECK_SHAPE_ERROR(
        conv_transpose1d(x, of({2, 3, 2})),
        "conv_transpose1d: x has shape (2, 3, 4), the weight (2, 3, 2), there are 1 groups; need "
        "groups >= 1 that divide the channels, as many in x as in the weight's first axis");
    CHECK_SHAPE_ERROR(
        conv_transpose1d(x, w, {.groups = 2}),
        "conv_transpose1d: x has shape (2, 3, 4), the weight (3, 2, 2), there are 2 groups; need "
        "groups >= 1 that divide the channels, as many in x as in the weight's first axis");
    CHECK_SHAPE_ERROR(
        conv_transpose1d(x, w, {.stride = 2, .output_padding = 2}),
        "conv_transpose1d: output_padding is 2 along axis 2, stride 2, dilation 1; need less than "
        "one of these");
    CHECK_SHAPE_ERROR(
        conv_transpose1d(x, w, {.padding = 3}),
        "conv_transpose1d: axis 2 of x, shape (2, 3, 4), gives 5 elements, of which the padding of "
        "3 takes 6; need more");
    CHECK_SHAPE_ERROR(
        conv_transpose2d(of({1, 3, 0, 4}), of({3, 2, 2, 2})),
        "conv_transpose2d: axis 2 of x, shape (1, 3, 0, 4), gives 0 elements, of which the padding "
        "of 0 takes 0; need more");
    CHECK_SHAPE_ERROR(
        conv_transpose2d(of({1, 4, 2, 2}), of({4, 3, 2, 2}), of({3}), {.groups = 2}),
        "conv_transpose2d: the bias has shape (3,); need (6,)");
}

TEST_CASE("gradients by the weight say what does not fit") {
    const V x = of({2, 4, 5});
    CHECK_SHAPE_ERROR(
        conv1d_weight_grad(x, of({1, 4, 4}), 2),
        "conv1d_weight_grad: x has shape (2, 4, 5), g (1, 4, 4), there are 1 groups; need x "
        "(batch, channels, length) and g (batch, out, length), groups >= 1 that divide channels "
        "and out");
    CHECK_SHAPE_ERROR(
        conv1d_weight_grad(x, of({2, 3, 4}), 2, {.groups = 2}),
        "conv1d_weight_grad: x has shape (2, 4, 5), g (2, 3, 4), there are 2 groups; need x "
        "(batch, channels, length) and g (batch, out, length), groups >= 1 that divide channels "
        "and out");
    CHECK_SHAPE_ERROR(
        conv1d_weight_grad(x, of({2, 3, 3}), 2),
        "conv1d_weight_grad: x has shape (2, 4, 5), g (2, 3, 3); need g of the convolution's shape "
        "(2, 3, 4)");
    CHECK_SHAPE_ERROR(
        conv2d_weight_grad(of({2, 4, 5, 5}), of({2, 3, 4, 4}), {2, 0}),
        "conv2d_weight_grad: kernel is 0 along axis 3; need 1 <= kernel < 2^31");
    CHECK_SHAPE_ERROR(
        conv1d_weight_grad(x, of({2, 3, 1}), 6),
        "conv1d_weight_grad: axis 2 of x, shape (2, 4, 5), has 5 elements with its padding, the "
        "kernel spans 6; need at least as many");
}
