#include <autograd/fail.hpp>
#include <nn/compare.hpp>
#include <nn/doctor_data.hpp>
#include <nn/guards.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad::train {
namespace {

using State = Finding::State;

template <class T>
Finding leak(const data::Dataset<T>& train, const data::Dataset<T>& dev) {
    const data::DuplicateReport report =
        data::find_duplicates_among<T>({train.as(data::Part::train), dev.as(data::Part::dev)});
    const std::size_t shared = report.parts[1].shared;
    const std::string evidence =
        fmt::format("{} of {} dev rows are training rows", shared, dev.size());
    if (shared == 0)
        return {State::good, "leak", evidence, ""};
    return {
        State::problem,
        "leak",
        evidence + ", so that the dev error tells too little",
        "remove the rows that dev shares with train, or split by group, so that copies stay "
        "together"};
}

struct Scales {
    double mean, deviation;    // of all numbers
    double smallest, largest;  // of the features' deviations, a tenth left out at either end
};

template <class T>
Scales scales_of(const Array<T>& x) {
    const std::size_t rows = x.shape()[0], features = x.size() / rows;
    // From the first row, so that a constant feature's mean is that constant.
    std::vector<double> means(x.data(), x.data() + features);
    std::vector<double> sum(features), squares(features);
    Scales scales{};
    for (std::size_t i = 0; i < x.size(); ++i) {
        const auto v = static_cast<double>(x.data()[i]);
        sum[i % features] += v - means[i % features];
    }
    for (std::size_t j = 0; j < features; ++j)
        means[j] += sum[j] / static_cast<double>(rows);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double d = static_cast<double>(x.data()[i]) - means[i % features];
        squares[i % features] += d * d;
    }
    std::vector<double> deviations;
    double second = 0;
    for (std::size_t j = 0; j < features; ++j) {
        const double mean = means[j];
        const double variance = squares[j] / static_cast<double>(rows);
        scales.mean += mean / static_cast<double>(features);
        second += (variance + mean * mean) / static_cast<double>(features);
        if (variance > 0)
            deviations.push_back(std::sqrt(variance));
    }
    scales.deviation = std::sqrt(std::max(second - scales.mean * scales.mean, 0.));
    std::sort(deviations.begin(), deviations.end());
    if (!deviations.empty()) {
        const std::size_t tenth = deviations.size() / 10;
        scales.smallest = deviations[tenth];
        scales.largest = deviations[deviations.size() - 1 - tenth];
    }
    return scales;
}

template <class T>
Finding finite(const char* check, const Array<T>& train, const Array<T>& dev) {
    const auto bad_in = [](const Array<T>& x) {
        return std::count_if(x.begin(), x.end(), [](T v) { return !std::isfinite(v); });
    };
    const auto in_train = bad_in(train), in_dev = bad_in(dev);
    if (in_train == 0 && in_dev == 0)
        return {State::good, check, "are all finite", ""};
    return {
        State::problem,
        check,
        fmt::format(
            "{} of {} numbers in train and {} of {} in dev are NaN or infinite",
            in_train,
            train.size(),
            in_dev,
            dev.size()),
        "remove or fill in what is not finite in the rows, by figures of the training rows"};
}

// Bounds that pictures of [0, 1] are within and those of [0, 255] are not.
template <class T>
Finding scales(const Array<T>& x) {
    const Scales s = scales_of(x);
    const std::string evidence = fmt::format(
        "mean {:.3g}, deviation {:.3g}, of single features from {:.3g} to {:.3g}",
        s.mean,
        s.deviation,
        s.smallest,
        s.largest);
    const bool far = std::abs(s.mean) > 3 * s.deviation;
    const bool large = s.deviation > 10 || s.deviation < 0.1;
    const bool uneven = s.largest > 100 * s.smallest;
    if (!far && !large && !uneven)
        return {State::good, "inputs", evidence, ""};
    return {
        State::problem,
        "inputs",
        evidence + ": not normalised",
        "normalise the inputs to mean 0 and deviation 1 by the figures of the training rows: "
        "data::Normalizer"};
}

