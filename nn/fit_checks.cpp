#include <autograd/fail.hpp>
#include <nn/fit_checks.hpp>

#include <algorithm>

namespace xgrad::train::detail {
namespace {

using data::Part;

template <class T>
void check_data(const FitData<T>& data) {
    const Part train = data.train.part();
    if (train != Part::train && train != Part::unsplit) {
        fail<std::invalid_argument>(
            "fit: the rows to train on are the {} part; need the train part, or rows of none",
            data::to_string(train));
    }
    if (!data.dev)
        return;
    const Part dev = data.dev->part();
    if (dev == Part::test || dev == Part::train) {
        fail<std::invalid_argument>(
            "fit: the dev rows are the {} part; need the dev or train-dev part, or rows of none{}",
            data::to_string(dev),
            dev == Part::test ? ": the test rows judge once, in the end" : "");
    }
    if (data.dev->classes() != data.train.classes()) {
        fail<std::invalid_argument>(
            "fit: the training rows have {} classes, the dev rows {}; need the same number",
            data.train.classes(),
            data.dev->classes());
    }
}

template <class T>
void check_metrics(const std::vector<Metric<T>>& metrics) {
    for (std::size_t i = 0; i < metrics.size(); ++i) {
        const std::string& name = metrics[i].name;
        const bool taken = std::any_of(
            metrics.begin(),
            metrics.begin() + static_cast<std::ptrdiff_t>(i),
            [&](const Metric<T>& other) { return other.name == name; });
        if (name.empty() || taken || !metrics[i].function) {
            fail<std::invalid_argument>(
                "fit: metric {} is called \"{}\" and has {} function; need a name that is not "
                "empty or taken, and a function",
                i,
                name,
                metrics[i].function ? "a" : "no");
        }
    }
}

}  // namespace

template <class T>
void check_fit(const FitData<T>& data, const FitOptions<T>& options) {
    check_data(data);
    check_metrics(options.metrics);
    const std::pair<const char*, std::size_t> counts[] = {
        {"epochs", options.epochs},
        {"train_rows", options.train_rows},
        {"checkpoint_every", options.checkpoint_every}};
    for (const auto& [name, count] : counts) {
        if (count == 0)
            fail<std::invalid_argument>("fit: {} is 0; need at least 1", name);
    }
    if (options.clip_norm && !(*options.clip_norm > 0)) {
        fail<std::invalid_argument>(
            "fit: clip_norm is {}; need a positive one, or none", *options.clip_norm);
    }
    if (options.early_stopping && !data.dev)
        fail<std::invalid_argument>(
            "fit: early_stopping is set and there are no dev rows; need some");
    if (std::ranges::count(options.callbacks, nullptr) > 0)
        fail<std::invalid_argument>("fit: a callback is null; need one that is there");
}

template void check_fit(const FitData<float>&, const FitOptions<float>&);
template void check_fit(const FitData<double>&, const FitOptions<double>&);

}  // namespace xgrad::train::detail
