#include <autograd/fail.hpp>
#include <nn/dense.hpp>
#include <nn/rng.hpp>
#include <ops/arithmetic.hpp>
#include <ops/contraction.hpp>
#include <ops/linalg.hpp>
#include <ops/operators.hpp>
#include <ops/pick.hpp>
#include <ops/reduce.hpp>
#include <ops/shape.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad::nn {

template <class T>
Variable<T> WeightedLayer<T>::forward(const Variable<T>& x) {
    return forward_with(x, weight, bias);
}

template <class T>
Variable<T> WeightedLayer<T>::call_with(
    const Variable<T>& x, const Variable<T>& w, const Variable<T>& b) {
    return this->call(x, [&](const Variable<T>& in) { return forward_with(in, w, b); });
}

template class WeightedLayer<float>;
template class WeightedLayer<double>;

template <class T>
Dense<T>::Dense(
    std::size_t in,
    std::size_t out,
    Rng& rng,
    bool with_bias,
    const init::Initializer<T>& weight_init) {
    if (in == 0 || out == 0) {
        fail<std::invalid_argument>("Dense: in is {}, out is {}; both need at least 1", in, out);
    }
    Array<T> first = weight_init ? weight_init({out, in}, rng) : init::he_normal<T>({out, in}, rng);
    if (first.shape() != Shape{out, in}) {
        fail<ShapeError>(
            "Dense: the initializer made shape {}; the weight is ({}, {})", first.shape(), out, in);
    }
    this->weight = this->register_parameter("weight", std::move(first));
    if (with_bias)
        this->bias = this->register_parameter("bias", init::zeros<T>({out}), false);
}

template <class T>
Variable<T> Dense<T>::forward_with(
    const Variable<T>& x, const Variable<T>& w, const Variable<T>& b) const {
    if (x.rank() == 0 || x.shape().back() != w.shape()[1]) {
        fail<ShapeError>("{}: x has shape {}; need (..., {})", describe(), x.shape(), w.shape()[1]);
    }
    return linear(x, w, b);
}

template <class T>
std::string Dense<T>::describe() const {
    const Shape& shape = this->weight.shape();
    return fmt::format(
        "Dense({}, {}{})", shape[1], shape[0], this->bias.defined() ? "" : ", no bias");
}

template <class T>
std::size_t Dense<T>::multiply_adds(const Shape&, const Shape& y) const {
    return count(y) * this->weight.shape()[1];
}

template <class T>
void Dense<T>::remake(Copier& copier) const {
    const Shape& shape = this->weight.shape();
    copier.make<nn::Dense>(shape[1], shape[0], copier.rng(), this->bias.defined());
}

template class Dense<float>;
template class Dense<double>;

template <class T>
Bilinear<T>::Bilinear(std::size_t in1, std::size_t in2, std::size_t out, Rng& rng, bool with_bias) {
    if (in1 == 0 || in2 == 0 || out == 0) {
        fail<std::invalid_argument>(
            "Bilinear: in1 is {}, in2 is {}, out is {}; all need at least 1", in1, in2, out);
    }
    weight = this->register_parameter("weight", init::lecun_normal<T>({out, in1, in2}, rng));
    if (with_bias)
        bias = this->register_parameter("bias", init::zeros<T>({out}), false);
}

template <class T>
Variable<T> Bilinear<T>::forward(const Variable<T>& a, const Variable<T>& b) {
    const std::size_t in1 = weight.shape()[1], in2 = weight.shape()[2];
    if (a.rank() == 0 || a.rank() != b.rank() || a.shape().back() != in1 ||
        b.shape().back() != in2 ||
        !std::equal(a.shape().begin(), a.shape().end() - 1, b.shape().begin())) {
        fail<ShapeError>(
            "{}: a has shape {}, b {}; need (..., {}) and (..., {})",
            describe(),
            a.shape(),
            b.shape(),
            in1,
            in2);
    }
    Shape shape = a.shape();
    shape.back() = weight.shape()[0];
    const std::size_t rows = a.size() / in1;
    const Variable<T> y = einsum(
        "ni,kij,nj->nk", std::vector{reshape(a, {rows, in1}), weight, reshape(b, {rows, in2})});
    return reshape(bias.defined() ? y + bias : y, shape);
}

template <class T>
Variable<T> Bilinear<T>::forward(const Variable<T>& x) {
    const std::size_t in1 = weight.shape()[1], in2 = weight.shape()[2];
    if (x.rank() == 0 || x.shape().back() != in1 + in2) {
        fail<ShapeError>("{}: x has shape {}; need (..., {})", describe(), x.shape(), in1 + in2);
    }
    return forward(slice(x, -1, 0, in1), slice(x, -1, in1, in1 + in2));
}

template <class T>
std::string Bilinear<T>::describe() const {
    const Shape& shape = weight.shape();
    return fmt::format(
        "Bilinear({}, {}, {}{})", shape[1], shape[2], shape[0], bias.defined() ? "" : ", no bias");
}

template <class T>
std::size_t Bilinear<T>::multiply_adds(const Shape&, const Shape& y) const {
    return count(y) * weight.shape()[1] * (weight.shape()[2] + 1);
}

