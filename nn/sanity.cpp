#include <autograd/fail.hpp>
#include <nn/adam.hpp>
#include <nn/noise_guard.hpp>
#include <nn/rng.hpp>
#include <nn/rows.hpp>
#include <nn/sanity.hpp>
#include <nn/scoring.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace xgrad::train {
namespace {

constexpr std::uint64_t rows_stream = 0x73616E697479;

template <class T>
data::Dataset<T> few_rows(
    const char* who, const data::Dataset<T>& dataset, std::size_t rows, std::uint64_t seed) {
    if (dataset.part() == data::Part::test)
        fail<std::invalid_argument>("{}: the rows are the test part; need any others", who);
    if (rows == 0)
        fail<std::invalid_argument>("{}: rows is 0; need at least 1", who);
    data::Rows order(dataset.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    Rng(seed, rows_stream).shuffle(order);
    order.resize(std::min(rows, order.size()));
    return dataset.subset(order);
}

// The loss of one who knows nothing but how often each answer comes, or their mean.
template <class T>
double chance_of(const char* who, const data::Dataset<T>& dataset) {
    if (dataset.classes() != 0)
        return std::log(static_cast<double>(dataset.classes()));
    const Array<T>& targets = dataset.targets();
    const std::size_t rows = dataset.size(), columns = targets.size() / rows;
    double squares = 0;
    for (std::size_t j = 0; j < columns; ++j) {
        const double mean = data::detail::mean_of_column(targets.data(), rows, columns, j);
        for (std::size_t i = 0; i < rows; ++i) {
            const double d = static_cast<double>(targets.data()[i * columns + j]) - mean;
            squares += d * d;
        }
    }
    if (std::isnan(squares)) {
        fail<std::invalid_argument>(
            "{}: the targets of {} rows hold NaN or infinity; need finite ones", who, rows);
    }
    if (squares == 0) {
        fail<std::invalid_argument>(
            "{}: the targets of {} rows have variance 0; need rows that differ", who, rows);
    }
    return squares / static_cast<double>(targets.size());
}

template <class T>
void check_options(const OverfitOptions<T>& options) {
    if (options.steps == 0)
        fail<std::invalid_argument>("overfit_batch: steps is 0; need at least 1");
    if (!(options.share > 0)) {
        fail<std::invalid_argument>(
            "overfit_batch: share is {}; need a positive one", options.share);
    }
}

std::string text_of(const OverfitResult& result, std::size_t rows) {
    const double first = result.losses.front(), last = result.losses.back();
    const std::size_t steps = result.losses.size() - 1;
    if (result.passed) {
        return fmt::format(
            "passed: {} rows are known by heart after {} steps, the loss fell from {:.4g} to "
            "{:.4g}",
            rows,
            steps,
            first,
            last);
    }
    return fmt::format(
        "failed: after {} steps on {} rows the loss went from {:.4g} to {:.4g}, and need be at "
        "most "
        "{:.4g}; look at the model, the loss and the labels (gradcheck finds a wrong gradient), "
        "or let it have more steps or another learning rate",
        steps,
        rows,
        first,
        last,
        result.below);
}

}  // namespace

template <class T>
OverfitResult overfit_batch(
    const nn::Module<T>& model, const data::Dataset<T>& dataset, const OverfitOptions<T>& options) {
    check_options(options);
    const auto few = few_rows("overfit_batch", dataset, options.rows, options.seed);
    const auto copy = model.clone();
    copy->train();
    const nn::NoiseGuard<T> quiet(*copy, nn::Noise::off);
    optim::Adam<T> adam(copy->parameters(), {.lr = options.lr});
    const data::Batch<T> batch{few.x(), few.y(), few.targets()};
    OverfitResult result;
    if (!options.loss)
        result.below = options.share * chance_of("overfit_batch", few);
    for (std::size_t step = 0;; ++step) {
        adam.zero_grad();
        const Variable<T> loss =
            detail::loss_of(options.loss, (*copy)(Variable<T>(batch.x)), batch);
        result.losses.push_back(static_cast<double>(loss.item()));
        if (options.loss && step == 0) {
            if (result.losses[0] <= 0) {
                fail<std::invalid_argument>(
                    "overfit_batch: the first loss is {}; need one above 0 that falls to 0",
                    result.losses[0]);
            }
            result.below = options.share * result.losses[0];
        }
        result.passed = result.losses.back() <= result.below;
        if (result.passed || !std::isfinite(result.losses.back()) || step == options.steps)
            break;
        loss.backward();
        adam.step();
    }
    result.text = text_of(result, few.size());
    return result;
}

template <class T>
ChanceResult loss_at_chance(
    nn::Module<T>& model, const data::Dataset<T>& dataset, const ChanceOptions& options) {
    const auto few = few_rows("loss_at_chance", dataset, options.rows, options.seed);
    ChanceResult result;
    result.chance = chance_of("loss_at_chance", few);
    result.loss = evaluate(model, few).cost;
    const bool classes = dataset.classes() != 0;
    result.low = result.chance / 2;
    result.high = classes ? result.chance + 1.5 : 4 * result.chance;
    result.passed = result.low <= result.loss && result.loss <= result.high;
    result.text = fmt::format(
        "{}: the loss is {:.4g}; knowing nothing costs {:.4g}, {}",
        result.passed ? "passed" : "failed",
        result.loss,
        result.chance,
        classes ? fmt::format("ln({})", dataset.classes()) : "the variance of the targets");
    if (result.passed)
        return result;
    if (result.loss < result.low) {
        result.text += "; less says that the model is trained already, or sees the answer in x";
    } else if (classes) {
        result.text +=
            "; more says that its scores are too large at the start: normalise the inputs, or "
            "initialise the last layer smaller";
    } else {
        result.text +=
            "; more says that its outputs are too large at the start or the targets far from 0: "
            "normalise inputs and targets";
    }
    return result;
}

template OverfitResult overfit_batch(
    const nn::Module<float>&, const data::Dataset<float>&, const OverfitOptions<float>&);
template OverfitResult overfit_batch(
    const nn::Module<double>&, const data::Dataset<double>&, const OverfitOptions<double>&);
template ChanceResult loss_at_chance(
    nn::Module<float>&, const data::Dataset<float>&, const ChanceOptions&);
template ChanceResult loss_at_chance(
    nn::Module<double>&, const data::Dataset<double>&, const ChanceOptions&);

}  // namespace xgrad::train
