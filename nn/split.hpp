// Hold-out splits: which rows train, which choose (dev), which judge (test).
#pragma once

#include <nn/data.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

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

/// The parts as datasets; a part whose fraction is 0 is empty.
template <class T>
struct DatasetSplit {
    Dataset<T> train;
    std::optional<Dataset<T>> dev;
    std::optional<Dataset<T>> test;
};

struct SplitOptions {
    std::uint64_t seed = 0;  ///< any number
    bool stratify = false;   ///< every part has its fraction of each label
};

/// Splits and copies. Throws as split() does.
template <class T>
[[nodiscard]] DatasetSplit<T> split_dataset(
    const Dataset<T>& dataset, const Fractions& fractions, const SplitOptions& options = {});

}  // namespace xgrad::data
