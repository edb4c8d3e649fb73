#include <autograd/fail.hpp>
#include <autograd/grad.hpp>
#include <nn/eval_mode.hpp>
#include <nn/gradient.hpp>
#include <nn/nonfinite.hpp>

#include <cmath>

namespace xgrad::train::detail {

using optim::detail::all_finite;

namespace {

// The first result of a layer that is not finite; layers inside it come first.
template <class T>
std::string first_layer(nn::Module<T>& model, const Variable<T>& x) {
    std::string found;
    std::vector<HookHandle> hooks;
    model.apply([&](const std::string& path, nn::Module<T>& module) {
        hooks.push_back(module.register_forward_hook(
            [&found, path, what = module.describe()](const Variable<T>&, const Variable<T>& y) {
                if (found.empty() && !all_finite(y.value()))
                    found = path.empty() ? what : fmt::format("\"{}\", {}", path, what);
                return Variable<T>();
            }));
    });
    try {
        const NoGradGuard no_grad;
        static_cast<void>(model(x));
    } catch (...) {
        for (HookHandle& hook : hooks)
            hook.remove();
        throw;
    }
    for (HookHandle& hook : hooks)
        hook.remove();
    return found;
}

template <class T>
std::string largest_parameter(const nn::Module<T>& model) {
    std::string name, bad;
    double largest = -1;
    for (const nn::Parameter<T>& parameter : model.parameters()) {
        if (bad.empty() && !all_finite(parameter.value.value()))
            bad = parameter.name;
        for (const T w : parameter.value.value()) {
            if (std::abs(static_cast<double>(w)) > largest) {
                largest = std::abs(static_cast<double>(w));
                name = parameter.name;
            }
        }
    }
    if (!bad.empty())
        return fmt::format("\n  \"{}\" is itself not finite", bad);
    return name.empty() ? ""
                        : fmt::format("\n  the largest weight is {:.3g}, in \"{}\"", largest, name);
}

// What AnomalyGuard throws on the way there and back.
template <class T>
std::string anomaly(
    nn::Module<T>& model,
    const Variable<T>& x,
    const std::function<Variable<T>(const Variable<T>&)>& loss) {
    try {
        const GradModeGuard on(true);
        const AnomalyGuard guard;
        loss(model(x)).backward();
    } catch (const AnomalyError& error) {
        return fmt::format("\n  AnomalyGuard says: {}", error.what());
    }
    return "";
}

}  // namespace

template <class T>
std::string trace_nonfinite(
    nn::Module<T>& model,
    const data::Batch<T>& batch,
    const std::function<Variable<T>(const Variable<T>& outputs)>& loss) {
    if (!all_finite(batch.x))
        return "\n  the batch's x is itself not finite: look at the data";
    if (batch.y.empty() && !all_finite(batch.targets))
        return "\n  the batch's targets are themselves not finite: look at the data";
    const nn::KeepModes<T> modes(model);
    model.freeze_noise();
    const Variable<T> x(batch.x);
    const std::string layer = first_layer(model, x);
    std::string text =
        layer.empty() ? "\n  the results of all layers are finite"
                      : fmt::format("\n  the first layer with a result that is not: {}", layer);
    text += largest_parameter(model);
    model.zero_grad();
    return text + anomaly(model, x, loss);
}

template <class T>
std::string nonfinite_gradient(const std::vector<nn::Parameter<T>>& parameters) {
    for (const nn::Parameter<T>& parameter : parameters) {
        if (parameter.value.has_grad() && !all_finite(parameter.value.grad()))
            return parameter.name;
    }
    return "";
}

template std::string trace_nonfinite(
    nn::Module<float>&,
    const data::Batch<float>&,
    const std::function<Variable<float>(const Variable<float>&)>&);
template std::string trace_nonfinite(
    nn::Module<double>&,
    const data::Batch<double>&,
    const std::function<Variable<double>(const Variable<double>&)>&);
template std::string nonfinite_gradient(const std::vector<nn::Parameter<float>>&);
template std::string nonfinite_gradient(const std::vector<nn::Parameter<double>>&);

}  // namespace xgrad::train::detail
