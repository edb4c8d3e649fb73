#include <nn/ema.hpp>
#include <nn/optim_check.hpp>

#include <cmath>

namespace xgrad::optim {

template <class T>
EMA<T>::EMA(std::vector<nn::Parameter<T>> parameters, const EMAOptions& options)
    : parameters_(std::move(parameters)),
      options_(options) {
    if (parameters_.empty())
        fail<std::invalid_argument>("EMA: there are no parameters; pass module.parameters()");
    detail::check_share("EMA", "decay", options.decay);
    for (const auto& parameter : parameters_) {
        averages_.push_back(parameter.value.value());
        if (options.bias_correction)
            averages_.back().fill(T(0));
    }
}

template <class T>
void EMA<T>::update() {
    if (is_swapped_in()) {
        fail<std::logic_error>("EMA::update: the averages are swapped in; need swap_out() before");
    }
    const T stays = static_cast<T>(options_.decay), comes = static_cast<T>(1 - options_.decay);
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        T* average = averages_[i].data();
        const T* weight = parameters_[i].value.value().data();
        for (std::size_t j = 0; j < averages_[i].size(); ++j)
            average[j] = stays * average[j] + comes * weight[j];
    }
    ++steps_;
}

template <class T>
void EMA<T>::swap_in() {
    if (is_swapped_in()) {
        fail<std::logic_error>("EMA::swap_in: the averages are swapped in; need swap_out() before");
    }
    if (options_.bias_correction && steps_ == 0) {
        fail<std::logic_error>(
            "EMA::swap_in: no step was seen, the corrected average is 0 / 0; need an update() "
            "before");
    }
    const double correction = options_.bias_correction
                                  ? 1 / (1 - std::pow(options_.decay, static_cast<double>(steps_)))
                                  : 1;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        kept_.push_back(parameters_[i].value.value());
        parameters_[i].value.assign(Array<T>(averages_[i] * static_cast<T>(correction)));
    }
}

template <class T>
void EMA<T>::swap_out() {
    if (!is_swapped_in()) {
        fail<std::logic_error>(
            "EMA::swap_out: the parameters have their own weights; need swap_in() before");
    }
    for (std::size_t i = 0; i < parameters_.size(); ++i)
        parameters_[i].value.assign(kept_[i]);
    kept_.clear();
}

template <class T>
State<T> EMA<T>::state_dict() const {
    State<T> state{"EMA", {}, {{"steps", static_cast<double>(steps_)}}};
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        const std::string& name = parameters_[i].name;
        if (!state.arrays.emplace(name + ".average", averages_[i]).second) {
            fail<std::invalid_argument>(
                "EMA::state_dict: two parameters are named \"{}\"; need names that differ", name);
        }
    }
    return state;
}

template <class T>
void EMA<T>::load_state_dict(const State<T>& state) {
    detail::check_state(state, state_dict());
    steps_ = static_cast<std::uint64_t>(state.numbers.at("steps"));
    for (std::size_t i = 0; i < parameters_.size(); ++i)
        averages_[i] = state.arrays.at(parameters_[i].name + ".average");
}

template class EMA<float>;
template class EMA<double>;

}  // namespace xgrad::optim
