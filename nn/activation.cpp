#include <autograd/fail.hpp>
#include <nn/activation.hpp>
#include <nn/init.hpp>
#include <ops/activation.hpp>
#include <ops/elementwise.hpp>
#include <ops/hard_activation.hpp>
#include <ops/shape.hpp>
#include <ops/smooth_activation.hpp>
#include <ops/softmax.hpp>

namespace xgrad::nn {

template <class T>
Variable<T> Lambda<T>::forward(const Variable<T>& x) {
    if constexpr (std::is_same_v<T, float>) {
        return in_float_(x);
    } else {
        return in_double_(x);
    }
}

template <class T>
std::string Lambda<T>::describe() const {
    return name_;
}

template <class T>
void Lambda<T>::remake(Copier& copier) const {
    copier.build([&]<class U>(std::type_identity<U>) {
        const bool known = std::is_same_v<U, float> ? bool(in_float_) : bool(in_double_);
        if (!known) {
            fail<std::invalid_argument>(
                "clone: the function of {} takes one scalar type; make it generic, or give both",
                name_);
        }
        return std::make_shared<Lambda<U>>(name_, in_float_, in_double_);
    });
}

template class Lambda<float>;
template class Lambda<double>;

template <class T>
Lambda<T> Identity() {
    return {"Identity", [](const auto& x) { return x; }};
}
template <class T>
Lambda<T> Flatten() {
    return {"Flatten", [](const auto& x) { return x.rank() > 2 ? flatten(x, 1) : x; }};
}
template <class T>
Lambda<T> Reshape(Shape shape) {
    return {fmt::format("Reshape{}", shape), [shape](const auto& x) {
                if (x.rank() == 0)
                    fail<ShapeError>("x has shape (); need (N, ...)");
                Shape whole{x.shape()[0]};
                whole.insert(whole.end(), shape.begin(), shape.end());
                return reshape(x, whole);
            }};
}
template Lambda<float> Identity();
template Lambda<double> Identity();
template Lambda<float> Flatten();
template Lambda<double> Flatten();
template Lambda<float> Reshape(Shape);
template Lambda<double> Reshape(Shape);

template <class T>
Lambda<T> Relu() {
    return {"Relu", [](const auto& x) { return relu(x); }};
}
template <class T>
Lambda<T> Relu6() {
    return {"Relu6", [](const auto& x) { return relu6(x); }};
}
template <class T>
Lambda<T> LeakyRelu(double slope) {
    return {
        fmt::format("LeakyRelu({})", slope), [=](const auto& x) { return leaky_relu(x, slope); }};
}
template <class T>
Lambda<T> Elu(double alpha) {
    return {fmt::format("Elu({})", alpha), [=](const auto& x) { return elu(x, alpha); }};
}
template <class T>
Lambda<T> Celu(double alpha) {
    return {fmt::format("Celu({})", alpha), [=](const auto& x) { return celu(x, alpha); }};
}
template <class T>
Lambda<T> Selu() {
    return {"Selu", [](const auto& x) { return selu(x); }};
}
template <class T>
Lambda<T> Gelu() {
    return {"Gelu", [](const auto& x) { return gelu(x); }};
}
template <class T>
Lambda<T> Silu() {
    return {"Silu", [](const auto& x) { return silu(x); }};
}
template <class T>
Lambda<T> Mish() {
    return {"Mish", [](const auto& x) { return mish(x); }};
}
template <class T>
Lambda<T> Softplus() {
    return {"Softplus", [](const auto& x) { return softplus(x); }};
}
template <class T>
Lambda<T> Softsign() {
    return {"Softsign", [](const auto& x) { return softsign(x); }};
}
template <class T>
Lambda<T> Sigmoid() {
    return {"Sigmoid", [](const auto& x) { return sigmoid(x); }};
}
template <class T>
Lambda<T> LogSigmoid() {
    return {"LogSigmoid", [](const auto& x) { return log_sigmoid(x); }};
}
template <class T>
Lambda<T> Tanh() {
    return {"Tanh", [](const auto& x) { return tanh(x); }};
}
template <class T>
Lambda<T> Tanhshrink() {
    return {"Tanhshrink", [](const auto& x) { return tanhshrink(x); }};
}
template <class T>
Lambda<T> Hardtanh(double low, double high) {
    return {fmt::format("Hardtanh({}, {})", low, high), [=](const auto& x) {
                return hardtanh(x, low, high);
            }};
}
template <class T>
Lambda<T> Hardsigmoid() {
    return {"Hardsigmoid", [](const auto& x) { return hardsigmoid(x); }};
}
template <class T>
Lambda<T> Hardswish() {
    return {"Hardswish", [](const auto& x) { return hardswish(x); }};
}
template <class T>
Lambda<T> Hardshrink(double lambda) {
    return {fmt::format("Hardshrink({})", lambda), [=](const auto& x) {
                return hardshrink(x, lambda);
            }};
}
template <class T>
Lambda<T> Softshrink(double lambda) {
    return {fmt::format("Softshrink({})", lambda), [=](const auto& x) {
                return softshrink(x, lambda);
            }};
}
template <class T>
Lambda<T> Threshold(double limit, double value) {
    return {fmt::format("Threshold({}, {})", limit, value), [=](const auto& x) {
                return threshold(x, limit, value);
            }};
}
template <class T>
Lambda<T> Glu(std::ptrdiff_t axis) {
    return {fmt::format("Glu(axis {})", axis), [axis](const auto& x) { return glu(x, axis); }};
}
template <class T>
Lambda<T> Softmax(std::ptrdiff_t axis) {
    return {
        fmt::format("Softmax(axis {})", axis), [axis](const auto& x) { return softmax(x, axis); }};
}
template <class T>
Lambda<T> LogSoftmax(std::ptrdiff_t axis) {
    return {fmt::format("LogSoftmax(axis {})", axis), [axis](const auto& x) {
                return log_softmax(x, axis);
            }};
}

template Lambda<float> Relu();
template Lambda<double> Relu();
template Lambda<float> Relu6();
template Lambda<double> Relu6();
template Lambda<float> LeakyRelu(double);
template Lambda<double> LeakyRelu(double);
template Lambda<float> Elu(double);
template Lambda<double> Elu(double);
template Lambda<float> Celu(double);
template Lambda<double> Celu(double);
template Lambda<float> Selu();
template Lambda<double> Selu();
template Lambda<float> Gelu();
template Lambda<double> Gelu();
template Lambda<float> Silu();
template Lambda<double> Silu();
template Lambda<float> Mish();
template Lambda<double> Mish();
template Lambda<float> Softplus();
template Lambda<double> Softplus();
template Lambda<float> Softsign();
template Lambda<double> Softsign();
template Lambda<float> Sigmoid();
template Lambda<double> Sigmoid();
template Lambda<float> LogSigmoid();
template Lambda<double> LogSigmoid();
template Lambda<float> Tanh();
template Lambda<double> Tanh();
template Lambda<float> Tanhshrink();
template Lambda<double> Tanhshrink();
template Lambda<float> Hardtanh(double, double);
template Lambda<double> Hardtanh(double, double);
template Lambda<float> Hardsigmoid();
template Lambda<double> Hardsigmoid();
template Lambda<float> Hardswish();
template Lambda<double> Hardswish();
template Lambda<float> Hardshrink(double);
template Lambda<double> Hardshrink(double);
template Lambda<float> Softshrink(double);
template Lambda<double> Softshrink(double);
template Lambda<float> Threshold(double, double);
template Lambda<double> Threshold(double, double);
template Lambda<float> Glu(std::ptrdiff_t);
template Lambda<double> Glu(std::ptrdiff_t);
template Lambda<float> Softmax(std::ptrdiff_t);
template Lambda<double> Softmax(std::ptrdiff_t);
template Lambda<float> LogSoftmax(std::ptrdiff_t);
template Lambda<double> LogSoftmax(std::ptrdiff_t);

template <class T>
Prelu<T>::Prelu(std::size_t channels, double slope, std::ptrdiff_t axis) : axis_(axis) {
    if (channels == 0)
        fail<std::invalid_argument>("Prelu: channels is 0; need at least 1");
    weight = this->register_parameter("weight", init::constant<T>({channels}, slope), false);
}

template <class T>
Variable<T> Prelu<T>::forward(const Variable<T>& x) {
    return prelu(x, weight, axis_);
}

template <class T>
std::string Prelu<T>::describe() const {
    return fmt::format("Prelu({})", weight.size());
}

template <class T>
void Prelu<T>::remake(Copier& copier) const {
    copier.make<nn::Prelu>(weight.size(), 0.25, axis_);
}

template class Prelu<float>;
template class Prelu<double>;

}  // namespace xgrad::nn
