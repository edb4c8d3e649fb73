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

namespace {

void check_rate(const char* name, double rate) {
    if (!(rate >= 0 && rate <= 1)) {
        fail<std::invalid_argument>(
            "diagnose: the {} error is {}; need 0 <= error <= 1", name, rate);
    }
}

void check_rates(const ErrorRates& rates) {
    check_rate("train", rates.train);
    check_rate("dev", rates.dev);
    check_rate("optimal", rates.optimal);
    if (rates.train_dev)
        check_rate("train-dev", *rates.train_dev);
    if (rates.test)
        check_rate("test", *rates.test);
}

const char* verdict_of(bool high_bias, bool high_variance) {
    if (high_bias)
        return high_variance ? "high bias and high variance" : "high bias (underfits)";
    return high_variance ? "high variance (overfits)" : "low bias, low variance";
}

// The branches of the basic recipe, bias first: it is measured on what variance is measured from.
std::vector<std::string> steps_for(const Diagnosis& d, double high) {
    std::vector<std::string> steps;
    if (d.high_bias) {
        steps.insert(
            steps.end(),
            {"a bigger network",
             "longer training, or another optimiser",
             "another architecture (more data does not help)"});
    }
    if (d.high_variance) {
        steps.insert(
            steps.end(),
            {"more data, or augmentation",
             "more regularisation: weight decay, dropout, early stopping",
             "another architecture"});
    }
    if (d.mismatch.value_or(0) > high)
        steps.emplace_back("training data more like the dev set: the two differ");
    if (d.dev_gap.value_or(0) > high)
        steps.emplace_back("a bigger dev set: the choices made on it do not carry over to test");
    return steps;
}

}  // namespace

Diagnosis diagnose(const ErrorRates& rates, const DiagnosisOptions& options) {
    check_rates(rates);
    if (!(options.high > 0))
        fail<std::invalid_argument>("diagnose: high is {}; need a positive one", options.high);
    Diagnosis d{};
    d.avoidable_bias = rates.train - rates.optimal;
    d.variance = rates.train_dev.value_or(rates.dev) - rates.train;
    if (rates.train_dev)
        d.mismatch = rates.dev - *rates.train_dev;
    if (rates.test)
        d.dev_gap = *rates.test - rates.dev;
    d.high_bias = d.avoidable_bias > options.high;
    d.high_variance = d.variance > options.high;
    d.verdict = verdict_of(d.high_bias, d.high_variance);
    if (d.mismatch.value_or(0) > options.high)
        d.verdict += ", data mismatch";
    if (d.dev_gap.value_or(0) > options.high)
        d.verdict += ", overfitting to dev";
    d.steps = steps_for(d, options.high);
    return d;
}

template class EarlyStopping<float>;
template class EarlyStopping<double>;

}  // namespace xgrad::train
