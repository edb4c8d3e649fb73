// The layers: Dense, Dropout, activations, Flatten, and Sequential, which stacks them.
#pragma once

#include <nn/init.hpp>
#include <nn/module.hpp>
#include <ops/softmax.hpp>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace xgrad::nn {

/// A fully connected layer (Linear): y = x W^T + b; x (..., in), y (..., out), W (out, in), b
/// (out,).
template <class T = float>
class Dense : public Module<T> {
public:
    /// Draws the weight from `rng` by `weight_init`; the default, he_normal, keeps the scale of a
    /// relu network. The bias starts at 0. Throws std::invalid_argument when in or out is 0,
    /// ShapeError when the initializer makes another shape than (out, in).
    Dense(
        std::size_t in,
        std::size_t out,
        Rng& rng,
        bool bias = true,
        const init::Initializer<T>& weight_init = {});

    /// Throws ShapeError when x's last axis is not `in`.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

    Variable<T> weight;
    Variable<T> bias;  ///< undefined without one
};

/// Inverted dropout (practice P7): in training each element is kept with probability `keep_prob`
/// and divided by it, by a new mask in every forward; in evaluation the identity. The masks are a
/// function of the layer's seed and the number of the forward, so a run replays.
template <class T = float>
class Dropout : public Module<T> {
public:
    /// Draws its seed from `rng`. Throws std::invalid_argument unless 0 < keep_prob <= 1; then
    /// `rng` is as it was.
    Dropout(double keep_prob, Rng& rng);

    /// x of any shape; the result has it too.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

    [[nodiscard]] double keep_prob() const noexcept { return keep_prob_; }
    /// The key of the last mask made.
    [[nodiscard]] DropoutKey key() const noexcept { return key_; }

private:
    double keep_prob_;
    DropoutKey key_;
};

/// An activation as a layer: a function without parameters.
template <class T = float>
class Activation : public Module<T> {
public:
    using Function = std::function<Variable<T>(const Variable<T>&)>;
    /// `name` is what describe() says.
    Activation(std::string name, Function function);

    /// Throws what the function throws.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

private:
    std::string name_;
    Function function_;
};

/// The activations of ops/activation.hpp as layers: x of any shape, elementwise. `slope` and
/// `alpha` shape the negative side.
template <class T = float>
[[nodiscard]] Activation<T> Relu();
template <class T = float>
[[nodiscard]] Activation<T> LeakyRelu(double slope = 0.01);
template <class T = float>
[[nodiscard]] Activation<T> Elu(double alpha = 1);
template <class T = float>
[[nodiscard]] Activation<T> Gelu();
template <class T = float>
[[nodiscard]] Activation<T> Silu();
template <class T = float>
[[nodiscard]] Activation<T> Softplus();
template <class T = float>
[[nodiscard]] Activation<T> Sigmoid();
template <class T = float>
[[nodiscard]] Activation<T> Tanh();
/// (N, ...) to (N, features), row-major; rank 2 and below stays.
template <class T = float>
[[nodiscard]] Activation<T> Flatten();

/// Modules one after another, named "0", "1", ...; with none, the identity.
///
///     Rng rng(1);
///     nn::Sequential net(nn::Dense(784, 128, rng), nn::Relu(), nn::Dense(128, 10, rng));
template <class T = float>
class Sequential : public Module<T> {
public:
    Sequential() = default;
    template <class First, class... Rest>
        requires(std::is_base_of_v<Module<typename First::value_type>, First>)
    explicit Sequential(First first, Rest... rest) {
        add(std::move(first));
        (add(std::move(rest)), ...);
    }

    /// Appends a module. A shared one may be added again: its parameters are the same. Throws
    /// std::invalid_argument for null.
    template <class M>
        requires(std::is_base_of_v<Module<T>, M>)
    Sequential& add(M module) {
        return add(std::shared_ptr<Module<T>>(std::make_shared<M>(std::move(module))));
    }
    Sequential& add(std::shared_ptr<Module<T>> module);

    /// Throws what a layer throws; a ShapeError begins with its place, "layer 2: ".
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;
};

template <class First, class... Rest>
Sequential(First, Rest...) -> Sequential<typename First::value_type>;

extern template class Dense<float>;
extern template class Dense<double>;
extern template class Dropout<float>;
extern template class Dropout<double>;
extern template class Activation<float>;
extern template class Activation<double>;
extern template class Sequential<float>;
extern template class Sequential<double>;

}  // namespace xgrad::nn
