#include <autograd/fail.hpp>
#include <nn/compare.hpp>
#include <nn/p_values.hpp>
#include <nn/rng.hpp>
#include <nn/warning.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace xgrad::data {
namespace {

constexpr std::uint64_t compare_stream = 0x636F6D70617265;  // see order_stream in loader.cpp

using Counts = std::vector<std::array<double, 2>>;  // of each class, rows of a and of b

bool same_rows(const Shape& a, const Shape& b) {
    return std::equal(a.begin() + 1, a.end(), b.begin() + 1, b.end());
}

template <class T>
void check_sets(const Dataset<T>& a, const Dataset<T>& b, double alpha) {
    if (!(alpha > 0 && alpha < 1))
        fail<std::invalid_argument>(
            "compare_distributions: alpha is {}; need 0 < alpha < 1", alpha);
    if (a.classes() != b.classes()) {
        fail<std::invalid_argument>(
            "compare_distributions: the sets have {} and {} classes; need the same",
            a.classes(),
            b.classes());
    }
    if (!same_rows(a.x().shape(), b.x().shape())) {
        fail<ShapeError>(
            "compare_distributions: x has shapes {} and {}; need the same features",
            a.x().shape(),
            b.x().shape());
    }
    if (!same_rows(a.targets().shape(), b.targets().shape())) {
        fail<ShapeError>(
            "compare_distributions: targets have shapes {} and {}; need the same for each row",
            a.targets().shape(),
            b.targets().shape());
    }
}

// `most` of 0 .. n - 1 at random, in ascending order; all for most = 0.
Rows chosen(std::size_t n, std::size_t most, Rng rng) {
    Rows rows(n);
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    if (most == 0 || n <= most)
        return rows;
    rng.shuffle(rows);
    rows.resize(most);
    std::ranges::sort(rows);
    return rows;
}

// Makes one class of all of which too few rows are expected in the smaller set, and of the next
// larger ones as long as that has too few. How many that were.
std::size_t merge_small(Counts& counts, double smaller_share) {
    constexpr double least_expected = 5;
    const auto total = [](const std::array<double, 2>& c) { return c[0] + c[1]; };
    const auto too_few = [&](const std::array<double, 2>& c) {
        return total(c) * smaller_share < least_expected;
    };
    std::ranges::stable_sort(counts, {}, total);
    std::array<double, 2> together = {0, 0};
    std::size_t merged = 0;
    while (merged < counts.size() &&
           (too_few(counts[merged]) || (merged > 0 && too_few(together)))) {
        together = {together[0] + counts[merged][0], together[1] + counts[merged][1]};
        ++merged;
    }
    if (merged > 0) {
        counts.erase(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(merged));
        counts.push_back(together);
    }
    return merged;
}

LabelDifference compare_labels(const Labels& a, const Labels& b, std::size_t classes) {
    Counts counts(classes);
    for (const std::int64_t label : a)
        ++counts[static_cast<std::size_t>(label)][0];
    for (const std::int64_t label : b)
        ++counts[static_cast<std::size_t>(label)][1];
    const auto m = static_cast<double>(a.size());
    const auto n = static_cast<double>(b.size());
    LabelDifference result{};
    for (std::size_t c = 0; c < classes; ++c) {
        const double share_a = counts[c][0] / m;
        const double share_b = counts[c][1] / n;
        if (c == 0 || std::abs(share_a - share_b) > std::abs(result.share_a - result.share_b)) {
            result.worst = static_cast<std::int64_t>(c);
            result.share_a = share_a;
            result.share_b = share_b;
        }
    }
    std::erase_if(counts, [](const std::array<double, 2>& c) { return c[0] + c[1] == 0; });
    result.merged = merge_small(counts, std::min(m, n) / (m + n));
    result.degrees = counts.size() - 1;
    result.p_value = 1;
    if (result.degrees == 0)
        return result;
    for (const auto& count : counts) {
        const double all = count[0] + count[1];
        const double expected_a = all * m / (m + n);
        const double expected_b = all * n / (m + n);
        result.statistic += (count[0] - expected_a) * (count[0] - expected_a) / expected_a +
                            (count[1] - expected_b) * (count[1] - expected_b) / expected_b;
    }
    result.p_value = detail::chi_squared_tail(result.statistic, result.degrees);
    result.effect = std::sqrt(result.statistic / (m + n));
    return result;
}

// A column of an array, sorted, without its NaNs.
template <class T>
std::vector<T> column_of(const Array<T>& x, const Rows& rows, std::size_t column) {
    const std::size_t width = x.size() / x.shape()[0];
    std::vector<T> values;
    values.reserve(rows.size());
    for (const std::size_t row : rows) {
        const T value = x.data()[row * width + column];
        if (!std::isnan(value))
            values.push_back(value);
    }
    std::ranges::sort(values);
    return values;
}

struct Moments {
    double mean;
    double squares;  // of the differences from the mean, summed
};

template <class T>
Moments moments(const std::vector<T>& values) {
    const auto n = static_cast<double>(values.size());
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double squares = 0;
    for (const T value : values)
        squares += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
    return {mean, squares};
}

template <class T>
double shift_of(const std::vector<T>& a, const std::vector<T>& b) {
    const Moments of_a = moments(a);
    const Moments of_b = moments(b);
    const auto rows = static_cast<double>(a.size() + b.size());
    const double difference = of_b.mean - of_a.mean;
    return difference == 0 ? 0 : difference / std::sqrt((of_a.squares + of_b.squares) / rows);
}

struct Sides {
    Rows a, b;  // the rows that are looked at
};

template <class T>
void compare_columns(
    DistributionReport& report,
    const Array<T>& a,
    const Array<T>& b,
    const Sides& rows,
    const Rows& columns,
    const char* prefix) {
    const Shape shape(a.shape().begin() + 1, a.shape().end());
    for (const std::size_t column : columns) {
        const std::vector<T> in_a = column_of(a, rows.a, column);
        const std::vector<T> in_b = column_of(b, rows.b, column);
        const std::size_t m = rows.a.size();
        const std::size_t n = rows.b.size();
        const bool whole = in_a.size() == m && in_b.size() == n;
        if ((whole && in_a.front() == in_a.back() && in_b.front() == in_b.back() &&
             in_a.front() == in_b.front()) ||
            (in_a.empty() && in_b.empty())) {
            ++report.constant;
            continue;
        }
        const std::uint64_t statistic = detail::smirnov_statistic(in_a, m, in_b, n);
        report.features.push_back(
            {prefix + index_string(column, shape),
             static_cast<double>(statistic) / (static_cast<double>(m) * static_cast<double>(n)),
             detail::smirnov_tail(statistic, m, n),
             0,
             shift_of(in_a, in_b)});
    }
}

// All tests are one family: the chance of any false alarm is at most alpha.
void adjust(DistributionReport& report) {
    std::vector<double> p_values;
    for (const FeatureDifference& feature : report.features)
        p_values.push_back(feature.p_value);
    const bool has_labels = report.labels && report.labels->degrees > 0;
    if (has_labels)
        p_values.push_back(report.labels->p_value);
    const std::vector<double> adjusted = detail::holm(p_values);
    for (std::size_t i = 0; i < report.features.size(); ++i)
        report.features[i].adjusted = adjusted[i];
    if (report.labels)
        report.labels->adjusted = has_labels ? adjusted.back() : 1;
    std::ranges::stable_sort(report.features, {}, [](const FeatureDifference& feature) {
        return std::pair(feature.p_value, -feature.statistic);
    });
}

std::string label_line(const DistributionReport& report) {
    const LabelDifference& labels = *report.labels;
    if (labels.degrees == 0)
        return "\n  labels: too few of two classes to compare";
    std::string text = fmt::format(
        "\n  labels: {}: chi-squared {:.4g} of {} degrees of freedom, adjusted p {:.2g}, Cramer's "
        "V "
        "{:.2g}",
        labels.adjusted < report.alpha ? "differ" : "alike",
        labels.statistic,
        labels.degrees,
        labels.adjusted,
        labels.effect);
    if (labels.share_a != labels.share_b) {
        text += fmt::format(
            "; most in class {}: {:.2f} % and {:.2f} %",
            labels.worst,
            100 * labels.share_a,
            100 * labels.share_b);
    }
    if (labels.merged > 0)
        text += fmt::format("; {} small classes counted as one", labels.merged);
    return text;
}

std::string feature_lines(const DistributionReport& report) {
    constexpr std::size_t listed = 5;
    const std::size_t different = report.different_features();
    std::string text = fmt::format(
        "\n  features: {} of {} tested differ; {} of {} and {} of {} rows used",
        different,
        report.features.size(),
        report.a.used,
        report.a.rows,
        report.b.used,
        report.b.rows);
    if (report.constant > 0)
        text += fmt::format(", {} constant", report.constant);
    const std::size_t left = report.all_features - report.features.size() - report.constant;
    if (left > 0)
        text += fmt::format(", {} of {} not chosen", left, report.all_features);
    const std::size_t shown = std::min(std::max<std::size_t>(different, 1), listed);
    for (std::size_t i = 0; i < std::min(shown, report.features.size()); ++i) {
        const FeatureDifference& feature = report.features[i];
        text += fmt::format(
            "\n    {}: distance {:.3f}, adjusted p {:.2g}, mean {:+.2f} deviations",
            feature.name,
            feature.statistic,
            feature.adjusted,
            feature.shift);
    }
    return text;
}

}  // namespace

