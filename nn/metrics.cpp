#include <autograd/fail.hpp>
#include <nn/metrics.hpp>
#include <nn/rows.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace xgrad::train {
namespace {

double ratio(std::size_t part, std::size_t all) {
    return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

ClassScores scores_of(std::size_t right, std::size_t predicted, std::size_t support) {
    return {ratio(right, predicted), ratio(right, support), ratio(2 * right, predicted + support)};
}

// Scores (N, classes) with a label for each row.
template <class T>
void check_scores(const char* who, const Array<T>& scores, const data::Labels& labels) {
    if (scores.dimension() != 2 || scores.shape()[0] != labels.size() || scores.shape()[1] == 0) {
        fail<ShapeError>(
            "{}: scores has shape {}, there are {} labels; need (labels, classes)",
            who,
            scores.shape(),
            labels.size());
    }
    const std::size_t classes = scores.shape()[1];
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] < 0 || static_cast<std::uint64_t>(labels[i]) >= classes) {
            fail<IndexError>(
                "{}: the label of row {} is {}; need 0 <= label < {}", who, i, labels[i], classes);
        }
    }
}

template <class T>
bool has_nan(const T* row, std::size_t size) {
    return std::any_of(row, row + size, [](T score) { return std::isnan(score); });
}

template <class T>
void check_pair(const char* who, const Array<T>& outputs, const Array<T>& targets) {
    if (outputs.shape() != targets.shape() || outputs.size() == 0) {
        fail<ShapeError>(
            "{}: outputs has shape {}, targets {}; need the same, with at least one element",
            who,
            outputs.shape(),
            targets.shape());
    }
}

// The mean of f(output - target).
template <class T, class F>
double mean_of(const Array<T>& outputs, const Array<T>& targets, const F& f) {
    double sum = 0;
    for (std::size_t i = 0; i < outputs.size(); ++i)
        sum += f(static_cast<double>(outputs.data()[i]) - static_cast<double>(targets.data()[i]));
    return sum / static_cast<double>(outputs.size());
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(std::size_t classes)
    : classes_(classes),
      counts_(classes * (classes + 1)) {
    if (classes == 0)
        fail<std::invalid_argument>("ConfusionMatrix: classes is 0; need at least 1");
}

void ConfusionMatrix::check(std::size_t label) const {
    if (label >= classes_) {
        fail<IndexError>(
            "ConfusionMatrix: there is no class {}; need 0 <= class < {}", label, classes_);
    }
}

template <class T>
void ConfusionMatrix::add(const Array<T>& scores, const data::Labels& labels) {
    check_scores("ConfusionMatrix::add", scores, labels);
    if (scores.shape()[1] != classes_) {
        fail<ShapeError>(
            "ConfusionMatrix::add: scores has shape {}; need ({}, {})",
            scores.shape(),
            labels.size(),
            classes_);
    }
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const T* row = scores.data() + i * classes_;
        const auto largest = static_cast<std::size_t>(std::max_element(row, row + classes_) - row);
        ++at(static_cast<std::size_t>(labels[i]), has_nan(row, classes_) ? classes_ : largest);
    }
}

void ConfusionMatrix::add(std::int64_t label, std::int64_t predicted) {
    check(static_cast<std::size_t>(label));
    check(static_cast<std::size_t>(predicted));
    ++at(static_cast<std::size_t>(label), static_cast<std::size_t>(predicted));
}

std::size_t ConfusionMatrix::count(std::size_t label, std::size_t predicted) const {
    check(label);
    check(predicted);
    return counts_[label * (classes_ + 1) + predicted];
}

std::size_t ConfusionMatrix::total() const noexcept {
    return std::accumulate(counts_.begin(), counts_.end(), std::size_t{0});
}

std::size_t ConfusionMatrix::support(std::size_t label) const {
    check(label);
    const auto row = counts_.begin() + static_cast<std::ptrdiff_t>(label * (classes_ + 1));
    return std::accumulate(row, row + static_cast<std::ptrdiff_t>(classes_ + 1), std::size_t{0});
}

