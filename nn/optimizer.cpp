#include <nn/gradient.hpp>
#include <nn/optim_check.hpp>
#include <nn/optimizer.hpp>

#include <algorithm>

namespace xgrad::optim {

LearningRate::LearningRate(const char* name, double lr) : name_(name) { set_lr(lr); }

void LearningRate::set_lr(double lr) {
    detail::check_rate(name_, "lr", lr);
    lr_ = lr;
}

template <class T>
Optimizer<T>::Optimizer(
    const char* name,
    std::vector<nn::Parameter<T>> parameters,
    const Rates& rates,
    std::initializer_list<const char*> states,
    double start)
    : LearningRate(name, rates.lr),
      state_names_(states.begin(), states.end()) {
    std::erase(state_names_, "");  // left out by an option
    if (parameters.empty()) {
        fail<std::invalid_argument>("{}: there are no parameters; pass module.parameters()", name);
    }
    detail::check_rate(name, "l2", rates.l2);
    detail::check_rate(name, "weight_decay", rates.weight_decay);
    for (nn::Parameter<T>& parameter : parameters) {
        const bool decays = parameter.decays;
        Entry entry{
            std::move(parameter), 1, decays ? rates.l2 : 0, decays ? rates.weight_decay : 0};
        for (const std::string& state : state_names_) {
            const bool first = &state == &state_names_.front();
            entry.states.emplace_back(
                entry.parameter.value.shape(), static_cast<T>(first ? start : 0));
        }
        entries_.push_back(std::move(entry));
    }
}

template <class T>
Optimizer<T>::~Optimizer() = default;

template <class T>
void Optimizer<T>::zero_grad() const {
    for (const Entry& entry : entries_)
        entry.parameter.value.zero_grad();
}

template <class T>
std::vector<nn::Parameter<T>> Optimizer<T>::parameters() const {
    std::vector<nn::Parameter<T>> all;
    for (const Entry& entry : entries_)
        all.push_back(entry.parameter);
    return all;
}

// Throws where a gradient is missing; false where one is not finite and that is to be skipped.
template <class T>
bool Optimizer<T>::ready() const {
    for (const Entry& entry : entries_) {
        const Variable<T>& value = entry.parameter.value;
        if (value.requires_grad() && !value.has_grad()) {
            fail<GraphError>(
                "{}: parameter \"{}\" has no gradient; call backward() on a loss that depends on "
                "it before step(), or requires_grad(false) to leave it out",
                name(),
                entry.parameter.name);
        }
    }
    return !skip_nonfinite_ || std::ranges::all_of(entries_, [](const Entry& entry) {
        return !entry.parameter.value.requires_grad() ||
               detail::all_finite(entry.parameter.value.grad());
    });
}

template <class T>
bool Optimizer<T>::step() {
    if (!ready()) {
        ++skipped_;
        return false;
    }
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        Entry& entry = entries_[i];
        const Variable<T>& value = entry.parameter.value;
        if (!value.requires_grad())
            continue;
        ++entry.steps;
        const double rate = lr() * entry.lr_factor;
        value.update([&](std::span<T> weight) {
            update(
                {i,
                 static_cast<double>(entry.steps),
                 rate,
                 entry.l2,
                 1 - rate * entry.weight_decay,
                 weight,
                 value.grad().data(),
                 entry.states});
        });
    }
    return true;
}

template <class T>
void Optimizer<T>::group(
    const std::function<bool(const nn::Parameter<T>&)>& picks, const GroupOptions& options) {
    detail::check_rate(name(), "lr_factor", options.lr_factor.value_or(1));
    detail::check_rate(name(), "l2", options.l2.value_or(0));
    detail::check_rate(name(), "weight_decay", options.weight_decay.value_or(0));
    bool found = false;
    for (Entry& entry : entries_) {
        if (!picks(entry.parameter))
            continue;
        found = true;
        entry.lr_factor = options.lr_factor.value_or(entry.lr_factor);
        entry.l2 = options.l2.value_or(entry.l2);
        entry.weight_decay = options.weight_decay.value_or(entry.weight_decay);
    }
    if (!found) {
        fail<std::invalid_argument>(
            "{}: the group has none of the {} parameters; need one that it picks",
            name(),
            entries_.size());
    }
}

template <class T>
void Optimizer<T>::group(std::string_view path, const GroupOptions& options) {
    const auto inside = [&](const nn::Parameter<T>& parameter) {
        const std::string_view name = parameter.name;
        return name.starts_with(path) && (name.size() == path.size() || name[path.size()] == '.');
    };
    if (std::ranges::none_of(entries_, [&](const Entry& e) { return inside(e.parameter); })) {
        fail<std::invalid_argument>(
            "{}: no parameter is \"{}\" or below it; the first is \"{}\"",
            name(),
            path,
            entries_.front().parameter.name);
    }
    group(inside, options);
}

template <class T>
State<T> Optimizer<T>::state_dict() const {
    State<T> state{name(), {}, {{"lr", lr()}, {"skipped", static_cast<double>(skipped_)}}};
    for (const Entry& entry : entries_) {
        const std::string& name_of = entry.parameter.name;
        const auto steps = static_cast<double>(entry.steps);
        if (!state.numbers.emplace(name_of + ".steps", steps).second) {
            fail<std::invalid_argument>(
                "{}::state_dict: two parameters are named \"{}\"; need names that differ",
                name(),
                name_of);
        }
        for (std::size_t i = 0; i < state_names_.size(); ++i)
            state.arrays.emplace(name_of + "." + state_names_[i], entry.states[i]);
    }
    return state;
}

template <class T>
void Optimizer<T>::load_state_dict(const State<T>& state) {
    detail::check_state(state, state_dict());
    set_lr(state.numbers.at("lr"));
    skipped_ = static_cast<std::uint64_t>(state.numbers.at("skipped"));
    for (Entry& entry : entries_) {
        const std::string& name_of = entry.parameter.name;
        entry.steps = static_cast<std::uint64_t>(state.numbers.at(name_of + ".steps"));
        for (std::size_t i = 0; i < state_names_.size(); ++i)
            entry.states[i] = state.arrays.at(name_of + "." + state_names_[i]);
    }
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace xgrad::optim
