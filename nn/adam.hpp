// Adam and its kin: a mean and a mean square of the gradient, corrected for their start at 0.
#pragma once

#include <nn/optimizer.hpp>

namespace xgrad::optim {

struct AdamOptions {
    double lr = 1e-3;         ///< step size, >= 0
    double beta1 = 0.9;       ///< share of the mean gradient that stays, 0 to 0.9999999
    double beta2 = 0.999;     ///< share of the mean square that stays, 0 to 0.9999999
    double epsilon = 1e-8;    ///< added to the root of the mean square, >= 0
    double l2 = 0;            ///< l2 w is added to the gradient, >= 0
    double weight_decay = 0;  ///< w shrinks by lr weight_decay w, >= 0
    bool amsgrad = false;     ///< divide by the largest mean square so far
};

/// m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; w -= lr m' / (sqrt(v') + epsilon),
/// m' = m / (1 - beta1^t), v' = v / (1 - beta2^t) [Kingma and Ba 2015, algorithm 1]. With amsgrad
/// the largest v so far stands for v [Reddi et al. 2018, algorithm 2, with the corrections].
template <class T>
class Adam : public Optimizer<T> {
public:
    /// Throws std::invalid_argument for no parameters and for an option outside its range.
    Adam(std::vector<nn::Parameter<T>> parameters, AdamOptions options)
        : Adam("Adam", std::move(parameters), options) {}

protected:
    Adam(const char* name, std::vector<nn::Parameter<T>> parameters, AdamOptions options);

private:
    void update(const typename Optimizer<T>::Slot& slot) override;

    AdamOptions options_;
};

struct AdamWOptions {
    double lr = 1e-3;            ///< step size, >= 0
    double beta1 = 0.9;          ///< share of the mean gradient that stays, 0 to 0.9999999
    double beta2 = 0.999;        ///< share of the mean square that stays, 0 to 0.9999999
    double epsilon = 1e-8;       ///< added to the root of the mean square, >= 0
    double weight_decay = 0.01;  ///< w shrinks by lr weight_decay w, >= 0
    bool amsgrad = false;        ///< divide by the largest mean square so far
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
               options.weight_decay,
               options.amsgrad}) {}
};

struct NAdamOptions {
    double lr = 2e-3;              ///< step size, >= 0
    double beta1 = 0.9;            ///< share of the mean gradient that stays, 0 to 0.9999999
    double beta2 = 0.999;          ///< share of the mean square that stays, 0 to 0.9999999
    double epsilon = 1e-8;         ///< added to the root of the mean square, >= 0
    double momentum_decay = 4e-3;  ///< psi in mu_t = beta1 (1 - 0.96^(t psi) / 2), >= 0
    double l2 = 0;                 ///< l2 w is added to the gradient, >= 0
    double weight_decay = 0;       ///< w shrinks by lr weight_decay w, >= 0
};

/// Adam with Nesterov's look ahead [Dozat 2016, algorithm 2]: m and v as in Adam; m' =
/// mu_(t+1) m / (1 - mu_1 ... mu_(t+1)) + (1 - mu_t) g / (1 - mu_1 ... mu_t).
template <class T>
class NAdam : public Optimizer<T> {
public:
    /// Throws std::invalid_argument for no parameters and for an option outside its range.
    NAdam(std::vector<nn::Parameter<T>> parameters, NAdamOptions options = {});

private:
    void update(const typename Optimizer<T>::Slot& slot) override;
    [[nodiscard]] double mu(double step) const;
    [[nodiscard]] double product_to(const typename Optimizer<T>::Slot& slot);

    struct Product {
        double step = 0, value = 1;
    };
    NAdamOptions options_;
    std::vector<Product> products_;  // mu_1 ... mu_step, by parameter: recomputed where it is lost
};

struct RAdamOptions {
    double lr = 1e-3;         ///< step size, >= 0
    double beta1 = 0.9;       ///< share of the mean gradient that stays, 0 to 0.9999999
    double beta2 = 0.999;     ///< share of the mean square that stays, 0 to 0.9999999
    double epsilon = 1e-8;    ///< added to the root of the mean square, >= 0
    double l2 = 0;            ///< l2 w is added to the gradient, >= 0
    double weight_decay = 0;  ///< w shrinks by lr weight_decay w, >= 0
};

/// Adam whose step is rectified while v rests on few gradients, w -= lr m' alone at first
/// [Liu et al. 2020, algorithm 2, whose threshold for the rectification is rho_t > 5 here].
template <class T>
class RAdam : public Optimizer<T> {
public:
    /// Throws std::invalid_argument for no parameters and for an option outside its range.
    RAdam(std::vector<nn::Parameter<T>> parameters, RAdamOptions options = {});

private:
    void update(const typename Optimizer<T>::Slot& slot) override;

    RAdamOptions options_;
};

struct AdamaxOptions {
    double lr = 2e-3;         ///< step size, >= 0
    double beta1 = 0.9;       ///< share of the mean gradient that stays, 0 to 0.9999999
    double beta2 = 0.999;     ///< share of the largest gradient that stays, 0 to 0.9999999
    double epsilon = 1e-8;    ///< added to |g|, >= 0
    double l2 = 0;            ///< l2 w is added to the gradient, >= 0
    double weight_decay = 0;  ///< w shrinks by lr weight_decay w, >= 0
};

/// m as in Adam; u = max(beta2 u, |g| + epsilon); w -= lr m' / u [Kingma and Ba 2015, algorithm 2].
template <class T>
class Adamax : public Optimizer<T> {
public:
    /// Throws std::invalid_argument for no parameters and for an option outside its range.
    Adamax(std::vector<nn::Parameter<T>> parameters, AdamaxOptions options = {});

private:
    void update(const typename Optimizer<T>::Slot& slot) override;

    AdamaxOptions options_;
};

template <class T>
Adam(std::vector<nn::Parameter<T>>, AdamOptions) -> Adam<T>;
template <class T>
AdamW(std::vector<nn::Parameter<T>>, AdamWOptions) -> AdamW<T>;
template <class T>
NAdam(std::vector<nn::Parameter<T>>, NAdamOptions) -> NAdam<T>;
template <class T>
RAdam(std::vector<nn::Parameter<T>>, RAdamOptions) -> RAdam<T>;
template <class T>
Adamax(std::vector<nn::Parameter<T>>, AdamaxOptions) -> Adamax<T>;

}  // namespace xgrad::optim
