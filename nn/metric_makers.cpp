// The metrics for fit().
#include <autograd/fail.hpp>
#include <nn/metrics.hpp>

#include <algorithm>

namespace xgrad::train {
namespace metric {
namespace {

// The confusion matrix of a dataset's rows.
template <class T>
ConfusionMatrix matrix_of(const Array<T>& outputs, const data::Dataset<T>& dataset) {
    ConfusionMatrix matrix(std::max<std::size_t>(dataset.classes(), 1));
    matrix.add(outputs, dataset.y());
    return matrix;
}

template <class T>
double auc_of(const Array<T>& outputs, const data::Dataset<T>& dataset) {
    if (outputs.dimension() != 2 || outputs.shape()[1] != 2) {
        fail<ShapeError>(
            "metric::auc: the outputs have shape {}; need (N, 2), two classes", outputs.shape());
    }
    auto scores = empty<T>({outputs.shape()[0]});
    for (std::size_t i = 0; i < scores.size(); ++i)
        scores.data()[i] = outputs.data()[2 * i + 1] - outputs.data()[2 * i];
    return roc_auc(scores, dataset.y());
}

}  // namespace

template <class T>
Metric<T> accuracy() {
    return {"accuracy", [](const Array<T>& outputs, const data::Dataset<T>& dataset) {
                return matrix_of(outputs, dataset).accuracy();
            }};
}

template <class T>
Metric<T> top_k(std::size_t k) {
    return {
        fmt::format("top {}", k), [k](const Array<T>& outputs, const data::Dataset<T>& dataset) {
            return top_k_accuracy(outputs, dataset.y(), k);
        }};
}

template <class T>
Metric<T> macro_f1() {
    return {"macro f1", [](const Array<T>& outputs, const data::Dataset<T>& dataset) {
                return matrix_of(outputs, dataset).macro().f1;
            }};
}

template <class T>
Metric<T> auc() {
    return {"auc", auc_of<T>};
}

template <class T>
Metric<T> r2() {
    return {"r2", [](const Array<T>& outputs, const data::Dataset<T>& dataset) {
                return r2_score(outputs, dataset.targets());
            }};
}

template <class T>
Metric<T> rmse() {
    return {"rmse", [](const Array<T>& outputs, const data::Dataset<T>& dataset) {
                return root_mean_squared_error(outputs, dataset.targets());
            }};
}

template <class T>
Metric<T> mae() {
    return {"mae", [](const Array<T>& outputs, const data::Dataset<T>& dataset) {
                return mean_absolute_error(outputs, dataset.targets());
            }};
}

}  // namespace metric

template Metric<float> metric::accuracy();
template Metric<float> metric::macro_f1();
template Metric<float> metric::auc();
template Metric<float> metric::r2();
template Metric<float> metric::rmse();
template Metric<float> metric::mae();
template Metric<float> metric::top_k(std::size_t);
template Metric<double> metric::accuracy();
template Metric<double> metric::macro_f1();
template Metric<double> metric::auc();
template Metric<double> metric::r2();
template Metric<double> metric::rmse();
template Metric<double> metric::mae();
template Metric<double> metric::top_k(std::size_t);

}  // namespace xgrad::train
