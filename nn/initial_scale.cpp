#include <autograd/fail.hpp>
#include <autograd/grad.hpp>
#include <nn/initial_scale.hpp>
#include <nn/scoring.hpp>
#include <nn/unchanged.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace xgrad::train {
namespace {

template <class T>
using Loss = std::function<Variable<T>(const Variable<T>&)>;

// The layers at both ends, of those with parameters.
struct Ends {
    const LayerFigures* first = nullptr;
    const LayerFigures* last = nullptr;
};

// The path of a parameter's module, "2" for "2.weight".
std::string owner_of(const std::string& parameter) {
    const std::size_t dot = parameter.rfind('.');
    return dot == std::string::npos ? "" : parameter.substr(0, dot);
}

// Those of modules with parameters of their own.
template <class T>
std::set<std::string> owners_of(const nn::Module<T>& model) {
    std::set<std::string> paths;
    for (const nn::Parameter<T>& parameter : model.parameters())
        paths.insert(owner_of(parameter.name));
    return paths;
}

Ends ends_of(const LayerReport& report, const std::set<std::string>& owners) {
    Ends ends;
    for (const LayerFigures& layer : report.layers) {
        if (!owners.contains(layer.path))
            continue;
        if (!ends.first)
            ends.first = &layer;
        ends.last = &layer;
    }
    return ends;
}

// Whether all rows are the first one, to within the rounding of a product of matrices.
template <class T>
bool rows_are_equal(const Array<T>& matrix) {
    const std::size_t row = matrix.size() / matrix.shape()[0];
    T largest = 0, apart = 0;
    for (std::size_t i = 0; i < matrix.size(); ++i) {
        if (!std::isfinite(matrix.data()[i]))
            return false;
        largest = std::max(largest, std::abs(matrix.data()[i]));
        apart = std::max(apart, std::abs(matrix.data()[i] - matrix.data()[i % row]));
    }
    return apart <= 100 * std::numeric_limits<T>::epsilon() * largest;
}

// The layers before the last whose weight rows, a unit each, are alike and stay so.
template <class T>
std::vector<std::string> symmetric_layers(
    nn::Module<T>& model, const Array<T>& x, const Loss<T>& loss, const Ends& ends) {
    std::vector<nn::Parameter<T>> weights;
    std::vector<Variable<T>> inputs;
    for (const nn::Parameter<T>& p : model.parameters()) {
        const Shape& shape = p.value.shape();
        const bool hidden = ends.last && owner_of(p.name) != ends.last->path;
        if (!hidden || !p.decays || !p.value.requires_grad() || shape.size() < 2 || shape[0] < 2 ||
            !rows_are_equal(p.value.value()))
            continue;
        weights.push_back(p);
        inputs.push_back(p.value);
    }
    std::vector<std::string> found;
    if (weights.empty())
        return found;
    const nn::Unchanged<T> unchanged(model);
    const GradModeGuard recorded(true);
    GradOptions<T> options;
    options.allow_unused = true;
    const auto gradients = grad<T>({loss(model(Variable<T>(x)))}, inputs, options);
    for (std::size_t i = 0; i < weights.size(); ++i)
        if (gradients[i].defined() && rows_are_equal(gradients[i].value()))
            found.push_back(weights[i].name);
    return found;
}

// What suits the activations that the model has.
std::string advice_for(const LayerReport& report) {
    std::set<std::string> suited;
    for (const LayerFigures& layer : report.layers) {
        const std::string name = layer.layer.substr(0, layer.layer.find('('));
        if (name == "Tanh" || name == "Sigmoid" || name == "Softsign")
            suited.insert("init::xavier_normal, variance 2 / (fan_in + fan_out), for tanh");
        else if (name == "Selu")
            suited.insert("init::lecun_normal, variance 1 / fan_in, for selu");
        else if (name.ends_with("elu") || name.ends_with("elu6") || name == "Silu")
            suited.insert("init::he_normal, variance 2 / fan_in, for relu");
    }
    if (suited.empty())
        return "initialise with init::lecun_normal, variance 1 / fan_in, or another that fits the "
               "activations";
    std::string text;
    for (const std::string& one : suited)
        text += (text.empty() ? "initialise with " : "; ") + one;
    return text;
}

void judge_scale(InitialScale& scale, const Ends& ends, const InitialScaleOptions& options) {
    // What is no number has exploded.
    const auto lost = [&](double ratio) {
        return ratio < options.vanishing || !(ratio <= options.exploding);
    };
    const bool forward = lost(scale.forward);
    const bool has_gradients = ends.first && ends.first->gradient && ends.last->gradient;
    if (!ends.first || (!forward && !(has_gradients && lost(scale.backward)))) {
        scale.state = InitialScale::State::good;
        scale.verdict = "good: the scale is kept from the first layer to the last";
        return;
    }
    const double ratio = forward ? scale.forward : scale.backward;
    const bool shrinks = ratio < options.vanishing;
    scale.state = shrinks ? InitialScale::State::vanishing : InitialScale::State::exploding;
    scale.verdict = fmt::format(
        "{}: the {} {} to {:.2g} of its rms from {} to {}",
        shrinks ? "vanishing" : "exploding",
        forward ? "signal" : "gradient",
        shrinks ? "shrinks" : "grows",
        ratio,
        (forward ? ends.first : ends.last)->path,
        (forward ? ends.last : ends.first)->path);
}

}  // namespace

