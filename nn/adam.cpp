#include <nn/adam.hpp>
#include <nn/optim_check.hpp>
#include <nn/optim_update.hpp>

#include <cmath>

namespace xgrad::optim {
namespace {

template <class Options>
void check_options(const char* name, const Options& options) {
    detail::check_share(name, "beta1", options.beta1);
    detail::check_share(name, "beta2", options.beta2);
    detail::check_rate(name, "epsilon", options.epsilon);
}

}  // namespace

template <class T>
Adam<T>::Adam(const char* name, std::vector<nn::Parameter<T>> parameters, AdamOptions options)
    : Optimizer<T>(
          name,
          std::move(parameters),
          {options.lr, options.l2, options.weight_decay},
          {"mean", "square", options.amsgrad ? "peak" : ""}),
      options_(options) {
    check_options(name, options);
}

template <class T>
void Adam<T>::update(const typename Optimizer<T>::Slot& slot) {
    detail::run<T>(
        detail::kernels<T>().adam,
        slot,
        {&slot.states[0], &slot.states[1], options_.amsgrad ? &slot.states[2] : nullptr},
        xgrad::detail::AdamStep{
            .beta1 = options_.beta1,
            .beta2 = options_.beta2,
            .epsilon = options_.epsilon,
            .mean_rate = slot.lr / (1 - std::pow(options_.beta1, slot.step)),
            .gradient_rate = 0,
            .root_scale = 1 / std::sqrt(1 - std::pow(options_.beta2, slot.step)),
            .amsgrad = options_.amsgrad});
}

template <class T>
NAdam<T>::NAdam(std::vector<nn::Parameter<T>> parameters, NAdamOptions options)
    : Optimizer<T>(
          "NAdam", parameters, {options.lr, options.l2, options.weight_decay}, {"mean", "square"}),
      options_(options),
      products_(parameters.size()) {
    check_options("NAdam", options);
    detail::check_rate("NAdam", "momentum_decay", options.momentum_decay);
}

template <class T>
double NAdam<T>::mu(double step) const {
    return options_.beta1 * (1 - 0.5 * std::pow(0.96, step * options_.momentum_decay));
}

template <class T>
double NAdam<T>::product_to(const typename Optimizer<T>::Slot& slot) {
    Product& product = products_[slot.index];
    if (product.step >= slot.step)  // an earlier state was loaded
        product = {};
    while (product.step < slot.step)
        product.value *= mu(++product.step);
    return product.value;
}

template <class T>
void NAdam<T>::update(const typename Optimizer<T>::Slot& slot) {
    const double product = product_to(slot), next = mu(slot.step + 1);
    detail::run<T>(
        detail::kernels<T>().adam,
        slot,
        {&slot.states[0], &slot.states[1], nullptr},
        xgrad::detail::AdamStep{
            .beta1 = options_.beta1,
            .beta2 = options_.beta2,
            .epsilon = options_.epsilon,
            .mean_rate = slot.lr * next / (1 - product * next),
            .gradient_rate = slot.lr * (1 - mu(slot.step)) / (1 - product),
            .root_scale = 1 / std::sqrt(1 - std::pow(options_.beta2, slot.step)),
            .amsgrad = false});
}

template <class T>
RAdam<T>::RAdam(std::vector<nn::Parameter<T>> parameters, RAdamOptions options)
    : Optimizer<T>(
          "RAdam",
          std::move(parameters),
          {options.lr, options.l2, options.weight_decay},
          {"mean", "square"}),
      options_(options) {
    check_options("RAdam", options);
}

template <class T>
void RAdam<T>::update(const typename Optimizer<T>::Slot& slot) {
    const double power = std::pow(options_.beta2, slot.step);
    const double limit = 2 / (1 - options_.beta2) - 1;
    const double rho = limit - 2 * slot.step * power / (1 - power);
    const double rate = slot.lr / (1 - std::pow(options_.beta1, slot.step));
    double adaptive = 0;
    if (rho > 5) {
        const double rectified = (rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho);
        adaptive = rate * std::sqrt(rectified) * std::sqrt(1 - power);
    }
    detail::run<T>(
        detail::kernels<T>().radam,
        slot,
        {&slot.states[0], &slot.states[1]},
        xgrad::detail::RadamStep{
            .beta1 = options_.beta1,
            .beta2 = options_.beta2,
            .epsilon = options_.epsilon,
            .plain_rate = rho > 5 ? 0 : rate,
            .adaptive_rate = adaptive});
}

template <class T>
Adamax<T>::Adamax(std::vector<nn::Parameter<T>> parameters, AdamaxOptions options)
    : Optimizer<T>(
          "Adamax",
          std::move(parameters),
          {options.lr, options.l2, options.weight_decay},
          {"mean", "peak"}),
      options_(options) {
    check_options("Adamax", options);
}

template <class T>
void Adamax<T>::update(const typename Optimizer<T>::Slot& slot) {
    detail::run<T>(
        detail::kernels<T>().adamax,
        slot,
        {&slot.states[0], &slot.states[1]},
        xgrad::detail::AdamaxStep{
            .lr = slot.lr / (1 - std::pow(options_.beta1, slot.step)),
            .beta1 = options_.beta1,
            .beta2 = options_.beta2,
            .epsilon = options_.epsilon});
}

template class Adam<float>;
template class Adam<double>;
template class NAdam<float>;
template class NAdam<double>;
template class RAdam<float>;
template class RAdam<double>;
template class Adamax<float>;
template class Adamax<double>;

}  // namespace xgrad::optim
