#include <autograd/fail.hpp>
#include <nn/optim_check.hpp>
#include <nn/train.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace xgrad::train {
template <class T>
EarlyStopping<T>::EarlyStopping(const EarlyStoppingOptions& options)
    : options_(options),
      best_error_(std::numeric_limits<double>::infinity()) {
    if (options.patience == 0)
        fail<std::invalid_argument>("EarlyStopping: patience is 0; need at least 1 epoch");
    if (!(options.min_delta >= 0) || std::isinf(options.min_delta)) {
        fail<std::invalid_argument>(
            "EarlyStopping: min_delta is {}; need a finite one, not negative", options.min_delta);
    }
}

template <class T>
bool EarlyStopping<T>::update(double dev_error, const nn::Module<T>& model) {
    if (std::isnan(dev_error)) {
        fail<std::invalid_argument>(
            "EarlyStopping::update: the error of epoch {} is nan; need a number (did the training "
            "diverge?)",
            epoch_ + 1);
    }
    if (best_epoch_ == 0 || dev_error < best_error_ - options_.min_delta) {
        best_ = model.state_dict();
        best_error_ = dev_error;
        best_epoch_ = epoch_ + 1;
    }
    ++epoch_;
    return is_due();
}

template <class T>
void EarlyStopping<T>::restore(nn::Module<T>& model) const {
    if (best_epoch_ == 0) {
        fail<std::logic_error>(
            "EarlyStopping::restore: no epoch was seen; need an update() before");
    }
    model.load_state_dict(best_);
}

template <class T>
optim::State<T> EarlyStopping<T>::state_dict() const {
    return {
        "EarlyStopping",
        best_,
        {{"epoch", static_cast<double>(epoch_)},
         {"best_epoch", static_cast<double>(best_epoch_)},
         {"best_error", best_error_}}};
}

template <class T>
void EarlyStopping<T>::load_state_dict(const optim::State<T>& state) {
    const optim::State<T> expected = state_dict();
    if (state.kind != expected.kind) {
        fail<std::invalid_argument>(
            "EarlyStopping::load_state_dict: the state is of \"{}\"; need one of "
            "\"EarlyStopping\"",
            state.kind);
    }
    optim::detail::check_numbers("EarlyStopping", state.numbers, expected.numbers, {"best_error"});
    const double epoch = state.numbers.at("epoch"), best = state.numbers.at("best_epoch");
    if (best > epoch || (best == 0) != (epoch == 0)) {
        fail<std::invalid_argument>(
            "EarlyStopping::load_state_dict: the best epoch is {} of {}; need one of those seen",
            best,
            epoch);
    }
    best_ = state.arrays;
    epoch_ = static_cast<std::size_t>(epoch);
    best_epoch_ = static_cast<std::size_t>(best);
    best_error_ = state.numbers.at("best_error");
}

template class EarlyStopping<float>;
template class EarlyStopping<double>;

}  // namespace xgrad::train