template <class T>
InitialScale initial_scale(
    nn::Module<T>& model,
    const Array<T>& x,
    const std::function<Variable<T>(const Variable<T>&)>& loss,
    const InitialScaleOptions& options) {
    const LayerReport report = layer_report<T>(model, x, loss);
    const Ends ends = ends_of(report, owners_of(model));
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    InitialScale scale{none, none, {}, InitialScale::State::good, "", ""};
    if (ends.first) {
        scale.forward = ends.last->results.rms / ends.first->results.rms;
        if (ends.first->gradient && ends.last->gradient)
            scale.backward = ends.first->gradient->rms / ends.last->gradient->rms;
    }
    scale.symmetric = symmetric_layers(model, x, loss, ends);
    if (scale.symmetric.empty()) {
        judge_scale(scale, ends, options);
    } else {
        scale.state = InitialScale::State::symmetric;
        scale.verdict = fmt::format(
            "symmetric: all units of {} are the same, and get the same gradient{}",
            scale.symmetric.front(),
            scale.symmetric.size() > 1
                ? fmt::format(" (and of {} more)", scale.symmetric.size() - 1)
                : "");
    }
    if (scale.state != InitialScale::State::good)
        scale.advice = advice_for(report);
    return scale;
}

template <class T>
InitialScale initial_scale(
    nn::Module<T>& model, const data::Batch<T>& batch, const InitialScaleOptions& options) {
    return initial_scale<T>(
        model,
        batch.x,
        [&](const Variable<T>& output) { return detail::loss_of<T>({}, output, batch); },
        options);
}

std::string InitialScale::text() const {
    return fmt::format("signal {:.2g}, gradient {:.2g}\n{}\n", forward, backward, verdict) +
           (advice.empty() ? "" : advice + "\n");
}

template InitialScale initial_scale(
    nn::Module<float>&,
    const Array<float>&,
    const std::function<Variable<float>(const Variable<float>&)>&,
    const InitialScaleOptions&);
template InitialScale initial_scale(
    nn::Module<double>&,
    const Array<double>&,
    const std::function<Variable<double>(const Variable<double>&)>&,
    const InitialScaleOptions&);
template InitialScale initial_scale(
    nn::Module<float>&, const data::Batch<float>&, const InitialScaleOptions&);
template InitialScale initial_scale(
    nn::Module<double>&, const data::Batch<double>&, const InitialScaleOptions&);

}  // namespace xgrad::train
