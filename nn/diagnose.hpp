// What the errors of a classifier say: bias, variance, mismatch, or too few rows to tell.
#pragma once

#include <nn/proportion.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace xgrad::train {

/// 0-1 errors in [0, 1] of one model; all but train and dev optional. With the number of rows that
/// an error was counted on it has a band; without, it is taken as exact.
struct ErrorRates {
    double train;
    double dev;
    std::optional<double> train_dev = {};  ///< rows like train's that no step has seen
    std::optional<double> test = {};
    double optimal = 0;  ///< of a perfect classifier, or of people
    std::optional<std::size_t> train_rows = {};
    std::optional<std::size_t> dev_rows = {};
    std::optional<std::size_t> train_dev_rows = {};
    std::optional<std::size_t> test_rows = {};
};

/// What counts as high, in points of error. The textbook cases have 1 % for low and 10 % for high;
/// 5 % lies between. Where a point matters, lower it.
struct DiagnosisOptions {
    double high = 0.05;
    double confidence = 0.95;  ///< of the bands, between 0 and 1
};

/// How a gap stands to what counts as high: above it with its whole band, below it, or across.
enum class Level { low, high, unclear };

/// A difference of two errors.
struct Gap {
    std::string name;   ///< "variance"
    std::string terms;  ///< "dev - train"
    double value;
    Interval band;  ///< where it lies, by difference_interval(); the value itself where both are
                    ///< exact
    Level level;
    /// Of an unclear one: it would be clear at these rates, were each error that has a number of
    /// rows counted on at least so many. None when no number is enough.
    std::optional<std::size_t> rows_to_tell = {};
};

/// Where the error comes from, and what to do about it (practice P2, P3).
struct Diagnosis {
    double avoidable_bias;           ///< train - optimal
    double variance;                 ///< dev - train; train_dev - train where that is known
    std::optional<double> mismatch;  ///< dev - train_dev
    std::optional<double> dev_gap;   ///< test - dev: overfitting to dev
    bool high_bias;                  ///< surely; false when it cannot be told
    bool high_variance;
    std::string verdict;             ///< "high variance (overfits)"
    std::vector<std::string> steps;  ///< what to try next, most promising first
    std::vector<Gap> gaps;           ///< the four above, in this order, as far as they are known
    DiagnosisOptions options = {};   ///< by which it was judged

    /// A few lines for people: the verdict, each gap with its band, the steps.
    [[nodiscard]] std::string text() const;
};

/// Says which of the gaps are high (practice P2) and what the basic recipe has for that (P3). A gap
/// is high, or low, when all of its band is; a band across the threshold cannot tell, and then a
/// step says how many rows could. Throws std::invalid_argument for a rate outside [0, 1], a
/// threshold that is not positive, a confidence outside (0, 1), 0 rows, and rows of an error that
/// is not there.
[[nodiscard]] Diagnosis diagnose(const ErrorRates& rates, const DiagnosisOptions& options = {});

}  // namespace xgrad::train
