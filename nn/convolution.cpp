#include <autograd/fail.hpp>
#include <nn/convolution.hpp>
#include <nn/rng.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad::nn {

namespace {

void check(
    const char* layer,
    std::size_t in,
    std::size_t out,
    RowsColumns kernel,
    RowsColumns stride,
    RowsColumns dilation,
    std::size_t groups) {
    const bool some = in > 0 && out > 0 && kernel.rows > 0 && kernel.columns > 0 &&
                      stride.rows > 0 && stride.columns > 0 && dilation.rows > 0 &&
                      dilation.columns > 0;
    if (!some) {
        fail<std::invalid_argument>(
            "{}: in {}, out {}, kernel ({}, {}), stride ({}, {}), dilation ({}, {}); all need at "
            "least 1",
            layer,
            in,
            out,
            kernel.rows,
            kernel.columns,
            stride.rows,
            stride.columns,
            dilation.rows,
            dilation.columns);
    }
    if (groups == 0 || in % groups != 0 || out % groups != 0) {
        fail<std::invalid_argument>(
            "{}: {} groups for {} to {} channels; groups must divide both", layer, groups, in, out);
    }
}

// The initializer's, or normal with variance 2 / terms.
template <class T>
Array<T> first_weight(
    const char* layer,
    const Shape& shape,
    double terms,
    Rng& rng,
    const init::Initializer<T>& weight_init) {
    Array<T> first = weight_init ? weight_init(shape, rng)
                                 : init::normal<T>(shape, rng, std::sqrt(2 / std::max(1.0, terms)));
    if (first.shape() != shape) {
        fail<ShapeError>(
            "{}: the initializer made shape {}; the weight is {}", layer, first.shape(), shape);
    }
    return first;
}

template <class T>
void check_input(const Module<T>& layer, const Variable<T>& x, std::size_t rank, std::size_t in) {
    if (x.rank() != rank || x.shape()[1] != in) {
        fail<ShapeError>(
            "{}: x has shape {}; need (N, {}, {})",
            layer.describe(),
            x.shape(),
            in,
            rank == 3 ? "length" : "rows, columns");
    }
}

std::string text_of(RowsColumns n) {
    return n.rows == n.columns ? fmt::format("{}", n.rows)
                               : fmt::format("({}, {})", n.rows, n.columns);
}

// What differs from the default, for describe().
std::string text_of(
    RowsColumns stride, RowsColumns padding, RowsColumns dilation, std::size_t groups, bool bias) {
    std::string text;
    if (stride.rows != 1 || stride.columns != 1)
        text += ", stride " + text_of(stride);
    if (padding.rows != 0 || padding.columns != 0)
        text += ", padding " + text_of(padding);
    if (dilation.rows != 1 || dilation.columns != 1)
        text += ", dilation " + text_of(dilation);
    if (groups != 1)
        text += fmt::format(", groups {}", groups);
    return text + (bias ? "" : ", no bias");
}

std::size_t product(const Shape& shape, std::size_t from) {
    std::size_t n = 1;
    for (std::size_t i = from; i < shape.size(); ++i)
        n *= shape[i];
    return n;
}

}  // namespace

template <class T>
Conv1d<T>::Conv1d(
    std::size_t in,
    std::size_t out,
    std::size_t kernel,
    Rng& rng,
    Conv1dOptions options,
    bool with_bias,
    const init::Initializer<T>& weight_init)
    : options_(options) {
    check("Conv1d", in, out, kernel, options.stride, options.dilation, options.groups);
    const Shape shape{out, in / options.groups, kernel};
    const double terms = double(product(shape, 1));
    this->weight = this->register_parameter(
        "weight", first_weight<T>("Conv1d", shape, terms, rng, weight_init));
    if (with_bias)
        this->bias = this->register_parameter("bias", init::zeros<T>({out}), false);
}

template <class T>
Variable<T> Conv1d<T>::forward_with(
    const Variable<T>& x, const Variable<T>& w, const Variable<T>& b) const {
    check_input(*this, x, 3, this->weight.shape()[1] * options_.groups);
    return conv1d(x, w, b, options_);
}

template <class T>
std::string Conv1d<T>::describe() const {
    const Shape& shape = this->weight.shape();
    return fmt::format(
        "Conv1d({}, {}, {}{})",
        shape[1] * options_.groups,
        shape[0],
        text_of(shape[2]),
        text_of(
            options_.stride,
            options_.padding,
            options_.dilation,
            options_.groups,
            this->bias.defined()));
}

template <class T>
std::size_t Conv1d<T>::multiply_adds(const Shape&, const Shape& y) const {
    return count(y) * product(this->weight.shape(), 1);
}

template <class T>
void Conv1d<T>::remake(Copier& copier) const {
    const Shape& shape = this->weight.shape();
    copier.make<nn::Conv1d>(
        shape[1] * options_.groups,
        shape[0],
        shape[2],
        copier.rng(),
        options_,
        this->bias.defined());
}

template class Conv1d<float>;
template class Conv1d<double>;

template <class T>
Conv2d<T>::Conv2d(
    std::size_t in,
    std::size_t out,
    RowsColumns kernel,
    Rng& rng,
    Conv2dOptions options,
    bool with_bias,
    const init::Initializer<T>& weight_init)
    : options_(options) {
    check("Conv2d", in, out, kernel, options.stride, options.dilation, options.groups);
    const Shape shape{out, in / options.groups, kernel.rows, kernel.columns};
    const double terms = double(product(shape, 1));
    this->weight = this->register_parameter(
        "weight", first_weight<T>("Conv2d", shape, terms, rng, weight_init));
    if (with_bias)
        this->bias = this->register_parameter("bias", init::zeros<T>({out}), false);
}