template <class T>
void Bilinear<T>::remake(Copier& copier) const {
    const Shape& shape = weight.shape();
    copier.make<nn::Bilinear>(shape[1], shape[2], shape[0], copier.rng(), bias.defined());
}

template class Bilinear<float>;
template class Bilinear<double>;

template <class T>
Maxout<T>::Maxout(std::size_t in, std::size_t out, std::size_t pieces, Rng& rng) : pieces_(pieces) {
    if (in == 0 || out == 0 || pieces == 0) {
        fail<std::invalid_argument>(
            "Maxout: in is {}, out is {}, pieces is {}; all need at least 1", in, out, pieces);
    }
    weight = this->register_parameter("weight", init::lecun_normal<T>({out * pieces, in}, rng));
    bias = this->register_parameter("bias", init::zeros<T>({out * pieces}), false);
}

template <class T>
Variable<T> Maxout<T>::forward(const Variable<T>& x) {
    if (x.rank() == 0 || x.shape().back() != weight.shape()[1]) {
        fail<ShapeError>(
            "{}: x has shape {}; need (..., {})", describe(), x.shape(), weight.shape()[1]);
    }
    Shape shape = x.shape();
    shape.back() = weight.shape()[0] / pieces_;
    shape.push_back(pieces_);
    return max(reshape(linear(x, weight, bias), shape), Axes{-1});
}

template <class T>
std::string Maxout<T>::describe() const {
    const Shape& shape = weight.shape();
    return fmt::format("Maxout({}, {}, pieces {})", shape[1], shape[0] / pieces_, pieces_);
}

template <class T>
std::size_t Maxout<T>::multiply_adds(const Shape&, const Shape& y) const {
    return count(y) * pieces_ * weight.shape()[1];
}

template <class T>
void Maxout<T>::remake(Copier& copier) const {
    const Shape& shape = weight.shape();
    copier.make<nn::Maxout>(shape[1], shape[0] / pieces_, pieces_, copier.rng());
}

template class Maxout<float>;
template class Maxout<double>;

template <class T>
Scale<T>::Scale(const Shape& shape, bool with_bias) {
    weight = this->register_parameter("weight", init::constant<T>(shape, 1), false);
    if (with_bias)
        bias = this->register_parameter("bias", init::zeros<T>(shape), false);
}

template <class T>
Variable<T> Scale<T>::forward(const Variable<T>& x) {
    const Shape& shape = weight.shape();
    if (x.rank() < shape.size() || !std::equal(shape.rbegin(), shape.rend(), x.shape().rbegin()))
        fail<ShapeError>("{}: x has shape {}; it must end in {}", describe(), x.shape(), shape);
    const Variable<T> y = x * weight;
    return bias.defined() ? y + bias : y;
}

template <class T>
std::string Scale<T>::describe() const {
    return fmt::format("Scale({}{})", weight.shape(), bias.defined() ? "" : ", no bias");
}

template <class T>
void Scale<T>::remake(Copier& copier) const {
    copier.make<nn::Scale>(weight.shape(), bias.defined());
}

template class Scale<float>;
template class Scale<double>;

template <class T>
Embedding<T>::Embedding(
    std::size_t rows, std::size_t width, Rng& rng, std::optional<std::int64_t> padding_idx)
    : padding_idx_(padding_idx) {
    if (rows == 0 || width == 0) {
        fail<std::invalid_argument>(
            "Embedding: rows is {}, width is {}; both need at least 1", rows, width);
    }
    if (padding_idx && (*padding_idx < 0 || *padding_idx >= static_cast<std::int64_t>(rows))) {
        fail<std::invalid_argument>(
            "Embedding: padding_idx is {}; it must be one of {} rows", *padding_idx, rows);
    }
    Array<T> first = init::normal<T>({rows, width}, rng);
    if (padding_idx)
        std::fill_n(first.data() + *padding_idx * static_cast<std::ptrdiff_t>(width), width, T(0));
    weight = this->register_parameter("weight", std::move(first));
}

template <class T>
Variable<T> Embedding<T>::look_up(const Array<std::int64_t>& indices) const {
    return embedding(indices, weight, padding_idx_);
}

template <class T>
Variable<T> Embedding<T>::forward(const Variable<T>& x) {
    Array<std::int64_t> indices = empty<std::int64_t>(x.shape());
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double value = x.value().data()[i];
        // Beyond 2^53 a double is no index; the comparison is false for NaN.
        if (!(std::abs(value) <= 0x1p53 && value == std::floor(value))) {
            fail<IndexError>(
                "{}: the index {} at {} is no whole number; need 0 to {}",
                describe(),
                value,
                index_string(i, x.shape()),
                weight.shape()[0] - 1);
        }
        indices.data()[i] = static_cast<std::int64_t>(value);
    }
    return look_up(indices);
}

template <class T>
std::string Embedding<T>::describe() const {
    return fmt::format(
        "Embedding({}, {}{})",
        weight.shape()[0],
        weight.shape()[1],
        padding_idx_ ? fmt::format(", padding {}", *padding_idx_) : "");
}

template <class T>
void Embedding<T>::remake(Copier& copier) const {
    copier.make<nn::Embedding>(weight.shape()[0], weight.shape()[1], copier.rng(), padding_idx_);
}

template class Embedding<float>;
template class Embedding<double>;

}  // namespace xgrad::nn
