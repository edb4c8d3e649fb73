// Internal: a model in evaluation mode for a while.
#pragma once

#include <nn/module.hpp>

#include <vector>

namespace xgrad::nn {

/// Evaluation mode while it lives; then every module has its own mode again.
template <class T>
class EvalMode {
public:
    explicit EvalMode(Module<T>& model) : model_(model) {
        model.apply([this](const std::string&, Module<T>& module) {
            modes_.push_back(module.is_training());
        });
        model.eval();
    }
    EvalMode(const EvalMode&) = delete;
    EvalMode& operator=(const EvalMode&) = delete;
    ~EvalMode() {
        // train() is recursive: parents come first here, so a module's own mode has the last word.
        auto mode = modes_.begin();
        model_.apply([&](const std::string&, Module<T>& module) { module.train(*mode++); });
    }

private:
    Module<T>& model_;
    std::vector<bool> modes_;
};

}  // namespace xgrad::nn