bool DistributionReport::differ() const noexcept {
    return different_features() > 0 || (labels && labels->adjusted < alpha);
}

std::size_t DistributionReport::different_features() const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(
        features, [this](const FeatureDifference& feature) { return feature.adjusted < alpha; }));
}

std::string DistributionReport::text() const {
    std::string text = fmt::format(
        "compare_distributions: {} and {} {} (a false alarm has a chance of {} at most)",
        to_string(a.part),
        to_string(b.part),
        differ() ? "differ; a score on one says little about the other" : "look alike",
        alpha);
    if (labels)
        text += label_line(*this);
    return text + feature_lines(*this);
}

template <class T>
DistributionReport compare_distributions(
    const Dataset<T>& a, const Dataset<T>& b, const CompareOptions& options) {
    check_sets(a, b, options.alpha);
    const Rng rng(options.seed, compare_stream);
    const Sides rows{
        chosen(a.size(), options.max_rows, rng.split(0)),
        chosen(b.size(), options.max_rows, rng.split(1))};
    const std::size_t features = a.x().size() / a.size();
    const std::size_t targets = a.classes() == 0 ? a.targets().size() / a.size() : 0;
    DistributionReport report{
        {a.part(), a.size(), rows.a.size()},
        {b.part(), b.size(), rows.b.size()},
        {},
        {},
        features + targets,
        0,
        options.alpha};
    if (a.classes() > 0)
        report.labels = compare_labels(a.y(), b.y(), a.classes());
    compare_columns(
        report, a.x(), b.x(), rows, chosen(features, options.max_features, rng.split(2)), "");
    if (targets > 0) {
        const Rows columns = chosen(targets, options.max_features, rng.split(3));
        compare_columns(report, a.targets(), b.targets(), rows, columns, "target ");
    }
    adjust(report);
    if (report.differ())
        xgrad::detail::warn(report.text());
    return report;
}

template DistributionReport compare_distributions(
    const Dataset<float>&, const Dataset<float>&, const CompareOptions&);
template DistributionReport compare_distributions(
    const Dataset<double>&, const Dataset<double>&, const CompareOptions&);

}  // namespace xgrad::data
