#include <ops/convolution.hpp>
#include <ops/convolution_call.hpp>
#include <ops/convolution_form.hpp>

namespace xgrad {
namespace {

using detail::ConvolutionRequest;
using detail::ConvolutionShape;

ConvolutionRequest request_of(const char* op, const Conv1dOptions& o) {
    return {op, {{o.stride, o.padding, o.dilation}}, o.groups};
}
ConvolutionRequest request_of(const char* op, const Conv2dOptions& o) {
    return {
        op,
        {{o.stride.rows, o.padding.rows, o.dilation.rows},
         {o.stride.columns, o.padding.columns, o.dilation.columns}},
        o.groups};
}
ConvolutionRequest request_of(const char* op, const ConvTranspose1dOptions& o) {
    return {op, {{o.stride, o.padding, o.dilation, o.output_padding}}, o.groups};
}
ConvolutionRequest request_of(const char* op, const ConvTranspose2dOptions& o) {
    return {
        op,
        {{o.stride.rows, o.padding.rows, o.dilation.rows, o.output_padding.rows},
         {o.stride.columns, o.padding.columns, o.dilation.columns, o.output_padding.columns}},
        o.groups};
}

extern const detail::ConvolutionForm form_1d, form_2d;

template <class T, class Options>
Variable<T> checked_convolution(
    const detail::ConvolutionForm& form,
    const char* op,
    const Variable<T>& x,
    const Variable<T>& weight,
    const Variable<T>& bias,
    const Options& options,
    Where where) {
    const ConvolutionRequest request = request_of(op, options);
    const ConvolutionShape shape = request.forward(x.shape(), weight.shape());
    if (bias.defined())
        request.check_bias(bias.shape(), weight.shape()[0]);
    return convolution(form, shape, x, weight, bias, where);
}

template <class T, class Options>
Variable<T> checked_transpose(
    const detail::ConvolutionForm& form,
    const char* op,
    const Variable<T>& x,
    const Variable<T>& weight,
    const Variable<T>& bias,
    const Options& options,
    Where where) {
    const ConvolutionRequest request = request_of(op, options);
    const ConvolutionShape shape = request.transposed(x.shape(), weight.shape());
    if (bias.defined())
        request.check_bias(bias.shape(), weight.shape()[1] * options.groups);
    return transposed(form, shape, x, weight, bias, where);
}

}  // namespace

// Primitives: made of gather and matmul, a convolution would write down its windows, kernel size
// times x, for every call and for its gradient.
static const Op conv1d_op(
    "conv1d",
    {on({{2, 2, 6}, {3, 2, 3}}, [](const auto& in) { return conv1d(in[0], in[1]); }),
     on({{2, 4, 7}, {6, 2, 2}, {6}},
        [](const auto& in) {
            return conv1d(
                in[0], in[1], in[2], {.stride = 2, .padding = 3, .dilation = 2, .groups = 2});
        }),
     on({{1, 3, 4}, {2, 3, 1}}, [](const auto& in) { return conv1d(in[0], in[1]); }),
     on({{2, 3, 5}, {3, 1, 2}},
        [](const auto& in) { return conv1d(in[0], in[1], {.stride = 3, .groups = 3}); })});

template <class T>
Variable<T> conv1d(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const std::type_identity_t<Variable<T>>& bias,
    const Conv1dOptions& options,
    Where where) {
    return checked_convolution(form_1d, "conv1d", x, weight, bias, options, where);
}

static const Op conv2d_op(
    "conv2d",
    {on({{2, 2, 4, 5}, {3, 2, 2, 3}, {3}},
        [](const auto& in) {
            return conv2d(in[0], in[1], in[2], {.padding = {0, 2}});
        }),
     on({{1, 2, 5, 6}, {2, 2, 3, 2}},
        [](const auto& in) {
            return conv2d(in[0], in[1], {.stride = {2, 3}, .padding = {1, 0}, .dilation = {1, 2}});
        }),
     on({{2, 3, 2, 3}, {2, 3, 1, 1}}, [](const auto& in) { return conv2d(in[0], in[1]); }),
     on({{1, 4, 3, 3}, {4, 2, 2, 2}},
        [](const auto& in) {
            return conv2d(in[0], in[1], {.stride = 2, .padding = 1, .groups = 2});
        }),
     on({{1, 2, 4, 3}, {4, 1, 3, 3}, {4}},
        [](const auto& in) { return conv2d(in[0], in[1], in[2], {.padding = 1, .groups = 2}); })});

template <class T>
Variable<T> conv2d(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const std::type_identity_t<Variable<T>>& bias,
    const Conv2dOptions& options,
    Where where) {
    return checked_convolution(form_2d, "conv2d", x, weight, bias, options, where);
}

static const Op conv_transpose1d_op(
    "conv_transpose1d",
    {on({{2, 2, 4}, {2, 3, 3}}, [](const auto& in) { return conv_transpose1d(in[0], in[1]); }),
     on({{2, 4, 3}, {4, 3, 3}, {6}},
        [](const auto& in) {
            return conv_transpose1d(
                in[0],
                in[1],
                in[2],
                {.stride = 3, .padding = 2, .output_padding = 1, .dilation = 2, .groups = 2});
        }),
     on({{1, 2, 3}, {2, 2, 2}}, [](const auto& in) {
         return conv_transpose1d(in[0], in[1], {.stride = 3, .output_padding = 2});
     })});

template <class T>
Variable<T> conv_transpose1d(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const std::type_identity_t<Variable<T>>& bias,
    const ConvTranspose1dOptions& options,
    Where where) {
    return checked_transpose(form_1d, "conv_transpose1d", x, weight, bias, options, where);
}

static const Op conv_transpose2d_op(
    "conv_transpose2d",
    {on({{2, 2, 3, 2}, {2, 3, 2, 3}, {3}},
        [](const auto& in) {
            return conv_transpose2d(in[0], in[1], in[2], {.padding = {0, 1}});
        }),
     on({{1, 4, 2, 3}, {4, 1, 3, 2}},
        [](const auto& in) {
            return conv_transpose2d(
                in[0],
                in[1],
                {.stride = {2, 3},
                 .padding = {1, 0},
                 .output_padding = {1, 2},
                 .dilation = {1, 2},
                 .groups = 4});
        }),
     on({{1, 2, 2, 2}, {2, 2, 1, 1}},
        [](const auto& in) { return conv_transpose2d(in[0], in[1], {.stride = 2}); })});

template <class T>
Variable<T> conv_transpose2d(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const std::type_identity_t<Variable<T>>& bias,
    const ConvTranspose2dOptions& options,
    Where where) {
    return checked_transpose(form_2d, "conv_transpose2d", x, weight, bias, options, where);
}

static const Op conv1d_weight_grad_op(
    "conv1d_weight_grad",
    {on({{2, 2, 5}, {2, 3, 3}}, [](const auto& in) { return conv1d_weight_grad(in[0], in[1], 3); }),
     on({{2, 4, 6}, {2, 2, 3}}, [](const auto& in) {
         return conv1d_weight_grad(
             in[0], in[1], 3, {.stride = 2, .padding = 1, .dilation = 1, .groups = 2});
     })});

template <class T>
Variable<T> conv1d_weight_grad(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& g,
    std::size_t kernel,
    const Conv1dOptions& options,
    Where where) {
    const auto shape =
        request_of("conv1d_weight_grad", options).weight(x.shape(), g.shape(), {kernel});
    return weight_grad(form_1d, shape, x, g, where);
}

static const Op conv2d_weight_grad_op(
    "conv2d_weight_grad",
    {on({{2, 2, 4, 3}, {2, 3, 3, 3}},
        [](const auto& in) {
            return conv2d_weight_grad(in[0], in[1], {2, 1});
        }),
     on({{1, 2, 5, 5}, {1, 2, 3, 1}}, [](const auto& in) {
         return conv2d_weight_grad(
             in[0],
             in[1],
             {3, 2},
             {.stride = {2, 3}, .padding = {1, 0}, .dilation = {1, 3}, .groups = 2});
     })});

template <class T>
Variable<T> conv2d_weight_grad(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& g,
    RowsColumns kernel,
    const Conv2dOptions& options,
    Where where) {
    const auto shape = request_of("conv2d_weight_grad", options)
                           .weight(x.shape(), g.shape(), {kernel.rows, kernel.columns});
    return weight_grad(form_2d, shape, x, g, where);
}

namespace {
const detail::ConvolutionForm form_1d{conv1d_op, conv_transpose1d_op, conv1d_weight_grad_op, 1};
const detail::ConvolutionForm form_2d{conv2d_op, conv_transpose2d_op, conv2d_weight_grad_op, 2};
}  // namespace

template <class T>
Variable<T> conv1d(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const Conv1dOptions& options,
    Where where) {
    return conv1d(x, weight, {}, options, where);
}
template Variable<float> conv1d(
    const Variable<float>&, const Variable<float>&, const Conv1dOptions&, Where);
template Variable<float> conv1d(
    const Variable<float>&,
    const Variable<float>&,
    const Variable<float>&,
    const Conv1dOptions&,
    Where);
template Variable<double> conv1d(
    const Variable<double>&, const Variable<double>&, const Conv1dOptions&, Where);
template Variable<double> conv1d(
    const Variable<double>&,
    const Variable<double>&,
    const Variable<double>&,
    const Conv1dOptions&,
    Where);

template <class T>
Variable<T> conv2d(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const Conv2dOptions& options,
    Where where) {
    return conv2d(x, weight, {}, options, where);
}
template Variable<float> conv2d(
    const Variable<float>&, const Variable<float>&, const Conv2dOptions&, Where);
template Variable<float> conv2d(
    const Variable<float>&,
    const Variable<float>&,
    const Variable<float>&,
    const Conv2dOptions&,
    Where);
template Variable<double> conv2d(
    const Variable<double>&, const Variable<double>&, const Conv2dOptions&, Where);
template Variable<double> conv2d(
    const Variable<double>&,
    const Variable<double>&,
    const Variable<double>&,
    const Conv2dOptions&,
    Where);

template <class T>
Variable<T> conv_transpose1d(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const ConvTranspose1dOptions& options,
    Where where) {
    return conv_transpose1d(x, weight, {}, options, where);
}
template Variable<float> conv_transpose1d(
    const Variable<float>&, const Variable<float>&, const ConvTranspose1dOptions&, Where);
template Variable<float> conv_transpose1d(
    const Variable<float>&,
    const Variable<float>&,
    const Variable<float>&,
    const ConvTranspose1dOptions&,
    Where);
template Variable<double> conv_transpose1d(
    const Variable<double>&, const Variable<double>&, const ConvTranspose1dOptions&, Where);
template Variable<double> conv_transpose1d(
    const Variable<double>&,
    const Variable<double>&,
    const Variable<double>&,
    const ConvTranspose1dOptions&,
    Where);

template <class T>
Variable<T> conv_transpose2d(
    const Variable<T>& x,
    const std::type_identity_t<Variable<T>>& weight,
    const ConvTranspose2dOptions& options,
    Where where) {
    return conv_transpose2d(x, weight, {}, options, where);
}
template Variable<float> conv_transpose2d(
    const Variable<float>&, const Variable<float>&, const ConvTranspose2dOptions&, Where);
template Variable<float> conv_transpose2d(
    const Variable<float>&,
    const Variable<float>&,
    const Variable<float>&,
    const ConvTranspose2dOptions&,
    Where);
template Variable<double> conv_transpose2d(
    const Variable<double>&, const Variable<double>&, const ConvTranspose2dOptions&, Where);
template Variable<double> conv_transpose2d(
    const Variable<double>&,
    const Variable<double>&,
    const Variable<double>&,
    const ConvTranspose2dOptions&,
    Where);

template Variable<float> conv1d_weight_grad(
    const Variable<float>&, const Variable<float>&, std::size_t, const Conv1dOptions&, Where);
template Variable<double> conv1d_weight_grad(
    const Variable<double>&, const Variable<double>&, std::size_t, const Conv1dOptions&, Where);
template Variable<float> conv2d_weight_grad(
    const Variable<float>&, const Variable<float>&, RowsColumns, const Conv2dOptions&, Where);
template Variable<double> conv2d_weight_grad(
    const Variable<double>&, const Variable<double>&, RowsColumns, const Conv2dOptions&, Where);

}  // namespace xgrad
