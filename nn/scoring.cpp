#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <nn/eval_mode.hpp>
#include <nn/scoring.hpp>
#include <ops/loss.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace xgrad::train {
namespace {

// Calls visit(batch, rows, outputs) for all rows in their order; the batch without its x unless
// that is kept.
template <class T, class Visit>
void for_batches(
    nn::Module<T>& model,
    const data::Dataset<T>& dataset,
    std::size_t batch_size,
    bool keeps_x,
    const Visit& visit) {
    const data::DataLoader<T> loader(dataset, {.batch_size = batch_size, .shuffle = false});
    const nn::EvalMode<T> mode(model);
    const NoGradGuard no_grad;
    for (data::Batch<T>& batch : loader.epoch(0)) {
        const std::size_t rows = batch.x.shape()[0];
        Variable<T> x(keeps_x ? batch.x : std::move(batch.x));
        visit(batch, rows, model(x));
    }
}

// The outputs of all batches, one after the other.
template <class T>
class Outputs {
public:
    explicit Outputs(std::size_t rows) : rows_(rows) {}

    void add(const Array<T>& part, std::size_t rows) {
        if (part.dimension() == 0 || part.shape()[0] != rows) {
            fail<ShapeError>(
                "predict: the model maps {} rows to shape {}; need ({}, ...)",
                rows,
                part.shape(),
                rows);
        }
        if (at_ == 0) {
            Shape shape = part.shape();
            shape[0] = rows_;
            all_ = empty<T>(shape);
        }
        if (part.size() * rows_ != all_.size() * rows) {
            fail<ShapeError>(
                "predict: the model gave shape {} to a batch after rows of {} elements; need "
                "rows of one shape",
                part.shape(),
                all_.size() / rows_);
        }
        std::memcpy(all_.data() + at_, part.data(), part.size() * sizeof(T));
        at_ += part.size();
    }
    Array<T> take() { return std::move(all_); }

private:
    std::size_t rows_, at_ = 0;
    Array<T> all_;
};

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

namespace detail {

template <class T>
Variable<T> loss_of(const Loss<T>& loss, const Variable<T>& outputs, const data::Batch<T>& batch) {
    if (loss)
        return loss(outputs, batch);
    const std::size_t rows = batch.y.size();
    const bool mixed = batch.targets.dimension() == 2 && batch.targets.shape()[0] == rows;
    if (rows > 0 && mixed)
        return cross_entropy(outputs, Variable<T>(batch.targets));
    if (rows > 0)
        return cross_entropy(outputs, batch.y);
    return mse_loss(outputs, Variable<T>(batch.targets));
}

template <class T>
Score<T> score(
    nn::Module<T>& model,
    const data::Dataset<T>& dataset,
    const Loss<T>& loss,
    bool keeps_outputs,
    std::size_t batch_size) {
    double cost = 0;
    std::size_t errors = 0;
    bool counts = dataset.classes() != 0;
    Outputs<T> outputs(dataset.size());
    for_batches(
        model,
        dataset,
        batch_size,
        bool(loss),
        [&](const data::Batch<T>& batch, std::size_t rows, const Variable<T>& out) {
            cost +=
                static_cast<double>(rows) * static_cast<double>(loss_of(loss, out, batch).item());
            // A loss of the program's may take outputs of another shape.
            counts = counts && (!loss || out.shape() == Shape{rows, dataset.classes()});
            if (counts)
                errors += count_errors(out.value(), batch.y);
            if (keeps_outputs)
                outputs.add(out.value(), rows);
        });
    const auto rows = static_cast<double>(dataset.size());
    const double error = (counts ? static_cast<double>(errors) : cost) / rows;
    return {{cost / rows, error}, outputs.take(), counts};
}

}  // namespace detail

template <class T>
Evaluation evaluate(nn::Module<T>& model, const data::Dataset<T>& dataset, std::size_t batch_size) {
    return detail::score(model, dataset, detail::Loss<T>(), false, batch_size).evaluation;
}

template <class T>
Array<T> predict(nn::Module<T>& model, const data::Dataset<T>& dataset, std::size_t batch_size) {
    Outputs<T> outputs(dataset.size());
    for_batches(
        model,
        dataset,
        batch_size,
        false,
        [&](const data::Batch<T>& /*batch*/, std::size_t rows, const Variable<T>& out) {
            outputs.add(out.value(), rows);
        });
    return outputs.take();
}

template Evaluation evaluate(nn::Module<float>&, const data::Dataset<float>&, std::size_t);
template Evaluation evaluate(nn::Module<double>&, const data::Dataset<double>&, std::size_t);
template Array<float> predict(nn::Module<float>&, const data::Dataset<float>&, std::size_t);
template Array<double> predict(nn::Module<double>&, const data::Dataset<double>&, std::size_t);
template std::size_t count_errors(const Array<float>&, const data::Labels&);
template std::size_t count_errors(const Array<double>&, const data::Labels&);

namespace detail {

template Variable<float> loss_of(
    const Loss<float>&, const Variable<float>&, const data::Batch<float>&);
template Variable<double> loss_of(
    const Loss<double>&, const Variable<double>&, const data::Batch<double>&);
template Score<float> score(
    nn::Module<float>&, const data::Dataset<float>&, const Loss<float>&, bool, std::size_t);
template Score<double> score(
    nn::Module<double>&, const data::Dataset<double>&, const Loss<double>&, bool, std::size_t);

}  // namespace detail
}  // namespace xgrad::train