std::size_t ConfusionMatrix::right() const noexcept {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < classes_; ++i)
        sum += counts_[i * (classes_ + 2)];
    return sum;
}

double ConfusionMatrix::accuracy() const noexcept { return ratio(right(), total()); }

ClassScores ConfusionMatrix::scores(std::size_t label) const {
    std::size_t predicted = 0;
    for (std::size_t i = 0; i < classes_; ++i)
        predicted += count(i, label);
    return scores_of(count(label, label), predicted, support(label));
}

ClassScores ConfusionMatrix::macro() const {
    ClassScores mean;
    for (std::size_t i = 0; i < classes_; ++i) {
        const ClassScores s = scores(i);
        mean.precision += s.precision / static_cast<double>(classes_);
        mean.recall += s.recall / static_cast<double>(classes_);
        mean.f1 += s.f1 / static_cast<double>(classes_);
    }
    return mean;
}

ClassScores ConfusionMatrix::weighted() const {
    ClassScores mean;
    for (std::size_t i = 0; i < classes_; ++i) {
        const ClassScores s = scores(i);
        const double weight = ratio(support(i), total());
        mean.precision += weight * s.precision;
        mean.recall += weight * s.recall;
        mean.f1 += weight * s.f1;
    }
    return mean;
}

ClassScores ConfusionMatrix::micro() const noexcept {
    std::size_t predicted = total();
    for (std::size_t i = 0; i < classes_; ++i)
        predicted -= counts_[i * (classes_ + 1) + classes_];
    return scores_of(right(), predicted, total());
}

std::string ConfusionMatrix::text(const std::vector<std::string>& names) const {
    if (!names.empty() && names.size() != classes_) {
        fail<std::invalid_argument>(
            "ConfusionMatrix::text: there are {} names; need {}", names.size(), classes_);
    }
    const auto name = [&](std::size_t i) { return names.empty() ? fmt::to_string(i) : names[i]; };
    std::size_t wide = 8, column = 3;
    for (std::size_t i = 0; i < classes_; ++i) {
        wide = std::max(wide, name(i).size());
        column = std::max({column, name(i).size(), fmt::formatted_size("{}", support(i))});
    }
    std::string text = fmt::format("{:<{}}", "label", wide);
    for (std::size_t j = 0; j < classes_; ++j)
        text += fmt::format(" {:>{}}", name(j), column);
    text += "  precision  recall      F1\n";
    const auto figures = [](const ClassScores& s) {
        return fmt::format("  {:9.4f}  {:6.4f}  {:6.4f}\n", s.precision, s.recall, s.f1);
    };
    for (std::size_t i = 0; i < classes_; ++i) {
        text += fmt::format("{:<{}}", name(i), wide);
        for (std::size_t j = 0; j < classes_; ++j)
            text += fmt::format(" {:>{}}", count(i, j), column);
        text += figures(scores(i));
    }
    const std::size_t gap = wide + classes_ * (column + 1);
    text += fmt::format("{:<{}}", "macro", gap) + figures(macro());
    text += fmt::format("{:<{}}", "weighted", gap) + figures(weighted());
    return text + fmt::format("accuracy {:.4f} of {} rows\n", accuracy(), total());
}

template <class T>
double top_k_accuracy(const Array<T>& scores, const data::Labels& labels, std::size_t k) {
    check_scores("top_k_accuracy", scores, labels);
    const std::size_t classes = scores.shape()[1];
    if (k == 0 || k > classes) {
        fail<std::invalid_argument>(
            "top_k_accuracy: k is {}; need 1 <= k <= {}, the classes", k, classes);
    }
    std::size_t right = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const T* row = scores.data() + i * classes;
        const T* own = row + labels[i];
        const auto above = std::count_if(row, row + classes, [&](const T& score) {
            return score > *own || (score == *own && &score < own);
        });
        if (!has_nan(row, classes) && static_cast<std::size_t>(above) < k)
            ++right;
    }
    return ratio(right, labels.size());
}

