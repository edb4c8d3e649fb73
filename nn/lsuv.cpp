#include <autograd/fail.hpp>
#include <autograd/grad.hpp>
#include <nn/dense.hpp>
#include <nn/eval_mode.hpp>
#include <nn/init.hpp>
#include <nn/lsuv.hpp>

#include <cmath>

namespace xgrad::init {

namespace {

template <class T>
double variance_of(const Array<T>& y) {
    const auto n = static_cast<double>(y.size());
    double mean = 0, total = 0;
    for (const T v : y)
        mean += v / n;
    for (const T v : y)
        total += (v - mean) * (v - mean);
    return total / n;
}

// The variance of a layer's results while x goes through the model; throws where there is none.
template <class T>
double measure(
    nn::Module<T>& model, const Array<T>& x, nn::Module<T>& layer, const std::string& path) {
    double variance = -1;
    HookHandle watch = layer.register_forward_hook([&](const Variable<T>&, const Variable<T>& y) {
        variance = variance_of(y.value());
        return Variable<T>();
    });
    try {
        static_cast<void>(model(Variable<T>(x)));
    } catch (...) {
        watch.remove();
        throw;
    }
    watch.remove();
    if (variance == -1) {
        fail<std::invalid_argument>(
            "lsuv: the model does not call {}; it must come on the way of x", path);
    }
    if (!(variance > 0 && std::isfinite(variance))) {
        fail<std::invalid_argument>(
            "lsuv: the results of {} have variance {}; need a batch that varies, and is finite",
            path,
            variance);
    }
    return variance;
}

}  // namespace

template <class T>
void lsuv(nn::Module<T>& model, const Array<T>& x, Rng& rng, const LsuvOptions& options) {
    if (!(options.tolerance > 0))
        fail<std::invalid_argument>("lsuv: the tolerance is {}; need > 0", options.tolerance);
    const nn::EvalMode<T> eval(model);
    const NoGradGuard unrecorded;
    model.apply([&](const std::string& path, nn::Module<T>& module) {
        auto* layer = dynamic_cast<nn::WeightedLayer<T>*>(&module);
        if (!layer)
            return;
        const std::string name = path.empty() ? module.describe() : path + "." + module.describe();
        layer->weight.assign(orthogonal<T>(layer->weight.shape(), rng));
        for (std::size_t pass = 0; pass < options.max_passes; ++pass) {
            const double variance = measure(model, x, module, name);
            if (std::abs(variance - 1) < options.tolerance)
                break;
            layer->weight.update([&](std::span<T> weight) {
                for (T& w : weight)
                    w = static_cast<T>(w / std::sqrt(variance));
            });
        }
    });
}

template void lsuv(nn::Module<float>&, const Array<float>&, Rng&, const LsuvOptions&);
template void lsuv(nn::Module<double>&, const Array<double>&, Rng&, const LsuvOptions&);

}  // namespace xgrad::init
