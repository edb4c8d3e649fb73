// Internal: the arguments of a convolution, checked.
#pragma once

#include <autograd/array.hpp>
#include <ops/convolve.hpp>

#include <vector>

namespace xgrad::detail {

/// What a call asks for along a spatial axis.
struct ConvolutionStep {
    std::size_t stride, padding, dilation;
    std::size_t output_padding = 0;
};

/// What a call asks for: one step for each spatial axis, one or two. Each of the functions below
/// throws ShapeError in the name of `op` when that and the shapes do not fit.
struct ConvolutionRequest {
    const char* op;
    std::vector<ConvolutionStep> steps;
    std::size_t groups;

    /// y from x and the weight.
    [[nodiscard]] ConvolutionShape forward(const Shape& x, const Shape& weight) const;
    /// x from y and the weight, in the terms of the convolution that it transposes.
    [[nodiscard]] ConvolutionShape transposed(const Shape& y, const Shape& weight) const;
    /// The weight, with kernels of this size, from x and y.
    [[nodiscard]] ConvolutionShape weight(
        const Shape& x, const Shape& y, const std::vector<std::size_t>& kernel) const;
    /// Throws unless the bias has one axis of `channels`.
    void check_bias(const Shape& bias, std::size_t channels) const;

private:
    void check_numbers(const std::vector<std::size_t>& kernel) const;
    [[nodiscard]] ConvolutionAxis axis(
        const Shape& x, std::size_t i, const std::vector<std::size_t>& kernel) const;
    [[nodiscard]] ConvolutionShape shape_of(
        const Shape& x, std::size_t out, const std::vector<std::size_t>& kernel) const;
    [[nodiscard]] std::size_t rank() const noexcept { return steps.size() + 2; }
    [[nodiscard]] const char* spatial() const noexcept {
        return steps.size() == 1 ? "length" : "rows, columns";
    }
};

/// The shapes of the operands; `spatial` axes.
[[nodiscard]] Shape x_shape(const ConvolutionShape& shape, std::size_t spatial);
[[nodiscard]] Shape weight_shape(const ConvolutionShape& shape, std::size_t spatial);
[[nodiscard]] Shape y_shape(const ConvolutionShape& shape, std::size_t spatial);

}  // namespace xgrad::detail
