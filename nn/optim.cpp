#include <autograd/fail.hpp>
#include <autograd/grad.hpp>
#include <autograd/parallel.hpp>
#include <nn/optim.hpp>
#include <nn/optim_kernels.hpp>
#include <ops/operators.hpp>
#include <ops/reduce.hpp>

#include <cmath>

namespace xgrad::optim {
namespace {

constexpr std::size_t grain = 32768;

void check_range(const char* optimizer, const char* name, double value, double low, double high) {
    if (!(value >= low && value <= high)) {
        fail<std::invalid_argument>(
            "{}: {} is {}; need {} <= {} <= {}", optimizer, name, value, low, name, high);
    }
}

void check_rate(const char* optimizer, const char* name, double value) {
    if (!(value >= 0) || std::isinf(value)) {
        fail<std::invalid_argument>(
            "{}: {} is {}; need a finite {} >= 0", optimizer, name, value, name);
    }
}

}  // namespace

template <class T>
Optimizer<T>::Optimizer(const char* name, std::vector<nn::Parameter<T>> parameters, double lr)
    : parameters_(std::move(parameters)),
      name_(name) {
    if (parameters_.empty()) {
        fail<std::invalid_argument>("{}: there are no parameters; pass module.parameters()", name);
    }
    set_lr(lr);
}

template <class T>
Optimizer<T>::~Optimizer() = default;

template <class T>
void Optimizer<T>::set_lr(double lr) {
    check_rate(name_, "lr", lr);
    lr_ = lr;
}

template <class T>
void Optimizer<T>::zero_grad() const {
    for (const auto& parameter : parameters_)
        parameter.value.zero_grad();
}

template <class T>
void Optimizer<T>::step() {
    for (const auto& parameter : parameters_) {
        if (parameter.value.requires_grad() && !parameter.value.has_grad()) {
            fail<GraphError>(
                "{}: parameter \"{}\" has no gradient; call backward() on a loss that depends on "
                "it before step(), or requires_grad(false) to leave it out",
                name_,
                parameter.name);
        }
    }
    ++steps_;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        const Variable<T>& value = parameters_[i].value;
        if (!value.requires_grad())
            continue;
        value.update([&](std::span<T> weight) { update(i, weight, value.grad()); });
    }
}

template class Optimizer<float>;
template class Optimizer<double>;

template <class T>
SGD<T>::SGD(std::vector<nn::Parameter<T>> parameters, SGDOptions options)
    : Optimizer<T>("SGD", std::move(parameters), options.lr),
      options_(options) {
    check_range("SGD", "momentum", options.momentum, 0, 1);
    check_rate("SGD", "l2", options.l2);
    check_rate("SGD", "weight_decay", options.weight_decay);
    if (options.nesterov && options.momentum == 0) {
        throw std::invalid_argument("SGD: nesterov is on with momentum 0; need momentum > 0");
    }
    if (options.momentum == 0)
        return;
    for (const auto& parameter : this->parameters_) {
        velocity_.emplace_back(parameter.value.shape(), T(0));
    }
}

template <class T>
void SGD<T>::update(std::size_t i, std::span<T> weight, const Array<T>& gradient) {
    const bool decays = this->parameters_[i].decays;
    detail::SgdStep<T> step{};
    step.lr = static_cast<T>(this->lr());
    step.momentum = static_cast<T>(options_.momentum);
    step.nesterov = options_.nesterov;
    step.l2 = static_cast<T>(decays ? options_.l2 : 0);
    step.shrink = static_cast<T>(decays ? 1 - this->lr() * options_.weight_decay : 1);
    T* velocity = velocity_.empty() ? nullptr : velocity_[i].data();
    detail::parallel_ranges(weight.size(), grain, [&](std::size_t begin, std::size_t end) {
        detail::kernels<detail::OptimKernels<T>>().sgd(
            weight.data() + begin,
            gradient.data() + begin,
            velocity ? velocity + begin : nullptr,
            end - begin,
            step);
    });
}

template class SGD<float>;
template class SGD<double>;

template <class T>
Adam<T>::Adam(const char* name, std::vector<nn::Parameter<T>> parameters, AdamOptions options)
    : Optimizer<T>(name, std::move(parameters), options.lr),
      options_(options) {
    check_range(name, "beta1", options.beta1, 0, 0.9999999);
    check_range(name, "beta2", options.beta2, 0, 0.9999999);
    check_rate(name, "epsilon", options.epsilon);
    check_rate(name, "l2", options.l2);
    check_rate(name, "weight_decay", options.weight_decay);
    for (const auto& parameter : this->parameters_) {
        mean_.emplace_back(parameter.value.shape(), T(0));
        square_.emplace_back(parameter.value.shape(), T(0));
    }
}

template <class T>
void Adam<T>::update(std::size_t i, std::span<T> weight, const Array<T>& gradient) {
    const bool decays = this->parameters_[i].decays;
    const auto t = static_cast<double>(this->steps_);
    detail::AdamStep<T> step{};
    step.lr = static_cast<T>(this->lr());
    step.beta1 = static_cast<T>(options_.beta1);
    step.beta2 = static_cast<T>(options_.beta2);
    step.epsilon = static_cast<T>(options_.epsilon);
    step.l2 = static_cast<T>(decays ? options_.l2 : 0);
    step.shrink = static_cast<T>(decays ? 1 - this->lr() * options_.weight_decay : 1);
    step.correct1 = static_cast<T>(1 / (1 - std::pow(options_.beta1, t)));
    step.correct2 = static_cast<T>(1 / std::sqrt(1 - std::pow(options_.beta2, t)));
    detail::parallel_ranges(weight.size(), grain, [&](std::size_t begin, std::size_t end) {
        detail::kernels<detail::OptimKernels<T>>().adam(
            weight.data() + begin,
            gradient.data() + begin,
            mean_[i].data() + begin,
            square_[i].data() + begin,
            end - begin,
            step);
    });
}

template class Adam<float>;
template class Adam<double>;

template <class T>
Variable<T> l2_penalty(
    const std::vector<nn::Parameter<T>>& parameters, double lambda, std::size_t m) {
    check_rate("l2_penalty", "lambda", lambda);
    if (m == 0)
        throw std::invalid_argument("l2_penalty: m is 0; need at least one example");
    Variable<T> total(T(0));
    for (const auto& parameter : parameters) {
        if (parameter.decays)
            total = total + sum(square(parameter.value));
    }
    return total * static_cast<T>(lambda / (2 * static_cast<double>(m)));
}

template Variable<float> l2_penalty(const std::vector<nn::Parameter<float>>&, double, std::size_t);
template Variable<double> l2_penalty(
    const std::vector<nn::Parameter<double>>&, double, std::size_t);

}  // namespace xgrad::optim
