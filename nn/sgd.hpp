// The optimisers with one step size for all elements: SGD, Lion.
#pragma once

#include <nn/optimizer.hpp>

namespace xgrad::optim {

struct SGDOptions {
    double lr = 0.01;         ///< step size, >= 0
    double momentum = 0;      ///< share of the last velocity that stays, 0 to 1
    bool nesterov = false;    ///< needs momentum > 0 and dampening 0
    double l2 = 0;            ///< l2 w is added to the gradient, >= 0
    double weight_decay = 0;  ///< w shrinks by lr weight_decay w, >= 0
    double dampening = 0;     ///< share of the gradient the velocity leaves out, 0 to 1
};

/// v = momentum v + (1 - dampening) g, in the first step v = g; w -= lr v, or with nesterov
/// w -= lr (g + momentum v) [Sutskever et al. 2013, section 2, in the form whose velocity carries
/// no lr].
template <class T>
class SGD : public Optimizer<T> {
public:
    /// Throws std::invalid_argument for no parameters and for an option outside its range.
    SGD(std::vector<nn::Parameter<T>> parameters, SGDOptions options);

private:
    void update(const typename Optimizer<T>::Slot& slot) override;

    SGDOptions options_;
};

struct LionOptions {
    double lr = 1e-4;         ///< step size, >= 0: a third to a tenth of Adam's
    double beta1 = 0.9;       ///< share of the mean in the step, 0 to 0.9999999
    double beta2 = 0.99;      ///< share of the mean gradient that stays, 0 to 0.9999999
    double l2 = 0;            ///< l2 w is added to the gradient, >= 0
    double weight_decay = 0;  ///< w shrinks by lr weight_decay w, >= 0
};

/// w -= lr sign(beta1 m + (1 - beta1) g), the sign of 0 being 0; then m = beta2 m + (1 - beta2) g
/// [Chen et al. 2023, algorithm 2].
template <class T>
class Lion : public Optimizer<T> {
public:
    /// Throws std::invalid_argument for no parameters and for an option outside its range.
    Lion(std::vector<nn::Parameter<T>> parameters, LionOptions options = {});

private:
    void update(const typename Optimizer<T>::Slot& slot) override;

    LionOptions options_;
};

template <class T>
SGD(std::vector<nn::Parameter<T>>, SGDOptions) -> SGD<T>;
template <class T>
Lion(std::vector<nn::Parameter<T>>, LionOptions) -> Lion<T>;

}  // namespace xgrad::optim
