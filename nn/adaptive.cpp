#include <nn/adaptive.hpp>
#include <nn/optim_check.hpp>
#include <nn/optim_update.hpp>

namespace xgrad::optim {

template <class T>
Adagrad<T>::Adagrad(std::vector<nn::Parameter<T>> parameters, AdagradOptions options)
    : Optimizer<T>(
          "Adagrad",
          std::move(parameters),
          {options.lr, options.l2, options.weight_decay},
          {"sum"},
          options.start),
      options_(options) {
    detail::check_rate("Adagrad", "lr_decay", options.lr_decay);
    detail::check_rate("Adagrad", "epsilon", options.epsilon);
    detail::check_rate("Adagrad", "start", options.start);
}

template <class T>
void Adagrad<T>::update(const typename Optimizer<T>::Slot& slot) {
    detail::run<T>(
        detail::kernels<T>().adagrad,
        slot,
        {&slot.states[0]},
        xgrad::detail::AdagradStep{
            .lr = slot.lr / (1 + (slot.step - 1) * options_.lr_decay),
            .epsilon = options_.epsilon});
}

template <class T>
Adadelta<T>::Adadelta(std::vector<nn::Parameter<T>> parameters, AdadeltaOptions options)
    : Optimizer<T>(
          "Adadelta",
          std::move(parameters),
          {options.lr, options.l2, options.weight_decay},
          {"square", "delta"}),
      options_(options) {
    detail::check_share("Adadelta", "rho", options.rho);
    detail::check_rate("Adadelta", "epsilon", options.epsilon);
}

template <class T>
void Adadelta<T>::update(const typename Optimizer<T>::Slot& slot) {
    detail::run<T>(
        detail::kernels<T>().adadelta,
        slot,
        {&slot.states[0], &slot.states[1]},
        xgrad::detail::AdadeltaStep{
            .lr = slot.lr, .rho = options_.rho, .epsilon = options_.epsilon});
}

template <class T>
RMSprop<T>::RMSprop(std::vector<nn::Parameter<T>> parameters, RMSpropOptions options)
    : Optimizer<T>(
          "RMSprop",
          std::move(parameters),
          {options.lr, options.l2, options.weight_decay},
          {"square", options.momentum == 0 ? "" : "velocity", options.centred ? "mean" : ""}),
      options_(options) {
    detail::check_share("RMSprop", "alpha", options.alpha);
    detail::check_rate("RMSprop", "epsilon", options.epsilon);
    detail::check_range("RMSprop", "momentum", options.momentum, 0, 1);
}

template <class T>
void RMSprop<T>::update(const typename Optimizer<T>::Slot& slot) {
    detail::run<T>(
        detail::kernels<T>().rmsprop,
        slot,
        {&slot.states[0],
         options_.momentum == 0 ? nullptr : &slot.states[1],
         options_.centred ? &slot.states.back() : nullptr},
        xgrad::detail::RmspropStep{
            .lr = slot.lr,
            .alpha = options_.alpha,
            .epsilon = options_.epsilon,
            .momentum = options_.momentum,
            .centred = options_.centred});
}

template class Adagrad<float>;
template class Adagrad<double>;
template class Adadelta<float>;
template class Adadelta<double>;
template class RMSprop<float>;
template class RMSprop<double>;

}  // namespace xgrad::optim
