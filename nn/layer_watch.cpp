#include <autograd/grad.hpp>
#include <nn/layer_watch.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

namespace xgrad::train {
namespace {

struct Sums {
    std::size_t count = 0, zeros = 0;
    double sum = 0, squares = 0;

    template <class T>
    void add(const Array<T>& array) {
        count += array.size();
        for (const T element : array) {
            const auto v = static_cast<double>(element);
            sum += v;
            squares += v * v;
            zeros += v == 0;
        }
    }
    [[nodiscard]] Spread spread() const {
        const auto n = static_cast<double>(std::max<std::size_t>(count, 1));
        const double mean = sum / n, square = squares / n;
        // Of the rounding: a constant has no deviation.
        const double variance = std::max(square - mean * mean, 0.);
        return {mean, std::sqrt(variance), std::sqrt(square), static_cast<double>(zeros) / n};
    }
};

// The rms of what is there of `changes` over that of what it belongs to.
template <class T>
std::optional<double> ratio(
    const std::vector<const Array<T>*>& weights, const std::vector<const Array<T>*>& changes) {
    Sums of_weights, of_changes;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (!changes[i])
            continue;
        of_weights.add(*weights[i]);
        of_changes.add(*changes[i]);
    }
    const double size = of_weights.spread().rms;
    if (!(size > 0))
        return std::nullopt;
    return of_changes.spread().rms / size;
}

template <class T>
std::vector<const Array<T>*> values_of(const std::vector<Variable<T>>& variables) {
    std::vector<const Array<T>*> values;
    for (const Variable<T>& variable : variables)
        values.push_back(&variable.value());
    return values;
}

template <class T>
std::vector<Variable<T>> own_weights(const nn::Module<T>& module) {
    std::vector<Variable<T>> weights;
    for (const nn::Parameter<T>& parameter : module.parameters()) {
        const bool own = parameter.name.find('.') == std::string::npos;
        if (own && parameter.decays && parameter.value.requires_grad())
            weights.push_back(parameter.value);
    }
    return weights;
}

template <class T>
bool has_own_parameters(const nn::Module<T>& module) {
    const auto parameters = module.parameters();
    return std::any_of(parameters.begin(), parameters.end(), [](const nn::Parameter<T>& p) {
        return p.name.find('.') == std::string::npos;
    });
}

// The paths of what a module is in: "" and "encoder" for "encoder.2".
bool is_in(const std::string& path, const std::set<std::string>& owners) {
    if (path.empty())
        return false;
    if (owners.contains(""))
        return true;
    for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', dot + 1))
        if (owners.contains(path.substr(0, dot)))
            return true;
    return false;
}

}  // namespace

template <class T>
struct LayerWatch<T>::Layer {
    std::string path, name;
    std::vector<Variable<T>> weights;
    bool owns = false;  // parameters
    bool fed = false;   // a parameter has a say in its input
    Sums results, gradient;
    std::vector<char> alive;  // of each unit: some row was not 0
    std::size_t saturated = 0;
    std::optional<double> gradient_ratio, update_ratio;

    [[nodiscard]] bool squashes() const { return name == "Tanh" || name == "Sigmoid"; }

    void see(const Array<T>& y, double saturation) {
        results.add(y);
        see_units(y);
        if (!squashes())
            return;
        const double middle = name == "Tanh" ? 0 : 0.5, half = name == "Tanh" ? 1 : 0.5;
        for (const T v : y)
            saturated += std::abs(static_cast<double>(v) - middle) > saturation * half;
    }

    void see_units(const Array<T>& y) {
        const std::size_t rows = y.dimension() == 0 ? 1 : y.shape()[0];
        if (y.size() == 0)
            return;
        const std::size_t row = y.size() / rows;
        const std::size_t units = y.dimension() == 4 ? y.shape()[1] : row;
        if (alive.size() != units)
            alive.assign(units, 0);  // the first call, or one of another shape
        for (std::size_t i = 0; i < y.size(); ++i)
            if (y.data()[i] != T(0))
                alive[i % row / (row / units)] = 1;
    }