template <class T>
Variable<T> Conv2d<T>::forward_with(
    const Variable<T>& x, const Variable<T>& w, const Variable<T>& b) const {
    check_input(*this, x, 4, this->weight.shape()[1] * options_.groups);
    return conv2d(x, w, b, options_);
}

template <class T>
std::string Conv2d<T>::describe() const {
    const Shape& shape = this->weight.shape();
    return fmt::format(
        "Conv2d({}, {}, {}{})",
        shape[1] * options_.groups,
        shape[0],
        text_of(RowsColumns(shape[2], shape[3])),
        text_of(
            options_.stride,
            options_.padding,
            options_.dilation,
            options_.groups,
            this->bias.defined()));
}

template <class T>
std::size_t Conv2d<T>::multiply_adds(const Shape&, const Shape& y) const {
    return count(y) * product(this->weight.shape(), 1);
}

template <class T>
void Conv2d<T>::remake(Copier& copier) const {
    const Shape& shape = this->weight.shape();
    copier.make<nn::Conv2d>(
        shape[1] * options_.groups,
        shape[0],
        RowsColumns(shape[2], shape[3]),
        copier.rng(),
        options_,
        this->bias.defined());
}

template class Conv2d<float>;
template class Conv2d<double>;

template <class T>
ConvTranspose1d<T>::ConvTranspose1d(
    std::size_t in,
    std::size_t out,
    std::size_t kernel,
    Rng& rng,
    ConvTranspose1dOptions options,
    bool with_bias,
    const init::Initializer<T>& weight_init)
    : options_(options) {
    check("ConvTranspose1d", in, out, kernel, options.stride, options.dilation, options.groups);
    const Shape shape{in, out / options.groups, kernel};
    const double terms = double(in / options.groups * kernel) / double(options.stride);
    this->weight = this->register_parameter(
        "weight", first_weight<T>("ConvTranspose1d", shape, terms, rng, weight_init));
    if (with_bias)
        this->bias = this->register_parameter("bias", init::zeros<T>({out}), false);
}

template <class T>
Variable<T> ConvTranspose1d<T>::forward_with(
    const Variable<T>& x, const Variable<T>& w, const Variable<T>& b) const {
    check_input(*this, x, 3, this->weight.shape()[0]);
    return conv_transpose1d(x, w, b, options_);
}

template <class T>
std::string ConvTranspose1d<T>::describe() const {
    const Shape& shape = this->weight.shape();
    return fmt::format(
        "ConvTranspose1d({}, {}, {}{})",
        shape[0],
        shape[1] * options_.groups,
        text_of(shape[2]),
        text_of(
            options_.stride,
            options_.padding,
            options_.dilation,
            options_.groups,
            this->bias.defined()));
}

template <class T>
std::size_t ConvTranspose1d<T>::multiply_adds(const Shape& x, const Shape&) const {
    return count(x) * product(this->weight.shape(), 1);
}

template <class T>
void ConvTranspose1d<T>::remake(Copier& copier) const {
    const Shape& shape = this->weight.shape();
    copier.make<nn::ConvTranspose1d>(
        shape[0],
        shape[1] * options_.groups,
        shape[2],
        copier.rng(),
        options_,
        this->bias.defined());
}

template class ConvTranspose1d<float>;
template class ConvTranspose1d<double>;

template <class T>
ConvTranspose2d<T>::ConvTranspose2d(
    std::size_t in,
    std::size_t out,
    RowsColumns kernel,
    Rng& rng,
    ConvTranspose2dOptions options,
    bool with_bias,
    const init::Initializer<T>& weight_init)
    : options_(options) {
    check("ConvTranspose2d", in, out, kernel, options.stride, options.dilation, options.groups);
    const Shape shape{in, out / options.groups, kernel.rows, kernel.columns};
    const double terms = double(in / options.groups * (kernel.rows * kernel.columns)) /
                         double((options.stride.rows * options.stride.columns));
    this->weight = this->register_parameter(
        "weight", first_weight<T>("ConvTranspose2d", shape, terms, rng, weight_init));
    if (with_bias)
        this->bias = this->register_parameter("bias", init::zeros<T>({out}), false);
}

template <class T>
Variable<T> ConvTranspose2d<T>::forward_with(
    const Variable<T>& x, const Variable<T>& w, const Variable<T>& b) const {
    check_input(*this, x, 4, this->weight.shape()[0]);
    return conv_transpose2d(x, w, b, options_);
}

template <class T>
std::string ConvTranspose2d<T>::describe() const {
    const Shape& shape = this->weight.shape();
    return fmt::format(
        "ConvTranspose2d({}, {}, {}{})",
        shape[0],
        shape[1] * options_.groups,
        text_of(RowsColumns(shape[2], shape[3])),
        text_of(
            options_.stride,
            options_.padding,
            options_.dilation,
            options_.groups,
            this->bias.defined()));
}

template <class T>
std::size_t ConvTranspose2d<T>::multiply_adds(const Shape& x, const Shape&) const {
    return count(x) * product(this->weight.shape(), 1);
}

template <class T>
void ConvTranspose2d<T>::remake(Copier& copier) const {
    const Shape& shape = this->weight.shape();
    copier.make<nn::ConvTranspose2d>(
        shape[0],
        shape[1] * options_.groups,
        RowsColumns(shape[2], shape[3]),
        copier.rng(),
        options_,
        this->bias.defined());
}

template class ConvTranspose2d<float>;
template class ConvTranspose2d<double>;

}  // namespace xgrad::nn
