#include <autograd/record.hpp>
#include <ops/convolution_call.hpp>
#include <ops/convolution_form.hpp>
#include <ops/reduce.hpp>

namespace xgrad::detail {
namespace {

template <class T>
const T* data_of(const Variable<T>& bias) {
    return bias.defined() ? bias.value().data() : nullptr;
}

// The share of a bias: g summed over all axes but the channels.
template <class T>
Recording<T> with_bias(Recording<T> recording, const Variable<T>& bias, std::size_t spatial) {
    if (!bias.defined())
        return recording;
    return std::move(recording).wrt(bias, [spatial](const Variable<T>& g) {
        return sum(g, spatial == 1 ? Axes{0, 2} : Axes{0, 2, 3});
    });
}

}  // namespace

// y = x * w.  dx = the transpose of g with w, dw = weight_grad(x, g).
template <class T>
Variable<T> convolution(
    const ConvolutionForm& form,
    const ConvolutionShape& shape,
    const Variable<T>& x,
    const Variable<T>& w,
    const Variable<T>& bias,
    Where where) {
    Array<T> y = empty<T>(y_shape(shape, form.spatial));
    convolve(shape, x.value().data(), w.value().data(), data_of(bias), y.data());
    return with_bias(
        record(form.convolution, std::move(y), where)
            .wrt(
                x,
                [&form, shape, w = keep(w)](const Variable<T>& g) {
                    return transposed<T>(form, shape, g, *w, {}, Where::current());
                })
            .wrt(
                w,
                [&form, shape, x = keep(x)](const Variable<T>& g) {
                    return weight_grad<T>(form, shape, *x, g, Where::current());
                }),
        bias,
        form.spatial);
}

// x = the transpose of y with w.  dy = g * w, dw = weight_grad(g, y).
template <class T>
Variable<T> transposed(
    const ConvolutionForm& form,
    const ConvolutionShape& shape,
    const Variable<T>& y,
    const Variable<T>& w,
    const Variable<T>& bias,
    Where where) {
    Array<T> x = empty<T>(x_shape(shape, form.spatial));
    convolve_transposed(shape, y.value().data(), w.value().data(), data_of(bias), x.data());
    return with_bias(
        record(form.transpose, std::move(x), where)
            .wrt(
                y,
                [&form, shape, w = keep(w)](const Variable<T>& g) {
                    return convolution<T>(form, shape, g, *w, {}, Where::current());
                })
            .wrt(
                w,
                [&form, shape, y = keep(y)](const Variable<T>& g) {
                    return weight_grad<T>(form, shape, g, *y, Where::current());
                }),
        bias,
        form.spatial);
}

// w = weight_grad(x, y).  dx = the transpose of y with g, dy = x * g.
template <class T>
Variable<T> weight_grad(
    const ConvolutionForm& form,
    const ConvolutionShape& shape,
    const Variable<T>& x,
    const Variable<T>& y,
    Where where) {
    Array<T> w = empty<T>(weight_shape(shape, form.spatial));
    convolve_weight(shape, x.value().data(), y.value().data(), w.data());
    return record(form.weight_grad, std::move(w), where)
        .wrt(
            x,
            [&form, shape, y = keep(y)](const Variable<T>& g) {
                return transposed<T>(form, shape, *y, g, {}, Where::current());
            })
        .wrt(y, [&form, shape, x = keep(x)](const Variable<T>& g) {
            return convolution<T>(form, shape, *x, g, {}, Where::current());
        });
}

template Variable<float> convolution(
    const ConvolutionForm&,
    const ConvolutionShape&,
    const Variable<float>&,
    const Variable<float>&,
    const Variable<float>&,
    Where);
template Variable<float> transposed(
    const ConvolutionForm&,
    const ConvolutionShape&,
    const Variable<float>&,
    const Variable<float>&,
    const Variable<float>&,
    Where);
template Variable<float> weight_grad(
    const ConvolutionForm&,
    const ConvolutionShape&,
    const Variable<float>&,
    const Variable<float>&,
    Where);
template Variable<double> convolution(
    const ConvolutionForm&,
    const ConvolutionShape&,
    const Variable<double>&,
    const Variable<double>&,
    const Variable<double>&,
    Where);
template Variable<double> transposed(
    const ConvolutionForm&,
    const ConvolutionShape&,
    const Variable<double>&,
    const Variable<double>&,
    const Variable<double>&,
    Where);
template Variable<double> weight_grad(
    const ConvolutionForm&,
    const ConvolutionShape&,
    const Variable<double>&,
    const Variable<double>&,
    Where);

}  // namespace xgrad::detail