    [[nodiscard]] LayerFigures figures() const {
        LayerFigures f{path, name, results.spread()};
        if (gradient.count > 0)
            f.gradient = gradient.spread();
        f.units = alive.size();
        if (owns || fed)
            f.dead = static_cast<std::size_t>(std::count(alive.begin(), alive.end(), 0));
        if (squashes() && results.count > 0)
            f.saturated = static_cast<double>(saturated) / static_cast<double>(results.count);
        f.gradient_ratio = gradient_ratio;
        f.update_ratio = update_ratio;
        return f;
    }
};

template <class T>
struct LayerWatch<T>::Record {
    double saturation;
    std::vector<std::shared_ptr<Layer>> called = {};
    bool fed = false;  // a layer with parameters has been called
    std::optional<Spread> input = {}, input_gradient = {};

    void see(const std::shared_ptr<Layer>& layer, const Variable<T>& y) {
        if (std::find(called.begin(), called.end(), layer) == called.end()) {
            called.push_back(layer);
            layer->fed = layer->fed || fed;
        }
        fed = fed || layer->owns;
        layer->see(y.value(), saturation);
        if (y.requires_grad())
            y.register_hook([layer](const Variable<T>& g) { layer->gradient.add(g.value()); });
    }
};

template <class T>
LayerWatch<T>::LayerWatch(nn::Module<T>& model, const LayerThresholds& thresholds)
    : thresholds_(thresholds),
      record_(std::make_shared<Record>(Record{thresholds.saturation})) {
    std::set<const void*> seen;
    std::set<std::string> owners;
    model.apply([&](const std::string& path, nn::Module<T>& module) {
        const bool owns = has_own_parameters(module);
        if (owns)
            owners.insert(path);
        if (!(owns || module.children().empty()) || !seen.insert(&module).second)
            return;
        const auto layer = std::make_shared<Layer>();
        layer->path = path;
        layer->name = module.describe();
        layer->weights = own_weights(module);
        layer->owns = owns;
        layer->fed = is_in(path, owners);
        hooks_.push_back(module.register_forward_hook(
            [record = record_, layer](const Variable<T>&, const Variable<T>& y) {
                if (grad_enabled())  // else somebody evaluates meanwhile
                    record->see(layer, y);
                return Variable<T>();
            }));
    });
}

template <class T>
LayerWatch<T>::~LayerWatch() {
    for (HookHandle& hook : hooks_)
        hook.remove();
}

template <class T>
void LayerWatch<T>::add_input(const Array<T>& x, const Variable<T>& gradient) {
    const auto spread = [](const Array<T>& array) {
        Sums sums;
        sums.add(array);
        return sums.spread();
    };
    record_->input = spread(x);
    if (gradient.defined())
        record_->input_gradient = spread(gradient.value());
}

template <class T>
std::vector<Variable<T>> LayerWatch<T>::weights() const {
    std::vector<Variable<T>> all;
    for (const auto& layer : record_->called)
        all.insert(all.end(), layer->weights.begin(), layer->weights.end());
    return all;
}

template <class T>
void LayerWatch<T>::add_gradients(const std::vector<const Array<T>*>& gradients) {
    auto next = gradients.begin();
    for (const auto& layer : record_->called) {
        const auto count = static_cast<std::ptrdiff_t>(layer->weights.size());
        layer->gradient_ratio = ratio(values_of(layer->weights), {next, next + count});
        next += count;
    }
}

template <class T>
void LayerWatch<T>::add_updates(const std::vector<Array<T>>& before) {
    auto next = before.begin();
    for (const auto& layer : record_->called) {
        std::vector<Array<T>> changes;
        std::vector<const Array<T>*> old, change;
        for (const Variable<T>& weight : layer->weights) {
            changes.emplace_back(weight.value() - *next);
            old.push_back(&*next++);
        }
        for (const Array<T>& array : changes)
            change.push_back(&array);
        layer->update_ratio = ratio(old, change);
    }
}

template <class T>
LayerReport LayerWatch<T>::report() const {
    LayerReport report;
    for (const auto& layer : record_->called)
        report.layers.push_back(layer->figures());
    report.input = record_->input;
    report.input_gradient = record_->input_gradient;
    std::size_t first = 0;
    while (first + 1 < record_->called.size() && !record_->called[first]->owns)
        ++first;
    judge(report, first, thresholds_);
    return report;
}

template class LayerWatch<float>;
template class LayerWatch<double>;

}  // namespace xgrad::train
