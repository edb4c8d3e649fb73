// Every optimiser, by name, from the options of a stored run.
#pragma once

#include <nn/optim.hpp>

#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace xgrad::test {

using Maker = std::function<std::unique_ptr<optim::Optimizer<double>>(
    const std::vector<nn::Parameter<double>>&, const nlohmann::json& options)>;

// Overwrites what the options have under that name.
template <class Value>
void take(const nlohmann::json& options, const char* name, Value& value) {
    value = options.value(name, value);
}

template <class Options>
void take_all(const nlohmann::json& from, Options& o) {
    take(from, "lr", o.lr);
    take(from, "weight_decay", o.weight_decay);
    if constexpr (requires { o.l2; })
        take(from, "l2", o.l2);
    if constexpr (requires { o.momentum; })
        take(from, "momentum", o.momentum);
    if constexpr (requires { o.dampening; })
        take(from, "dampening", o.dampening);
    if constexpr (requires { o.nesterov; })
        take(from, "nesterov", o.nesterov);
    if constexpr (requires { o.beta1; }) {
        take(from, "beta1", o.beta1);
        take(from, "beta2", o.beta2);
    }
    if constexpr (requires { o.epsilon; })
        take(from, "epsilon", o.epsilon);
    if constexpr (requires { o.amsgrad; })
        take(from, "amsgrad", o.amsgrad);
    if constexpr (requires { o.momentum_decay; })
        take(from, "momentum_decay", o.momentum_decay);
    if constexpr (requires { o.rho; })
        take(from, "rho", o.rho);
    if constexpr (requires { o.alpha; })
        take(from, "alpha", o.alpha);
    if constexpr (requires { o.centred; })
        take(from, "centred", o.centred);
    if constexpr (requires { o.lr_decay; }) {
        take(from, "lr_decay", o.lr_decay);
        take(from, "start", o.start);
    }
}

template <template <class> class Optimizer, class Options>
Maker maker() {
    return [](const std::vector<nn::Parameter<double>>& parameters, const nlohmann::json& from) {
        Options options;
        take_all(from, options);
        return std::make_unique<Optimizer<double>>(parameters, options);
    };
}

inline const std::map<std::string, Maker>& makers() {
    static const std::map<std::string, Maker> all = {
        {"Adadelta", maker<optim::Adadelta, optim::AdadeltaOptions>()},
        {"Adagrad", maker<optim::Adagrad, optim::AdagradOptions>()},
        {"Adam", maker<optim::Adam, optim::AdamOptions>()},
        {"AdamW", maker<optim::AdamW, optim::AdamWOptions>()},
        {"Adamax", maker<optim::Adamax, optim::AdamaxOptions>()},
        {"Lion", maker<optim::Lion, optim::LionOptions>()},
        {"NAdam", maker<optim::NAdam, optim::NAdamOptions>()},
        {"RAdam", maker<optim::RAdam, optim::RAdamOptions>()},
        {"RMSprop", maker<optim::RMSprop, optim::RMSpropOptions>()},
        {"SGD", maker<optim::SGD, optim::SGDOptions>()}};
    return all;
}

}  // namespace xgrad::test
