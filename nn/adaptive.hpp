// The optimisers that divide by the root of squared gradients, without Adam's corrections:
// Adagrad, Adadelta, RMSprop.
#pragma once

#include <nn/optimizer.hpp>

namespace xgrad::optim {

struct AdagradOptions {
    double lr = 0.01;         ///< step size, >= 0
    double lr_decay = 0;      ///< step t has the rate lr / (1 + (t - 1) lr_decay), >= 0
    double epsilon = 1e-10;   ///< added to the root of the sum, >= 0
    double start = 0;         ///< the sum at the start, >= 0
    double l2 = 0;            ///< l2 w is added to the gradient, >= 0
    double weight_decay = 0;  ///< w shrinks by lr weight_decay w, >= 0
};

/// s = s + g^2; w -= lr g / (sqrt(s) + epsilon) [Duchi et al. 2011, section 1.1, diagonal form].
template <class T>
class Adagrad : public Optimizer<T> {
public:
    /// Throws std::invalid_argument for no parameters and for an option outside its range.
    Adagrad(std::vector<nn::Parameter<T>> parameters, AdagradOptions options = {});

private:
    void update(const typename Optimizer<T>::Slot& slot) override;

    AdagradOptions options_;
};

struct AdadeltaOptions {
    double lr = 1;            ///< what the step is multiplied by, >= 0
    double rho = 0.9;         ///< share of the mean squares that stays, 0 to 0.9999999
    double epsilon = 1e-6;    ///< added under both roots, >= 0
    double l2 = 0;            ///< l2 w is added to the gradient, >= 0
    double weight_decay = 0;  ///< w shrinks by lr weight_decay w, >= 0
};

/// v = rho v + (1 - rho) g^2; d = sqrt(u + epsilon) / sqrt(v + epsilon) g;
/// u = rho u + (1 - rho) d^2; w -= lr d [Zeiler 2012, algorithm 1].
template <class T>
class Adadelta : public Optimizer<T> {
public:
    /// Throws std::invalid_argument for no parameters and for an option outside its range.
    Adadelta(std::vector<nn::Parameter<T>> parameters, AdadeltaOptions options = {});

private:
    void update(const typename Optimizer<T>::Slot& slot) override;

    AdadeltaOptions options_;
};

struct RMSpropOptions {
    double lr = 0.01;         ///< step size, >= 0
    double alpha = 0.99;      ///< share of the mean square that stays, 0 to 0.9999999
    double epsilon = 1e-8;    ///< added to the root, >= 0
    double momentum = 0;      ///< share of the last velocity that stays, 0 to 1
    bool centred = false;     ///< divide by the deviation: the mean gradient is taken off
    double l2 = 0;            ///< l2 w is added to the gradient, >= 0
    double weight_decay = 0;  ///< w shrinks by lr weight_decay w, >= 0
};

/// v = alpha v + (1 - alpha) g^2; u = momentum u + g / (sqrt(v) + epsilon); w -= lr u [Tieleman
/// and Hinton 2012, lecture 6e]. Centred, v - m^2 stands for v, m = alpha m + (1 - alpha) g
/// [Graves 2013, equations 38 to 41, with epsilon outside of the root].
template <class T>
class RMSprop : public Optimizer<T> {
public:
    /// Throws std::invalid_argument for no parameters and for an option outside its range.
    RMSprop(std::vector<nn::Parameter<T>> parameters, RMSpropOptions options = {});

private:
    void update(const typename Optimizer<T>::Slot& slot) override;

    RMSpropOptions options_;
};

template <class T>
Adagrad(std::vector<nn::Parameter<T>>, AdagradOptions) -> Adagrad<T>;
template <class T>
Adadelta(std::vector<nn::Parameter<T>>, AdadeltaOptions) -> Adadelta<T>;
template <class T>
RMSprop(std::vector<nn::Parameter<T>>, RMSpropOptions) -> RMSprop<T>;

}  // namespace xgrad::optim
