#include <autograd/fail.hpp>
#include <autograd/grad.hpp>
#include <nn/layer_watch.hpp>
#include <nn/scoring.hpp>
#include <nn/unchanged.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace xgrad::train {
namespace {

// A layer beside the one that its size is measured by.
struct Compared {
    const char* what;   // "results"
    const char* whose;  // "the first layer's"
    double rms;
    double of_other;

    [[nodiscard]] std::string text() const {
        return fmt::format("{} of rms {:.2g}, {} {:.2g}", what, rms, whose, of_other);
    }
};

std::vector<Compared> compared(
    const LayerFigures& layer, const LayerFigures& first, const LayerFigures* last) {
    std::vector<Compared> pairs{
        {"results", "the first layer's", layer.results.rms, first.results.rms}};
    if (layer.gradient && last)
        pairs.push_back(
            {"a gradient", "the last layer's", layer.gradient->rms, last->gradient->rms});
    return pairs;
}

void set(LayerFigures& layer, LayerState state, std::string reason) {
    layer.state = state;
    layer.reason = std::move(reason);
}

void judge_layer(
    LayerFigures& layer, const std::vector<Compared>& pairs, const LayerThresholds& limits) {
    for (const Compared& c : pairs)
        if (!std::isfinite(c.rms) || (c.of_other > 0 && c.rms > limits.exploding * c.of_other))
            return set(layer, LayerState::exploding, c.text());
    if (static_cast<double>(layer.dead) > limits.dead * static_cast<double>(layer.units)) {
        return set(
            layer,
            LayerState::dead_units,
            fmt::format("{} of {} units are 0 for every row", layer.dead, layer.units));
    }
    if (layer.saturated.value_or(0) > limits.saturated) {
        return set(
            layer,
            LayerState::saturated,
            fmt::format("{:.0f} % of the results are saturated", 100 * *layer.saturated));
    }
    for (const Compared& c : pairs)
        if (c.rms < limits.vanishing * c.of_other)
            return set(layer, LayerState::vanishing, c.text());
}

std::string name_of(const LayerFigures& layer) {
    return layer.path.empty() ? layer.layer : layer.path + "." + layer.layer;
}

std::string cell(const std::optional<double>& number) {
    return number ? fmt::format("{:.2g}", *number) : "";
}

std::string percent(double share) { return fmt::format("{:.0f}%", 100 * share); }

std::string line_of(const LayerFigures& f) {
    std::string name = f.path.empty() ? f.layer : f.path + " " + f.layer;
    if (name.size() > 24) {
        name.resize(21);
        name += "...";
    }
    return fmt::format(
        "{:<24} {:>8} {:>7} {:>7} {:>5} {:>5} {:>5} {:>7} {:>7} {:>7}  {}\n",
        name,
        cell(f.results.mean),
        cell(f.results.deviation),
        cell(f.results.rms),
        percent(f.results.zeros),
        f.dead,
        f.saturated ? percent(*f.saturated) : "",
        f.gradient ? cell(f.gradient->rms) : "",
        cell(f.gradient_ratio),
        cell(f.update_ratio),
        to_string(f.state));
}

double ratio(double a, const std::optional<Spread>& b) {
    return b ? a / b->rms : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

const char* to_string(LayerState state) noexcept {
    switch (state) {
        case LayerState::healthy: return "healthy";
        case LayerState::vanishing: return "vanishing";
        case LayerState::exploding: return "exploding";
        case LayerState::dead_units: return "dead units";
        case LayerState::saturated: return "saturated";
    }
    return "";  // not reached
}

void judge(LayerReport& report, std::size_t first, const LayerThresholds& thresholds) {
    auto& layers = report.layers;
    const auto last = std::find_if(
        layers.rbegin(), layers.rend(), [](const LayerFigures& f) { return f.gradient; });
    // Layers before the first with parameters only hand the input on.
    for (std::size_t i = first; i < layers.size(); ++i) {
        const auto pairs =
            compared(layers[i], layers[first], last == layers.rend() ? nullptr : &*last);
        judge_layer(layers[i], pairs, thresholds);
    }
    for (const LayerState state :
         {LayerState::exploding,
          LayerState::dead_units,
          LayerState::saturated,
          LayerState::vanishing}) {
        const auto found = std::find_if(
            layers.begin(), layers.end(), [&](const LayerFigures& f) { return f.state == state; });
        if (found != layers.end()) {
            report.worst = static_cast<std::size_t>(found - layers.begin());
            return;
        }
    }
}

double LayerReport::forward_ratio() const {
    return layers.empty() ? ratio(0, {}) : ratio(layers.back().results.rms, input);
}

double LayerReport::backward_ratio() const {
    return input_gradient && !layers.empty() ? ratio(input_gradient->rms, layers.back().gradient)
                                             : ratio(0, {});
}

std::string LayerReport::verdict() const {
    if (!worst)
        return "healthy";
    const LayerFigures& layer = layers[*worst];
    return fmt::format("{}: {}, {}", to_string(layer.state), name_of(layer), layer.reason);
}

std::string LayerReport::text() const {
    std::string table = fmt::format(
        "{:<24} {:>8} {:>7} {:>7} {:>5} {:>5} {:>5} {:>7} {:>7} {:>7}  {}\n",
        "layer",
        "mean",
        "dev",
        "rms",
        "zero",
        "dead",
        "sat",
        "grad",
        "grad/w",
        "step/w",
        "state");
    for (const LayerFigures& layer : layers)
        table += line_of(layer);
    return table + verdict() + "\n";
}

template <class T>
LayerReport layer_report(
    nn::Module<T>& model,
    const Array<T>& x,
    const std::function<Variable<T>(const Variable<T>&)>& loss,
    const LayerThresholds& thresholds) {
    const nn::Unchanged<T> unchanged(model);
    LayerWatch<T> watch(model, thresholds);
    const GradModeGuard recorded(true);
    const Variable<T> in(x, true);
    const Variable<T> value = loss(model(in));
    std::vector<Variable<T>> inputs = watch.weights();
    inputs.push_back(in);
    GradOptions<T> options;
    options.allow_unused = true;
    const std::vector<Variable<T>> gradients = grad<T>({value}, inputs, options);
    std::vector<const Array<T>*> of_weights;
    for (std::size_t i = 0; i + 1 < gradients.size(); ++i)
        of_weights.push_back(gradients[i].defined() ? &gradients[i].value() : nullptr);
    watch.add_input(x, gradients.back());
    watch.add_gradients(of_weights);
    return watch.report();
}

template <class T>
LayerReport layer_report(
    nn::Module<T>& model, const data::Batch<T>& batch, const LayerThresholds& thresholds) {
    return layer_report<T>(
        model,
        batch.x,
        [&](const Variable<T>& output) { return detail::loss_of<T>({}, output, batch); },
        thresholds);
}

template <class T>
LayerMonitor<T>::LayerMonitor(const LayerMonitorOptions& options) : options_(options) {
    if (options.every == 0)
        fail<std::invalid_argument>("LayerMonitor: every is 0; need at least 1 step");
}

template <class T>
LayerMonitor<T>::~LayerMonitor() = default;

template <class T>
void LayerMonitor<T>::on_start(FitState<T>& state) {
    watch_ = std::make_unique<LayerWatch<T>>(state.model, options_.thresholds);
}

template <class T>
void LayerMonitor<T>::on_gradient(FitState<T>&) {
    if (!watch_)
        return;
    std::vector<const Array<T>*> gradients;
    before_.clear();
    for (const Variable<T>& weight : watch_->weights()) {
        gradients.push_back(weight.has_grad() ? &weight.grad() : nullptr);
        before_.push_back(weight.value());
    }
    watch_->add_gradients(gradients);
}

template <class T>
void LayerMonitor<T>::on_step(FitState<T>& state) {
    if (watch_) {
        watch_->add_updates(before_);
        history_.push_back({state.step, watch_->report()});
        watch_.reset();
        before_.clear();
        if (options_.on_look)
            options_.on_look(state.step, history_.back().report);
    }
    if (state.step % options_.every == 0)
        on_start(state);
}

template <class T>
void LayerMonitor<T>::on_end(FitState<T>&) {
    watch_.reset();
}

template <class T>
std::string LayerMonitor<T>::text() const {
    std::string lines;
    for (const Look& look : history_)
        lines += fmt::format("step {:>6}  {}\n", look.step, look.report.verdict());
    return lines;
}

template LayerReport layer_report(
    nn::Module<float>&,
    const Array<float>&,
    const std::function<Variable<float>(const Variable<float>&)>&,
    const LayerThresholds&);
template LayerReport layer_report(
    nn::Module<double>&,
    const Array<double>&,
    const std::function<Variable<double>(const Variable<double>&)>&,
    const LayerThresholds&);
template LayerReport layer_report(
    nn::Module<float>&, const data::Batch<float>&, const LayerThresholds&);
template LayerReport layer_report(
    nn::Module<double>&, const data::Batch<double>&, const LayerThresholds&);
template class LayerMonitor<float>;
template class LayerMonitor<double>;

}  // namespace xgrad::train
