#include <autograd/fail.hpp>
#include <autograd/noise.hpp>
#include <nn/layers.hpp>
#include <ops/activation.hpp>
#include <ops/elementwise.hpp>
#include <ops/linalg.hpp>
#include <ops/shape.hpp>

namespace xgrad::nn {

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
    weight = this->register_parameter("weight", std::move(first));
    if (with_bias)
        bias = this->register_parameter("bias", init::zeros<T>({out}), false);
}

template <class T>
Variable<T> Dense<T>::forward(const Variable<T>& x) {
    if (x.rank() == 0 || x.shape().back() != weight.shape()[1]) {
        fail<ShapeError>(
            "Dense({}, {}): x has shape {}; need (..., {})",
            weight.shape()[1],
            weight.shape()[0],
            x.shape(),
            weight.shape()[1]);
    }
    return linear(x, weight, bias);
}

template <class T>
std::string Dense<T>::describe() const {
    return fmt::format(
        "Dense({}, {}{})", weight.shape()[1], weight.shape()[0], bias.defined() ? "" : ", no bias");
}

template class Dense<float>;
template class Dense<double>;

template <class T>
Dropout<T>::Dropout(double keep_prob, Rng& rng) : keep_prob_(keep_prob) {
    if (!(keep_prob > 0 && keep_prob <= 1)) {
        fail<std::invalid_argument>("Dropout: keep_prob is {}; need 0 < keep_prob <= 1", keep_prob);
    }
    key_ = {rng.bits64(), 0};
}

template <class T>
Variable<T> Dropout<T>::forward(const Variable<T>& x) {
    if (!this->is_training() || keep_prob_ == 1)
        return x;
    DropoutKey key = key_;
    if (!this->noise_is_frozen())
        key.stream = detail::draw_stream(key_.stream);
    return dropout(x, keep_prob_, key);
}

template <class T>
std::string Dropout<T>::describe() const {
    return fmt::format("Dropout(keep_prob {})", keep_prob_);
}

template class Dropout<float>;
template class Dropout<double>;

template <class T>
Activation<T>::Activation(std::string name, Function function)
    : name_(std::move(name)),
      function_(std::move(function)) {}

template <class T>
Variable<T> Activation<T>::forward(const Variable<T>& x) {
    return function_(x);
}

template <class T>
std::string Activation<T>::describe() const {
    return name_;
}

template class Activation<float>;
template class Activation<double>;

template <class T>
Activation<T> Relu() {
    return {"Relu", [](const Variable<T>& x) { return relu(x); }};
}
template <class T>
Activation<T> LeakyRelu(double slope) {
    return {fmt::format("LeakyRelu({})", slope), [slope](const Variable<T>& x) {
                return leaky_relu(x, slope);
            }};
}
template <class T>
Activation<T> Elu(double alpha) {
    return {fmt::format("Elu({})", alpha), [alpha](const Variable<T>& x) { return elu(x, alpha); }};
}
template <class T>
Activation<T> Gelu() {
    return {"Gelu", [](const Variable<T>& x) { return gelu(x); }};
}
template <class T>
Activation<T> Silu() {
    return {"Silu", [](const Variable<T>& x) { return silu(x); }};
}
template <class T>
Activation<T> Softplus() {
    return {"Softplus", [](const Variable<T>& x) { return softplus(x); }};
}
template <class T>
Activation<T> Sigmoid() {
    return {"Sigmoid", [](const Variable<T>& x) { return sigmoid(x); }};
}
template <class T>
Activation<T> Tanh() {
    return {"Tanh", [](const Variable<T>& x) { return tanh(x); }};
}
template <class T>
Activation<T> Flatten() {
    return {"Flatten", [](const Variable<T>& x) { return x.rank() > 2 ? flatten(x, 1) : x; }};
}

template Activation<float> Relu();
template Activation<double> Relu();
template Activation<float> LeakyRelu(double);
template Activation<double> LeakyRelu(double);
template Activation<float> Elu(double);
template Activation<double> Elu(double);
template Activation<float> Gelu();
template Activation<double> Gelu();
template Activation<float> Silu();
template Activation<double> Silu();
template Activation<float> Softplus();
template Activation<double> Softplus();
template Activation<float> Sigmoid();
template Activation<double> Sigmoid();
template Activation<float> Tanh();
template Activation<double> Tanh();
template Activation<float> Flatten();
template Activation<double> Flatten();

template <class T>
Sequential<T>& Sequential<T>::add(std::shared_ptr<Module<T>> module) {
    this->register_module(std::to_string(this->children().size()), std::move(module));
    return *this;
}

template <class T>
Variable<T> Sequential<T>::forward(const Variable<T>& x) {
    Variable<T> y = x;
    for (const auto& [name, layer] : this->children()) {
        try {
            y = (*layer)(y);
        } catch (const ShapeError& error) {
            throw ShapeError("layer " + name + ": " + error.what());
        }
    }
    return y;
}

template <class T>
std::string Sequential<T>::describe() const {
    return fmt::format("Sequential of {}", this->children().size());
}

template class Sequential<float>;
template class Sequential<double>;

}  // namespace xgrad::nn
