#include <nn/optim_check.hpp>
#include <nn/optim_update.hpp>
#include <nn/sgd.hpp>

namespace xgrad::optim {

template <class T>
SGD<T>::SGD(std::vector<nn::Parameter<T>> parameters, SGDOptions options)
    : Optimizer<T>(
          "SGD",
          std::move(parameters),
          {options.lr, options.l2, options.weight_decay},
          {options.momentum == 0 ? "" : "velocity"}),
      options_(options) {
    detail::check_range("SGD", "momentum", options.momentum, 0, 1);
    detail::check_range("SGD", "dampening", options.dampening, 0, 1);
    if (options.nesterov && options.momentum == 0) {
        throw std::invalid_argument("SGD: nesterov is on with momentum 0; need momentum > 0");
    }
    if (options.nesterov && options.dampening != 0) {
        fail<std::invalid_argument>(
            "SGD: nesterov is on with dampening {}; need dampening 0", options.dampening);
    }
}

template <class T>
void SGD<T>::update(const typename Optimizer<T>::Slot& slot) {
    // Dampening acts on what is added to a velocity; without momentum there is none.
    const bool whole = slot.step == 1 || slot.states.empty();
    detail::run<T>(
        detail::kernels<T>().sgd,
        slot,
        {slot.states.empty() ? nullptr : &slot.states[0]},
        xgrad::detail::SgdStep{
            .lr = slot.lr,
            .momentum = options_.momentum,
            .take = whole ? 1 : 1 - options_.dampening,
            .nesterov = options_.nesterov});
}

template <class T>
Lion<T>::Lion(std::vector<nn::Parameter<T>> parameters, LionOptions options)
    : Optimizer<T>(
          "Lion", std::move(parameters), {options.lr, options.l2, options.weight_decay}, {"mean"}),
      options_(options) {
    detail::check_share("Lion", "beta1", options.beta1);
    detail::check_share("Lion", "beta2", options.beta2);
}

template <class T>
void Lion<T>::update(const typename Optimizer<T>::Slot& slot) {
    detail::run<T>(
        detail::kernels<T>().lion,
        slot,
        {&slot.states[0]},
        xgrad::detail::LionStep{.lr = slot.lr, .beta1 = options_.beta1, .beta2 = options_.beta2});
}

template class SGD<float>;
template class SGD<double>;
template class Lion<float>;
template class Lion<double>;

}  // namespace xgrad::optim
