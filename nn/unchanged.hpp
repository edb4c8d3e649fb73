// Internal: a model whose buffers and noise are put back after a pass in training mode.
#pragma once

#include <nn/dropout.hpp>
#include <nn/module.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace xgrad::nn {

/// What a forward in training mode changes is as it was when this goes: running statistics, and
/// where the noise stands.
template <class T>
class Unchanged {
public:
    explicit Unchanged(Module<T>& model) : model_(model), noise_(noise_keys(model)) {
        for (const NamedBuffer<T>& buffer : model.buffers())
            values_.emplace_back(buffer.value, buffer.value.value());
    }
    Unchanged(const Unchanged&) = delete;
    Unchanged& operator=(const Unchanged&) = delete;
    ~Unchanged() {
        for (const auto& [variable, value] : values_)
            variable.assign(value);
        set_noise_keys(model_, noise_);
    }

private:
    Module<T>& model_;
    std::map<std::string, DropoutKey> noise_;
    std::vector<std::pair<Variable<T>, Array<T>>> values_;
};

}  // namespace xgrad::nn
