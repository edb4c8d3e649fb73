#include <autograd/fail.hpp>
#include <ops/convolution_call.hpp>

#include <algorithm>

namespace xgrad::detail {
namespace {

// Products of two such numbers do not overflow.
constexpr std::size_t limit = std::size_t{1} << 31;

std::vector<std::size_t> kernel_of(const Shape& weight) {
    return {weight.begin() + 2, weight.end()};
}

// One axis stands for a row of an image of one row.
constexpr ConvolutionAxis no_axis{1, 1, 1, 1, 0, 1};

Shape shape_with(
    std::size_t first,
    std::size_t second,
    std::size_t rows,
    std::size_t columns,
    std::size_t spatial) {
    return spatial == 1 ? Shape{first, second, columns} : Shape{first, second, rows, columns};
}

}  // namespace

void ConvolutionRequest::check_numbers(const std::vector<std::size_t>& kernel) const {
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const auto check = [&](const char* name, std::size_t value, std::size_t least) {
            if (value < least || value >= limit) {
                fail<ShapeError>(
                    "{}: {} is {} along axis {}; need {} <= {} < 2^31",
                    op,
                    name,
                    value,
                    i + 2,
                    least,
                    name);
            }
        };
        check("stride", steps[i].stride, 1);
        check("padding", steps[i].padding, 0);
        check("dilation", steps[i].dilation, 1);
        check("kernel", kernel[i], 1);
        const std::size_t most = std::max(steps[i].stride, steps[i].dilation);
        if (steps[i].output_padding >= most) {
            fail<ShapeError>(
                "{}: output_padding is {} along axis {}, stride {}, dilation {}; need less than "
                "one of these",
                op,
                steps[i].output_padding,
                i + 2,
                steps[i].stride,
                steps[i].dilation);
        }
    }
}

ConvolutionAxis ConvolutionRequest::axis(
    const Shape& x, std::size_t i, const std::vector<std::size_t>& kernel) const {
    const ConvolutionStep& step = steps[i];
    const std::size_t padded = x[i + 2] + 2 * step.padding;
    const std::size_t span = step.dilation * (kernel[i] - 1) + 1;
    if (padded < span) {
        fail<ShapeError>(
            "{}: axis {} of x, shape {}, has {} elements with its padding, the kernel spans {}; "
            "need at least as many",
            op,
            i + 2,
            x,
            padded,
            span);
    }
    const std::size_t result = (padded - span) / step.stride + 1;
    return {x[i + 2], kernel[i], result, step.stride, step.padding, step.dilation};
}

ConvolutionShape ConvolutionRequest::shape_of(
    const Shape& x, std::size_t out, const std::vector<std::size_t>& kernel) const {
    const ConvolutionAxis last = axis(x, steps.size() - 1, kernel);
    return {
        x[0],
        groups,
        x[1] / groups,
        out / groups,
        steps.size() == 1 ? no_axis : axis(x, 0, kernel),
        last};
}

ConvolutionShape ConvolutionRequest::forward(const Shape& x, const Shape& weight) const {
    if (x.size() != rank() || weight.size() != rank()) {
        fail<ShapeError>(
            "{0}: x has shape {1}, the weight {2}; need x (batch, channels, {3}) and a weight "
            "(out, channels / groups, {3})",
            op,
            x,
            weight,
            spatial());
    }
    check_numbers(kernel_of(weight));
    if (groups == 0 || weight[0] % groups != 0 || x[1] != weight[1] * groups) {
        fail<ShapeError>(
            "{}: x has shape {}, the weight {}, there are {} groups; need groups >= 1 that divide "
            "the weight's first extent, and x's channels = groups times its second",
            op,
            x,
            weight,
            groups);
    }
    return shape_of(x, weight[0], kernel_of(weight));
}

ConvolutionShape ConvolutionRequest::transposed(const Shape& y, const Shape& weight) const {
    if (y.size() != rank() || weight.size() != rank()) {
        fail<ShapeError>(
            "{0}: x has shape {1}, the weight {2}; need x (batch, channels, {3}) and a weight "
            "(channels, out / groups, {3})",
            op,
            y,
            weight,
            spatial());
    }
    const std::vector<std::size_t> kernel = kernel_of(weight);
    check_numbers(kernel);
    if (groups == 0 || weight[0] % groups != 0 || y[1] != weight[0]) {
        fail<ShapeError>(
            "{}: x has shape {}, the weight {}, there are {} groups; need groups >= 1 that divide "
            "the channels, as many in x as in the weight's first axis",
            op,
            y,
            weight,
            groups);
    }
    std::vector<ConvolutionAxis> axes(2, no_axis);
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const ConvolutionStep& step = steps[i];
        const std::size_t reach = step.dilation * (kernel[i] - 1) + step.output_padding + 1;
        const std::size_t whole = y[i + 2] == 0 ? 0 : (y[i + 2] - 1) * step.stride + reach;
        if (whole <= 2 * step.padding) {
            fail<ShapeError>(
                "{}: axis {} of x, shape {}, gives {} elements, of which the padding of {} takes "
                "{}; need more",
                op,
                i + 2,
                y,
                whole,
                step.padding,
                2 * step.padding);
        }
        axes[2 - steps.size() + i] = {
            whole - 2 * step.padding,
            kernel[i],
            y[i + 2],
            step.stride,
            step.padding,
            step.dilation};
    }
    return {y[0], groups, weight[1], weight[0] / groups, axes[0], axes[1]};
}

ConvolutionShape ConvolutionRequest::weight(
    const Shape& x, const Shape& y, const std::vector<std::size_t>& kernel) const {
    if (x.size() != rank() || y.size() != rank() || groups == 0 || x[0] != y[0] ||
        x[1] % groups != 0 || y[1] % groups != 0) {
        fail<ShapeError>(
            "{0}: x has shape {1}, g {2}, there are {4} groups; need x (batch, channels, {3}) and "
            "g (batch, out, {3}), groups >= 1 that divide channels and out",
            op,
            x,
            y,
            spatial(),
            groups);
    }
    check_numbers(kernel);
    const ConvolutionShape shape = shape_of(x, y[1], kernel);
    if (y != y_shape(shape, steps.size())) {
        fail<ShapeError>(
            "{}: x has shape {}, g {}; need g of the convolution's shape {}",
            op,
            x,
            y,
            y_shape(shape, steps.size()));
    }
    return shape;
}

void ConvolutionRequest::check_bias(const Shape& bias, std::size_t channels) const {
    if (bias != Shape{channels})
        fail<ShapeError>("{}: the bias has shape {}; need ({},)", op, bias, channels);
}

Shape x_shape(const ConvolutionShape& s, std::size_t spatial) {
    return shape_with(s.batch, s.groups * s.channels, s.rows.extent, s.columns.extent, spatial);
}
Shape weight_shape(const ConvolutionShape& s, std::size_t spatial) {
    return shape_with(s.groups * s.results, s.channels, s.rows.kernel, s.columns.kernel, spatial);
}
Shape y_shape(const ConvolutionShape& s, std::size_t spatial) {
    return shape_with(s.batch, s.groups * s.results, s.rows.result, s.columns.result, spatial);
}

}  // namespace xgrad::detail
