#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <nn/eval_mode.hpp>
#include <nn/optim_check.hpp>
#include <nn/train.hpp>
#include <ops/loss.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace xgrad::train {
namespace {

// Calls visit(batch, outputs) for all rows in their order.
template <class T, class Visit>
void for_batches(
    nn::Module<T>& model,
    const data::Dataset<T>& dataset,
    std::size_t batch_size,
    const Visit& visit) {
    const data::DataLoader<T> loader(dataset, {.batch_size = batch_size, .shuffle = false});
    const nn::EvalMode<T> mode(model);
    const NoGradGuard no_grad;
    for (data::Batch<T>& batch : loader.epoch(0))
        visit(batch, model(Variable<T>(std::move(batch.x))));
}

}  // namespace

template <class T>
std::size_t count_errors(const Array<T>& scores, const data::Labels& labels) {
    if (scores.dimension() != 2 || scores.shape()[0] != labels.size() || scores.shape()[1] == 0) {
        fail<ShapeError>(
            "count_errors: scores has shape {}, there are {} labels; need (labels, classes)",
            scores.shape(),
            labels.size());
    }
    const std::size_t classes = scores.shape()[1];
    std::size_t errors = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const T* row = scores.data() + i * classes;
        const bool bad = std::any_of(row, row + classes, [](T score) { return std::isnan(score); });
        if (bad || std::max_element(row, row + classes) - row != labels[i])
            ++errors;
    }
    return errors;
}

template <class T>
Evaluation evaluate(nn::Module<T>& model, const data::Dataset<T>& dataset, std::size_t batch_size) {
    double cost = 0;
    std::size_t errors = 0;
    for_batches(
        model, dataset, batch_size, [&](const data::Batch<T>& batch, const Variable<T>& logits) {
            const auto rows = static_cast<double>(batch.y.size());
            cost += rows * static_cast<double>(cross_entropy(logits, batch.y).item());
            errors += count_errors(logits.value(), batch.y);
        });
    const auto rows = static_cast<double>(dataset.size());
    return {cost / rows, static_cast<double>(errors) / rows};
}

template <class T>
Array<T> predict(nn::Module<T>& model, const data::Dataset<T>& dataset, std::size_t batch_size) {
    Array<T> all;
    std::size_t at = 0;
    for_batches(
        model, dataset, batch_size, [&](const data::Batch<T>& batch, const Variable<T>& out) {
            const Array<T>& part = out.value();
            if (part.dimension() == 0 || part.shape()[0] != batch.y.size()) {
                fail<ShapeError>(
                    "predict: the model maps {} rows to shape {}; need ({}, ...)",
                    batch.y.size(),
                    part.shape(),
                    batch.y.size());
            }
            if (at == 0) {
                Shape shape = part.shape();
                shape[0] = dataset.size();
                all = empty<T>(shape);
            }
            if (part.size() * dataset.size() != all.size() * batch.y.size()) {
                fail<ShapeError>(
                    "predict: the model gave shape {} to a batch after rows of {} elements; need "
                    "rows of one shape",
                    part.shape(),
                    all.size() / dataset.size());
            }
            std::memcpy(all.data() + at, part.data(), part.size() * sizeof(T));
            at += part.size();
        });
    return all;
}

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
    return epoch_ - best_epoch_ >= options_.patience;
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

template Evaluation evaluate(nn::Module<float>&, const data::Dataset<float>&, std::size_t);
template Evaluation evaluate(nn::Module<double>&, const data::Dataset<double>&, std::size_t);
template Array<float> predict(nn::Module<float>&, const data::Dataset<float>&, std::size_t);
template Array<double> predict(nn::Module<double>&, const data::Dataset<double>&, std::size_t);
template std::size_t count_errors(const Array<float>&, const data::Labels&);
template std::size_t count_errors(const Array<double>&, const data::Labels&);
template class EarlyStopping<float>;
template class EarlyStopping<double>;

}  // namespace xgrad::train
