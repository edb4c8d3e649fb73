// Optimisers: they read the parameters' gradients and overwrite the parameters.
//
// Two ways to shrink weights, named apart. `l2` adds l2 w to the gradient, the gradient of the
// penalty (l2 / 2) |w|^2 (practice P4 with l2 = lambda / m). `weight_decay` multiplies the weight
// by 1 - lr weight_decay, whatever the gradient's history [Loshchilov and Hutter 2019]. For plain
// SGD they are the same. Parameters that do not decay (biases) are left out of both.
#pragma once

#include <nn/module.hpp>

#include <vector>

namespace xgrad::optim {

/// The base of the optimisers; every error begins with the optimiser's name. Options are finite
/// numbers without a unit; rates and decays are per step.
template <class T>
class Optimizer {
public:
    virtual ~Optimizer();
    Optimizer(const Optimizer&) = delete;
    Optimizer& operator=(const Optimizer&) = delete;

    /// One update from the gradients as they are. Parameters with requires_grad(false) stay. Throws
    /// GraphError, naming the parameter, when another has no gradient; then nothing has changed.
    void step();
    /// Forgets the gradients of all its parameters.
    void zero_grad() const;

    [[nodiscard]] double lr() const noexcept { return lr_; }
    /// Throws std::invalid_argument for a negative or non-finite rate; then the old one stays.
    void set_lr(double lr);

protected:
    Optimizer(const char* name, std::vector<nn::Parameter<T>> parameters, double lr);
    virtual void update(std::size_t i, std::span<T> weight, const Array<T>& gradient) = 0;

    std::vector<nn::Parameter<T>> parameters_;
    std::uint64_t steps_ = 0;

private:
    const char* name_;
    double lr_ = 0;
};

struct SGDOptions {
    double lr = 0.01;         ///< step size, >= 0
    double momentum = 0;      ///< share of the last velocity that stays, 0 to 1
    bool nesterov = false;    ///< needs momentum > 0
    double l2 = 0;            ///< l2 w is added to the gradient, >= 0
    double weight_decay = 0;  ///< w shrinks by lr weight_decay w, >= 0
};

/// v = momentum v + g; w -= lr v, or with nesterov w -= lr (g + momentum v)
/// [Sutskever et al. 2013, in the form whose velocity carries no lr].
template <class T>
class SGD : public Optimizer<T> {
public:
    /// Throws std::invalid_argument for no parameters and for an option outside its range.
    SGD(std::vector<nn::Parameter<T>> parameters, SGDOptions options);

private:
    void update(std::size_t i, std::span<T> weight, const Array<T>& gradient) override;

    SGDOptions options_;
    std::vector<Array<T>> velocity_;
};

struct AdamOptions {
    double lr = 1e-3;         ///< step size, >= 0
    double beta1 = 0.9;       ///< share of the mean gradient that stays, 0 to 0.9999999
    double beta2 = 0.999;     ///< share of the mean square that stays, 0 to 0.9999999
    double epsilon = 1e-8;    ///< added to the root of the mean square, >= 0
    double l2 = 0;            ///< l2 w is added to the gradient, >= 0
    double weight_decay = 0;  ///< w shrinks by lr weight_decay w, >= 0
};

/// m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; w -= lr m' / (sqrt(v') + epsilon),
/// m' = m / (1 - beta1^t), v' = v / (1 - beta2^t) [Kingma and Ba 2015, algorithm 1].
template <class T>
class Adam : public Optimizer<T> {
public:
    /// Throws std::invalid_argument for no parameters and for an option outside its range.
    Adam(std::vector<nn::Parameter<T>> parameters, AdamOptions options)
        : Adam("Adam", std::move(parameters), options) {}

protected:
    Adam(const char* name, std::vector<nn::Parameter<T>> parameters, AdamOptions options);

private:
    void update(std::size_t i, std::span<T> weight, const Array<T>& gradient) override;

    AdamOptions options_;
    std::vector<Array<T>> mean_, square_;
};

struct AdamWOptions {
    double lr = 1e-3;            ///< step size, >= 0
    double beta1 = 0.9;          ///< share of the mean gradient that stays, 0 to 0.9999999
    double beta2 = 0.999;        ///< share of the mean square that stays, 0 to 0.9999999
    double epsilon = 1e-8;       ///< added to the root of the mean square, >= 0
    double weight_decay = 0.01;  ///< w shrinks by lr weight_decay w, >= 0
};

/// Adam with decoupled weight decay [Loshchilov and Hutter 2019, algorithm 2].
template <class T>
class AdamW : public Adam<T> {
public:
    /// Throws as Adam does.
    AdamW(std::vector<nn::Parameter<T>> parameters, AdamWOptions options = {})
        : Adam<T>(
              "AdamW",
              std::move(parameters),
              {options.lr,
               options.beta1,
               options.beta2,
               options.epsilon,
               0,
               options.weight_decay}) {}
};

template <class T>
SGD(std::vector<nn::Parameter<T>>, SGDOptions) -> SGD<T>;
template <class T>
Adam(std::vector<nn::Parameter<T>>, AdamOptions) -> Adam<T>;
template <class T>
AdamW(std::vector<nn::Parameter<T>>, AdamWOptions) -> AdamW<T>;

/// (lambda / 2m) times the sum of the squares of all parameters that decay, of shape (), to be
/// added to a mean loss over m examples: its gradient is (lambda / m) w. 0 when none decays. Throws
/// std::invalid_argument for a negative or non-finite lambda and for m = 0.
template <class T>
[[nodiscard]] Variable<T> l2_penalty(
    const std::vector<nn::Parameter<T>>& parameters, double lambda, std::size_t m);

extern template class Optimizer<float>;
extern template class Optimizer<double>;
extern template class SGD<float>;
extern template class SGD<double>;
extern template class Adam<float>;
extern template class Adam<double>;

}  // namespace xgrad::optim
