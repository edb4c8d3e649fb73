// Internal: a model's modes, kept for a while.
#pragma once

#include <nn/module.hpp>

#include <vector>

namespace xgrad::nn {

/// When it goes, every module has the mode that it had, and its noise is frozen or not as it was.
template <class T>
class KeepModes {
public:
    explicit KeepModes(Module<T>& model) : model_(model) {
        model.apply([this](const std::string&, Module<T>& module) {
            modes_.push_back({module.is_training(), module.noise_is_frozen()});
        });
    }
    KeepModes(const KeepModes&) = delete;
    KeepModes& operator=(const KeepModes&) = delete;
    ~KeepModes() {
        // Both are recursive: parents come first here, so a module's own mode has the last word.
        auto mode = modes_.begin();
        model_.apply([&](const std::string&, Module<T>& module) {
            module.train(mode->training);
            module.freeze_noise(mode->frozen);
            ++mode;
        });
    }

private:
    struct Mode {
        bool training, frozen;
    };
    Module<T>& model_;
    std::vector<Mode> modes_;
};

/// Evaluation mode while it lives; then every module has its own mode again.
template <class T>
class EvalMode {
public:
    explicit EvalMode(Module<T>& model) : keep_(model) { model.eval(); }

private:
    KeepModes<T> keep_;
};

}  // namespace xgrad::nn
