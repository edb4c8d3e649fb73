// Cross-validation: k ways to divide the rows into some that train and some that choose (dev).
#pragma once

#include <nn/split.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace xgrad::data {

/// Row numbers, both in ascending order; DataLoader shuffles.
struct Fold {
    Rows train;
    Rows dev;
};

/// Each row is in the dev part of exactly one of k folds, chosen at random, and trains in the
/// others. The sizes of the dev parts differ by at most one row. The same arguments give the same
/// folds. Throws std::invalid_argument for k < 2 or more than there are rows.
[[nodiscard]] std::vector<Fold> kfold(std::size_t rows, std::size_t k, std::uint64_t seed);

/// The same for labels.size() rows, and of each label two dev parts have numbers that differ by at
/// most one. A label with fewer than k rows is missing in some. Throws as kfold() does.
[[nodiscard]] std::vector<Fold> stratified_kfold(
    const Labels& labels, std::size_t k, std::uint64_t seed);

/// Rows of one group, a person or a device, are in one dev part together; the parts are of about
/// the same size: the largest group first, each goes to the part that has the fewest rows. No
/// chance is involved. Throws std::invalid_argument for k < 2 or more than there are groups.
[[nodiscard]] std::vector<Fold> group_kfold(const Groups& groups, std::size_t k);

struct TimeSeriesOptions {
    std::size_t dev_size = 0;   ///< rows in each dev part; 0: rows / (k + 1)
    std::size_t gap = 0;        ///< rows left out between the train part and the dev part
    std::size_t max_train = 0;  ///< the train part is the last so many rows; 0: all of them
};

/// For rows in the order of time: k dev parts that follow each other up to the last row, and before
/// each one, across the gap, the rows it is trained on, more from fold to fold. Nothing trains on
/// what comes later than its dev part. Throws std::invalid_argument for k = 0, or too few rows
/// to leave every fold one to train on.
[[nodiscard]] std::vector<Fold> time_series_split(
    std::size_t rows, std::size_t k, const TimeSeriesOptions& options = {});

/// The parts of a fold as datasets, train and dev. Throws what Dataset::subset() throws.
template <class T>
[[nodiscard]] DatasetSplit<T> parts_of(const Dataset<T>& dataset, const Fold& fold);

}  // namespace xgrad::data
