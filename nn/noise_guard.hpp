// NoiseGuard: dropout and its like switched off, or their masks frozen, for a while.
#pragma once

#include <nn/module.hpp>

#include <memory>

namespace xgrad::nn {

template <class T>
class KeepModes;

enum class Noise {
    off,    ///< none is made, as in evaluation; all else stays in its mode
    frozen  ///< the last masks again, in every forward: give it the same rows in the same order
};

/// With noise, the loss J is no function of the weights, and need not fall from step to step. While
/// one of these lives it is one, so that it can be seen to fall (practice P7); then every module is
/// as it was, and the noise goes on where it stood.
///
///     const nn::NoiseGuard guard(net, nn::Noise::off);
///     train::fit(net, {train}, {.epochs = 20, .batch_size = train.size(), .progress = stdout});
template <class T>
class [[nodiscard]] NoiseGuard {
public:
    /// The model must live as long.
    NoiseGuard(Module<T>& model, Noise noise);
    NoiseGuard(const NoiseGuard&) = delete;
    NoiseGuard& operator=(const NoiseGuard&) = delete;
    ~NoiseGuard();

private:
    std::unique_ptr<KeepModes<T>> keep_;
};

template <class M>
NoiseGuard(M&, Noise) -> NoiseGuard<typename M::value_type>;

}  // namespace xgrad::nn
