// Whether two sets come from one distribution, as dev and test must.
#pragma once

#include <nn/data.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xgrad::data {

struct CompareOptions {
    double alpha = 0.01;  ///< the chance of a false alarm, about and at most; in (0, 1)
    /// Rows of each set that the tests of features look at, chosen at random; 0: all.
    std::size_t max_rows = 10'000;
    /// Features that are tested, chosen at random; 0: all.
    std::size_t max_features = 1'000;
    std::uint64_t seed = 0;  ///< of the choices, any number
};

/// The labels of two sets, a and b.
struct LabelDifference {
    double statistic;     ///< chi-squared
    std::size_t degrees;  ///< of freedom; 0: fewer than two classes to compare, and no test
    std::size_t merged;   ///< classes counted as one, as fewer than 5 rows of a set are expected
    double p_value;
    double adjusted;     ///< the p value for all tests together
    double effect;       ///< Cramer's V: 0 alike, 1 no label in common
    std::int64_t worst;  ///< the class whose share differs most
    double share_a;      ///< of that class, of all rows
    double share_b;
};

/// One feature, or one target, of two sets.
struct FeatureDifference {
    std::string name;  ///< its place in a row: "(14, 3)"; "target (0,)"
    double
        statistic;  ///< Kolmogorov-Smirnov: the largest distance of the two distributions, 0 to 1
    double p_value;
    double adjusted;  ///< the p value for all tests together
    double shift;     ///< mean of b - mean of a, in deviations of both together
};

/// What compare_distributions() found.
struct DistributionReport {
    struct Side {
        Part part;
        std::size_t rows;  ///< all
        std::size_t used;  ///< for the tests of features
    };

    Side a, b;
    std::optional<LabelDifference> labels;    ///< none for targets
    std::vector<FeatureDifference> features;  ///< and targets, by adjusted p value, the worst first
    std::size_t all_features;  ///< and targets, those not chosen or constant included
    std::size_t constant;      ///< the same number in all rows of both: no test
    double alpha;

    /// Whether an adjusted p value is below alpha.
    [[nodiscard]] bool differ() const noexcept;
    /// The number of features for which it is.
    [[nodiscard]] std::size_t different_features() const noexcept;
    /// A warning with the worst features, or that there is nothing to see, and what was used.
    [[nodiscard]] std::string text() const;
};

/// Labels by the chi-squared test of homogeneity [Pearson 1911]; classes of which fewer than 5 rows
/// of a set are expected count as one class [Cochran 1954]. Features, and targets, each by the
/// two-sample Kolmogorov-Smirnov test [Smirnov 1939; Hodges 1958], for which a NaN is a value
/// above all others. Together they alarm at two sets of one distribution with a probability of at
/// most alpha [Holm 1979]. A small difference needs many rows to be seen, and many rows show
/// differences too small to matter: look at `effect` and `statistic`. When they differ, text() goes
/// to set_warning_handler()'s handler.
///
/// Throws ShapeError for features or targets of different shapes, std::invalid_argument for
/// different numbers of classes or an alpha out of range.
template <class T>
[[nodiscard]] DistributionReport compare_distributions(
    const Dataset<T>& a, const Dataset<T>& b, const CompareOptions& options = {});

}  // namespace xgrad::data
