// Hold-out splits: which rows train, which choose (dev), which judge (test).
#pragma once

#include <nn/data.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xgrad::data {

/// The shares of a split, of 1. dev and test may be 0.
struct Fractions {
    double train;
    double dev;
    double test = 0;
};

/// A split that suits the number of rows, and a sentence that says which: 60/20/20 below 100,000,
/// 98/1/1 up to 2,000,000, 99.5/0.25/0.25 above, so that dev and test have at least 1,000 rows
/// from 5,000 rows on.
struct SplitChoice {
    Fractions fractions;
    std::string reason;
};
[[nodiscard]] SplitChoice suggest_split(std::size_t rows);

/// The classical ones by name: without a test set, for small data, for about a million rows, above.
namespace presets {
inline constexpr Fractions by_70_30{0.7, 0.3};
inline constexpr Fractions by_60_20_20{0.6, 0.2, 0.2};
inline constexpr Fractions by_98_1_1{0.98, 0.01, 0.01};
inline constexpr Fractions by_99_5{0.995, 0.0025, 0.0025};
inline constexpr Fractions by_99_5_large_dev{0.995, 0.004, 0.001};
}  // namespace presets

/// Rows in each part. test may be 0.
struct PartSizes {
    std::size_t train;
    std::size_t dev;
    std::size_t test = 0;
};

/// Row numbers, each row in exactly one part, each part in random order.
struct Split {
    Rows train;
    Rows dev;
    Rows test;
};

/// Deals `rows` rows out at random; dev and test get their fraction, rounded, and train the rest.
/// The same arguments give the same split. Throws std::invalid_argument for a fraction that is
/// negative or not finite, a train fraction of 0, a sum that is not 1, or too few rows to
/// give every part with a fraction at least one.
[[nodiscard]] Split split(std::size_t rows, const Fractions& fractions, std::uint64_t seed);

/// The same for labels.size() rows, and every part has its fraction of each label, to less than
/// three rows. Throws as split() does.
[[nodiscard]] Split split_stratified(
    const Labels& labels, const Fractions& fractions, std::uint64_t seed);

/// Parts of those sizes; rows beyond their sum are in none. Throws std::invalid_argument for a
/// train size of 0 or a sum above `rows`.
[[nodiscard]] Split split_by_size(std::size_t rows, const PartSizes& sizes, std::uint64_t seed);

/// A number for each row: equal ones belong together, as pictures of one person do.
using Groups = std::vector<std::int64_t>;

/// No group is in two parts. The groups are dealt out at random whatever their sizes, then moved,
/// or exchanged one for one, until none of that brings two parts nearer to their fractions. Where
/// every part has two groups or more, each is off by less than the largest group. Throws as split()
/// does, and for fewer groups than parts.
[[nodiscard]] Split split_grouped(
    const Groups& groups, const Fractions& fractions, std::uint64_t seed);

/// The parts as datasets, of Part train, dev and so on; a part whose fraction is 0 is empty.
template <class T>
struct DatasetSplit {
    Dataset<T> train;
    std::optional<Dataset<T>> dev;
    std::optional<Dataset<T>> test;
    std::optional<Dataset<T>> train_dev = {};  ///< see carve_train_dev()
};

/// Copies the rows. Throws what Dataset::subset() throws.
template <class T>
[[nodiscard]] DatasetSplit<T> parts_of(const Dataset<T>& dataset, const Split& rows);

struct SplitOptions {
    std::uint64_t seed = 0;  ///< any number
    bool stratify = false;   ///< every part has its fraction of each label
    Groups groups = {};      ///< a number for each row: no group is in two parts
};

/// Splits and copies. Throws as split() does, std::invalid_argument for both of stratify and groups
/// and for stratify without labels, ShapeError when there is not a group for each row.
template <class T>
[[nodiscard]] DatasetSplit<T> split_dataset(
    const Dataset<T>& dataset, const Fractions& fractions, const SplitOptions& options = {});

/// The same parts, with a fraction of the train part as a train-dev part: rows like train's that no
/// step sees. Where dev is unlike train, the error there says how much of it is variance. Throws
/// as split_dataset() does, and std::invalid_argument when there is a train-dev part already.
template <class T>
[[nodiscard]] DatasetSplit<T> carve_train_dev(
    const DatasetSplit<T>& parts, double fraction, const SplitOptions& options = {});

struct ElsewhereOptions {
    double dev = 0.5;         ///< of the target's rows
    double test = 0.5;        ///< of the target's rows; what the two leave joins the train part
    double train_dev = 0.05;  ///< of all rows that train; may be 0
    std::uint64_t seed = 0;   ///< any number
    bool stratify = false;    ///< every part has its fraction of each label
};

/// For training rows that come from elsewhere, as pictures from the web for a camera's: dev and
/// test are of the target alone, so that they aim at what matters; train-dev is of what trains.
/// Throws as split_dataset() does, ShapeError for other features or targets, std::invalid_argument
/// for another number of classes or a dataset that is a part already.
template <class T>
[[nodiscard]] DatasetSplit<T> split_elsewhere(
    const Dataset<T>& elsewhere, const Dataset<T>& target, const ElsewhereOptions& options = {});

}  // namespace xgrad::data
