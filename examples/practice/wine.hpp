// The wine table [Aeberhard and Forina 1992; data/README.md] for lessons that need few rows: 13
// measurements of 178 wines of three cultivars.
#pragma once

#include <nn/csv.hpp>

namespace wine {

constexpr std::size_t features = 13, classes = 3;

/// All rows. Throws IoError when the file is not there.
inline xgrad::data::Dataset<double> load() {
    const auto table = xgrad::data::read_csv(XGRAD_SOURCE "/examples/data/wine.csv");
    return xgrad::data::to_dataset<double>(table, {.label = "cultivar"}).dataset;
}

}  // namespace wine
