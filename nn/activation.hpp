// Layers without parameters: a function as a layer, the activations, changes of shape; and Prelu,
// whose slope is learnt.
#pragma once

#include <nn/module.hpp>

#include <concepts>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

namespace xgrad::nn {

/// A function as a layer.
///
///     nn::Lambda<float> square("Square", [](const auto& x) { return x * x; });
template <class T = float>
class Lambda : public Module<T> {
public:
    template <class U>
    using Function = std::function<Variable<U>(const Variable<U>&)>;

    /// `name` is what describe() says. A function that takes Variables of either scalar type, such
    /// as a lambda of `const auto&`, is copied to the other one by to().
    template <class F>
        requires(std::invocable<F&, const Variable<T>&>)
    Lambda(std::string name, F f) : name_(std::move(name)) {
        if constexpr (std::is_invocable_v<F&, const Variable<float>&>)
            in_float_ = f;
        if constexpr (std::is_invocable_v<F&, const Variable<double>&>)
            in_double_ = f;
    }
    /// The same from a function for each scalar type; T's must be there.
    Lambda(std::string name, Function<float> in_float, Function<double> in_double)
        : name_(std::move(name)),
          in_float_(std::move(in_float)),
          in_double_(std::move(in_double)) {}

    /// Throws what the function throws.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

protected:
    void remake(Copier& copier) const override;

private:
    std::string name_;
    Function<float> in_float_;
    Function<double> in_double_;
};

/// x as it is: a place holder, or the shortcut of a residual.
template <class T = float>
[[nodiscard]] Lambda<T> Identity();
/// (N, ...) to (N, features), row-major; rank 2 and below stays.
template <class T = float>
[[nodiscard]] Lambda<T> Flatten();
/// (N, ...) to (N, shape), row-major. Throws ShapeError when the sizes differ, and for rank 0.
template <class T = float>
[[nodiscard]] Lambda<T> Reshape(Shape shape);

/// The activations of ops/activation.hpp, ops/smooth_activation.hpp and ops/hard_activation.hpp as
/// layers: x of any shape, elementwise, with the parameters and errors of the functions.
template <class T = float>
[[nodiscard]] Lambda<T> Relu();
template <class T = float>
[[nodiscard]] Lambda<T> Relu6();
template <class T = float>
[[nodiscard]] Lambda<T> LeakyRelu(double slope = 0.01);
template <class T = float>
[[nodiscard]] Lambda<T> Elu(double alpha = 1);
template <class T = float>
[[nodiscard]] Lambda<T> Celu(double alpha = 1);
template <class T = float>
[[nodiscard]] Lambda<T> Selu();
template <class T = float>
[[nodiscard]] Lambda<T> Gelu();
template <class T = float>
[[nodiscard]] Lambda<T> Silu();
template <class T = float>
[[nodiscard]] Lambda<T> Mish();
template <class T = float>
[[nodiscard]] Lambda<T> Softplus();
template <class T = float>
[[nodiscard]] Lambda<T> Softsign();
template <class T = float>
[[nodiscard]] Lambda<T> Sigmoid();
template <class T = float>
[[nodiscard]] Lambda<T> LogSigmoid();
template <class T = float>
[[nodiscard]] Lambda<T> Tanh();
template <class T = float>
[[nodiscard]] Lambda<T> Tanhshrink();
template <class T = float>
[[nodiscard]] Lambda<T> Hardtanh(double low = -1, double high = 1);
template <class T = float>
[[nodiscard]] Lambda<T> Hardsigmoid();
template <class T = float>
[[nodiscard]] Lambda<T> Hardswish();
template <class T = float>
[[nodiscard]] Lambda<T> Hardshrink(double lambda = 0.5);
template <class T = float>
[[nodiscard]] Lambda<T> Softshrink(double lambda = 0.5);
template <class T = float>
[[nodiscard]] Lambda<T> Threshold(double limit, double value);
/// glu, softmax and log_softmax along an axis.
template <class T = float>
[[nodiscard]] Lambda<T> Glu(std::ptrdiff_t axis = -1);
template <class T = float>
[[nodiscard]] Lambda<T> Softmax(std::ptrdiff_t axis = -1);
template <class T = float>
[[nodiscard]] Lambda<T> LogSoftmax(std::ptrdiff_t axis = -1);

/// x above 0, slope x below, for a learnt slope [He et al. 2015]: one number, or one for each of C
/// channels along an axis.
template <class T = float>
class Prelu : public Module<T> {
public:
    /// The slope starts at 0.25, as in the paper, and does not decay, which would make it a relu.
    /// Throws std::invalid_argument for 0 channels.
    explicit Prelu(std::size_t channels = 1, double slope = 0.25, std::ptrdiff_t axis = 1);

    /// Throws ShapeError unless the axis has `channels`; for one channel any x will do.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

    Variable<T> weight;  ///< the slopes, (channels,)

protected:
    void remake(Copier& copier) const override;

private:
    std::ptrdiff_t axis_;
};

}  // namespace xgrad::nn
