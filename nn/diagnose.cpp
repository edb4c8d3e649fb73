#include <autograd/fail.hpp>
#include <nn/diagnose.hpp>

#include <algorithm>

namespace xgrad::train {
namespace {

struct Named {
    const char* name;
    std::optional<double> rate;
    std::optional<std::size_t> rows;

    [[nodiscard]] Proportion share() const { return {*rate, rows}; }
};

struct Rates {
    Named train, dev, train_dev, test, optimal;

    explicit Rates(const ErrorRates& r)
        : train{"train", r.train, r.train_rows},
          dev{"dev", r.dev, r.dev_rows},
          train_dev{"train-dev", r.train_dev, r.train_dev_rows},
          test{"test", r.test, r.test_rows},
          optimal{"optimal", r.optimal, {}} {}
};

void check_rate(const Named& error) {
    if (error.rate && !(*error.rate >= 0 && *error.rate <= 1)) {
        fail<std::invalid_argument>(
            "diagnose: the {} error is {}; need 0 <= error <= 1", error.name, *error.rate);
    }
    if (error.rows && !error.rate) {
        fail<std::invalid_argument>(
            "diagnose: there are {} {} rows without an error; give both or none",
            *error.rows,
            error.name);
    }
    if (error.rows && *error.rows == 0) {
        fail<std::invalid_argument>(
            "diagnose: the {} error is of 0 rows; need at least 1, or none for an exact error",
            error.name);
    }
}

void check(const Rates& rates, const DiagnosisOptions& options) {
    for (const Named* error :
         {&rates.train, &rates.dev, &rates.optimal, &rates.train_dev, &rates.test})
        check_rate(*error);
    if (!(options.high > 0))
        fail<std::invalid_argument>("diagnose: high is {}; need a positive one", options.high);
    if (!(options.confidence > 0 && options.confidence < 1)) {
        fail<std::invalid_argument>(
            "diagnose: the confidence is {}; need 0 < confidence < 1", options.confidence);
    }
}

Level level_of(const Interval& band, double high) {
    if (band.low > high)
        return Level::high;
    return band.high <= high ? Level::low : Level::unclear;
}

Level level_with(Proportion a, Proportion b, std::size_t rows, const DiagnosisOptions& options) {
    for (Proportion* share : {&a, &b})
        if (share->rows)
            share->rows = std::max(*share->rows, rows);
    return level_of(difference_interval(a, b, options.confidence), options.high);
}

// The smallest number of rows that makes the gap clear; bands only shrink as rows are added.
std::optional<std::size_t> rows_to_tell(
    const Proportion& a, const Proportion& b, const DiagnosisOptions& options) {
    const auto clear = [&](std::size_t rows) {
        return level_with(a, b, rows, options) != Level::unclear;
    };
    constexpr std::size_t most = 1'000'000'000;
    std::size_t enough = 1;
    while (!clear(enough)) {
        if (enough > most)
            return std::nullopt;
        enough *= 2;
    }
    std::size_t too_few = enough / 2;
    while (enough - too_few > 1) {
        const std::size_t middle = too_few + (enough - too_few) / 2;
        (clear(middle) ? enough : too_few) = middle;
    }
    return enough;
}

Gap gap_of(const char* name, const Named& a, const Named& b, const DiagnosisOptions& options) {
    const Interval band = difference_interval(a.share(), b.share(), options.confidence);
    Gap gap{
        name,
        fmt::format("{} - {}", a.name, b.name),
        *a.rate - *b.rate,
        band,
        level_of(band, options.high)};
    if (gap.level == Level::unclear)
        gap.rows_to_tell = rows_to_tell(a.share(), b.share(), options);
    return gap;
}

// What would make an unclear gap clear.
std::string doubt_of(const Gap& gap, const Named& a, const Named& b) {
    if (!gap.rows_to_tell) {
        return fmt::format(
            "another threshold: no number of rows tells whether the {} is high, it is too near",
            gap.name);
    }
    std::string sets, there;
    for (const Named* error : {&a, &b}) {
        if (!error->rows || *error->rows >= *gap.rows_to_tell)
            continue;
        sets += (sets.empty() ? "" : " and ") + std::string(error->name);
        there += fmt::format("{}{}", there.empty() ? "" : " and ", *error->rows);
    }
    return fmt::format(
        "more rows to measure on: {} {} rows would tell whether the {} is high, there are {}",
        *gap.rows_to_tell,
        sets,
        gap.name,
        there);
}

std::string verdict_of(Level bias, Level variance) {
    if (bias == Level::unclear && variance == Level::unclear)
        return "cannot tell";
    if (bias == Level::unclear) {
        return variance == Level::high ? "high variance (overfits), cannot tell about bias"
                                       : "low variance, cannot tell about bias";
    }
    if (variance == Level::unclear) {
        return bias == Level::high ? "high bias (underfits), cannot tell about variance"
                                   : "low bias, cannot tell about variance";
    }
    if (bias == Level::high)
        return variance == Level::high ? "high bias and high variance" : "high bias (underfits)";
    return variance == Level::high ? "high variance (overfits)" : "low bias, low variance";
}

// The branches of the basic recipe, bias first: it is measured on what variance is measured from.
void add_steps(Diagnosis& d, Level mismatch, Level dev_gap) {
    if (d.high_bias) {
        d.steps.insert(
            d.steps.end(),
            {"a bigger network",
             "longer training, or another optimiser",
             "another architecture (more data does not help)"});
    }
    if (d.high_variance) {
        d.steps.insert(
            d.steps.end(),
            {"more data, or augmentation",
             "more regularisation: weight decay, dropout, early stopping",
             "another architecture"});
    }
    if (mismatch == Level::high)
        d.steps.emplace_back("training data more like the dev set: the two differ");
    if (dev_gap == Level::high)
        d.steps.emplace_back("a bigger dev set: the choices made on it do not carry over to test");
}

void add_to_verdict(std::string& verdict, Level level, const char* what) {
    if (level == Level::low)
        return;
    verdict += std::string(level == Level::high ? ", " : ", cannot tell about ") + what;
}

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

}  // namespace

Diagnosis diagnose(const ErrorRates& rates, const DiagnosisOptions& options) {
    const Rates r(rates);
    check(r, options);
    Diagnosis d{};
    d.options = options;
    std::vector<std::string> doubts;
    const auto judge = [&](const char* name, const Named& a, const Named& b) {
        d.gaps.push_back(gap_of(name, a, b, options));
        if (d.gaps.back().level == Level::unclear)
            doubts.push_back(doubt_of(d.gaps.back(), a, b));
        return d.gaps.back();
    };
    const Gap bias = judge("avoidable bias", r.train, r.optimal);
    const Gap variance = judge("variance", rates.train_dev ? r.train_dev : r.dev, r.train);
    d.avoidable_bias = bias.value;
    d.variance = variance.value;
    d.high_bias = bias.level == Level::high;
    d.high_variance = variance.level == Level::high;
    d.verdict = verdict_of(bias.level, variance.level);
    Level mismatch = Level::low, dev_gap = Level::low;
    if (rates.train_dev) {
        const Gap gap = judge("data mismatch", r.dev, r.train_dev);
        d.mismatch = gap.value;
        mismatch = gap.level;
    }
    if (rates.test) {
        const Gap gap = judge("gap from dev to test", r.test, r.dev);
        d.dev_gap = gap.value;
        dev_gap = gap.level;
    }
    add_to_verdict(d.verdict, mismatch, "data mismatch");
    add_to_verdict(d.verdict, dev_gap, "overfitting to dev");
    add_steps(d, mismatch, dev_gap);
    d.steps.insert(d.steps.end(), doubts.begin(), doubts.end());
    return d;
}

std::string Diagnosis::text() const {
    std::string lines = verdict + "\n";
    for (const Gap& gap : gaps) {
        const bool exact = gap.band.low == gap.band.high;
        const char* levels[] = {"low", "high", "cannot tell"};
        lines += fmt::format(
            "  {:<20}  {:<15}  {:>6}{}  {}\n",
            gap.name,
            gap.terms,
            percent(gap.value),
            exact ? ""
                  : fmt::format(
                        ", {:g} % band {} to {}",
                        100 * options.confidence,
                        percent(gap.band.low),
                        percent(gap.band.high)),
            levels[static_cast<std::size_t>(gap.level)]);
    }
    lines += fmt::format("  high is what lies above {}\n", percent(options.high));
    for (std::size_t i = 0; i < steps.size(); ++i)
        lines += fmt::format("{}{}. {}\n", i == 0 ? "next:\n  " : "  ", i + 1, steps[i]);
    return lines;
}

}  // namespace xgrad::train
