#include <autograd/fail.hpp>
#include <nn/learning_curve.hpp>
#include <nn/rng.hpp>
#include <nn/scoring.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <queue>
#include <stdexcept>
#include <utility>

namespace xgrad::train {
namespace {

// See order_stream in loader.cpp.
constexpr std::uint64_t nested_stream = 0x6E6573746564;

std::vector<std::size_t> checked_sizes(const LearningCurveOptions& options, std::size_t rows) {
    std::vector<std::size_t> sizes = options.sizes;
    for (std::size_t part = 16; sizes.size() < 5 && options.sizes.empty(); part /= 2)
        sizes.push_back(std::max<std::size_t>(rows / part, 1));
    if (options.sizes.empty())
        sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
    std::size_t before = 0;
    for (const std::size_t size : sizes) {
        if (size <= before || size > rows) {
            fail<std::invalid_argument>(
                "learning_curve: a size of {} comes after {}, of {} rows; need sizes that rise "
                "from 1 to at most the rows",
                size,
                before,
                rows);
        }
        before = size;
    }
    return sizes;
}

void check(const LearningCurveOptions& o) {
    if (!(o.high > 0 && o.flat >= 0 && std::isfinite(o.optimal))) {
        fail<std::invalid_argument>(
            "learning_curve: high is {}, flat {} and optimal {}; need high > 0, flat >= 0 and a "
            "finite optimal",
            o.high,
            o.flat,
            o.optimal);
    }
}

void refuse_test(const char* place, data::Part part) {
    if (part == data::Part::test) {
        fail<std::invalid_argument>(
            "learning_curve: the {} set is the test set; what is chosen by test rows is not judged "
            "by them",
            place);
    }
}

// The k-th of n rows of a label belongs between k / n and (k + 1) / n of the way. At each place the
// row of those in their time that is due first: then none is late [Baruah et al. 1996].
data::Rows dealt(const data::Labels& labels, const data::Rows& order) {
    const std::size_t rows = order.size();
    std::map<std::int64_t, std::size_t> count, seen;
    for (const std::int64_t label : labels)
        ++count[label];
    using Due = std::pair<std::size_t, std::size_t>;  // before which place, and where in `order`
    std::vector<std::vector<Due>> from(rows);
    for (std::size_t i = 0; i < rows; ++i) {
        const std::int64_t label = labels[order[i]];
        const std::size_t k = seen[label]++, n = count[label];
        from[k * rows / n].emplace_back(((k + 1) * rows + n - 1) / n, i);
    }
    std::priority_queue<Due, std::vector<Due>, std::greater<>> waiting;
    data::Rows result;
    for (const std::vector<Due>& next : from) {
        for (const Due& due : next)
            waiting.push(due);
        result.push_back(order[waiting.top().second]);
        waiting.pop();
    }
    return result;
}

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

// The verdict, from gap and fall.
void read(LearningCurve& curve, const LearningCurveOptions& options) {
    const TrialErrors& last = curve.points.back().errors;
    const double bias = last.train - options.optimal;
    const std::string still =
        bias > options.high
            ? fmt::format("; not against the train error, which is {}", percent(last.train))
            : "";
    if (curve.gap > options.high && curve.fall > options.flat * curve.gap) {
        curve.reading = LearningCurve::Reading::more_data;
        curve.verdict = fmt::format(
            "more data helps: the last doubling took {} off the dev error, which is {} above the "
            "train error{}",
            percent(curve.fall),
            percent(curve.gap),
            still);
    } else if (curve.gap > options.high) {
        curve.reading = LearningCurve::Reading::flat_gap;
        curve.verdict = fmt::format(
            "high variance, but more data helps little: the last doubling took {} off a gap of {}; "
            "regularise{}",
            percent(curve.fall),
            percent(curve.gap),
            still);
    } else if (bias > options.high) {
        curve.reading = LearningCurve::Reading::high_bias;
        curve.verdict = fmt::format(
            "high bias: train and dev error have met at {} and {}, more data does not help",
            percent(last.train),
            percent(last.dev));
    } else {
        curve.reading = LearningCurve::Reading::good;
        curve.verdict = fmt::format(
            "good: train and dev error are {} and {}", percent(last.train), percent(last.dev));
    }
}

}  // namespace

data::Rows nested_order(const data::Labels& labels, std::size_t rows, std::uint64_t seed) {
    if (!labels.empty() && labels.size() != rows) {
        fail<std::invalid_argument>(
            "nested_order: there are {} labels of {} rows; need one each, or none",
            labels.size(),
            rows);
    }
    data::Rows order(rows);
    std::iota(order.begin(), order.end(), std::size_t{0});
    Rng(seed, nested_stream).shuffle(order);
    if (labels.empty())
        return order;
    return dealt(labels, order);
}

template <class T>
LearningCurve learning_curve(
    const data::Dataset<T>& train,
    const data::Dataset<T>& dev,
    const std::function<TrialErrors(const data::Dataset<T>&, const data::Dataset<T>&)>& trial,
    const LearningCurveOptions& options) {
    check(options);
    refuse_test("training", train.part());
    refuse_test("dev", dev.part());
    const std::vector<std::size_t> sizes = checked_sizes(options, train.size());
    const data::Rows order = nested_order(train.y(), train.size(), options.seed);
    LearningCurve curve{{}, 0, 0, LearningCurve::Reading::good, ""};
    for (const std::size_t size : sizes) {
        const auto end = order.begin() + static_cast<std::ptrdiff_t>(size);
        const TrialErrors errors = trial(train.subset({order.begin(), end}), dev);
        if (!std::isfinite(errors.train) || !std::isfinite(errors.dev)) {
            fail<std::invalid_argument>(
                "learning_curve: the trial of {} rows has errors {} and {}; need finite ones",
                size,
                errors.train,
                errors.dev);
        }
        curve.points.push_back({size, errors});
    }
    const LearningPoint& last = curve.points.back();
    curve.gap = last.errors.dev - last.errors.train;
    if (curve.points.size() > 1) {
        const LearningPoint& before = curve.points[curve.points.size() - 2];
        const double doublings =
            std::log2(static_cast<double>(last.rows) / static_cast<double>(before.rows));
        curve.fall = (before.errors.dev - last.errors.dev) / doublings;
    }
    read(curve, options);
    return curve;
}

template <class T>
LearningCurve learning_curve(
    const nn::Module<T>& model,
    const FitData<T>& data,
    const FitOptions<T>& fit,
    const LearningCurveOptions& options) {
    if (!data.dev || data.train.classes() == 0) {
        fail<std::invalid_argument>(
            "learning_curve: there are {} dev rows and {} classes; need both",
            data.dev ? data.dev->size() : 0,
            data.train.classes());
    }
    const auto drops_last = [&](const data::Dataset<T>& rows) {
        return fit.drop_last && rows.size() >= fit.batch_size;
    };
    const auto steps_of = [&](const data::Dataset<T>& rows) {
        return data::DataLoader<T>(
                   rows, {.batch_size = fit.batch_size, .drop_last = drops_last(rows)})
            .batches();
    };
    const auto error_of = [&](nn::Module<T>& trained, const data::Dataset<T>& rows) {
        const auto score = detail::score(trained, rows, fit.loss, false);
        if (!score.counts) {
            fail<std::invalid_argument>(
                "learning_curve: the model's outputs are no scores (rows, {} classes), so there "
                "are "
                "no errors to count; pass a trial of your own",
                rows.classes());
        }
        return score.evaluation.error;
    };
    const std::size_t all = fit.epochs * steps_of(data.train);
    const auto trial = [&](const data::Dataset<T>& rows, const data::Dataset<T>& dev) {
        const auto copy = model.clone();
        FitOptions<T> how = fit;
        how.checkpoint.clear();
        how.progress = nullptr;
        how.drop_last = drops_last(rows);
        how.handle_interrupt = false;
        const std::size_t steps = steps_of(rows);
        how.epochs = (all + steps - 1) / steps;
        const FitResult result = train::fit(*copy, {rows, dev}, how);
        if (result.end == FitEnd::stopped) {
            fail<std::runtime_error>(
                "learning_curve: the trial on {} rows {}; need one that ends by itself",
                rows.size(),
                result.ended);
        }
        return TrialErrors{error_of(*copy, rows), error_of(*copy, dev)};
    };
    return learning_curve<T>(data.train, *data.dev, trial, options);
}

std::string LearningCurve::text() const {
    std::string table = fmt::format("{:>9}  {:>8}  {:>8}\n", "rows", "train", "dev");
    for (const LearningPoint& point : points) {
        table += fmt::format(
            "{:>9}  {:>8}  {:>8}\n",
            point.rows,
            percent(point.errors.train),
            percent(point.errors.dev));
    }
    return table + verdict + "\n";
}

template LearningCurve learning_curve(
    const data::Dataset<float>&,
    const data::Dataset<float>&,
    const std::function<TrialErrors(const data::Dataset<float>&, const data::Dataset<float>&)>&,
    const LearningCurveOptions&);
template LearningCurve learning_curve(
    const data::Dataset<double>&,
    const data::Dataset<double>&,
    const std::function<TrialErrors(const data::Dataset<double>&, const data::Dataset<double>&)>&,
    const LearningCurveOptions&);

template LearningCurve learning_curve(
    const nn::Module<float>&,
    const FitData<float>&,
    const FitOptions<float>&,
    const LearningCurveOptions&);
template LearningCurve learning_curve(
    const nn::Module<double>&,
    const FitData<double>&,
    const FitOptions<double>&,
    const LearningCurveOptions&);

}  // namespace xgrad::train
