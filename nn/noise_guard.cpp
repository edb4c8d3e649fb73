#include <nn/dropout.hpp>
#include <nn/eval_mode.hpp>
#include <nn/noise_guard.hpp>

namespace xgrad::nn {

template <class T>
NoiseGuard<T>::NoiseGuard(Module<T>& model, Noise noise)
    : keep_(std::make_unique<KeepModes<T>>(model)) {
    if (noise == Noise::frozen) {
        model.freeze_noise();
        return;
    }
    model.apply([](const std::string&, Module<T>& module) {
        if (dynamic_cast<NoiseLayer<T>*>(&module) != nullptr)
            module.eval();
    });
}

template <class T>
NoiseGuard<T>::~NoiseGuard() = default;

template class NoiseGuard<float>;
template class NoiseGuard<double>;

}  // namespace xgrad::nn
