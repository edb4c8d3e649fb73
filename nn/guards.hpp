// Guards against leaks: rows that stand in two parts. See TestSet for the second look at a test
// set, and InputNormalizer::fit() for figures taken outside of the training part.
#pragma once

#include <nn/split.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace xgrad::data {

struct PlacedRow {
    Part part;
    std::size_t row;  ///< its number there

    friend bool operator==(const PlacedRow&, const PlacedRow&) = default;
};

/// What find_duplicates() found.
struct DuplicateReport {
    struct OfPart {
        Part part;
        std::size_t rows;
        std::size_t shared;  ///< rows that have an equal one in another part
    };

    std::vector<OfPart> parts;  ///< in the order given
    /// Of each row that is in two parts or more, all places, in the order of the parts; in the
    /// order of the first place.
    std::vector<std::vector<PlacedRow>> groups;

    [[nodiscard]] bool found() const noexcept { return !groups.empty(); }
    /// How many rows of each part, and which: the first ten groups.
    [[nodiscard]] std::string text() const;
};

/// Looks for rows with equal features in different parts, whatever their labels: a model may know
/// those by heart. 0 and -0 are equal, NaN and NaN too. One pass that hashes, and a comparison
/// where hashes agree. What is found goes to set_warning_handler()'s handler, too.
template <class T>
[[nodiscard]] DuplicateReport find_duplicates(const DatasetSplit<T>& split);
/// The same for any datasets. Throws std::invalid_argument for two of the same part, ShapeError for
/// features of different shapes.
template <class T>
[[nodiscard]] DuplicateReport find_duplicates_among(const std::vector<Dataset<T>>& parts);

}  // namespace xgrad::data
