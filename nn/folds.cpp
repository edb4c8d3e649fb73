#include <autograd/fail.hpp>
#include <nn/folds.hpp>
#include <nn/rng.hpp>
#include <nn/split_detail.hpp>

#include <algorithm>
#include <functional>
#include <numeric>
#include <stdexcept>

namespace xgrad::data {
namespace {

// See order_stream in loader.cpp.
constexpr std::uint64_t fold_stream = 0x666F6C6473;

void check_k(const char* function, std::size_t k, std::size_t items, const char* what) {
    if (k < 2 || k > items) {
        fail<std::invalid_argument>(
            "{}: k is {} and there are {} {}; need 2 <= k <= {}", function, k, items, what, what);
    }
}

Rows shuffled_rows(std::size_t rows, std::uint64_t seed) {
    Rows order(rows);
    std::iota(order.begin(), order.end(), std::size_t{0});
    Rng(seed, fold_stream).shuffle(order);
    return order;
}

// fold_of[row] is the fold whose dev part has the row.
std::vector<Fold> folds_of(const std::vector<std::size_t>& fold_of, std::size_t k) {
    std::vector<Fold> folds(k);
    for (std::size_t row = 0; row < fold_of.size(); ++row) {
        for (std::size_t i = 0; i < k; ++i)
            (fold_of[row] == i ? folds[i].dev : folds[i].train).push_back(row);
    }
    return folds;
}

// Deals out like cards: of neighbours in the order, each fold gets as many, to within one.
std::vector<Fold> dealt(const Rows& order, std::size_t k) {
    std::vector<std::size_t> fold_of(order.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        fold_of[order[i]] = i % k;
    return folds_of(fold_of, k);
}

Rows range(std::size_t first, std::size_t end) {
    Rows rows(end - first);
    std::iota(rows.begin(), rows.end(), first);
    return rows;
}

}  // namespace

std::vector<Fold> kfold(std::size_t rows, std::size_t k, std::uint64_t seed) {
    check_k("kfold", k, rows, "rows");
    return dealt(shuffled_rows(rows, seed), k);
}

std::vector<Fold> stratified_kfold(const Labels& labels, std::size_t k, std::uint64_t seed) {
    check_k("stratified_kfold", k, labels.size(), "rows");
    Rows order = shuffled_rows(labels.size(), seed);
    std::ranges::stable_sort(order, {}, [&](std::size_t row) { return labels[row]; });
    return dealt(order, k);
}

std::vector<Fold> group_kfold(const Groups& groups, std::size_t k) {
    std::vector<Rows> rows_of = detail::group_rows(groups);
    check_k("group_kfold", k, rows_of.size(), "groups");
    std::ranges::stable_sort(rows_of, std::greater(), &Rows::size);
    std::vector<std::size_t> sizes(k);
    std::vector<std::size_t> fold_of(groups.size());
    for (const Rows& rows : rows_of) {
        const auto smallest = std::ranges::min_element(sizes);
        *smallest += rows.size();
        for (const std::size_t row : rows)
            fold_of[row] = static_cast<std::size_t>(smallest - sizes.begin());
    }
    return folds_of(fold_of, k);
}

std::vector<Fold> time_series_split(
    std::size_t rows, std::size_t k, const TimeSeriesOptions& options) {
    if (k == 0)
        fail<std::invalid_argument>("time_series_split: k is 0; need at least 1");
    const std::size_t size = options.dev_size > 0 ? options.dev_size
                             : k < rows           ? rows / (k + 1)
                                                  : 0;
    // Divided rather than multiplied: k * size may overflow.
    if (size == 0 || options.gap >= rows || (rows - options.gap - 1) / k < size) {
        fail<std::invalid_argument>(
            "time_series_split: {} rows, k = {}, {} in each dev part and a gap of {}; need at "
            "least one row before the first gap",
            rows,
            k,
            size,
            options.gap);
    }
    std::vector<Fold> folds;
    for (std::size_t dev = rows - k * size; dev < rows; dev += size) {
        const std::size_t end = dev - options.gap;
        const bool cut = options.max_train > 0 && options.max_train < end;
        folds.push_back({range(cut ? end - options.max_train : 0, end), range(dev, dev + size)});
    }
    return folds;
}

template <class T>
DatasetSplit<T> parts_of(const Dataset<T>& dataset, const Fold& fold) {
    return parts_of(dataset, Split{fold.train, fold.dev, {}});
}

template DatasetSplit<float> parts_of(const Dataset<float>&, const Fold&);
template DatasetSplit<double> parts_of(const Dataset<double>&, const Fold&);

}  // namespace xgrad::data
