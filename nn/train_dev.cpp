// Train-dev parts, and training rows from elsewhere.
#include <autograd/fail.hpp>
#include <nn/split.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace xgrad::data {
namespace {

bool same_rows(const Shape& a, const Shape& b) {
    return std::equal(a.begin() + 1, a.end(), b.begin() + 1, b.end());
}

template <class T>
Array<T> joined(const Array<T>& a, const Array<T>& b) {
    Shape shape = a.shape();
    shape[0] += b.shape()[0];
    auto result = empty<T>(shape);
    std::copy_n(b.data(), b.size(), std::copy_n(a.data(), a.size(), result.data()));
    return result;
}

template <class T>
Dataset<T> joined(const Dataset<T>& a, const Dataset<T>& b) {
    if (a.classes() == 0)
        return {joined(a.x(), b.x()), joined(a.targets(), b.targets())};
    Labels labels = a.y();
    labels.insert(labels.end(), b.y().begin(), b.y().end());
    return {joined(a.x(), b.x()), std::move(labels), a.classes()};
}

template <class T>
void check_pair(const Dataset<T>& elsewhere, const Dataset<T>& target) {
    for (const Dataset<T>* dataset : {&elsewhere, &target}) {
        if (dataset->part() != Part::unsplit) {
            fail<std::invalid_argument>(
                "split_elsewhere: the {} rows are a {} part already; need unsplit rows",
                dataset->size(),
                to_string(dataset->part()));
        }
    }
    if (elsewhere.classes() != target.classes()) {
        fail<std::invalid_argument>(
            "split_elsewhere: there are {} classes elsewhere and {} in the target; need the same",
            elsewhere.classes(),
            target.classes());
    }
    if (!same_rows(elsewhere.x().shape(), target.x().shape())) {
        fail<ShapeError>(
            "split_elsewhere: x has shape {} elsewhere and {} in the target; need the same "
            "features",
            elsewhere.x().shape(),
            target.x().shape());
    }
    if (!same_rows(elsewhere.targets().shape(), target.targets().shape())) {
        fail<ShapeError>(
            "split_elsewhere: targets have shape {} elsewhere and {} in the target; need the same "
            "for each row",
            elsewhere.targets().shape(),
            target.targets().shape());
    }
}

void check_fractions(const ElsewhereOptions& options) {
    if (!(options.dev > 0 && options.test >= 0 && options.dev + options.test <= 1 + 1e-9)) {
        fail<std::invalid_argument>(
            "split_elsewhere: the fractions of dev and test are {} and {}; need dev > 0, test >= 0 "
            "and a sum of at most 1",
            options.dev,
            options.test);
    }
}

}  // namespace

template <class T>
DatasetSplit<T> carve_train_dev(
    const DatasetSplit<T>& parts, double fraction, const SplitOptions& options) {
    if (parts.train_dev) {
        fail<std::invalid_argument>(
            "carve_train_dev: there is a train-dev part of {} rows already; need parts without one",
            parts.train_dev->size());
    }
    const auto carved = split_dataset(parts.train, {1 - fraction, fraction}, options);
    auto result = parts;
    result.train = carved.train;
    if (carved.dev)
        result.train_dev = carved.dev->as(Part::train_dev);
    return result;
}

template <class T>
DatasetSplit<T> split_elsewhere(
    const Dataset<T>& elsewhere, const Dataset<T>& target, const ElsewhereOptions& options) {
    check_pair(elsewhere, target);
    check_fractions(options);
    const SplitOptions how{.seed = options.seed, .stratify = options.stratify};
    const double rest = 1 - options.dev - options.test;
    DatasetSplit<T> result{elsewhere.as(Part::train), {}, {}};
    if (rest > 1e-9) {
        result = split_dataset(target, {rest, options.dev, options.test}, how);
        result.train = joined(elsewhere, result.train).as(Part::train);
    } else {
        // split_dataset() has no parts without train: dev stands in its place.
        const auto halves = split_dataset(target, {1 - options.test, options.test}, how);
        result.dev = halves.train.as(Part::dev);
        if (halves.dev)
            result.test = halves.dev->as(Part::test);
    }
    return options.train_dev == 0 ? result : carve_train_dev(result, options.train_dev, how);
}

template DatasetSplit<float> carve_train_dev(
    const DatasetSplit<float>&, double, const SplitOptions&);
template DatasetSplit<double> carve_train_dev(
    const DatasetSplit<double>&, double, const SplitOptions&);
template DatasetSplit<float> split_elsewhere(
    const Dataset<float>&, const Dataset<float>&, const ElsewhereOptions&);
template DatasetSplit<double> split_elsewhere(
    const Dataset<double>&, const Dataset<double>&, const ElsewhereOptions&);

}  // namespace xgrad::data