template <class T>
Finding inputs(const Array<T>& train, const Array<T>& dev, bool indices) {
    Finding found = finite("inputs", train, dev);
    if (found.state == State::problem)
        return found;
    if (indices)
        return {State::note, "inputs", "are indices of an embedding", ""};
    return scales(train);
}

template <class T>
std::vector<std::size_t> label_counts(const data::Dataset<T>& dataset) {
    std::vector<std::size_t> counts(dataset.classes());
    for (const std::int64_t label : dataset.y())
        ++counts[static_cast<std::size_t>(label)];
    return counts;
}

template <class T>
Finding classes(const data::Dataset<T>& train, const data::Dataset<T>& dev) {
    const auto counts = label_counts(train), in_dev = label_counts(dev);
    const auto absent = std::find(counts.begin(), counts.end(), std::size_t{0});
    const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
    if (absent == counts.end()) {
        return {
            State::good,
            "classes",
            fmt::format("{}, each with {} to {} training rows", counts.size(), *least, *most),
            ""};
    }
    const auto label = static_cast<std::size_t>(absent - counts.begin());
    const bool asked = label < in_dev.size() && in_dev[label] > 0;
    return {
        asked ? State::problem : State::note,
        "classes",
        fmt::format(
            "class {} of {} has no training row and {} dev rows",
            label,
            counts.size(),
            asked ? in_dev[label] : 0),
        asked ? "split again, stratified by label: a class is missing from train" : ""};
}

// Dev may differ from train on purpose: no fault, but then variance and mismatch are to be parted.
template <class T>
Finding distributions(
    const data::Dataset<T>& train, const data::Dataset<T>& dev, bool has_train_dev) {
    // A false alarm would stand before a true doubt: be surer than the default.
    const data::DistributionReport report =
        data::compare_distributions(train, dev, {.alpha = 1e-3});
    const double labels = report.labels ? report.labels->effect : 0;
    const double feature = report.features.empty() ? 0 : report.features.front().statistic;
    const std::string evidence = fmt::format(
        "train and dev: {} of {} features differ, the worst by a distance of {:.2g}; labels by "
        "{:.2g}",
        report.different_features(),
        report.features.size(),
        feature,
        labels);
    if (!report.differ())
        return {State::good, "distributions", evidence, ""};
    return {
        State::note,
        "distributions",
        evidence,
        has_train_dev ? ""
                      : "a train-dev part, to see how much of the dev error is the difference: "
                        "data::carve_train_dev"};
}

}  // namespace

template <class T>
double guessing_error(const data::Dataset<T>& train, const data::Dataset<T>& dev) {
    const auto counts = label_counts(train);
    const auto guess = std::max_element(counts.begin(), counts.end()) - counts.begin();
    const auto right = std::count(dev.y().begin(), dev.y().end(), guess);
    return 1 - static_cast<double>(right) / static_cast<double>(dev.size());
}

template <class T>
std::vector<Finding> data_findings(const FitData<T>& data, bool indices, bool has_train_dev) {
    std::vector<Finding> findings{leak(data.train, *data.dev)};
    findings.push_back(inputs(data.train.x(), data.dev->x(), indices));
    findings.push_back(distributions(data.train, *data.dev, has_train_dev));
    if (data.train.classes() > 0)
        findings.push_back(classes(data.train, *data.dev));
    else
        findings.push_back(finite("targets", data.train.targets(), data.dev->targets()));
    return findings;
}

template std::vector<Finding> data_findings(const FitData<float>&, bool, bool);
template std::vector<Finding> data_findings(const FitData<double>&, bool, bool);
template double guessing_error(const data::Dataset<float>&, const data::Dataset<float>&);
template double guessing_error(const data::Dataset<double>&, const data::Dataset<double>&);

}  // namespace xgrad::train