template <class T>
double roc_auc(const Array<T>& scores, const data::Labels& labels) {
    if (scores.dimension() == 0 || scores.size() != labels.size() ||
        scores.shape()[0] != labels.size()) {
        fail<ShapeError>(
            "roc_auc: scores has shape {}, there are {} labels; need a score for each",
            scores.shape(),
            labels.size());
    }
    data::Rows order(labels.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (const std::size_t i : order) {
        if (std::isnan(scores.data()[i]) || labels[i] < 0 || labels[i] > 1) {
            fail<std::invalid_argument>(
                "roc_auc: row {} has score {} and label {}; need a number, and label 0 or 1",
                i,
                scores.data()[i],
                labels[i]);
        }
    }
    const auto score = [&](std::size_t row) { return scores.data()[row]; };
    std::ranges::sort(order, {}, score);
    // Each positive row is above the negatives before it, and half above those of its own score.
    double negatives = 0, positives = 0, area = 0;
    for (std::size_t i = 0; i < order.size();) {
        double same[2] = {0, 0};
        for (const T s = score(order[i]); i < order.size() && score(order[i]) == s; ++i)
            ++same[labels[order[i]]];
        area += same[1] * (negatives + same[0] / 2);
        negatives += same[0];
        positives += same[1];
    }
    if (negatives == 0 || positives == 0) {
        fail<std::invalid_argument>(
            "roc_auc: {} rows have label 0 and {} label 1; need rows of both",
            negatives,
            positives);
    }
    return area / (negatives * positives);
}

template <class T>
double mean_squared_error(const Array<T>& outputs, const Array<T>& targets) {
    check_pair("mean_squared_error", outputs, targets);
    return mean_of(outputs, targets, [](double d) { return d * d; });
}

template <class T>
double root_mean_squared_error(const Array<T>& outputs, const Array<T>& targets) {
    check_pair("root_mean_squared_error", outputs, targets);
    return std::sqrt(mean_squared_error(outputs, targets));
}

template <class T>
double mean_absolute_error(const Array<T>& outputs, const Array<T>& targets) {
    check_pair("mean_absolute_error", outputs, targets);
    return mean_of(outputs, targets, [](double d) { return std::abs(d); });
}

template <class T>
double r2_score(const Array<T>& outputs, const Array<T>& targets) {
    check_pair("r2_score", outputs, targets);
    const std::size_t rows = targets.dimension() == 0 ? 1 : targets.shape()[0];
    const std::size_t columns = targets.size() / rows;
    double sum = 0;
    for (std::size_t j = 0; j < columns; ++j) {
        const auto target = [&](std::size_t i) {
            return static_cast<double>(targets.data()[i * columns + j]);
        };
        const double mean = data::detail::mean_of_column(targets.data(), rows, columns, j);
        double residual = 0, variance = 0;
        for (std::size_t i = 0; i < rows; ++i) {
            const double d = target(i) - static_cast<double>(outputs.data()[i * columns + j]);
            residual += d * d;
            variance += (target(i) - mean) * (target(i) - mean);
        }
        if (variance == 0 && !std::isnan(residual))
            sum += residual == 0 ? 1 : 0;
        else  // NaN shows
            sum += 1 - residual / variance;
    }
    return sum / static_cast<double>(columns);
}

template void ConfusionMatrix::add(const Array<float>&, const data::Labels&);
template double top_k_accuracy(const Array<float>&, const data::Labels&, std::size_t);
template double roc_auc(const Array<float>&, const data::Labels&);
template double mean_squared_error(const Array<float>&, const Array<float>&);
template double root_mean_squared_error(const Array<float>&, const Array<float>&);
template double mean_absolute_error(const Array<float>&, const Array<float>&);
template double r2_score(const Array<float>&, const Array<float>&);
template void ConfusionMatrix::add(const Array<double>&, const data::Labels&);
template double top_k_accuracy(const Array<double>&, const data::Labels&, std::size_t);
template double roc_auc(const Array<double>&, const data::Labels&);
template double mean_squared_error(const Array<double>&, const Array<double>&);
template double root_mean_squared_error(const Array<double>&, const Array<double>&);
template double mean_absolute_error(const Array<double>&, const Array<double>&);
template double r2_score(const Array<double>&, const Array<double>&);

}  // namespace xgrad::train
